/**
 * All cases about tokens and the endpoints that take them.
 * @module
 */
import { type Case, define } from "../case.ts";
import { INTROSPECTION } from "./oauth/introspection.ts";
import { METADATA } from "./oauth/metadata.ts";
import { USERS_API } from "./oauth/users-api.ts";
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
  ...INTROSPECTION,
  ...METADATA,
  ...USERS_API,
]);
