/**
 * What the Users API accepts as an access token, and for whom (T8).
 * @module
 */
import type { CaseSpec } from "../../case.ts";
import type { Need } from "../../needs.ts";
import { anyConsent } from "../../stage/consents.ts";
import { basic, callUsersApi, fetchTokens, granted, isAlive } from "../../stage/product.ts";
import { actor, type Stage, unknownUser, user } from "../../stage/stage.ts";
import { offered } from "../../target/target.ts";
import { check, control, equal } from "../../verdict.ts";
import { someTokens } from "../steps.ts";

const NEEDS: readonly Need[] = ["client", "connected-user", "users-endpoint"];

/** An Authorization header without an access token. */
interface Impostor {
  readonly slug: string;
  readonly what: string;
  readonly make: (stage: Stage) => string | null | Promise<string>;
  readonly needs?: readonly Need[];
}

const IMPOSTORS: readonly Impostor[] = [
  { slug: "users-api-nobody", what: "a request without a token", make: () => null },
  { slug: "users-api-garbage", what: "garbage", make: () => "Bearer garbage" },
  {
    slug: "users-api-refresh-token",
    what: "a refresh token",
    make: async (stage) => `Bearer ${(await someTokens(stage)).refreshToken}`,
  },
  {
    slug: "users-api-client-credentials",
    what: "client credentials",
    make: (stage) => basic(actor(stage, "partner")),
  },
  {
    slug: "users-api-consent-token",
    what: "a consent token",
    make: async (stage) => `Bearer ${await anyConsent(stage)}`,
    needs: ["sign"],
  },
  { slug: "users-api-empty-token", what: "Bearer without a token", make: () => "Bearer" },
  { slug: "users-api-public-id", what: "a public id", make: () => `Bearer ${unknownUser()}` },
];

function impostor({ slug, what, make, needs = [] }: Impostor): CaseSpec {
  return {
    slug,
    level: "MUST",
    requirements: ["T8.2"],
    attacks: ["RF-12"],
    title: `The Users API refuses ${what}.`,
    expects: "Status 401 (or 400) with a WWW-Authenticate: Bearer challenge.",
    remedy: "RFC 6750 §3.",
    needs: [...NEEDS, ...needs],
    run: async (stage) => {
      const { accessToken } = await someTokens(stage);
      await control("an access token at the Users API", async () => {
        equal((await callUsersApi(stage, `Bearer ${accessToken}`)).status, 200, "status");
      });
      const { status, headers } = await callUsersApi(stage, await make(stage));
      check(status === 401 || status === 400, "status 401", `status ${status}`);
      const challenge = headers["www-authenticate"] ?? "";
      check(/^bearer\b/i.test(challenge), "a Bearer challenge", challenge);
    },
  };
}

/** A query that reads the public id. */
interface Query {
  readonly slug: string;
  readonly where: string;
  readonly query: string;
}

const QUERIES: readonly Query[] = [
  { slug: "users-api-scope", where: "a plain field", query: "{ user { publicId } }" },
  {
    slug: "users-api-scope-named-fragment",
    where: "a named fragment",
    query: "{ ...Asked } fragment Asked on Query { user { publicId } }",
  },
  {
    slug: "users-api-scope-inline-fragment",
    where: "an inline fragment",
    query: "{ ... on Query { ... { user { publicId } } } }",
  },
];

function insufficientScope({ slug, where, query }: Query): CaseSpec {
  return {
    slug,
    level: "MAY",
    requirements: ["T8"],
    title: `Without the scope openid, the public id cannot be read through ${where}.`,
    expects: 'Status 403 with error="insufficient_scope".',
    remedy: "Check the scope in the resolver, not in the document: fragments hide fields.",
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
      const error = 'error="insufficient_scope"';
      check(new RegExp(`\\b${error}`).test(challenge), error, challenge);
    },
  };
}

/** Cases about the Users API. */
export const USERS_API: readonly CaseSpec[] = [
  {
    slug: "users-api",
    level: "MUST",
    requirements: ["T8.1"],
    title: "The Users API accepts a fresh access token, with Bearer in any case.",
    remedy: "Accept Authorization: Bearer (RFC 6750 §2.1). Schemes are not case-sensitive.",
    needs: NEEDS,
    run: async (stage) => {
      const { accessToken } = await someTokens(stage);
      for (const scheme of ["Bearer", "bearer"]) {
        const { status } = await callUsersApi(stage, `${scheme} ${accessToken}`);
        equal(status, 200, `status with ${scheme}`);
      }
    },
  },
  ...IMPOSTORS.map(impostor),
  {
    slug: "users-api-invalid-token",
    level: "SHOULD",
    requirements: ["T8"],
    title: 'An invalid token gets status 401 with error="invalid_token".',
    remedy: "RFC 6750 §3.1.",
    needs: ["users-endpoint"],
    run: async (stage) => {
      const { status, headers } = await callUsersApi(stage, "Bearer garbage0123456789");
      equal(status, 401, "status");
      const challenge = headers["www-authenticate"] ?? "";
      check(/\berror="invalid_token"/.test(challenge), 'error="invalid_token"', challenge);
    },
  },
  ...QUERIES.map(insufficientScope),
  {
    slug: "token-in-query",
    level: "SHOULD",
    requirements: ["T8"],
    title: "The Users API does not accept a token in the URL.",
    expects: "Status 401 or 400.",
    remedy: "RFC 9700 §4.3.2: URLs are logged.",
    needs: NEEDS,
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
    requirements: ["T8.1"],
    title: "An access token works immediately after it is issued.",
    remedy: "Commit before you answer, and read from the primary.",
    needs: ["client", "connected-user", "probe"],
    run: async (stage) => {
      for (let time = 0; time < 5; time++) {
        const { accessToken } = await someTokens(stage);
        check(await isAlive(stage, accessToken), "a live access token", "a dead one");
      }
    },
  },
];
