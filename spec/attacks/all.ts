/**
 * Every attack that is tried against the running server.
 * @module
 */
import { HTTP_ATTACKS } from "./http.ts";
import { INPUT_ATTACKS } from "./inputs.ts";
import type { Row } from "./target.ts";
import { TOKEN_ATTACKS } from "./tokens.ts";

/** All rows. The last one moves the clock, so nothing comes after it. */
export const ATTACK_ROWS: readonly Row[] = [...HTTP_ATTACKS, ...INPUT_ATTACKS, ...TOKEN_ATTACKS];
