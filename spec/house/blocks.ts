/**
 * The code of the documentation, as files: a block of JavaScript whose first line names a file.
 * @module
 */
import { readText } from "./source.ts";

/** A file of a page. */
export interface Block {
  /** Such as `client.test.mjs`. */
  readonly name: string;
  readonly code: string;
}

const NAMED = /^```js\n\/\/ ([\w-]+(?:\.\w+)+)\n([^]*?)^```$/gm;

/** The files of a page, in their order. */
export function blocksOf(page: string): readonly Block[] {
  return [...readText(page).matchAll(NAMED)].map(([, name = "", code = ""]) => ({ name, code }));
}
