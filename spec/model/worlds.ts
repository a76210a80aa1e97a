/**
 * The worlds that are walked.
 * @module
 */
import type { Plan } from "./build.ts";
import { ENDINGS, ENDINGS_FULL, EVERYTHING, REVERSIBLE } from "./worlds/authority.ts";
import { JUDGING, LIFECYCLE, LIFECYCLE_FULL, SKEW } from "./worlds/consent.ts";
import { CHAIN, PRECEDENCE, PRECEDENCE_DESCENDING, PRECEDENCE_FULL } from "./worlds/delegation.ts";
import { PARTNERS_FULL, REGISTRATION, USERS, USERS_FULL } from "./worlds/parties.ts";
import {
  ACTORS,
  ACTORS_FULL,
  CLOCK_STEPS,
  CLOCK_STEPS_FULL,
  FORGETTING,
  FORGETTING_FULL,
} from "./worlds/time.ts";
import {
  FAMILIES,
  FAMILIES_DESCENDING,
  FAMILIES_FULL,
  RESTORED,
  ROTATION,
} from "./worlds/tokens.ts";

/** All worlds, the small ones first. */
export const WORLDS: readonly Plan[] = [
  FAMILIES_DESCENDING,
  FAMILIES,
  ROTATION,
  RESTORED,
  JUDGING,
  LIFECYCLE,
  SKEW,
  PRECEDENCE_DESCENDING,
  REVERSIBLE,
  CHAIN,
  REGISTRATION,
  ACTORS,
  ENDINGS,
  USERS,
  CLOCK_STEPS,
  FORGETTING,
  PRECEDENCE,
  ACTORS_FULL,
  FAMILIES_FULL,
  CLOCK_STEPS_FULL,
  FORGETTING_FULL,
  USERS_FULL,
  PARTNERS_FULL,
  PRECEDENCE_FULL,
  LIFECYCLE_FULL,
  ENDINGS_FULL,
  EVERYTHING,
];
