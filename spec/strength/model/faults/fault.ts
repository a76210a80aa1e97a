/**
 * Faults to plant into the core, one at a time: each a replacement in one file that must match once.
 * @module
 */

/** One text in place of another. */
export type Edit = readonly [find: string, replace: string];

/** A fault. */
export interface Fault {
  readonly id: string;
  /** In `core/`. */
  readonly file: string;
  /** What is wrong, in a few words. */
  readonly text: string;
  readonly edits: readonly Edit[];
}

/** Describes a fault. */
export function fault(file: string, id: string, text: string, ...edits: readonly Edit[]): Fault {
  return { id, file, text, edits };
}
