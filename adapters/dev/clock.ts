/**
 * A clock for development and tests.
 * @module
 */
import type { Clock } from "../ports.ts";

/** A clock that can be stopped and moved. */
export interface AdjustableClock extends Clock {
  /** Stops at this second; `null` lets it run in real time again. */
  stopAt(second: number | null): void;
}

/** Creates a clock that follows another one until it is stopped. */
export function createAdjustableClock(base: Clock): AdjustableClock {
  let stopped: number | null = null;
  return {
    now: () => stopped ?? base.now(),
    stopAt: (second) => void (stopped = second === null ? null : second * 1000),
  };
}
