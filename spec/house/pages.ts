/**
 * Every page that is printed from data, so that it cannot drift from it.
 * @module
 */
import { CLI_REFERENCE_PATH, renderCliReference } from "./cli-reference.ts";
import { REFERENCE_PATH, renderReference } from "./reference.ts";

/** A page and its text. */
export interface Page {
  readonly path: string;
  readonly text: string;
}

/** Prints every page. */
export async function renderPages(): Promise<readonly Page[]> {
  return [
    { path: REFERENCE_PATH, text: renderReference() },
    { path: CLI_REFERENCE_PATH, text: await renderCliReference() },
  ];
}
