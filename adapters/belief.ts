/**
 * A clock that must be believed before rows are deleted by it (A5). Everything else that a wrong clock
 * does is undone once it is right again; a sweep is not.
 * @module
 */
import type { Seconds } from "../core/model.ts";
import type { Store } from "./ports.ts";

/** A clock that is further ahead of the last sweep than this has jumped, or nobody has swept for long. */
const JUMP_SECONDS = 3600;
/** A clock that jumped is believed after it ran on for this long. */
const BELIEF_SECONDS = 3600;
/** How much one observation can add: two jumps in a row prove nothing. */
const STEP_SECONDS = 120;
/** How often the moment of the last sweep is written. */
const WRITE_SECONDS = 60;
/** Where the store keeps the latest moment that was believed. */
const META_KEY = "clock";

/** Says up to which moment rows may be judged expired. */
export interface Belief {
  /** Takes what the clock shows and returns the moment to sweep at: now, or the last one believed. */
  observe(now: Seconds): Promise<Seconds>;
}

/**
 * Creates it for a store. Every process that sweeps a store shares the last moment believed, so a node
 * whose clock disagrees with the others never deletes by it.
 */
export function createBelief(store: Pick<Store, "readMeta" | "writeMeta">): Belief {
  let doubt: { readonly believed: Seconds; last: Seconds; seen: number } | null = null;

  async function believe(now: Seconds, written: Seconds): Promise<Seconds> {
    doubt = null;
    if (now >= written + WRITE_SECONDS) await store.writeMeta(META_KEY, String(now));
    return now;
  }

  return {
    async observe(now) {
      const written = await store.readMeta(META_KEY);
      if (written === null) return believe(now, -Infinity); // a new store: there is nothing to lose
      const believed = Number(written);
      if (now < believed + JUMP_SECONDS) return believe(now, believed);
      // Another process believes something else meanwhile, or the clock went back: begin anew.
      if (doubt === null || doubt.believed !== believed || now < doubt.last) {
        doubt = { believed, last: now, seen: 0 };
      }
      doubt.seen += Math.min(now - doubt.last, STEP_SECONDS);
      doubt.last = now;
      return doubt.seen < BELIEF_SECONDS ? believed : believe(now, believed);
    },
  };
}
