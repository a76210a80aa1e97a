/**
 * Tokens and what can be done with them, all cases.
 * @module
 */
import { define } from "../case.ts";
import type { Case } from "../case.ts";
import { OAUTH } from "./oauth.ts";
import { REFRESH } from "./refresh.ts";
import { TOKENS } from "./tokens.ts";

/** The cases. */
export const tokensRefresh: readonly Case[] = define("tokens-refresh", [
  ...TOKENS,
  ...REFRESH,
  ...OAUTH,
]);
