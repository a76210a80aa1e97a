/**
 * What a faulty implementation is: the reference server with one thing wrong, as replacements of text.
 * Plain data.
 * @module
 */
import type { ReferenceOptions } from "../../tests/support/reference.ts";

/**
 * One text in place of another. `find` must occur exactly once in the file; how it is broken into lines
 * does not matter.
 */
export type Edit = readonly [file: string, find: string, replace: string];

/** A server that differs from the reference server. */
export interface Planted {
  /** Stable. */
  readonly id: string;
  /** What it does, one sentence. */
  readonly title: string;
  readonly edits: readonly Edit[];
  /** How it is started. */
  readonly options?: ReferenceOptions;
}

/** A server that is wrong. */
export interface Fault extends Planted {
  /** The rules that it breaks. */
  readonly rules: readonly string[];
  /** The attacks that it stands for. */
  readonly attacks: readonly string[];
  /** Cases that must fail, by id: at least one. */
  readonly caughtBy: readonly string[];
  /** How many random histories it takes, where a case of these is named. */
  readonly histories?: number;
}

/** A server that made another choice, and a good one: no MUST may fail. */
export interface Variant extends Planted {
  /** Why it is as good. */
  readonly because: string;
}
