/**
 * Steps and checks that cases share.
 * @module
 */
import type { CaseSpec } from "../case.ts";
import type { Need } from "../needs.ts";
import {
  describeReply,
  fetchTokens,
  granted,
  isAlive,
  refresh,
  refreshed,
  refused,
  refusedWith,
  type Tokens,
} from "../stage/product.ts";
import { actor, type Stage, user } from "../stage/stage.ts";
import type { Party } from "../target/target.ts";
import { check, control, equalScope } from "../verdict.ts";
import type { Reply } from "../wire/wire.ts";

/** A user who is connected to the partner. */
export function connectedUser(stage: Stage): Promise<string> {
  return user(stage, actor(stage, "partner"));
}

/** Tokens, and the public id of their user. */
export type UserTokens = Tokens & { readonly subject: string };

/** Tokens of a user who is connected to the partner. */
export async function someTokens(stage: Stage): Promise<UserTokens> {
  const subject = await connectedUser(stage);
  const tokens = await control("a request by public id", () => byPublicId(stage, subject));
  return { ...tokens, subject };
}

/** A case that starts with tokens of a connected user. */
export interface TokenRow extends Omit<CaseSpec, "needs" | "run"> {
  readonly needs?: readonly Need[];
  run(stage: Stage, tokens: UserTokens): Promise<void>;
}

function startingWithTokens(endpoint: Need, { needs = [], run, ...row }: TokenRow): CaseSpec {
  return {
    ...row,
    needs: ["client", "connected-user", endpoint, ...needs],
    run: async (stage) => await run(stage, await someTokens(stage)),
  };
}

/** Makes a case about the token endpoint. */
export function atTokenEndpoint(row: TokenRow): CaseSpec {
  return startingWithTokens("token-endpoint", row);
}

/** Makes a case about the revocation endpoint. */
export function atRevocationEndpoint(row: TokenRow): CaseSpec {
  return startingWithTokens("revocation-endpoint", row);
}

/** Fails unless a request by public id gets tokens. */
export async function byPublicId(stage: Stage, publicId: string, as?: Party): Promise<Tokens> {
  return granted(await fetchTokens(stage, { publicId }, as));
}

/** Fails unless a request by public id gets tokens with this scope. */
export async function getsScope(
  stage: Stage,
  publicId: string,
  expected: string,
  as?: Party,
): Promise<void> {
  equalScope((await byPublicId(stage, publicId, as)).scope, expected);
}

/** Fails unless a request by public id gets `NO_CONSENT`. */
export async function noConsent(stage: Stage, publicId: string, as?: Party): Promise<void> {
  refused(await fetchTokens(stage, { publicId }, as), "NO_CONSENT");
}

/** Fails unless the access token is active. */
export async function active(stage: Stage, accessToken: string, owner?: Party): Promise<void> {
  check(await isAlive(stage, accessToken, owner), "an active access token", "an inactive one");
}

/** Fails unless the access token is inactive. */
export async function inactive(stage: Stage, accessToken: string, owner?: Party): Promise<void> {
  check(!await isAlive(stage, accessToken, owner), "an inactive access token", "an active one");
}

/** Fails unless a refresh works; the refresh token to use next. */
export async function rotate(stage: Stage, refreshToken: string, owner?: Party): Promise<string> {
  return refreshed(await refresh(stage, refreshToken, owner)).refreshToken || refreshToken;
}

/** Fails unless the refresh token is refused with `invalid_grant`. */
export async function invalidGrant(stage: Stage, token: string, owner?: Party): Promise<void> {
  refusedWith(await refresh(stage, token, owner), 400, "invalid_grant");
}

/** Fails unless neither token works; asks only where the implementation offers it. */
export async function dead(stage: Stage, tokens: Tokens, owner?: Party): Promise<void> {
  const { has } = stage.target;
  if (has.has("probe")) await inactive(stage, tokens.accessToken, owner);
  if (has.has("token-endpoint")) await invalidGrant(stage, tokens.refreshToken, owner);
}

/** Fails unless the status is one of 4xx. */
export function clientError(reply: Reply, what = "a 4xx status"): void {
  check(reply.status >= 400 && reply.status < 500, what, describeReply(reply));
}

/** Fails unless the response must not be stored. */
export function noStore({ headers }: Reply): void {
  const found = headers["cache-control"];
  check(/\bno-store\b/i.test(found ?? ""), "Cache-Control: no-store", found);
}

/** A token with one character replaced by another of the same kind. */
export function flip(token: string, at: number): string {
  const index = /[._]/.test(token[at] ?? "") ? at - 1 : at;
  const replaced = token[index] === "A" ? "B" : "A";
  return token.slice(0, index) + replaced + token.slice(index + 1);
}
