/**
 * Every fault that is planted into the core.
 * @module
 */
import { AUTHORITY } from "./authority.ts";
import type { CoreFault } from "./fault.ts";
import { ISSUING } from "./issuing.ts";
import { TOKENS } from "./tokens.ts";

/** Every fault that is planted into the core. */
export const CORE_FAULTS: readonly CoreFault[] = [...ISSUING, ...TOKENS, ...AUTHORITY];
