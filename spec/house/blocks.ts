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

/** A command of a page, and what it is said to print. */
export interface Command {
  readonly code: string;
  /** JSON; `null` where the page does not say. */
  readonly prints: unknown;
}

const COMMANDS = /^```bash\n([^]*?)^```$(?:\n\n```json\n([^]*?)^```$)?/gm;

/** The commands of a page, in their order: blocks of `bash`, each perhaps followed by one of `json`. */
export function commandsOf(page: string): readonly Command[] {
  return [...readText(page).matchAll(COMMANDS)].map(([, code = "", prints]) => ({
    code,
    prints: prints === undefined ? null : JSON.parse(prints),
  }));
}
