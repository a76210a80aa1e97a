/**
 * Introspection of tokens (RFC 7662, T7).
 * @module
 */
import type { CaseSpec } from "../../case.ts";
import type { Need } from "../../needs.ts";
import {
  basic,
  form,
  introspect,
  refresh,
  refreshed,
  type Tokens,
  WRONG_SECRET,
} from "../../stage/product.ts";
import { actor, client, type Stage } from "../../stage/stage.ts";
import { offered } from "../../target/target.ts";
import { check, control, equal } from "../../verdict.ts";
import { flip, someTokens } from "../steps.ts";

const NEEDS: readonly Need[] = ["client", "connected-user", "introspection-endpoint"];
const LIVE = "RFC 7662 §2.2: active is true only for a token that works now.";

/** Tokens, and those of a refresh. */
async function twoGenerations(
  stage: Stage,
): Promise<{ readonly first: Tokens; readonly next: Tokens }> {
  const first = await someTokens(stage);
  const next = await control(
    "a refresh",
    async () => refreshed(await refresh(stage, first.refreshToken)),
  );
  return { first, next };
}

/** Cases about introspection. */
export const INTROSPECTION: readonly CaseSpec[] = [
  {
    slug: "introspect-access-token",
    level: "MUST",
    requirements: ["T7.2"],
    title: "A live access token is active.",
    remedy: LIVE,
    needs: NEEDS,
    run: async (stage) => {
      const { accessToken } = await someTokens(stage);
      equal((await introspect(stage, accessToken)).active, true, "active");
    },
  },
  {
    slug: "introspect-garbage",
    level: "MUST",
    requirements: ["T7.2"],
    title: "Garbage and an altered access token are inactive.",
    expects: 'Status 200 with "active": false.',
    remedy: LIVE,
    needs: NEEDS,
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
    requirements: ["T7.1"],
    title: "Introspection without valid credentials is refused with status 401.",
    remedy: "RFC 7662 §2.1: require authentication, or anyone can scan for tokens.",
    needs: NEEDS,
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
    requirements: ["T7.2"],
    title: "Another client's access and refresh tokens are inactive.",
    remedy: "Answer as for a token that does not exist.",
    needs: [...NEEDS, "second-client"],
    run: async (stage) => {
      const { accessToken, refreshToken } = await someTokens(stage);
      for (const token of [accessToken, refreshToken]) {
        const { active } = await introspect(stage, token, actor(stage, "otherPartner"));
        equal(active, false, "active");
      }
    },
  },
  {
    slug: "introspect-same-answer",
    level: "SHOULD",
    requirements: ["T7"],
    title: "Garbage, a spent refresh token and another client's token get the same body.",
    remedy: 'Answer {"active": false} and nothing else.',
    needs: [...NEEDS, "second-client", "token-endpoint"],
    run: async (stage) => {
      const { first, next } = await twoGenerations(stage);
      await refresh(stage, next.refreshToken || first.refreshToken);
      const texts = [
        (await introspect(stage, "garbage")).text,
        (await introspect(stage, first.refreshToken)).text,
        (await introspect(stage, first.accessToken, actor(stage, "otherPartner"))).text,
      ];
      for (const text of texts) equal(text, texts[0], "the body");
    },
  },
  {
    slug: "introspect-refresh-token",
    level: "SHOULD",
    requirements: ["T7", "T5"],
    title: "Only the current refresh token is active, and introspection changes nothing.",
    does: "Introspects a spent and the current refresh token three times, then refreshes.",
    expects: "The spent one is inactive, the current one is active and can be refreshed.",
    remedy: "Introspection only reads. It never counts as reuse.",
    needs: [...NEEDS, "token-endpoint"],
    run: async (stage) => {
      const { first, next } = await twoGenerations(stage);
      for (let time = 0; time < 3; time++) {
        const spent = await introspect(stage, first.refreshToken);
        equal(spent.active, false, "active of the spent refresh token");
        const current = await introspect(stage, next.refreshToken);
        equal(current.active, true, "active of the current refresh token");
      }
      refreshed(await refresh(stage, next.refreshToken));
    },
  },
  {
    slug: "introspect-hint",
    level: "MUST",
    requirements: ["T7"],
    title: "A live access token is active, even with a wrong or unknown token_type_hint.",
    remedy: "RFC 7662 §2.1: if the hint does not lead to the token, search all types.",
    needs: NEEDS,
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
    title: "Introspection without the parameter token is refused with status 400.",
    remedy: "RFC 7662 §2.1: token is required.",
    needs: NEEDS,
    run: async (stage) => {
      const url = offered(stage.target.endpoints.introspection, "introspection-endpoint");
      equal((await form(stage, url, {}, actor(stage, "partner"))).status, 400, "status");
    },
  },
  {
    slug: "introspect-resource-server",
    level: "MAY",
    requirements: ["T7"],
    title: "A resource server may introspect the tokens of every client.",
    remedy: "Let clients with the role resource-server see all tokens.",
    needs: [...NEEDS, "seed"],
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
    title: "Introspection responses carry Cache-Control: no-store.",
    remedy: "A token that is active now can be revoked in the next second.",
    needs: NEEDS,
    run: async (stage) => {
      const { headers } = await introspect(stage, (await someTokens(stage)).accessToken);
      const value = headers["cache-control"] ?? "";
      check(/\bno-store\b/i.test(value), "no-store", value);
    },
  },
];
