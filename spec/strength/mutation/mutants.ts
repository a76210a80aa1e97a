/**
 * The mutants of a file: small changes of its meaning, one at a time, as Stryker makes them.
 * @module
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { readText, ROOT } from "../../house/source.ts";
import type { Change } from "./record.ts";
import { STRYKER } from "./stages.ts";

/** Where it is installed when it is first needed: who never runs this need not carry its packages. */
const FOLDER = `${ROOT}node_modules/.mutation/stryker/`;

/** One change, and the file with it. */
export interface Mutant extends Change {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

/** What is used of Stryker's answer; positions are counted from 0. */
interface StrykerMutant {
  readonly mutatorName: string;
  readonly replacement: string;
  readonly location: { readonly start: Position; readonly end: Position };
}

interface Position {
  readonly line: number;
  readonly column: number;
}

/** Every mutant of a file, in the order in which they stand. */
export async function mutantsOf(file: string): Promise<readonly Mutant[]> {
  const content = readText(file);
  const { Instrumenter } = await loadStryker();
  const quiet = { isDebugEnabled: () => false, debug() {}, info() {} };
  const { mutants } = await new Instrumenter(quiet).instrument(
    [{ name: file, mutate: true, content }],
    { plugins: null, excludedMutations: [], ignorers: [] },
  );
  return mutants.map((mutant) => read(file, content, mutant));
}

function read(
  file: string,
  content: string,
  { mutatorName: mutator, replacement, location: { start, end } }: StrykerMutant,
): Mutant {
  const lines = content.split("\n");
  const offset = ({ line, column }: Position) =>
    lines.slice(0, line).reduce((sum, { length }) => sum + length + 1, column);
  const original = content.slice(offset(start), offset(end));
  // In brackets `a || b` stays together beside `&& c`; blocks and cases are no expressions.
  const inserted = /^(?:\{|case )/.test(replacement) ? replacement : `(${replacement})`;
  return {
    file,
    line: start.line + 1,
    within: lines[start.line]?.trim() ?? "",
    mutator,
    original,
    replacement,
    text: content.slice(0, offset(start)) + inserted + content.slice(offset(end)),
  };
}

interface Stryker {
  readonly Instrumenter: new (logger: object) => {
    instrument(
      files: readonly object[],
      options: object,
    ): Promise<{ readonly mutants: readonly StrykerMutant[] }>;
  };
}

async function loadStryker(): Promise<Stryker> {
  const name = STRYKER.slice(0, STRYKER.lastIndexOf("@"));
  if (!existsSync(`${FOLDER}node_modules/${name}`)) {
    mkdirSync(FOLDER, { recursive: true });
    const quietly = ["--no-audit", "--no-fund", "--loglevel=error"];
    execFileSync("npm", ["install", "--prefix", FOLDER, "--save-exact", ...quietly, STRYKER]);
  }
  const entry = createRequire(FOLDER).resolve(name);
  return await import(pathToFileURL(entry).href);
}
