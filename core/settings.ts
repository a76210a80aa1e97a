/**
 * The numeric settings: default, range and meaning. One table for the code, the help text and the
 * docs.
 * @module
 */
import { type ClientId, isIdentifier, quote, type Seconds } from "./model.ts";

/** One numeric setting. */
export interface SettingRange {
  readonly default: number;
  readonly min: number;
  readonly max: number;
  /** One sentence for the help text and the docs. */
  readonly text: string;
}

const DAY = 86_400;

/** The names of the numeric settings, with their units. */
export type NumericSetting =
  | "accessTokenSeconds"
  | "refreshIdleSeconds"
  | "refreshAbsoluteSeconds"
  | "refreshDuplicateSeconds"
  | "maxFamilies"
  | "consentSkewSeconds"
  | "consentMaxLifetimeSeconds"
  | "consentRetrySeconds"
  | "secretOverlapSeconds";

/** The numeric settings with their ranges (T1, P5, C5, C11, T5). */
export const RANGES: Readonly<Record<NumericSetting, SettingRange>> = {
  accessTokenSeconds: {
    default: 3600,
    min: 1,
    max: DAY,
    text: "Lifetime of an access token (T1).",
  },
  refreshIdleSeconds: {
    default: 90 * DAY,
    min: 60,
    max: 10 * 365 * DAY,
    text: "A refresh token expires when it is unused for this long (T1).",
  },
  refreshAbsoluteSeconds: {
    default: 365 * DAY,
    min: 60,
    max: 10 * 365 * DAY,
    text: "A token family expires this long after it started, used or not (T1).",
  },
  refreshDuplicateSeconds: {
    default: 10,
    min: 0,
    max: 60,
    text:
      "How long a refresh token that is two generations old can be retried after it was spent (T5).",
  },
  maxFamilies: {
    default: 50,
    min: 1,
    max: 1000,
    text: "Maximum live token families per connection; the least recently used is evicted (P5).",
  },
  consentSkewSeconds: {
    default: 30,
    min: 0,
    max: 300,
    text:
      "Tolerated clock skew between this server, other nodes and consent token issuers (C5, C14).",
  },
  consentMaxLifetimeSeconds: {
    default: 300,
    min: 1,
    max: 3600,
    text: "Maximum lifetime of a consent token (C5).",
  },
  consentRetrySeconds: {
    default: 60,
    min: 0,
    max: 3600,
    text:
      "How long the redemption of a consent token can be retried; 0 means strict single use (C11).",
  },
  secretOverlapSeconds: {
    default: DAY,
    min: 0,
    max: 90 * DAY,
    text: "How long an old client secret keeps working after a rotation (CA-09).",
  },
};

/** The values of the numeric settings, in the units given by their names. */
export type Numbers = Readonly<Record<NumericSetting, number>>;

/** A trusted issuer of consent tokens and the merchants it may name (C4). */
export interface TrustedIssuer {
  /** Compared byte for byte with `iss`. */
  readonly issuer: string;
  /** The client ids of the merchants; `"all"` is allowed only with a single issuer. */
  readonly merchants: "all" | readonly ClientId[];
}

/** A time whose changes a restore from backup took back, both ends included. */
export interface LostTime {
  /** When the backup was made, or earlier. */
  readonly from: Seconds;
  /** When the database was restored. */
  readonly until: Seconds;
}

/** Everything a decision depends on besides facts, time and entropy. */
export interface Settings extends Numbers {
  /** This server's identifier: the required `aud` of consent tokens (C4). */
  readonly audience: string;
  readonly issuers: readonly TrustedIssuer[];
  /** What restores of this database took back (T5, C15). */
  readonly lostTimes: readonly LostTime[];
}

/**
 * Rows for redeemed consent tokens and withdrawals are kept for this long after they are needed
 * (C13, C14).
 */
export const CLOCK_MARGIN_SECONDS = 3600;

/** Settings as given by an embedder; everything except the audience has a default. */
export type SettingsInput = Partial<Numbers> & {
  readonly audience: string;
  readonly issuers?: readonly TrustedIssuer[];
  /** As `readLostTimes` reads them from the store; default: the database was never restored. */
  readonly lostTimes?: readonly LostTime[];
};

/**
 * Checks settings and fills in the defaults.
 * @throws {RangeError} naming the setting, its value and its range.
 */
export function readSettings(input: SettingsInput): Settings {
  const names = ["audience", "issuers", "lostTimes", ...Object.keys(RANGES)];
  const unknown = Object.keys(input).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new RangeError(
      `Unknown setting ${unknown}. The settings are ${names.join(", ")}`,
    );
  }
  const numbers = Object.fromEntries(
    Object.entries(RANGES).map(([name, range]) => {
      const value = input[name as NumericSetting] ?? range.default;
      if (!Number.isSafeInteger(value) || value < range.min || value > range.max) {
        throw new RangeError(
          `Cannot set ${name} to ${value}: give a whole number from ${range.min} to ${range.max}`,
        );
      }
      return [name, value];
    }),
  ) as Numbers;
  const issuers = input.issuers ?? [];
  if (!isIdentifier(input.audience)) {
    throw new RangeError(
      "Cannot set audience: give 1 to 255 printable ASCII characters, no spaces",
    );
  }
  if (numbers.refreshIdleSeconds < numbers.accessTokenSeconds) {
    throw new RangeError(
      "Cannot set refreshIdleSeconds below accessTokenSeconds: an access token would outlive its family",
    );
  }
  for (const { issuer, merchants } of issuers) {
    if (!isIdentifier(issuer)) {
      throw new RangeError(
        `Cannot trust issuer ${quote(issuer)}: it must be 1 to 255 printable ASCII characters`,
      );
    }
    if (merchants !== "all" && !Array.isArray(merchants)) {
      throw new RangeError(`Cannot trust issuer "${issuer}": its merchants are "all" or a list`);
    }
    if (merchants === "all" && issuers.length > 1) {
      throw new RangeError(
        `Cannot trust issuer "${issuer}" for all merchants beside another issuer: list its merchants`,
      );
    }
  }
  if (new Set(issuers.map(({ issuer }) => issuer)).size < issuers.length) {
    throw new RangeError("Cannot trust the same issuer twice: merge the two entries");
  }
  const lostTimes = input.lostTimes ?? [];
  for (const { from, until } of lostTimes) {
    if (!Number.isSafeInteger(from) || !Number.isSafeInteger(until) || from > until) {
      throw new RangeError(
        `Cannot set lostTimes to ${quote(lostTimes)}: give whole seconds, from before until`,
      );
    }
  }
  return { ...numbers, audience: input.audience, issuers, lostTimes };
}
