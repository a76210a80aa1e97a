/**
 * Token buckets in bounded memory, on the injected clock (A2). Of the well-kept libraries,
 * rate-limiter-flexible reads the system clock, sets a timer per key and bounds no number of keys, which
 * callers choose; it counts in fixed windows, so that twice a budget can be used at their boundary.
 * @module
 */
import type { Clock } from "../ports.ts";

/** Budgets by key. */
export interface RateLimit {
  /** Takes `count` from a key's budget. Returns 0, or the whole seconds to wait with nothing taken. */
  take(key: string, count: number): number;
}

interface Bucket {
  tokens: number;
  /** Milliseconds. */
  filledAt: number;
}

/** Maximum keys; beyond that, the least recently used one is evicted and starts afresh. */
const MAX_KEYS = 10_000;

/**
 * A budget per key that refills evenly and holds at most one minute's worth, all of which may be used
 * at once. A request for more than that is charged all of it.
 * @throws {RangeError} when the rate is not a whole number of at least 1.
 */
export function createRateLimit(perMinute: number, clock: Clock): RateLimit {
  if (!Number.isSafeInteger(perMinute) || perMinute < 1) {
    throw new RangeError(`Cannot limit to ${perMinute} a minute: give a whole number from 1`);
  }
  const perMillisecond = perMinute / 60_000;
  const buckets = new Map<string, Bucket>();
  return {
    take(key, count) {
      const now = clock.now();
      const before = buckets.get(key) ?? { tokens: perMinute, filledAt: now };
      const elapsed = Math.max(0, now - before.filledAt); // a clock that steps back gives nothing
      const tokens = Math.min(perMinute, before.tokens + elapsed * perMillisecond);
      const cost = Math.min(count, perMinute);
      const taken = tokens >= cost;
      buckets.delete(key);
      buckets.set(key, { tokens: taken ? tokens - cost : tokens, filledAt: now });
      if (buckets.size > MAX_KEYS) {
        for (const oldest of buckets.keys()) {
          buckets.delete(oldest);
          break;
        }
      }
      return taken ? 0 : Math.ceil((cost - tokens) / perMillisecond / 1000);
    },
  };
}
