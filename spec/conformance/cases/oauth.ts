/**
 * Introspection (RFC 7662), metadata (RFC 8414), key sets, and the Users API (T7, T8).
 * @module
 */
import { anyConsent } from "../stage/consents.ts";
import type { CaseSpec } from "../case.ts";
import { isObject } from "../base/encoding.ts";
import {
  basic,
  callUsersApi,
  fetchTokens,
  form,
  granted,
  introspect,
  isAlive,
  refresh,
  refreshed,
  WRONG_SECRET,
} from "../stage/product.ts";
import { actor, client, type Stage, unknownUser, user } from "../stage/stage.ts";
import { offered } from "../target/target.ts";
import type { Need } from "../needs.ts";
import { check, control, equal } from "../verdict.ts";
import { flip, someTokens } from "./steps.ts";

const INTROSPECTION: readonly Need[] = ["client", "connected-user", "introspection-endpoint"];
const LIVE = "RFC 7662 §2.2: active is true only for what works now.";

const INTROSPECTIONS: readonly CaseSpec[] = [
  {
    slug: "introspect-access-token",
    level: "MUST",
    requirements: ["T7"],
    title: "A live access token is active.",
    does: "Introspects a fresh access token.",
    expects: 'Status 200 with "active": true.',
    remedy: LIVE,
    needs: INTROSPECTION,
    run: async (stage) => {
      const { accessToken } = await someTokens(stage);
      equal((await introspect(stage, accessToken)).active, true, "active");
    },
  },
  {
    slug: "introspect-garbage",
    level: "MUST",
    requirements: ["T7"],
    title: "What is no token is inactive.",
    does: "Introspects garbage and an altered access token.",
    expects: 'Status 200 with "active": false.',
    remedy: LIVE,
    needs: INTROSPECTION,
    run: async (stage) => {
      const { accessToken } = await someTokens(stage);
      for (const token of ["garbage", flip(accessToken, accessToken.length >> 1)]) {
        const { status, members } = await introspect(stage, token);
        equal(status, 200, "status");
        equal(members["active"], false, "active");
      }
    },
  },
  {
    slug: "introspect-unauthenticated",
    level: "MUST",
    requirements: ["T7"],
    title: "Nobody may introspect without authentication.",
    does: "Introspects a live access token without credentials, and with a wrong secret.",
    expects: "Status 401.",
    remedy: "RFC 7662 §2.1: otherwise tokens can be scanned for.",
    needs: INTROSPECTION,
    run: async (stage) => {
      const { accessToken } = await someTokens(stage);
      const wrong = basic({ id: actor(stage, "partner").id, secret: WRONG_SECRET });
      for (const authorization of [null, wrong]) {
        const { status, active } = await introspect(stage, accessToken, { authorization });
        check(!active && status === 401, "status 401", `status ${status}`);
      }
    },
  },
  {
    slug: "introspect-foreign",
    level: "MUST",
    requirements: ["T7"],
    title: "Another client's token is inactive.",
    does: "Introspects an access token and a refresh token as another client.",
    expects: '"active": false, twice.',
    remedy: "Answer like for a token that does not exist.",
    needs: [...INTROSPECTION, "second-client"],
    run: async (stage) => {
      const { accessToken, refreshToken } = await someTokens(stage);
      for (const token of [accessToken, refreshToken]) {
        equal(
          (await introspect(stage, token, actor(stage, "otherPartner"))).active,
          false,
          "active",
        );
      }
    },
  },
  {
    slug: "introspect-same-answer",
    level: "SHOULD",
    requirements: ["T7"],
    title: "Inactive, unknown and not-yours are the same bytes.",
    does: "Introspects garbage, a spent refresh token, and another client's token.",
    expects: "The same body, three times.",
    remedy: 'Answer {"active": false} and nothing else.',
    needs: [...INTROSPECTION, "second-client", "token-endpoint"],
    run: async (stage) => {
      const { accessToken, refreshToken } = await someTokens(stage);
      const next = await control(
        "a refresh",
        async () => refreshed(await refresh(stage, refreshToken)),
      );
      await refresh(stage, next.refreshToken || refreshToken);
      const texts = [
        (await introspect(stage, "garbage")).text,
        (await introspect(stage, refreshToken)).text,
        (await introspect(stage, accessToken, actor(stage, "otherPartner"))).text,
      ];
      for (const text of texts) equal(text, texts[0], "the body");
    },
  },
  {
    slug: "introspect-refresh-token",
    level: "SHOULD",
    requirements: ["T7", "T5"],
    title: "Of refresh tokens the current one is active, and to ask changes nothing.",
    does:
      "Refreshes; introspects both refresh tokens, three times; refreshes with the current one.",
    expects: "The spent one inactive, the current one active; then tokens.",
    remedy: "Introspection reads; it never counts as reuse.",
    needs: [...INTROSPECTION, "token-endpoint"],
    run: async (stage) => {
      const { refreshToken } = await someTokens(stage);
      const next = await control(
        "a refresh",
        async () => refreshed(await refresh(stage, refreshToken)),
      );
      for (let time = 0; time < 3; time++) {
        equal((await introspect(stage, refreshToken)).active, false, "active of the spent one");
        equal(
          (await introspect(stage, next.refreshToken)).active,
          true,
          "active of the current one",
        );
      }
      refreshed(await refresh(stage, next.refreshToken));
    },
  },
  {
    slug: "introspect-hint",
    level: "MUST",
    requirements: ["T7"],
    title: "A wrong token_type_hint does not hide a token.",
    does:
      "Introspects an access token with the hint refresh_token, and with one that there is not.",
    expects: '"active": true, twice.',
    remedy: "RFC 7662 §2.1: a hint is a hint.",
    needs: INTROSPECTION,
    run: async (stage) => {
      const { accessToken } = await someTokens(stage);
      for (const token_type_hint of ["refresh_token", "nonsense"]) {
        const { active } = await introspect(stage, accessToken, undefined, { token_type_hint });
        equal(active, true, `active with the hint ${token_type_hint}`);
      }
    },
  },
  {
    slug: "introspect-no-token",
    level: "MUST",
    requirements: ["T7"],
    title: "Without token a request is invalid.",
    does: "Posts an empty form.",
    expects: "Status 400.",
    remedy: "RFC 7662 §2.1: token is required.",
    needs: INTROSPECTION,
    run: async (stage) => {
      const url = offered(stage.target.endpoints.introspection, "introspection-endpoint");
      equal((await form(stage, url, {}, actor(stage, "partner"))).status, 400, "status");
    },
  },
  {
    slug: "introspect-resource-server",
    level: "MAY",
    requirements: ["T7"],
    title: "A resource server may introspect every client's token.",
    does: "Introspects a partner's access token with the credentials of a resource server.",
    expects: '"active": true.',
    remedy: "Let clients with the role resource-server see all tokens.",
    needs: [...INTROSPECTION, "seed"],
    run: async (stage) => {
      const { accessToken } = await someTokens(stage);
      const server = await client(stage, "", "resource-server");
      equal((await introspect(stage, accessToken, server)).active, true, "active");
    },
  },
  {
    slug: "introspect-no-store",
    level: "SHOULD",
    requirements: ["G9", "T7"],
    title: "An answer about a token is not to be stored.",
    does: "Introspects a fresh access token.",
    expects: "Cache-Control with no-store.",
    remedy: "What is active now is not active for ever.",
    needs: INTROSPECTION,
    run: async (stage) => {
      const { headers } = await introspect(stage, (await someTokens(stage)).accessToken);
      check(
        /\bno-store\b/i.test(headers["cache-control"] ?? ""),
        "no-store",
        headers["cache-control"],
      );
    },
  },
];

const METADATA: readonly CaseSpec[] = [
  {
    slug: "metadata",
    level: "MUST",
    requirements: ["T7"],
    title: "Server metadata names the issuer it was asked of, and the token endpoint.",
    does: "Gets /.well-known/oauth-authorization-server.",
    expects: "issuer, a URL without query and fragment; token_endpoint; response_types_supported.",
    remedy: "RFC 8414 §2.",
    needs: ["metadata"],
    run: (stage) => {
      const metadata = offered(stage.target.metadata, "metadata");
      const { issuer } = metadata;
      const plain = typeof issuer === "string" && URL.canParse(issuer) && !/[?#]/.test(issuer);
      check(plain, "a URL as issuer", issuer);
      check(
        URL.canParse(String(metadata["token_endpoint"])),
        "a token_endpoint",
        metadata["token_endpoint"],
      );
      check(
        Array.isArray(metadata["response_types_supported"]),
        "response_types_supported",
        metadata["response_types_supported"],
      );
      return Promise.resolve();
    },
  },
  {
    slug: "metadata-methods",
    level: "SHOULD",
    requirements: ["T7"],
    title: "Server metadata says how clients authenticate and what they can ask for.",
    does: "Gets /.well-known/oauth-authorization-server.",
    expects: "client_secret_basic among the methods; refresh_token among the grant types.",
    remedy: "RFC 8414 §2: token_endpoint_auth_methods_supported, grant_types_supported.",
    needs: ["metadata"],
    run: (stage) => {
      const metadata = offered(stage.target.metadata, "metadata");
      const methods = metadata["token_endpoint_auth_methods_supported"] ?? ["client_secret_basic"];
      const grants = metadata["grant_types_supported"];
      check(
        Array.isArray(methods) && methods.includes("client_secret_basic"),
        "client_secret_basic",
        methods,
      );
      check(Array.isArray(grants) && grants.includes("refresh_token"), "refresh_token", grants);
      return Promise.resolve();
    },
  },
  {
    slug: "key-set",
    level: "MUST",
    requirements: ["T3", "T7"],
    title: "A published key set holds public keys alone.",
    does: "Gets jwks_uri, if the metadata names one.",
    expects: "Keys with kty, and without d, p, q, dp, dq, qi and k.",
    remedy: "RFC 7517: publish public members only.",
    needs: ["metadata"],
    run: async (stage) => {
      const uri = offered(stage.target.metadata, "metadata")["jwks_uri"];
      if (typeof uri !== "string") return;
      const { status, json } = await stage.wire.send({
        label: "anybody: key set",
        method: "GET",
        url: uri,
      });
      const keys = isObject(json) ? json["keys"] : undefined;
      check(status === 200 && Array.isArray(keys), "a key set", `status ${status}`);
      for (const key of keys) {
        check(isObject(key) && typeof key["kty"] === "string", "a key with kty", "something else");
        for (const secret of ["d", "p", "q", "dp", "dq", "qi", "k"]) {
          check(!(secret in key), "public members only", `the member ${secret}`);
        }
      }
    },
  },
];

/** A header that is no access token for the Users API. */
function noBearer(
  slug: string,
  what: string,
  make: (stage: Stage) => Promise<string | null>,
  needs: readonly Need[] = [],
): CaseSpec {
  return {
    slug: `users-api-${slug}`,
    level: "MUST",
    requirements: ["T8"],
    attacks: ["RF-12"],
    title: `The Users API refuses ${what}.`,
    does: `Calls the Users API with ${what}.`,
    expects: "Status 401 (or 400) with a WWW-Authenticate: Bearer challenge.",
    remedy: "RFC 6750 §3.",
    needs: ["client", "connected-user", "users-endpoint", ...needs],
    run: async (stage) => {
      const { accessToken } = await someTokens(stage);
      await control(
        "an access token at the Users API",
        async () =>
          equal((await callUsersApi(stage, `Bearer ${accessToken}`)).status, 200, "status"),
      );
      const { status, headers } = await callUsersApi(stage, await make(stage));
      check(status === 401 || status === 400, "status 401", `status ${status}`);
      const challenge = headers["www-authenticate"] ?? "";
      check(/^bearer\b/i.test(challenge), "a Bearer challenge", challenge);
    },
  };
}

/** The user asked for, in some way, with a token that may not tell whose it is. */
function insufficientScope(ending: string, how: string, query: string): CaseSpec {
  return {
    slug: `users-api-scope${ending}`,
    level: "MAY",
    requirements: ["T8"],
    title: `A token without openid does not tell whose it is, asked ${how}.`,
    does: `Asks the Users API for user ${how}, with and without the scope openid.`,
    expects: 'Status 200; then status 403 with error="insufficient_scope" and no public id.',
    remedy:
      "Decide where the field is resolved, not by looking through the document: fragments hide fields.",
    needs: ["client", "seed", "users-endpoint"],
    run: async (stage) => {
      const partner = actor(stage, "partner");
      const others = stage.target.scopes.filter((token) => token !== "openid").join(" ");
      const ask = async (scope: string) => {
        const publicId = await user(stage, [partner, scope]);
        const { accessToken } = granted(await fetchTokens(stage, { publicId }));
        return { publicId, reply: await callUsersApi(stage, `Bearer ${accessToken}`, query) };
      };
      await control("the same request with the scope openid", async () => {
        const { publicId, reply } = await ask(`openid ${others}`);
        equal(reply.status, 200, "status");
        check(reply.text.includes(publicId), "the public id", "none");
      });
      const { publicId, reply } = await ask(others);
      check(!reply.text.includes(publicId), "no public id", "the public id");
      equal(reply.status, 403, "status");
      const challenge = reply.headers["www-authenticate"] ?? "";
      check(
        /\berror="insufficient_scope"/.test(challenge),
        'error="insufficient_scope"',
        challenge,
      );
    },
  };
}

const USERS_API: readonly CaseSpec[] = [
  {
    slug: "users-api",
    level: "MUST",
    requirements: ["T8"],
    title: "The Users API accepts a fresh access token.",
    does: "Calls the Users API with the access token as bearer.",
    expects: "Status 200.",
    remedy: "Accept Authorization: Bearer (RFC 6750 §2.1).",
    needs: ["client", "connected-user", "users-endpoint"],
    run: async (stage) => {
      const { accessToken } = await someTokens(stage);
      equal((await callUsersApi(stage, `Bearer ${accessToken}`)).status, 200, "status");
      equal(
        (await callUsersApi(stage, `bearer ${accessToken}`)).status,
        200,
        "status with bearer in lower case",
      );
    },
  },
  noBearer("nobody", "a request without a token", () => Promise.resolve(null)),
  noBearer("garbage", "garbage for a token", () => Promise.resolve("Bearer garbage")),
  noBearer(
    "refresh-token",
    "a refresh token",
    async (stage) => `Bearer ${(await someTokens(stage)).refreshToken}`,
  ),
  noBearer("client-credentials", "client credentials", (stage) => {
    const { id, secret } = actor(stage, "partner");
    return Promise.resolve(basic({ id, secret }));
  }),
  noBearer(
    "consent-token",
    "a consent token",
    async (stage) => `Bearer ${await anyConsent(stage)}`,
    ["sign"],
  ),
  noBearer("empty-token", "the word Bearer alone", () => Promise.resolve("Bearer")),
  noBearer("public-id", "a public id", () => Promise.resolve(`Bearer ${unknownUser()}`)),
  {
    slug: "users-api-invalid-token",
    level: "SHOULD",
    requirements: ["T8"],
    title: "A dead token is invalid_token with status 401.",
    does: "Calls the Users API with garbage for a token.",
    expects: 'Status 401 with error="invalid_token" in the challenge.',
    remedy: "RFC 6750 §3.1.",
    needs: ["users-endpoint"],
    run: async (stage) => {
      const { status, headers } = await callUsersApi(stage, "Bearer garbage0123456789");
      equal(status, 401, "status");
      const challenge = headers["www-authenticate"] ?? "";
      check(/\berror="invalid_token"/.test(challenge), 'error="invalid_token"', challenge);
    },
  },
  insufficientScope("", "plainly", "{ user { publicId } }"),
  insufficientScope(
    "-named-fragment",
    "in a named fragment",
    "{ ...Asked } fragment Asked on Query { user { publicId } }",
  ),
  insufficientScope(
    "-inline-fragment",
    "in an inline fragment",
    "{ ... on Query { ... { user { publicId } } } }",
  ),
  {
    slug: "token-in-query",
    level: "SHOULD",
    requirements: ["T8"],
    title: "The Users API takes no token from the URL.",
    does: "Calls the Users API with access_token in the query string.",
    expects: "Status 401 or 400.",
    remedy: "RFC 9700 §4.3.2: URLs are logged.",
    needs: ["client", "connected-user", "users-endpoint"],
    run: async (stage) => {
      const { accessToken } = await someTokens(stage);
      const url = new URL(offered(stage.target.endpoints.users, "users-endpoint"));
      url.searchParams.set("access_token", accessToken);
      const endpoints = { ...stage.target.endpoints, users: url.href };
      const target = { ...stage.target, endpoints };
      const { status } = await callUsersApi({ ...stage, target }, null);
      check(status === 401 || status === 400, "status 401", `status ${status}`);
    },
  },
  {
    slug: "fresh-token-is-alive",
    level: "MUST",
    requirements: ["T8"],
    title: "A fresh access token is alive at once.",
    does: "Asks for tokens and uses the access token, five times in a row.",
    expects: "Alive each time.",
    remedy: "Commit before the answer leaves, and read from the primary.",
    needs: ["client", "connected-user", "probe"],
    run: async (stage) => {
      for (let time = 0; time < 5; time++) {
        const { accessToken } = await someTokens(stage);
        check(await isAlive(stage, accessToken), "a live access token", "a dead one");
      }
    },
  },
];

/** Cases about the endpoints around the tokens. */
export const OAUTH: readonly CaseSpec[] = [...INTROSPECTIONS, ...METADATA, ...USERS_API];
