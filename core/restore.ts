/**
 * What a restore from backup took back: which tokens and consents come from a time whose changes the
 * database no longer knows (T5, C15).
 * @module
 */
import type { Seconds } from "./model.ts";
import type { LostTime, Settings } from "./settings.ts";

/** The hexadecimal digits of a salt that say when it was drawn, in milliseconds (T2). */
const TIME_DIGITS = 11;

/**
 * Whether the refresh token with this salt may have been issued in a time whose changes are lost. Clocks
 * may differ by the skew, so the time is taken to be that much longer at both ends.
 */
export function isOfLostTime(salt: string, { lostTimes, consentSkewSeconds }: Settings): boolean {
  const drawnAt = Math.floor(Number.parseInt(salt.slice(0, TIME_DIGITS), 16) / 1000);
  return lostTimes.some(({ from, until }) =>
    drawnAt >= from - consentSkewSeconds && drawnAt <= until + consentSkewSeconds
  );
}

/**
 * Whether consent may have been given before a restore: it may have been redeemed or withdrawn since the
 * backup, and the database does not know.
 */
export function precedesRestore(
  issuedAt: Seconds,
  { lostTimes, consentSkewSeconds }: Settings,
): boolean {
  return lostTimes.some(({ until }: LostTime) => issuedAt <= until + consentSkewSeconds);
}
