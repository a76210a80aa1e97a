/**
 * Reads and checks the input of harness commands: a JSON object.
 * @module
 */
import { BodyError, type HttpRequest } from "../http/exchange.ts";
import { isJsonObject, parseStrictJson } from "../strict-json.ts";

/** A JSON object from a caller. */
export type Input = Readonly<Record<string, unknown>>;

/** The input of a command is invalid. The message names the member. */
export class InvalidInput extends Error {
  override readonly name = "InvalidInput";
}

const MAX_BODY_BYTES = 1_048_576;

/**
 * Reads the body of a request.
 * @throws {InvalidInput | BodyError}
 */
export async function readInput(request: HttpRequest): Promise<Input> {
  try {
    const value = parseStrictJson(await request.body(MAX_BODY_BYTES));
    if (isJsonObject(value)) return value;
  } catch (error) {
    if (error instanceof BodyError) throw error;
  }
  throw new InvalidInput("The body must be a JSON object.");
}

/** The error for a member of the wrong type. */
export function invalid(name: string, expected: string): InvalidInput {
  return new InvalidInput(`"${name}" must be ${expected}.`);
}

/** A string. */
export function text(input: Input, name: string): string {
  const value = input[name];
  if (typeof value !== "string") throw invalid(name, "a string");
  return value;
}

/** A whole number from 0. */
export function whole(input: Input, name: string): number {
  const value = input[name];
  if (!Number.isSafeInteger(value) || Number(value) < 0) {
    throw invalid(name, "a whole number, 0 or more");
  }
  return Number(value);
}

/** One of these strings. */
export function oneOf<const Value extends string>(
  input: Input,
  name: string,
  values: readonly Value[],
): Value {
  const found = values.find((value) => value === input[name]);
  if (found === undefined) throw invalid(name, `one of ${values.join(", ")}`);
  return found;
}

/** An object. */
export function object(input: Input, name: string): Input {
  const value = input[name];
  if (!isJsonObject(value)) throw invalid(name, "an object");
  return value;
}

/** A list of objects; empty if absent. */
export function objects(input: Input, name: string): readonly Input[] {
  const value = input[name] ?? [];
  if (!Array.isArray(value) || !value.every(isJsonObject)) {
    throw invalid(name, "a list of objects");
  }
  return value;
}

/** A list of strings. */
export function texts(input: Input, name: string): readonly string[] {
  const value = input[name];
  if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) {
    throw invalid(name, "a list of strings");
  }
  return value;
}
