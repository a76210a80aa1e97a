/**
 * A token bucket a client, in bounded memory (A2).
 * @module
 */
import type { ClientId } from "../../core/model.ts";
import type { Clock } from "../ports.ts";

/** How many mutation fields a client may have executed. */
export interface RateLimit {
  /** Takes `count` from a client's budget. Returns 0, or the whole seconds to wait with nothing taken. */
  take(client: ClientId, count: number): number;
}

interface Bucket {
  tokens: number;
  /** Milliseconds. */
  filledAt: number;
}

/** Clients whose budgets are kept; beyond that, the one that called least recently starts afresh. */
const MAX_CLIENTS = 10_000;

/**
 * A budget that refills evenly and holds at most one minute's worth, all of which may be used at once.
 * @throws {RangeError} when the rate is not a whole number of at least 1.
 */
export function createRateLimit(perMinute: number, clock: Clock): RateLimit {
  if (!Number.isSafeInteger(perMinute) || perMinute < 1) {
    throw new RangeError(
      `Cannot limit to ${perMinute} fields a minute: give a whole number from 1`,
    );
  }
  const perMillisecond = perMinute / 60_000;
  const buckets = new Map<ClientId, Bucket>();
  return {
    take(client, count) {
      const now = clock.now();
      const before = buckets.get(client) ?? { tokens: perMinute, filledAt: now };
      const elapsed = Math.max(0, now - before.filledAt); // a clock that steps back gives nothing
      const tokens = Math.min(perMinute, before.tokens + elapsed * perMillisecond);
      const taken = tokens >= count;
      buckets.delete(client);
      buckets.set(client, { tokens: taken ? tokens - count : tokens, filledAt: now });
      if (buckets.size > MAX_CLIENTS) {
        for (const oldest of buckets.keys()) {
          buckets.delete(oldest);
          break;
        }
      }
      return taken ? 0 : Math.ceil((count - tokens) / perMillisecond / 1000);
    },
  };
}
