/**
 * Every fault that is planted.
 * @module
 */
import { AUTHORITY } from "./faults/authority.ts";
import type { Fault } from "./faults/fault.ts";
import { ISSUING } from "./faults/issuing.ts";
import { TOKENS } from "./faults/tokens.ts";

/** Every fault that is planted. */
export const FAULTS: readonly Fault[] = [...ISSUING, ...TOKENS, ...AUTHORITY];
