/**
 * Checks documents against the JSON schemas of the suite.
 * @module
 */
import { Ajv2020 } from "ajv/dist/2020.js";
import { readFile } from "node:fs/promises";

/** Finds the ways in which a value does not match a schema, each with its place. */
export type Check = (value: unknown) => readonly string[];

/** A schema of the suite, by file name, and its check. */
export async function readSchema(
  name: string,
): Promise<{ readonly schema: Readonly<Record<string, unknown>>; readonly check: Check }> {
  const url = new URL(`../../conformance/${name}`, import.meta.url);
  const schema = JSON.parse(await readFile(url, "utf8"));
  const validate = new Ajv2020({ allErrors: true }).compile(schema);
  const check: Check = (value) =>
    validate(value)
      ? []
      : (validate.errors ?? []).map(({ instancePath, message }) =>
        `${instancePath || "/"} ${message}`
      );
  return { schema, check };
}
