/**
 * Every invariant, by subject.
 * @module
 */
import { ANSWER } from "./invariants/answer.ts";
import { CONSENT, PUBLIC_ID } from "./invariants/consent.ts";
import { CONNECTION } from "./invariants/endings.ts";
import { FRAME } from "./invariants/frame.ts";
import type { Invariant } from "./invariants/invariant.ts";
import { PURITY } from "./invariants/purity.ts";
import { REGISTRY } from "./invariants/registry.ts";
import { STRUCTURE } from "./invariants/structure.ts";
import { REFRESH, USE } from "./invariants/tokens.ts";

/** All invariants. */
export const INVARIANTS: readonly Invariant[] = [
  ...ANSWER,
  ...PUBLIC_ID,
  ...CONSENT,
  ...REFRESH,
  ...USE,
  ...CONNECTION,
  ...REGISTRY,
  ...STRUCTURE,
  ...FRAME,
  ...PURITY,
];
