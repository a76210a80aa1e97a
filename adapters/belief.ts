/**
 * Decides whether the clock can be trusted to delete rows (A5). Every other effect of a wrong clock
 * ends when the clock is corrected; a sweep cannot be undone.
 * @module
 */
import type { Seconds } from "../core/model.ts";
import type { Store } from "./ports.ts";

/** If the clock is further ahead of the last sweep than this, it jumped, or no sweep ran for a while. */
const JUMP_SECONDS = 3600;
/** A clock that jumped is trusted after it has advanced steadily for this long. */
const BELIEF_SECONDS = 3600;
/** Maximum credit for one observation, so that two jumps in a row do not count. */
const STEP_SECONDS = 120;
/** How often the time of the last sweep is written. */
const WRITE_SECONDS = 60;
/** The store key of the latest trusted time. */
const META_KEY = "clock";

/** The latest time at which any process swept a store by a clock that it trusted, or `null`. */
export async function lastBelieved(store: Pick<Store, "readMeta">): Promise<Seconds | null> {
  const written = await store.readMeta(META_KEY);
  return written === null ? null : Number(written);
}

/** Makes every process trust a clock that shows this time: an operator has checked it. */
export async function believe(store: Pick<Store, "updateMeta">, now: Seconds): Promise<void> {
  await store.updateMeta(META_KEY, () => String(now));
}

/** Whether a clock is too far ahead of the last sweep to be trusted at once. */
export function hasJumped(now: Seconds, believed: Seconds | null): boolean {
  return believed !== null && now >= believed + JUMP_SECONDS;
}

/** Returns the time by which rows may be judged expired. */
export interface Belief {
  /** Takes the current time and returns the time to sweep at: now, or the last trusted time. */
  observe(now: Seconds): Promise<Seconds>;
}

/**
 * Creates it for a store. All processes that sweep a store share the last trusted time, so a node
 * whose clock disagrees with the others never deletes by its own clock.
 */
export function createBelief(store: Pick<Store, "readMeta" | "updateMeta">): Belief {
  let doubt: { readonly believed: Seconds; last: Seconds; seen: number } | null = null;

  async function accept(now: Seconds, written: Seconds): Promise<Seconds> {
    doubt = null;
    if (now >= written + WRITE_SECONDS) await believe(store, now);
    return now;
  }

  return {
    async observe(now) {
      const believed = await lastBelieved(store);
      if (believed === null) return accept(now, -Infinity); // a new store: there is nothing to lose
      if (!hasJumped(now, believed)) return accept(now, believed);
      // Another process has updated the trusted time, or the clock went back: start again.
      if (doubt === null || doubt.believed !== believed || now < doubt.last) {
        doubt = { believed, last: now, seen: 0 };
      }
      doubt.seen += Math.min(now - doubt.last, STEP_SECONDS);
      doubt.last = now;
      return doubt.seen < BELIEF_SECONDS ? believed : accept(now, believed);
    },
  };
}
