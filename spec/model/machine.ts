/**
 * The state machine that is explored: the core itself, taken whole. A parameter, so that the same walk
 * can be sent over a core with a planted fault.
 * @module
 */
import * as core from "../../core/mod.ts";

/** The doors of the core. */
export type Machine = Pick<
  typeof core,
  | "decide"
  | "evolve"
  | "factsOf"
  | "horizonAt"
  | "initialState"
  | "keysOf"
  | "liveSecrets"
  | "readConsent"
  | "select"
>;

/** The core as it is shipped. */
export const REAL_CORE: Machine = core;
