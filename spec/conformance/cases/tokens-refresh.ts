/**
 * Tokens and what can be done with them, all cases.
 * @module
 */
import { define } from "../case.ts";
import type { Case } from "../case.ts";
import { OAUTH } from "./oauth.ts";
import { TOKEN_ENDPOINT } from "./refresh/endpoint.ts";
import { GRANTS } from "./refresh/grants.ts";
import { ROTATION } from "./refresh/rotation.ts";
import { REFRESH_SCOPE } from "./refresh/scope.ts";
import { ANSWER } from "./tokens/answer.ts";
import { ISSUED } from "./tokens/issued.ts";

/** The cases. */
export const tokensRefresh: readonly Case[] = define("tokens-refresh", [
  ...ANSWER,
  ...ISSUED,
  ...TOKEN_ENDPOINT,
  ...GRANTS,
  ...ROTATION,
  ...REFRESH_SCOPE,
  ...OAUTH,
]);
