/**
 * Tokens that their client revokes (T7; RFC 7009).
 * @module
 */
import type { CaseSpec } from "../../case.ts";
import { basic, form, refresh, refreshed, revokeToken, WRONG_SECRET } from "../../stage/product.ts";
import { actor, type Stage } from "../../stage/stage.ts";
import { offered } from "../../target/target.ts";
import { check, control, equal } from "../../verdict.ts";
import type { Reply } from "../../wire/wire.ts";
import {
  active,
  atRevocationEndpoint,
  byPublicId,
  dead,
  flip,
  inactive,
  invalidGrant,
  rotate,
} from "../steps.ts";

function isOk({ status }: Reply): void {
  equal(status, 200, "status");
}

/** The positive twin: the access token is active before. */
async function activeBefore(stage: Stage, accessToken: string): Promise<void> {
  await control("the access token before", () => active(stage, accessToken));
}

/** Refreshes, where there is a token endpoint: the family is unharmed. */
async function unharmed(stage: Stage, refreshToken: string): Promise<void> {
  if (stage.target.has.has("token-endpoint")) await rotate(stage, refreshToken);
}

/** Cases about the revocation endpoint. */
export const BY_CLIENT: readonly CaseSpec[] = [
  atRevocationEndpoint({
    slug: "refresh-token",
    level: "MUST",
    requirements: ["T7"],
    attacks: ["RF-19"],
    title: "Revoking a refresh token gets status 200; the token then gets invalid_grant.",
    remedy: "End the token's family (RFC 7009 §2).",
    needs: ["token-endpoint"],
    run: async (stage, { refreshToken }) => {
      isOk(await revokeToken(stage, refreshToken));
      await invalidGrant(stage, refreshToken);
    },
  }),
  atRevocationEndpoint({
    slug: "refresh-token-ends-access-token",
    level: "SHOULD",
    requirements: ["T7"],
    attacks: ["RF-19"],
    title: "Revoking a refresh token ends its access tokens.",
    remedy: "End the whole family (RFC 7009 §2.1).",
    needs: ["probe"],
    run: async (stage, { accessToken, refreshToken }) => {
      await activeBefore(stage, accessToken);
      await revokeToken(stage, refreshToken);
      await inactive(stage, accessToken);
    },
  }),
  atRevocationEndpoint({
    slug: "access-token",
    level: "SHOULD",
    requirements: ["T7"],
    title: "Revoking an access token ends it and its family.",
    remedy: "End the whole family (RFC 7009 §2.1).",
    needs: ["probe", "token-endpoint"],
    run: async (stage, tokens) => {
      await activeBefore(stage, tokens.accessToken);
      isOk(await revokeToken(stage, tokens.accessToken));
      await dead(stage, tokens);
    },
  }),
  atRevocationEndpoint({
    slug: "spent-refresh-token",
    level: "SHOULD",
    requirements: ["T7"],
    title: "Revoking a spent refresh token ends the family.",
    does: "Refreshes, revokes the first refresh token, uses the new tokens.",
    remedy: "Let any genuine token of a family end it.",
    needs: ["token-endpoint"],
    run: async (stage, { refreshToken }) => {
      const next = await control(
        "a refresh",
        async () => refreshed(await refresh(stage, refreshToken)),
      );
      await revokeToken(stage, refreshToken);
      await dead(stage, next);
    },
  }),
  atRevocationEndpoint({
    slug: "unknown-token",
    level: "MUST",
    requirements: ["T7.7"],
    attacks: ["RF-18"],
    title: "Revoking garbage or an altered refresh token gets status 200 and has no effect.",
    remedy: "Return 200 for invalid tokens (RFC 7009 §2.2).",
    run: async (stage, { refreshToken }) => {
      for (const token of ["garbage", flip(refreshToken, refreshToken.length >> 1)]) {
        isOk(await revokeToken(stage, token));
      }
      await unharmed(stage, refreshToken);
    },
  }),
  atRevocationEndpoint({
    slug: "twice",
    level: "MUST",
    requirements: ["T7.7"],
    attacks: ["RF-18"],
    title: "Revoking a token a second time gets status 200 again.",
    remedy: "Return 200 for invalid tokens (RFC 7009 §2.2).",
    run: async (stage, { refreshToken }) => {
      isOk(await revokeToken(stage, refreshToken));
      isOk(await revokeToken(stage, refreshToken));
    },
  }),
  atRevocationEndpoint({
    slug: "foreign-client",
    level: "MUST",
    requirements: ["T7.5"],
    title: "A client cannot revoke another client's tokens.",
    expects: "They still work, whatever the status.",
    remedy: "Compare the client (RFC 7009 §2.1).",
    needs: ["second-client", "probe"],
    run: async (stage, { accessToken, refreshToken }) => {
      for (const token of [refreshToken, accessToken]) {
        await revokeToken(stage, token, actor(stage, "otherPartner"));
      }
      await active(stage, accessToken);
      await unharmed(stage, refreshToken);
    },
  }),
  atRevocationEndpoint({
    slug: "foreign-client-status",
    level: "MAY",
    requirements: ["T7"],
    title: "Revoking another client's token gets status 200, as an unknown token does.",
    remedy: "Do not reveal to other clients which tokens exist.",
    needs: ["second-client"],
    run: async (stage, { refreshToken }) =>
      isOk(await revokeToken(stage, refreshToken, actor(stage, "otherPartner"))),
  }),
  atRevocationEndpoint({
    slug: "unauthenticated",
    level: "MUST",
    requirements: ["T7"],
    title: "Revoking without valid credentials gets status 401 or 400 and has no effect.",
    does: "Revokes a refresh token without credentials, then with a wrong secret.",
    remedy: "Authenticate the client (RFC 7009 §2.1).",
    needs: ["probe"],
    run: async (stage, { accessToken, refreshToken }) => {
      const wrong = basic({ id: actor(stage, "partner").id, secret: WRONG_SECRET });
      for (const authorization of [null, wrong]) {
        const { status } = await revokeToken(stage, refreshToken, { authorization });
        check(status === 401 || status === 400, "status 401", `status ${status}`);
      }
      await active(stage, accessToken);
    },
  }),
  atRevocationEndpoint({
    slug: "no-token",
    level: "MUST",
    requirements: ["T7"],
    title: "A revocation request without a token gets status 400.",
    remedy: "Require the parameter token (RFC 7009 §2.1).",
    run: async (stage) => {
      const url = offered(stage.target.endpoints.revocation, "revocation-endpoint");
      equal((await form(stage, url, {}, actor(stage, "partner"))).status, 400, "status");
    },
  }),
  atRevocationEndpoint({
    slug: "hint",
    level: "MUST",
    requirements: ["T7.6"],
    attacks: ["RF-12"],
    title: "A refresh token is revoked even with token_type_hint=access_token.",
    remedy: "If the hint is wrong, search all types of tokens (RFC 7009 §2.1).",
    needs: ["token-endpoint"],
    run: async (stage, { refreshToken }) => {
      await revokeToken(stage, refreshToken, undefined, { token_type_hint: "access_token" });
      await invalidGrant(stage, refreshToken);
    },
  }),
  atRevocationEndpoint({
    slug: "other-families-live",
    level: "SHOULD",
    requirements: ["T7"],
    attacks: ["RF-19"],
    title: "Revoking a token does not affect other families of the user or the connection.",
    remedy: "End the family, not the connection.",
    needs: ["token-endpoint"],
    run: async (stage, { refreshToken, subject }) => {
      const other = await byPublicId(stage, subject);
      await revokeToken(stage, refreshToken);
      await rotate(stage, other.refreshToken);
      await byPublicId(stage, subject);
    },
  }),
  atRevocationEndpoint({
    slug: "while-refreshing",
    level: "SHOULD",
    requirements: ["R2", "T7"],
    attacks: ["RF-08"],
    title: "Once a revocation has returned, no token of the family works, whatever was in flight.",
    does: "Refreshes and revokes concurrently, ten times; then uses all tokens that came back.",
    remedy: "Let revocation and rotation write the same row, one after the other.",
    needs: ["token-endpoint", "probe"],
    run: async (stage, { subject }) => {
      for (let round = 0; round < 10; round++) {
        const { refreshToken } = await byPublicId(stage, subject);
        const [reply] = await Promise.all([
          refresh(stage, refreshToken),
          revokeToken(stage, refreshToken),
          refresh(stage, refreshToken),
        ]);
        await invalidGrant(stage, refreshToken);
        if (reply.status === 200) await dead(stage, refreshed(reply));
      }
    },
  }),
];
