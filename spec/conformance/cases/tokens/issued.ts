/**
 * Token families (P5), lifetimes (T1), and what a token is (T2, T3, T7, T8).
 * @module
 */
import { fromBase64url, isObject, parseJson } from "../../base/encoding.ts";
import type { CaseSpec } from "../../case.ts";
import type { Need } from "../../needs.ts";
import { delegate } from "../../stage/consents.ts";
import { introspect, refresh, refreshed, type Tokens } from "../../stage/product.ts";
import { actor, advance, freeze, now, type Stage, user } from "../../stage/stage.ts";
import { someScope } from "../../target/target.ts";
import { check, control, equal, equalScope } from "../../verdict.ts";
import {
  active,
  byPublicId,
  connectedUser,
  flip,
  inactive,
  invalidGrant,
  rotate,
  someTokens,
} from "../steps.ts";

const FAMILIES: readonly CaseSpec[] = [
  {
    slug: "each-its-own",
    level: "MAY",
    requirements: ["P5"],
    title: "Each request by public id starts a new token family.",
    expects: "Two different pairs of tokens for one user.",
    remedy:
      "Issue new tokens each time, so that two workers of a partner do not log each other out.",
    needs: ["client", "connected-user"],
    run: async (stage) => {
      const publicId = await connectedUser(stage);
      const pairs = [await byPublicId(stage, publicId), await byPublicId(stage, publicId)];
      const tokens = pairs.flatMap(({ accessToken, refreshToken }) => [accessToken, refreshToken]);
      equal(new Set(tokens).size, 4, "the number of distinct tokens");
    },
  },
  {
    slug: "new-access-token",
    level: "SHOULD",
    requirements: ["T2"],
    title: "No access token is issued twice.",
    does: "Asks ten times for tokens of two users in turn.",
    remedy: "Put enough randomness into each token, also within one second.",
    needs: ["client", "seed"],
    run: async (stage) => {
      const [one, two] = [await connectedUser(stage), await connectedUser(stage)];
      const seen = new Set<string>();
      for (let time = 0; time < 10; time++) {
        seen.add((await byPublicId(stage, time % 2 === 0 ? one : two)).accessToken);
      }
      equal(seen.size, 10, "the number of distinct access tokens");
    },
  },
  {
    slug: "families-are-independent",
    level: "SHOULD",
    requirements: ["P5", "T5"],
    title: "Refreshing one token family does not affect another.",
    does: "Asks twice for the same user, refreshes the first family three times, then the second.",
    remedy: "Rotate within a family only.",
    needs: ["client", "connected-user", "token-endpoint"],
    run: async (stage) => {
      const publicId = await connectedUser(stage);
      let { refreshToken } = await byPublicId(stage, publicId);
      const other = await byPublicId(stage, publicId);
      for (let time = 0; time < 3; time++) refreshToken = await rotate(stage, refreshToken);
      await rotate(stage, other.refreshToken);
    },
  },
  {
    slug: "families-are-bounded",
    level: "MAY",
    requirements: ["P5"],
    attacks: ["SY-03"],
    title: "A family beyond the declared maximum evicts the least recently used family.",
    does:
      "Starts the maximum of families and one more; refreshes the first, the second and the last.",
    remedy: "Evict the family whose current generation is the oldest.",
    needs: ["client", "seed", "clock", "token-endpoint", "policy:maxFamilies"],
    run: async (stage) => {
      await freeze(stage);
      const { maxFamilies = 50 } = stage.target.policy;
      const families = await startFamilies(stage, await connectedUser(stage), maxFamilies + 1);
      const [first = "", second = ""] = families;
      await invalidGrant(stage, first);
      if (maxFamilies > 1) await rotate(stage, second);
      await rotate(stage, families.at(-1) ?? "");
    },
  },
  {
    slug: "least-recently-used-ends",
    level: "MAY",
    requirements: ["P5"],
    attacks: ["SY-03"],
    title: "A refreshed family outlives one that started later but was not refreshed.",
    does:
      "Starts the maximum of families, the first two a second apart; refreshes the first, starts one more.",
    remedy: "Evict the family that was least recently issued or refreshed, not the oldest one.",
    needs: ["client", "seed", "clock", "token-endpoint", "policy:maxFamilies"],
    run: async (stage) => {
      await freeze(stage);
      const { maxFamilies = 50 } = stage.target.policy;
      const publicId = await connectedUser(stage);
      const [first = "", second] = await startFamilies(stage, publicId, maxFamilies);
      const used = await rotate(stage, first);
      await advance(stage, 1);
      await byPublicId(stage, publicId);
      if (second === undefined) return;
      await rotate(stage, used);
      await invalidGrant(stage, second);
    },
  },
];

/** The refresh tokens of so many families; the first three start a second apart. */
async function startFamilies(
  stage: Stage,
  publicId: string,
  count: number,
): Promise<readonly string[]> {
  const families: string[] = [];
  while (families.length < count) {
    families.push((await byPublicId(stage, publicId)).refreshToken);
    if (families.length <= 2) await advance(stage, 1);
  }
  return families;
}

/** The last second of a lifetime, in which it works, and the next, in which it does not. */
interface Lifetime extends Omit<CaseSpec, "remedy" | "run"> {
  readonly remedy?: string;
  run(stage: Stage, tokens: Tokens): Promise<void>;
}

function lifetime({ needs, run, attacks = [], ...row }: Lifetime): CaseSpec {
  return {
    remedy: "Make lifetimes half open: alive while now < end.",
    ...row,
    attacks: ["RF-15", ...attacks],
    does: "Stops the clock, gets tokens, and moves the clock.",
    needs: ["client", "seed", "clock", ...needs],
    run: async (stage) => {
      await freeze(stage);
      await run(stage, await someTokens(stage));
    },
  };
}

const POLICY: readonly Need[] = ["policy:refreshIdleSeconds", "policy:refreshAbsoluteSeconds"];

const LIFETIMES: readonly CaseSpec[] = [
  lifetime({
    slug: "access-token-expires",
    level: "MUST",
    requirements: ["T1"],
    title: "An access token is inactive once expiresIn seconds have passed.",
    needs: ["probe"],
    run: async (stage, { accessToken, expiresIn }) => {
      await control("the access token before", () => active(stage, accessToken));
      await advance(stage, expiresIn);
      await inactive(stage, accessToken);
    },
  }),
  lifetime({
    slug: "access-token-half-life",
    level: "MUST",
    requirements: ["G6.1"],
    title: "An access token is active when half of expiresIn has passed.",
    needs: ["probe"],
    remedy: "Return expiresIn in seconds, not in milliseconds (G6).",
    run: async (stage, { accessToken, expiresIn }) => {
      await control("the access token before", () => active(stage, accessToken));
      await advance(stage, Math.floor(expiresIn / 2));
      await active(stage, accessToken);
    },
  }),
  lifetime({
    slug: "access-token-last-second",
    level: "SHOULD",
    requirements: ["T1"],
    title: "An access token is active until its last second.",
    needs: ["probe"],
    run: async (stage, { accessToken, expiresIn }) => {
      await advance(stage, expiresIn - 1);
      await active(stage, accessToken);
      await advance(stage, 1);
      await inactive(stage, accessToken);
    },
  }),
  lifetime({
    slug: "idle",
    level: "SHOULD",
    requirements: ["T1"],
    title: "A family that is not refreshed ends when the declared idle time has passed.",
    needs: ["token-endpoint", ...POLICY],
    run: async (stage, { refreshToken }) => {
      const { refreshIdleSeconds = 0, refreshAbsoluteSeconds = 0 } = stage.target.policy;
      const other = await someTokens(stage);
      await advance(stage, Math.min(refreshIdleSeconds, refreshAbsoluteSeconds) - 1);
      await rotate(stage, refreshToken);
      await advance(stage, 1);
      await invalidGrant(stage, other.refreshToken);
    },
  }),
  lifetime({
    slug: "idle-begins-anew",
    level: "SHOULD",
    requirements: ["T1"],
    attacks: ["SC-14"],
    title: "A refresh restarts the idle time, but nothing outlives the absolute end.",
    needs: ["token-endpoint", "probe", ...POLICY],
    run: (stage, tokens) => toTheEnd(stage, tokens),
  }),
];

/** Refreshes in the last second of every idle time until the absolute end; nothing outlives it (SC-14). */
async function toTheEnd(stage: Stage, first: Tokens): Promise<void> {
  const { refreshIdleSeconds: idle = 1, refreshAbsoluteSeconds: end = 1 } = stage.target.policy;
  let { refreshToken } = first;
  let elapsed = 0;
  while (elapsed + idle - 1 < end - 1 && elapsed / idle < 50) {
    await advance(stage, idle - 1);
    elapsed += idle - 1;
    refreshToken = await rotate(stage, refreshToken);
  }
  await advance(stage, end - 1 - elapsed);
  const last = refreshed(await refresh(stage, refreshToken));
  equal(last.expiresIn, 1, "expires_in one second before the end");
  await active(stage, last.accessToken);
  await advance(stage, 1);
  await inactive(stage, last.accessToken);
  await invalidGrant(stage, last.refreshToken || refreshToken);
}

/** What introspection and the answer say about the same access token (RFC 7662 §2.2). */
const INTROSPECTED: readonly CaseSpec[] = [
  {
    slug: "expires-in-introspected",
    level: "MUST",
    requirements: ["G6.1"],
    title: "expiresIn agrees with the exp that introspection returns, if it returns one.",
    remedy: "expiresIn is the number of seconds from now to exp.",
    needs: ["client", "connected-user", "introspection-endpoint"],
    run: async (stage) => {
      const { accessToken, expiresIn } = await someTokens(stage);
      const { active, members: { exp } } = await introspect(stage, accessToken);
      if (!active || exp === undefined) return;
      const left = Number(exp) - now(stage);
      check(Math.abs(left - expiresIn) <= 60, `about ${left} seconds`, expiresIn);
    },
  },
  {
    slug: "scope-introspected",
    level: "MUST",
    requirements: ["G6.2"],
    title: "scope agrees with the scope that introspection returns, if it returns one.",
    does: "Asks for a user who consented to one token of scope only.",
    remedy: "Return the scope as issued, not as requested or registered.",
    needs: ["client", "seed", "introspection-endpoint"],
    run: async (stage) => {
      const one = someScope(stage.target, 0);
      const { accessToken, scope } = await byPublicId(
        stage,
        await user(stage, [actor(stage, "partner"), one]),
      );
      const { active, members } = await introspect(stage, accessToken);
      if (active && members["scope"] !== undefined) equalScope(scope, String(members["scope"]));
    },
  },
];

const KINDS: readonly CaseSpec[] = [
  {
    slug: "access-token-kind",
    level: "MUST",
    requirements: ["T3"],
    title: "An access token is opaque, or a JWT as RFC 9068 defines it.",
    expects:
      "If it is a JWT: typ at+jwt, an asymmetric alg, and iss, exp, aud, sub, client_id, iat, jti.",
    remedy: "Follow RFC 9068 §2, or make opaque tokens.",
    needs: ["client", "connected-user"],
    run: async (stage) => {
      const { accessToken } = await someTokens(stage);
      const [header, claims] = accessToken.split(".").map((part) => {
        const bytes = fromBase64url(part);
        return bytes === null ? undefined : parseJson(new TextDecoder().decode(bytes));
      });
      if (accessToken.split(".").length !== 3 || !isObject(header)) return;
      const { typ, alg } = header;
      check(/^(?:application\/)?at\+jwt$/i.test(String(typ)), "typ at+jwt", typ);
      check(/^(?:ES|RS|PS|Ed)/.test(String(alg)), "an asymmetric alg", alg);
      for (const name of ["iss", "exp", "aud", "sub", "client_id", "iat", "jti"]) {
        check(isObject(claims) && claims[name] !== undefined, `the claim ${name}`, "nothing");
      }
    },
  },
  {
    slug: "altered-access-token",
    level: "MUST",
    requirements: ["T2"],
    title: "An access token with one changed character is inactive, wherever the character is.",
    remedy: "Compare the whole token, or verify a MAC or signature over all of it.",
    needs: ["client", "connected-user", "probe"],
    run: async (stage) => {
      const { accessToken } = await someTokens(stage);
      await control("the token as it is", () => active(stage, accessToken));
      for (const part of [0.3, 0.6, 0.9]) {
        await inactive(stage, flip(accessToken, Math.floor(accessToken.length * part)));
      }
    },
  },
  {
    slug: "access-token-names-user",
    level: "SHOULD",
    requirements: ["T7", "T8"],
    title: "Introspecting an access token returns its user, client, scope and expiry.",
    expects: "sub (the public id), client_id (the partner), scope as issued, exp.",
    remedy: "Return what the token is worth now (RFC 7662 §2.2).",
    needs: ["client", "seed", "sign", "introspection-endpoint"],
    run: async (stage) => {
      const subject = await user(stage, actor(stage, "merchant"));
      const tokens = await delegate(stage, { user: subject });
      const { members } = await introspect(stage, tokens.accessToken);
      equal(members["active"], true, "active");
      equal(members["sub"], subject, "sub");
      equal(members["client_id"], actor(stage, "partner").id, "client_id");
      equalScope(members["scope"], tokens.scope);
      check(Number.isInteger(members["exp"]), "exp as whole seconds", members["exp"]);
    },
  },
];

/** Cases about issued tokens. */
export const ISSUED: readonly CaseSpec[] = [
  ...FAMILIES,
  ...LIFETIMES,
  ...INTROSPECTED,
  ...KINDS,
];
