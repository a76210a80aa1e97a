/**
 * Random choices that are determined by a seed.
 * @module
 */

/** A source of choices. */
export interface Random {
  /** A whole number from 0 (inclusive) to `end` (exclusive). */
  below(end: number): number;
  /** One of a list. */
  pick<T>(list: readonly T[]): T;
  /** True with this probability, in percent. */
  chance(percent: number): boolean;
}

/** Creates the source of a seed (mulberry32). */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const below = (end: number) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor(((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296 * end);
  };
  return {
    below,
    pick: <T>(list: readonly T[]) => list[below(list.length)] as T,
    chance: (percent) => below(100) < percent,
  };
}

/** Derives a seed for one of many things that share a seed (FNV-1a). */
export function deriveSeed(seed: number, name: string): number {
  let hash = 0x811c9dc5 ^ seed;
  for (const char of name) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
  return hash >>> 0;
}
