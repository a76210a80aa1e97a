/**
 * Requests that a client can send to the implementation. Only their responses are judged.
 * @module
 */
import { base64, fromBase64url, isObject, utf8 } from "../base/encoding.ts";
import { describeJws } from "../base/jws.ts";
import { actor, type Stage } from "./stage.ts";
import { offered, type Party } from "../target/target.ts";
import { check, control, Failure, Missing, show } from "../verdict.ts";
import type { Reply } from "../wire/wire.ts";
import { redact } from "../wire/redact.ts";
import { deviationsOf } from "./declared.ts";

/** The document that the suite sends, unless a case is about documents. */
export const DOCUMENT = `mutation FetchTokens($publicId: String, $consentToken: String) {
  fetchTokensForUser(publicId: $publicId, consentToken: $consentToken) {
    accessToken expiresIn publicId refreshToken scope tokenType
    userErrors { code field message }
  }
}`;

/** The payload fields that are set on success and null on failure. */
export const TOKEN_FIELDS = [
  "accessToken",
  "expiresIn",
  "publicId",
  "refreshToken",
  "scope",
  "tokenType",
] as const;

/** Arguments of the mutation. */
export interface FetchArguments {
  readonly publicId?: string | null;
  readonly consentToken?: string | null;
}

/** A secret that no client has. */
export const WRONG_SECRET = "wrong-secret-0123456789";

/** The sender: a client with its credentials, or an arbitrary Authorization header. */
export type Caller = Party | { readonly authorization: string | null };

/** A response of the mutation. */
export interface FetchAnswer extends Reply {
  /** `data.fetchTokensForUser`, if it is an object. */
  readonly payload: Readonly<Record<string, unknown>> | null;
  /** The code of the first user error. */
  readonly code: string | null;
  /** The top-level errors. */
  readonly errors: readonly Readonly<Record<string, unknown>>[];
}

/** Tokens as the mutation or a refresh issues them. */
export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly scope: string;
  readonly expiresIn: number;
}

/** The value of an Authorization header (RFC 7617). */
export function basic({ id, secret }: Pick<Party, "id" | "secret">): string {
  return `Basic ${base64(utf8(`${id}:${secret}`))}`;
}

/** The header. Everything in it that may be secret is hidden. */
function authorizationOf(stage: Stage, caller: Caller): string | null {
  if (!("authorization" in caller)) return basic(caller);
  const { authorization } = caller;
  const value = authorization?.replace(/^\S+ +/, "") ?? "";
  hideToken(stage, value, "altered credentials");
  hideToken(stage, textOfBase64(value).replace(/^[^:]*:/, ""), "altered secret");
  return authorization;
}

/** A presented token may be a genuine one with a character changed: it is kept out of reports as well. */
function hideToken({ wire }: Stage, token: string, kind = "token"): void {
  if (token.length >= 12 && token.length <= LONGEST_SECRET) wire.secrets.number(token, kind);
}

function textOfBase64(text: string): string {
  const bytes = fromBase64url(text);
  return bytes === null ? "" : new TextDecoder().decode(bytes);
}

/** Sends any GraphQL request to the endpoint of the mutation. */
export async function graphql(
  stage: Stage,
  body: object | string,
  as: Caller = actor(stage, "partner"),
  headers: Readonly<Record<string, string>> = {},
): Promise<FetchAnswer> {
  const authorization = authorizationOf(stage, as);
  const reply = await stage.wire.send({
    label: `${nameOf(stage, as)}: ${labelOf(body)}`,
    url: stage.target.endpoint,
    headers: {
      "content-type": "application/json",
      "accept": "application/json",
      ...(authorization !== null && { authorization }),
      ...headers,
    },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  noteDeviations(stage, reply, isObject(body) && body["query"] === DOCUMENT);
  return readAnswer(reply);
}

/** Remembers what is not of its declared type, whatever the case looks at. */
function noteDeviations({ session, wire }: Stage, { text, json }: Reply, whole: boolean): void {
  const { deviations } = session;
  deviations.answers += 1;
  for (const deviation of deviationsOf(json, whole)) {
    const key = `${deviation.path}: ${deviation.type}`.replace(/\d+/, "");
    const exchange = wire.exchanges.findLast(({ response }) => response?.body === text);
    if (exchange === undefined || deviations.seen.has(key)) continue;
    const { hide } = wire.secrets;
    const found = hide(deviation.found);
    deviations.seen.set(key, { ...deviation, found, exchange: redact(exchange, hide) });
  }
}

/** Calls the mutation. */
export function fetchTokens(
  stage: Stage,
  variables: FetchArguments,
  as: Caller = actor(stage, "partner"),
): Promise<FetchAnswer> {
  const { consentToken } = variables;
  if (consentToken && consentToken.length > 16) hideConsent(stage, consentToken);
  return graphql(stage, { query: DOCUMENT, variables }, as);
}

/** Presents a consent token. */
export function redeem(stage: Stage, consentToken: string, as?: Caller): Promise<FetchAnswer> {
  return fetchTokens(stage, { consentToken }, as);
}

/** Longer texts are neither secrets of the suite nor usable tokens. */
const LONGEST_SECRET = 40_000;

/** Keeps a consent token out of reports, except its header and claims. */
export function hideConsent({ wire }: Stage, token: string): void {
  if (token.length > LONGEST_SECRET) return;
  const says = describeJws(token);
  wire.secrets.number(token, "consent token", says === null ? undefined : () => says);
}

function readAnswer(reply: Reply): FetchAnswer {
  const json = isObject(reply.json) ? reply.json : {};
  const data = isObject(json["data"]) ? json["data"]["fetchTokensForUser"] : null;
  const payload = isObject(data) ? data : null;
  const list = Array.isArray(json["errors"]) ? json["errors"].filter(isObject) : [];
  const userErrors = payload?.["userErrors"];
  const first = Array.isArray(userErrors) && isObject(userErrors[0]) ? userErrors[0] : null;
  const code = typeof first?.["code"] === "string" ? first["code"] : null;
  return { ...reply, payload, code, errors: list };
}

/** The tokens of a response; fails if there are none. */
export function granted(answer: FetchAnswer): Tokens {
  const { payload, code } = answer;
  const { accessToken, refreshToken, scope, expiresIn } = payload ?? {};
  const filled = typeof accessToken === "string" && accessToken !== "" && code === null;
  if (!filled) throw new Failure("tokens and no user error", describeAnswer(answer));
  return {
    accessToken,
    refreshToken: typeof refreshToken === "string" ? refreshToken : "",
    scope: typeof scope === "string" ? scope : "",
    expiresIn: typeof expiresIn === "number" ? expiresIn : 0,
  };
}

/** The positive twin of a refusal: a request by the unaltered public id is granted. */
export async function controlPublicId(
  stage: Stage,
  publicId: string,
  as?: Caller,
): Promise<Tokens> {
  return await control(
    "the same public id without the flaw",
    async () => granted(await fetchTokens(stage, { publicId }, as)),
  );
}

/** Fails unless the answer is a user error of this code, without tokens. */
export function refused(answer: FetchAnswer, ...codes: readonly string[]): void {
  const expected = `userErrors code ${codes.join(" or ")} and no tokens`;
  check(!carriesTokens(answer), expected, describeAnswer(answer));
  check(codes.includes(answer.code ?? ""), expected, describeAnswer(answer));
}

/** Fails if the response carries a token, or has a status of 500 or more. */
export function notGranted(answer: FetchAnswer): void {
  const found = describeAnswer(answer);
  check(!carriesTokens(answer), "no tokens", found);
  check(answer.status < 500, "no status of 500 or more", found);
}

/** Whether a response carries a token. */
export function carriesTokens({ payload }: FetchAnswer): boolean {
  return payload !== null && (payload["accessToken"] ?? payload["refreshToken"] ?? null) !== null;
}

/** A response in a few words. */
export function describeAnswer(answer: FetchAnswer): string {
  const { status, payload, code, errors } = answer;
  const http = status === 200 ? "" : ` with status ${status}`;
  if (code !== null) {
    return `userErrors code ${code}${carriesTokens(answer) ? " next to tokens" : ""}${http}`;
  }
  if (payload !== null && carriesTokens(answer)) {
    return `tokens with scope ${show(payload["scope"])}${http}`;
  }
  const error = errors[0];
  if (error !== undefined) return `the error ${show(error["message"])}${http}`;
  return payload === null
    ? `status ${status} without a payload`
    : `a payload without tokens${http}`;
}

/** The name of the sender, for the transcript. */
export function nameOf({ target: { cast } }: Stage, caller: Caller): string {
  if ("authorization" in caller) return caller.authorization === null ? "anyone" : "someone";
  const name = Object.entries(cast).find(([, party]) => party === caller)?.[0];
  return name ?? caller.id;
}

function labelOf(body: object | string): string {
  const variables = isObject(body) ? body["variables"] : undefined;
  if (!isObject(variables)) return "a GraphQL request";
  const given = Object.entries(variables).filter(([, value]) => value !== null);
  return `fetchTokensForUser(${given.map(([name]) => name).join(", ")})`;
}

/** Whether an access token is live, by introspection or else the Users API. */
export async function isAlive(
  stage: Stage,
  accessToken: string,
  owner: Party = actor(stage, "partner"),
): Promise<boolean> {
  const { introspection, users } = stage.target.endpoints;
  if (introspection !== undefined) return (await introspect(stage, accessToken, owner)).active;
  if (users === undefined) throw new Missing("probe");
  // 403 is for a live token whose scope is too small (RFC 6750 §3.1).
  return [200, 403].includes((await callUsersApi(stage, `Bearer ${accessToken}`)).status);
}

/** The answer of an introspection endpoint. */
export interface IntrospectionAnswer extends Reply {
  readonly active: boolean;
  readonly members: Readonly<Record<string, unknown>>;
}

/** Introspects a token (RFC 7662). */
export async function introspect(
  stage: Stage,
  token: string,
  as: Caller = actor(stage, "partner"),
  more: Readonly<Record<string, string>> = {},
): Promise<IntrospectionAnswer> {
  const url = offered(stage.target.endpoints.introspection, "introspection-endpoint");
  const reply = await form(stage, url, { token, ...more }, as);
  const members = isObject(reply.json) ? reply.json : {};
  return { ...reply, members, active: reply.status === 200 && members["active"] === true };
}

/** Revokes a token (RFC 7009). */
export function revokeToken(
  stage: Stage,
  token: string,
  as: Caller = actor(stage, "partner"),
  more: Readonly<Record<string, string>> = {},
): Promise<Reply> {
  const url = offered(stage.target.endpoints.revocation, "revocation-endpoint");
  return form(stage, url, { token, ...more }, as);
}

/** Requests new tokens from the token endpoint (RFC 6749 §6). */
export function refresh(
  stage: Stage,
  refreshToken: string,
  as: Caller = actor(stage, "partner"),
  more: Readonly<Record<string, string>> = {},
): Promise<Reply> {
  const url = offered(stage.target.endpoints.token, "token-endpoint");
  return form(
    stage,
    url,
    { grant_type: "refresh_token", refresh_token: refreshToken, ...more },
    as,
  );
}

/** The tokens of a refresh; fails if there are none. */
export function refreshed({ status, json }: Reply): Tokens {
  const { access_token, refresh_token, scope, expires_in } = isObject(json) ? json : {};
  if (status !== 200 || typeof access_token !== "string") {
    throw new Failure("new tokens with status 200", describeReply({ status, json }));
  }
  return {
    accessToken: access_token,
    refreshToken: typeof refresh_token === "string" ? refresh_token : "",
    scope: typeof scope === "string" ? scope : "",
    expiresIn: typeof expires_in === "number" ? expires_in : 0,
  };
}

/** Fails unless the answer is this OAuth error (RFC 6749 §5.2). */
export function refusedWith(reply: Reply, status: number, ...errors: readonly string[]): void {
  const error = isObject(reply.json) ? reply.json["error"] : undefined;
  const right = reply.status === status && errors.includes(String(error));
  check(right, `status ${status} with error ${errors.join(" or ")}`, describeReply(reply));
}

/** The answer of an OAuth endpoint in a few words. */
export function describeReply({ status, json }: Pick<Reply, "status" | "json">): string {
  const { error, access_token, scope } = isObject(json) ? json : {};
  if (error !== undefined) return `status ${status} with error ${show(error)}`;
  if (access_token !== undefined) return `status ${status} with tokens of scope ${show(scope)}`;
  return `status ${status}`;
}

/** Posts a form. A list of pairs may repeat a name. */
export function form(
  stage: Stage,
  url: string,
  fields: Readonly<Record<string, string>> | readonly (readonly [string, string])[],
  as: Caller,
  headers: Readonly<Record<string, string>> = {},
): Promise<Reply> {
  const pairs = Array.isArray(fields) ? fields.map(([k, v]) => [k, v]) : Object.entries(fields);
  for (const [name, value] of pairs) if (/token$/.test(name ?? "")) hideToken(stage, value ?? "");
  const authorization = "authorization" in as ? authorizationOf(stage, as) : formBasic(as);
  return stage.wire.send({
    label: `${nameOf(stage, as)}: ${new URL(url).pathname} ${
      pairs.map(([name]) => name).join(", ")
    }`,
    url,
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      "accept": "application/json",
      ...(authorization !== null && { authorization }),
      ...headers,
    },
    body: new URLSearchParams(pairs as [string, string][]).toString(),
  });
}

/** RFC 6749 §2.3.1: id and secret are form-encoded before they become Basic credentials. */
function formBasic({ id, secret }: Party): string {
  const encode = (text: string) => new URLSearchParams({ v: text }).toString().slice(2);
  return basic({ id: encode(id), secret: encode(secret) });
}

/** Calls the Users API with an arbitrary Authorization header. */
export function callUsersApi(
  stage: Stage,
  authorization: string | null,
  query = "{ __typename }",
): Promise<Reply> {
  authorizationOf(stage, { authorization });
  return stage.wire.send({
    label: `${authorization === null ? "anyone" : "bearer"}: Users API`,
    url: offered(stage.target.endpoints.users, "users-endpoint"),
    headers: {
      "content-type": "application/json",
      "accept": "application/json",
      ...(authorization !== null && { authorization }),
    },
    body: JSON.stringify({ query }),
  });
}
