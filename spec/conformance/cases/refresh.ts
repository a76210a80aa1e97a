/**
 * The token endpoint: request and response (RFC 6749), rotation (T5), scope (T6).
 * @module
 */
import type { CaseSpec } from "../case.ts";
import { isObject } from "../base/encoding.ts";
import {
  basic,
  type Caller,
  describeReply,
  fetchTokens,
  form,
  granted,
  isAlive,
  refresh,
  refreshed,
  refusedWith,
  WRONG_SECRET,
} from "../stage/product.ts";
import { actor, advance, connect, freeze, harness, type Stage, user } from "../stage/stage.ts";
import { offered, someScope, wholeScope } from "../target/target.ts";
import type { Level } from "../../requirements/model.ts";
import type { Need } from "../needs.ts";
import { check, control, equal, equalScope } from "../verdict.ts";
import type { Reply } from "../wire/wire.ts";
import { flip, someTokens } from "./tokens.ts";

const NEEDS: readonly Need[] = ["client", "connected-user", "token-endpoint"];

/** A case that begins with a refresh token of a connected user. */
function rt(
  spec: Omit<CaseSpec, "run" | "needs"> & { readonly needs?: readonly Need[] },
  run: (stage: Stage, refreshToken: string, subject: string) => Promise<void>,
): CaseSpec {
  return {
    ...spec,
    needs: [...NEEDS, ...(spec.needs ?? [])],
    run: async (stage) => {
      const { refreshToken, subject } = await someTokens(stage);
      await run(stage, refreshToken, subject);
    },
  };
}

/** Posts any form to the token endpoint. */
function post(
  stage: Stage,
  fields: readonly (readonly [string, string])[],
  as: Caller = actor(stage, "partner"),
  headers: Readonly<Record<string, string>> = {},
): Promise<Reply> {
  return form(stage, offered(stage.target.endpoints.token, "token-endpoint"), fields, as, headers);
}

const grantOf = (token: string): readonly (readonly [string, string])[] => [
  ["grant_type", "refresh_token"],
  ["refresh_token", token],
];

const RESPONSES: readonly CaseSpec[] = [
  rt({
    slug: "refresh",
    level: "MUST",
    requirements: ["T4"],
    title: "A refresh token gets a new access token.",
    does: "Posts grant_type=refresh_token with HTTP Basic.",
    expects: "Status 200 with access_token and token_type Bearer.",
    remedy: "Follow RFC 6749 §5.1 and §6.",
  }, async (stage, token) => {
    const reply = await refresh(stage, token);
    refreshed(reply);
    const members = isObject(reply.json) ? reply.json : {};
    check(
      /^bearer$/i.test(String(members["token_type"])),
      "token_type Bearer",
      members["token_type"],
    );
  }),
  rt({
    slug: "refresh-content-type",
    level: "MUST",
    requirements: ["T4"],
    title: "The token endpoint answers in JSON.",
    does: "Refreshes.",
    expects: "Content-Type application/json.",
    remedy: "RFC 6749 §5.1.",
  }, async (stage, token) => {
    const { headers } = await refresh(stage, token);
    const type = headers["content-type"] ?? "";
    check(/^application\/json\b/i.test(type), "application/json", type);
  }),
  rt({
    slug: "refresh-no-store",
    level: "MUST",
    requirements: ["G9"],
    title: "A response with tokens is not to be stored.",
    does: "Refreshes.",
    expects: "Cache-Control with no-store.",
    remedy: "RFC 6749 §5.1.",
  }, async (stage, token) => {
    const { headers } = await refresh(stage, token);
    check(
      /\bno-store\b/i.test(headers["cache-control"] ?? ""),
      "no-store",
      headers["cache-control"],
    );
  }),
  rt({
    slug: "refresh-members",
    level: "SHOULD",
    requirements: ["T4"],
    title: "A refresh also answers expires_in, scope and refresh_token.",
    does: "Refreshes.",
    expects: "A whole number of seconds, a scope, and a refresh token.",
    remedy: "Tell the client all it needs to go on.",
  }, async (stage, token) => {
    const reply = await refresh(stage, token);
    const { refreshToken, scope } = refreshed(reply);
    const { expires_in } = isObject(reply.json) ? reply.json : {};
    check(Number.isInteger(expires_in) && Number(expires_in) >= 1, "expires_in from 1", expires_in);
    check(refreshToken !== "", "a refresh_token", "none");
    check(scope !== "", "a scope", "none");
  }),
  rt({
    slug: "refreshed-token-works",
    level: "MUST",
    requirements: ["T4"],
    title: "The new access token works.",
    does: "Refreshes and asks whether the new access token lives.",
    expects: "It does.",
    remedy: "Issue it like the first one.",
    needs: ["probe"],
  }, async (stage, token) => {
    const { accessToken } = refreshed(await refresh(stage, token));
    check(await isAlive(stage, accessToken), "a live access token", "a dead one");
  }),
];

/** A request that is refused with an error of RFC 6749 §5.2. */
function bad(
  slug: string,
  level: Level,
  title: string,
  error: string,
  fields: (token: string) => readonly (readonly [string, string])[],
  remedy: string,
): CaseSpec {
  return rt({
    slug,
    level,
    requirements: ["T4"],
    title,
    does: "Posts such a form; then a proper one.",
    expects: `Status 400 with error ${error}; then tokens.`,
    remedy,
    attacks: ["IN-10"],
  }, async (stage, token) => {
    refusedWith(await post(stage, fields(token)), 400, error);
    refreshed(await refresh(stage, token));
  });
}

const REQUESTS: readonly CaseSpec[] = [
  bad(
    "no-grant-type",
    "MUST",
    "Without grant_type a request is invalid.",
    "invalid_request",
    (token) => [["refresh_token", token]],
    "RFC 6749 §5.2: a required parameter is missing.",
  ),
  bad(
    "unknown-grant-type",
    "MUST",
    "An unknown grant_type is unsupported.",
    "unsupported_grant_type",
    (token) => [["grant_type", "implicit"], ["refresh_token", token]],
    "RFC 6749 §5.2.",
  ),
  bad(
    "no-refresh-token",
    "MUST",
    "Without refresh_token a request is invalid.",
    "invalid_request",
    () => [["grant_type", "refresh_token"]],
    "RFC 6749 §5.2: a required parameter is missing.",
  ),
  bad(
    "empty-refresh-token",
    "MUST",
    "An empty refresh_token counts as none.",
    "invalid_request",
    () => [["grant_type", "refresh_token"], ["refresh_token", ""]],
    "RFC 6749 §3.2: without a value is omitted.",
  ),
  bad(
    "repeated-parameter",
    "MUST",
    "A repeated parameter makes a request invalid.",
    "invalid_request",
    (token) => [...grantOf(token), ["refresh_token", "another"]],
    "RFC 6749 §3.2.",
  ),
  bad(
    "repeated-grant-type",
    "MUST",
    "A repeated grant_type makes a request invalid.",
    "invalid_request",
    (token) => [...grantOf(token), ["grant_type", "refresh_token"]],
    "RFC 6749 §3.2.",
  ),
  rt({
    slug: "unknown-parameter",
    level: "MUST",
    requirements: ["T4"],
    title: "Unknown parameters are ignored.",
    does: "Refreshes with a parameter that there is not.",
    expects: "Tokens.",
    remedy: "RFC 6749 §3.2.",
  }, async (stage, token) => void refreshed(await post(stage, [...grantOf(token), ["note", "x"]]))),
  rt({
    slug: "get",
    level: "SHOULD",
    requirements: ["T4"],
    title: "The token endpoint is not served by GET.",
    does: "Sends the parameters in the query string.",
    expects: "A status from 400 to 499 and no tokens.",
    remedy: "Take POST only (RFC 6749 §3.2): URLs are logged.",
  }, async (stage, token) => {
    const url = new URL(offered(stage.target.endpoints.token, "token-endpoint"));
    for (const [name, value] of grantOf(token)) url.searchParams.set(name, value);
    const { id, secret } = actor(stage, "partner");
    const headers = { authorization: basic({ id, secret }) };
    const reply = await stage.wire.send({
      label: "partner: refresh by GET",
      method: "GET",
      url: url.href,
      headers,
    });
    check(
      reply.status >= 400 && reply.status < 500,
      "a status from 400 to 499",
      describeReply(reply),
    );
  }),
  rt({
    slug: "json-body",
    level: "SHOULD",
    requirements: ["T4"],
    title: "The token endpoint takes forms, not JSON.",
    does: "Posts the parameters as JSON.",
    expects: "A status from 400 to 499 and no tokens.",
    remedy: "RFC 6749 §6: application/x-www-form-urlencoded.",
  }, async (stage, token) => {
    const { id, secret } = actor(stage, "partner");
    const reply = await stage.wire.send({
      label: "partner: refresh as JSON",
      url: offered(stage.target.endpoints.token, "token-endpoint"),
      headers: { "authorization": basic({ id, secret }), "content-type": "application/json" },
      body: JSON.stringify(Object.fromEntries(grantOf(token))),
    });
    check(
      reply.status >= 400 && reply.status < 500,
      "a status from 400 to 499",
      describeReply(reply),
    );
  }),
  rt({
    slug: "body-credentials",
    level: "MAY",
    requirements: ["T4"],
    title: "A client may authenticate in the body.",
    does: "Posts client_id and client_secret.",
    expects: "Tokens.",
    remedy: "RFC 6749 §2.3.1 allows it beside Basic.",
  }, async (stage, token) => {
    const { id, secret } = actor(stage, "partner");
    const fields = [...grantOf(token), ["client_id", id], ["client_secret", secret]] as const;
    refreshed(await post(stage, fields, { authorization: null }));
  }),
  rt({
    slug: "two-methods",
    level: "SHOULD",
    requirements: ["T4"],
    attacks: ["CA-02"],
    title: "Two ways of authentication at once are refused.",
    does: "Sends HTTP Basic and client_secret in the body.",
    expects: "A status of 400 or 401 and no tokens.",
    remedy: "RFC 6749 §2.3: one method in each request.",
  }, async (stage, token) => {
    const { id, secret } = actor(stage, "partner");
    const reply = await post(stage, [...grantOf(token), ["client_id", id], [
      "client_secret",
      secret,
    ]]);
    check(reply.status === 400 || reply.status === 401, "status 400 or 401", describeReply(reply));
    refreshed(await refresh(stage, token));
  }),
  rt({
    slug: "no-client",
    level: "MUST",
    requirements: ["T4"],
    title: "Without client authentication there is no refresh.",
    does: "Refreshes without credentials.",
    expects: "Status 401 or 400 with error invalid_client (or invalid_request), and no tokens.",
    remedy: "RFC 6749 §6: require authentication of confidential clients.",
  }, async (stage, token) => {
    const reply = await refresh(stage, token, { authorization: null });
    const { error } = isObject(reply.json) ? reply.json : {};
    const right = [400, 401].includes(reply.status) &&
      /^invalid_(client|request)$/.test(String(error));
    check(right, "status 401 with error invalid_client", describeReply(reply));
    refreshed(await refresh(stage, token));
  }),
  rt({
    slug: "wrong-secret",
    level: "MUST",
    requirements: ["T4"],
    title: "A wrong secret is invalid_client, with a challenge.",
    does: "Refreshes with a wrong secret by HTTP Basic; then properly.",
    expects: "Status 401, error invalid_client, WWW-Authenticate; then tokens.",
    remedy: "RFC 6749 §5.2.",
  }, async (stage, token) => {
    const { id } = actor(stage, "partner");
    const authorization = basic({ id, secret: WRONG_SECRET });
    const reply = await refresh(stage, token, { authorization });
    refusedWith(reply, 401, "invalid_client");
    check((reply.headers["www-authenticate"] ?? "") !== "", "a WWW-Authenticate header", "none");
    refreshed(await refresh(stage, token));
  }),
];

/** Something that is no refresh token of this client. */
function noGrant(
  slug: string,
  what: string,
  spoil: (stage: Stage, token: string) => Promise<string> | string,
): CaseSpec {
  return rt({
    slug,
    level: "MUST",
    requirements: ["T4"],
    title: `${what} is no refresh token.`,
    does: "Presents it at the token endpoint.",
    expects: "Status 400 with error invalid_grant.",
    remedy: "RFC 6749 §5.2.",
  }, async (stage, token) => {
    refusedWith(await refresh(stage, await spoil(stage, token)), 400, "invalid_grant");
    refreshed(await refresh(stage, token));
  });
}

const GRANTS: readonly CaseSpec[] = [
  noGrant("garbage", "Garbage", () => "garbage"),
  rt({
    slug: "long-garbage",
    level: "SHOULD",
    requirements: ["T4", "A2"],
    attacks: ["IN-08"],
    title: "A text of 100 000 characters is refused without much work.",
    does: "Presents it as a refresh token.",
    expects: "A status from 400 to 499.",
    remedy: "Limit the size of bodies, and the length of what is decoded.",
  }, async (stage, token) => {
    const reply = await refresh(stage, "a".repeat(100_000));
    check(
      reply.status >= 400 && reply.status < 500,
      "a status from 400 to 499",
      describeReply(reply),
    );
    refreshed(await refresh(stage, token));
  }),
  noGrant(
    "altered-refresh-token",
    "A refresh token with one character changed",
    (_, token) => flip(token, Math.floor(token.length * 0.7)),
  ),
  noGrant(
    "shortened-refresh-token",
    "A refresh token without its last character",
    (_, token) => token.slice(0, -1),
  ),
  noGrant(
    "access-token-as-refresh-token",
    "An access token",
    async (stage) => (await someTokens(stage)).accessToken,
  ),
  rt({
    slug: "foreign-client",
    level: "MUST",
    requirements: ["T4"],
    attacks: ["RF-01"],
    title: "Another client's refresh token is no grant, and the owner comes to no harm.",
    does: "Presents a refresh token as another client, then as its own.",
    expects: "invalid_grant, then tokens.",
    remedy: "Compare the client before anything else is done to the family.",
    needs: ["second-client"],
  }, async (stage, token) => {
    refusedWith(await refresh(stage, token, actor(stage, "otherPartner")), 400, "invalid_grant");
    refreshed(await refresh(stage, token));
  }),
  rt({
    slug: "foreign-client-spent-token",
    level: "SHOULD",
    requirements: ["T4", "T5"],
    attacks: ["RF-01"],
    title: "Another client that presents a spent token does the owner no harm.",
    does: "Refreshes four times; another client presents each of the tokens; the owner refreshes.",
    expects: "invalid_grant each time, then tokens.",
    remedy: "Reuse detection comes after the comparison of the client.",
    needs: ["second-client"],
  }, async (stage, token) => {
    const tokens = await chain(stage, token, 4);
    for (const spent of tokens) {
      refusedWith(await refresh(stage, spent, actor(stage, "otherPartner")), 400, "invalid_grant");
    }
    refreshed(await refresh(stage, tokens.at(-1) ?? ""));
  }),
];

/** Refreshes this often; all refresh tokens, the first one first. */
async function chain(stage: Stage, first: string, times: number): Promise<readonly string[]> {
  const tokens = [first];
  for (let time = 0; time < times; time++) {
    const { refreshToken } = await control(
      "a refresh",
      async () => refreshed(await refresh(stage, tokens.at(-1) ?? "")),
    );
    tokens.push(refreshToken || (tokens.at(-1) ?? ""));
  }
  return tokens;
}

const ROTATION: readonly CaseSpec[] = [
  rt({
    slug: "rotates",
    level: "MAY",
    requirements: ["T5"],
    title: "Each refresh brings a new refresh token.",
    does: "Refreshes three times.",
    expects: "Four distinct refresh tokens.",
    remedy: "Rotate (RFC 9700 §4.14.2).",
  }, async (stage, token) => {
    equal(new Set(await chain(stage, token, 3)).size, 4, "the number of distinct refresh tokens");
  }),
  rt({
    slug: "lost-response",
    level: "SHOULD",
    requirements: ["T5"],
    attacks: ["RF-03"],
    title: "A lost response is recoverable: the token before the current one still works.",
    does: "Refreshes twice with the same token, then with what came back the second time.",
    expects: "Tokens, three times.",
    remedy: "Answer the generation before the current one with the current one.",
  }, async (stage, token) => {
    refreshed(await refresh(stage, token));
    const { refreshToken } = refreshed(await refresh(stage, token));
    refreshed(await refresh(stage, refreshToken || token));
  }),
  rt({
    slug: "lost-response-same-successor",
    level: "MAY",
    requirements: ["T5"],
    attacks: ["RF-03"],
    title: "A repeated refresh is answered with the same successor, however late.",
    does:
      "Refreshes, and again with the same token 1 s, 31 s and an hour later (or just before it expires).",
    expects: "The same refresh token each time, with new access tokens.",
    remedy: "Derive refresh tokens, so that the successor can be given again without being stored.",
    needs: ["seed", "clock"],
  }, async (stage, token) => {
    await freeze(stage);
    const { refreshToken } = refreshed(await refresh(stage, token));
    const last = Math.min(3600, (stage.target.policy.refreshIdleSeconds ?? 3601) - 1);
    let waited = 0;
    for (const seconds of [1, 31, last]) {
      await advance(stage, Math.max(0, seconds - waited));
      waited = Math.max(seconds, waited);
      equal(refreshed(await refresh(stage, token)).refreshToken, refreshToken, "the refresh token");
    }
  }),
  rt({
    slug: "delayed-duplicate",
    level: "MAY",
    requirements: ["T5"],
    attacks: ["RF-05"],
    title: "A token two generations old is answered until the declared second, then it is reuse.",
    does:
      "Refreshes twice; presents the first token in the last second in which that is a duplicate, and in the next.",
    expects: "The current refresh token; then invalid_grant, and the family has ended.",
    remedy: "Compare with the moment at which that very token was spent.",
    needs: ["seed", "clock", "policy:refreshDuplicateSeconds"],
  }, async (stage, token) => {
    await freeze(stage);
    const window = stage.target.policy.refreshDuplicateSeconds ?? 0;
    const [, , current = ""] = await chain(stage, token, 2);
    if (window > 0) {
      await advance(stage, window - 1);
      equal(refreshed(await refresh(stage, token)).refreshToken, current, "the refresh token");
    }
    await advance(stage, window > 0 ? 1 : 0);
    refusedWith(await refresh(stage, token), 400, "invalid_grant");
    refusedWith(await refresh(stage, current), 400, "invalid_grant");
  }),
  rt({
    slug: "reuse-ends-the-family",
    level: "SHOULD",
    requirements: ["T5"],
    attacks: ["RF-05"],
    title: "The reuse of an old refresh token ends the family, and that family only.",
    does:
      "Refreshes four times, presents the first token, then the current one, then that of another family.",
    expects: "invalid_grant twice, then tokens.",
    remedy: "RFC 9700 §4.14.2: one of the two holders is a thief.",
  }, async (stage, token, subject) => {
    const other = granted(await fetchTokens(stage, { publicId: subject }));
    const tokens = await chain(stage, token, 4);
    refusedWith(await refresh(stage, token), 400, "invalid_grant");
    refusedWith(await refresh(stage, tokens.at(-1) ?? ""), 400, "invalid_grant");
    refreshed(await refresh(stage, other.refreshToken));
  }),
  rt({
    slug: "reuse-ends-access-tokens",
    level: "SHOULD",
    requirements: ["T5"],
    attacks: ["RF-05"],
    title: "With its family an access token ends.",
    does:
      "Refreshes four times, presents the first token, asks whether the last access token lives.",
    expects: "It does not.",
    remedy: "Judge the family at every use of an access token.",
    needs: ["probe"],
  }, async (stage, token) => {
    const tokens = await chain(stage, token, 3);
    const { accessToken } = refreshed(await refresh(stage, tokens.at(-1) ?? ""));
    refusedWith(await refresh(stage, token), 400, "invalid_grant");
    check(!await isAlive(stage, accessToken), "a dead access token", "a live one");
  }),
  rt({
    slug: "twenty-at-once",
    level: "SHOULD",
    requirements: ["T5"],
    attacks: ["RF-02"],
    title: "Twenty refreshes at once leave one live refresh token, and nobody is logged out.",
    does: "Presents one refresh token twenty times at once; then uses what came back.",
    expects: "At least one success; every success carries the same refresh token, and it works.",
    remedy: "Rotate in one transaction, and answer the losers with the winner's token.",
  }, async (stage, token) => {
    const replies = await Promise.all(Array.from({ length: 20 }, () => refresh(stage, token)));
    const successes = replies.filter(({ status }) => status === 200).map(refreshed);
    const distinct = new Set(successes.map(({ refreshToken }) => refreshToken || token));
    check(successes.length > 0, "at least one success", describeReply(replies[0] as Reply));
    equal(distinct.size, 1, "the number of distinct refresh tokens");
    refreshed(await refresh(stage, [...distinct][0] ?? ""));
  }),
  rt({
    slug: "leapfrog",
    level: "SHOULD",
    requirements: ["T5"],
    attacks: ["RF-06"],
    title: "Two holders of one family never get two live refresh tokens.",
    does: "Lets two holders refresh in turn with what each got last, ten rounds.",
    expects:
      "Whatever is granted carries one current refresh token; afterwards at most one chain goes on.",
    remedy: "One current generation for each family.",
  }, async (stage, token) => {
    const holders = [token, token];
    for (let round = 0; round < 20; round++) {
      const reply = await refresh(stage, holders[round % 2] ?? "");
      if (reply.status !== 200) return;
      holders[round % 2] = refreshed(reply).refreshToken;
    }
    const [one = "", two = ""] = holders;
    const last = [await refresh(stage, one), await refresh(stage, two)];
    const live = new Set(
      last.filter(({ status }) => status === 200).map((r) => refreshed(r).refreshToken),
    );
    check(live.size <= 1, "at most one live refresh token", live.size);
  }),
];

const SCOPE: readonly CaseSpec[] = [
  rt({
    slug: "scope-kept",
    level: "SHOULD",
    requirements: ["T6"],
    title: "A refresh without scope keeps the scope.",
    does: "Refreshes without scope.",
    expects: "The scope of the first answer.",
    remedy: "Omitted means all there is (RFC 6749 §6).",
    needs: ["seed"],
  }, async (stage, token) => {
    equalScope(refreshed(await refresh(stage, token)).scope, wholeScope(stage.target));
  }),
  rt({
    slug: "scope-narrower",
    level: "SHOULD",
    requirements: ["T6"],
    title: "A refresh may ask for less, and for all again afterwards.",
    does: "Refreshes with a part of the scope, then without scope.",
    expects: "That part, then the whole.",
    remedy: "Narrow the access token, not the family (RFC 6749 §6).",
    needs: ["seed"],
  }, async (stage, token) => {
    const scope = someScope(stage.target, 1);
    const first = refreshed(await refresh(stage, token, undefined, { scope }));
    equalScope(first.scope, scope);
    const second = refreshed(await refresh(stage, first.refreshToken || token));
    equalScope(second.scope, wholeScope(stage.target));
  }),
  rt({
    slug: "scope-wider",
    level: "MUST",
    requirements: ["T6"],
    attacks: ["SC-07"],
    title: "A refresh never gets more than was granted.",
    does: "Asks for a scope beyond the granted one, then refreshes without scope.",
    expects: "invalid_scope, or no more than was granted; then tokens.",
    remedy: "RFC 6749 §6: no scope that was not originally granted.",
  }, async (stage, token) => {
    const reply = await refresh(stage, token, undefined, { scope: "admin everything" });
    if (reply.status === 200) {
      const { scope } = refreshed(reply);
      check(!/\b(?:admin|everything)\b/.test(scope), "no more than was granted", scope);
    } else refusedWith(reply, 400, "invalid_scope");
  }),
  rt({
    slug: "scope-wider-than-family",
    level: "MUST",
    requirements: ["T6"],
    attacks: ["SC-07"],
    title: "What the user consented to later is not in an older family.",
    does:
      "Gets tokens for a part of the scope, connects the user with the whole, refreshes with the whole.",
    expects: "invalid_scope, or no more than the part.",
    remedy: "Keep the scope of the first issuance with the family.",
    needs: ["seed"],
  }, async (stage) => {
    const [partner, part] = [actor(stage, "partner"), someScope(stage.target, 1)];
    const subject = await user(stage, [partner, part]);
    const { refreshToken } = granted(await fetchTokens(stage, { publicId: subject }));
    await connect(stage, subject, partner);
    const kept = refreshed(await refresh(stage, refreshToken));
    equalScope(kept.scope, part, "scope without asking");
    const reply = await refresh(stage, kept.refreshToken || refreshToken, undefined, {
      scope: wholeScope(stage.target),
    });
    if (reply.status === 200) equalScope(refreshed(reply).scope, part);
    else refusedWith(reply, 400, "invalid_scope");
  }),
  rt({
    slug: "scope-wider-harms-nothing",
    level: "SHOULD",
    requirements: ["T6"],
    attacks: ["SC-07"],
    title: "To ask for too much is invalid_scope and does the family no harm.",
    does: "Asks for a scope beyond the granted one, then refreshes with the same token.",
    expects: "invalid_scope, then tokens.",
    remedy: "Refuse before rotating.",
  }, async (stage, token) => {
    refusedWith(await refresh(stage, token, undefined, { scope: "admin" }), 400, "invalid_scope");
    refreshed(await refresh(stage, token));
  }),
  rt({
    slug: "scope-empty",
    level: "MUST",
    requirements: ["T6"],
    title: "An empty scope counts as omitted.",
    does: "Refreshes with scope=.",
    expects: "The scope of the first answer.",
    remedy: "RFC 6749 §3.2.",
    needs: ["seed"],
  }, async (stage, token) => {
    equalScope(
      refreshed(await refresh(stage, token, undefined, { scope: "" })).scope,
      wholeScope(stage.target),
    );
  }),
  rt({
    slug: "scope-malformed",
    level: "SHOULD",
    requirements: ["T6"],
    title: "A malformed scope is invalid_scope.",
    does: "Refreshes with a scope that has a line break and quotation marks.",
    expects: "Status 400 with error invalid_scope.",
    remedy: "RFC 6749 §3.3 and §5.2.",
  }, async (stage, token) => {
    refusedWith(await refresh(stage, token, undefined, { scope: 'a\n"b"' }), 400, "invalid_scope");
  }),
  rt({
    slug: "scope-narrowed-meanwhile",
    level: "SHOULD",
    requirements: ["T6", "R1"],
    attacks: ["SC-09"],
    title: "A refresh is answered with what the user still consents to.",
    does: "Narrows the connection, refreshes; asks for what was taken; asks when nothing is left.",
    expects: "The narrower scope; invalid_scope; invalid_grant.",
    remedy: "Compute the effective scope at every refresh.",
    needs: ["seed", "narrow"],
  }, async (stage, token, subject) => {
    const name = { user: subject, client: actor(stage, "partner").id };
    await harness(stage, "narrow", { ...name, scope: someScope(stage.target, 0, 1) });
    const first = refreshed(await refresh(stage, token));
    equalScope(first.scope, someScope(stage.target, 0, 1));
    const current = first.refreshToken || token;
    const taken = await refresh(stage, current, undefined, { scope: someScope(stage.target, 2) });
    refusedWith(taken, 400, "invalid_scope");
    await harness(stage, "narrow", { ...name, scope: someScope(stage.target, 2) });
    refusedWith(await refresh(stage, current), 400, "invalid_grant");
  }),
];

/** Cases about refresh. */
export const REFRESH: readonly CaseSpec[] = [
  ...RESPONSES,
  ...REQUESTS,
  ...GRANTS,
  ...ROTATION,
  ...SCOPE,
];
