/**
 * Which rows are dead and may be removed (R5). A store removes them in batches.
 * @module
 */
import type { Seconds } from "./model.ts";
import { CLOCK_MARGIN_SECONDS, type Settings } from "./settings.ts";

/**
 * The times up to which rows can be removed. In addition, a store sweeps revoked connections,
 * delegated connections whose source is revoked or missing, and the families of both.
 */
export interface Horizon {
  /** Families whose current generation began at or before this moment have expired from inactivity (T1). */
  readonly generationStartedAt: Seconds;
  /** Families that began at or before this moment have reached their absolute limit (T1). */
  readonly familyStartedAt: Seconds;
  /** Redemptions that had to be kept until this moment or earlier (C13). */
  readonly consentKeepUntil: Seconds;
  /** Withdrawals at or before this moment: every consent token they could refuse has expired (C14). */
  readonly withdrawnAt: Seconds;
}

/** The horizon at a given time. */
export function horizonAt(now: Seconds, settings: Settings): Horizon {
  const withdrawalSeconds = settings.consentMaxLifetimeSeconds + 3 * settings.consentSkewSeconds +
    CLOCK_MARGIN_SECONDS;
  return {
    generationStartedAt: now - settings.refreshIdleSeconds,
    familyStartedAt: now - settings.refreshAbsoluteSeconds,
    consentKeepUntil: now,
    withdrawnAt: now - withdrawalSeconds,
  };
}
