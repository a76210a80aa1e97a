/**
 * Known failures, each by one input, until they are fixed. An entry whose input no longer fails makes a
 * test fail: the list is meant to be empty.
 * @module
 */
import { BrokenLaw, type Target, toBrokenLaw } from "./target.ts";

/** One known failure. */
export interface Known {
  readonly target: string;
  readonly what: string;
  /** As the target's generator would make it. */
  readonly input: unknown;
}

/** All of them. */
export const KNOWN: readonly Known[] = [];

/** What came of the known inputs of a target: the signature of each failure, `null` where it is gone. */
export async function reproduceKnown(
  target: Target,
): Promise<readonly (Known & { readonly signature: string | null })[]> {
  const entries = KNOWN.filter((known) => known.target === target.name);
  if (entries.length === 0) return [];
  const session = await target.open();
  try {
    await session.prepare?.();
    const found = [];
    for (const entry of entries) {
      const result = await session.attempt(entry.input).catch(toBrokenLaw);
      found.push({ ...entry, signature: result instanceof BrokenLaw ? result.signature : null });
    }
    return found;
  } finally {
    await session.close?.();
  }
}
