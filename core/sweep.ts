/**
 * What can never live again, and may be forgotten (R5). A store removes it in batches.
 * @module
 */
import type { Seconds } from "./model.ts";
import { CLOCK_MARGIN_SECONDS, type Settings } from "./settings.ts";

/**
 * The moments up to which rows are of no use any more. Besides these, a store sweeps revoked
 * connections, delegated connections whose source is revoked or gone, and the families of both.
 */
export interface Horizon {
  /** Families whose current generation began at or before this moment have idled out (T1). */
  readonly generationStartedAt: Seconds;
  /** Families that began at or before this moment have reached their absolute end (T1). */
  readonly familyStartedAt: Seconds;
  /** Redemptions to be kept until this moment or earlier (C13). */
  readonly consentKeepUntil: Seconds;
  /** Withdrawals at or before this moment: every consent token they could refuse has expired (C14). */
  readonly withdrawnAt: Seconds;
}

/** The horizon at a moment. */
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
