/**
 * A clock for development and tests.
 * @module
 */
import type { Clock } from "../ports.ts";

/** A clock that can be stopped and moved. */
export interface AdjustableClock extends Clock {
  /** Stops at this second; `null` lets it run in real time again. */
  stopAt(second: number | null): void;
  /** Moves it ahead. It goes on running if it runs, and stays stopped if it is stopped. */
  advance(seconds: number): void;
}

/** Creates a clock that follows another one until it is stopped or moved. */
export function createAdjustableClock(base: Clock): AdjustableClock {
  let stopped: number | null = null;
  let ahead = 0;
  return {
    now: () => stopped ?? base.now() + ahead,
    stopAt(second) {
      stopped = second === null ? null : second * 1000;
      ahead = 0;
    },
    advance(seconds) {
      if (stopped === null) ahead += seconds * 1000;
      else stopped += seconds * 1000;
    },
  };
}
