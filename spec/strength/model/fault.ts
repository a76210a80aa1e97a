/**
 * A fault of the core: textual edits of one of its files. Plain data.
 * @module
 */
import type { Edit } from "../plant.ts";

/** A fault of the core. */
export interface CoreFault {
  /** Stable. */
  readonly id: string;
  /** The path of the file, from the root. */
  readonly file: string;
  /** What is wrong, one sentence. */
  readonly title: string;
  readonly edits: readonly Edit[];
}

/** Describes a fault by its file in `core/` and the texts to replace there. */
export function coreFault(
  name: string,
  id: string,
  title: string,
  ...texts: readonly (readonly [find: string, replace: string])[]
): CoreFault {
  const file = `core/${name}`;
  return { id, file, title, edits: texts.map(([find, replace]) => [file, find, replace]) };
}
