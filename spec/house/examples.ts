/**
 * The examples in docstrings: TypeScript code after `@example`, as files that can be checked and run.
 * @module
 */
import { posix } from "node:path";
import { ENTRIES } from "./entries.ts";
import { readText, ROOT } from "./source.ts";

/** One example. */
export interface Example {
  /** `adapters/direct.ts:115`, where it is written. */
  readonly name: string;
  readonly code: string;
}

const BLOCK = /^ \* @example\n \* ```ts\n((?: \*.*\n)*?) \* ```$/gm;

/** The examples of a file. Their imports of the package lead to its sources. */
export function examplesOf(path: string): readonly Example[] {
  const text = readText(path);
  return [...text.matchAll(BLOCK)].map((match) => ({
    name: `${path}:${text.slice(0, match.index).split("\n").length}`,
    code: toSources((match[1] ?? "").replaceAll(/^ \* ?/gm, "")),
  }));
}

/**
 * Code whose imports of the package lead to its sources.
 * @param folder where it is to be written
 */
export function toSources(code: string, folder: string = FOLDER): string {
  return code.replaceAll(
    /"fetch-tokens-for-user(\/[\w-]+)?"/g,
    (_all, name: string | undefined) => JSON.stringify(sourceOf(`.${name ?? ""}`, folder)),
  );
}

/** An entry point's source, as a file in a folder imports it. */
function sourceOf(entry: string, folder: string): string {
  return posix.relative(folder, ENTRIES[entry] ?? `unknown entry point ${entry}`);
}

/** Where examples are written to be run: inside the repository, so that they find its packages. */
export const FOLDER = "dist/examples";

/** {@link FOLDER} as an absolute path. */
export const FOLDER_PATH: string = ROOT + FOLDER;
