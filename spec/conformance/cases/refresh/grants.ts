/**
 * What is not a refresh token (T4).
 * @module
 */
import type { CaseSpec } from "../../case.ts";
import { refresh } from "../../stage/product.ts";
import type { Stage } from "../../stage/stage.ts";
import { atTokenEndpoint, clientError, flip, invalidGrant, rotate, someTokens } from "../steps.ts";

/** Something that is not a refresh token of this client. */
interface NoGrant {
  readonly slug: string;
  readonly what: string;
  token(genuine: string, stage: Stage): Promise<string> | string;
}

function noGrant({ slug, what, token }: NoGrant): CaseSpec {
  return atTokenEndpoint({
    slug,
    level: "MUST",
    requirements: ["T4.3"],
    title: `${what} gets invalid_grant.`,
    remedy: "Return status 400 with error invalid_grant (RFC 6749 §5.2).",
    run: async (stage, { refreshToken }) => {
      await invalidGrant(stage, await token(refreshToken, stage));
      await rotate(stage, refreshToken);
    },
  });
}

/** Cases about invalid refresh tokens. */
export const GRANTS: readonly CaseSpec[] = [
  noGrant({ slug: "garbage", what: "Garbage as a refresh token", token: () => "garbage" }),
  atTokenEndpoint({
    slug: "long-garbage",
    level: "SHOULD",
    requirements: ["T4", "A2"],
    attacks: ["IN-08"],
    title: "A refresh_token of 100 000 characters gets a 4xx status.",
    remedy: "Limit the size of bodies and the length of what is decoded.",
    run: async (stage, { refreshToken }) => {
      clientError(await refresh(stage, "a".repeat(100_000)));
      await rotate(stage, refreshToken);
    },
  }),
  noGrant({
    slug: "altered-refresh-token",
    what: "A refresh token with one changed character",
    token: (genuine) => flip(genuine, Math.floor(genuine.length * 0.7)),
  }),
  noGrant({
    slug: "shortened-refresh-token",
    what: "A truncated refresh token",
    token: (genuine) => genuine.slice(0, -1),
  }),
  noGrant({
    slug: "access-token-as-refresh-token",
    what: "An access token used as a refresh token",
    token: async (_, stage) => (await someTokens(stage)).accessToken,
  }),
];
