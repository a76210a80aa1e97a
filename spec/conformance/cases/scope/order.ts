/**
 * Consents in and out of order (C10).
 * @module
 */
import type { CaseSpec } from "../../case.ts";
import { consent, delegate } from "../../stage/consents.ts";
import { granted, redeem, refused } from "../../stage/product.ts";
import { actor, advance, freeze, harness, now, user } from "../../stage/stage.ts";
import { someScope } from "../../target/target.ts";
import { equalScope } from "../../verdict.ts";
import { getsScope } from "../steps.ts";

/** Two consents of one user, redeemed one after the other. Scopes are places in the target's list. */
interface Consents {
  readonly first: readonly number[];
  readonly second: readonly number[];
  /** How much later the second was issued, in seconds. */
  readonly later: number;
  /** What the second gets. Default: its own scope. */
  readonly gets?: readonly number[] | "NO_CONSENT" | "anything";
  /** The scope by public id afterwards. */
  readonly leaves: readonly number[];
}

const NEWER =
  "Store with the connection the iat it rests on; a token with the same or a later iat replaces its scope.";
const OLDER =
  "A token with an earlier iat than the connection's leaves the connection as it is. It gets the intersection of both scopes; if that is empty, NO_CONSENT.";

function twoConsents(
  { consents: { first, second, later, gets = second, leaves }, ...row }:
    & Pick<CaseSpec, "slug" | "level" | "title">
    & { readonly consents: Consents },
): CaseSpec {
  return {
    ...row,
    requirements: ["C10"],
    does: `Redeems a token, then one issued ${Math.abs(later)} s ${
      later < 0 ? "earlier" : "later"
    }; asks by public id.`,
    remedy: later < 0 ? OLDER : NEWER,
    needs: ["client", "seed", "sign", "clock"],
    run: async (stage) => {
      await freeze(stage);
      const subject = await user(stage, actor(stage, "merchant"));
      const scopeOf = (places: readonly number[]) => someScope(stage.target, ...places);
      const present = async (places: readonly number[], issuedAt: number) =>
        redeem(stage, await consent(stage, { user: subject, scope: scopeOf(places), issuedAt }));
      granted(await present(first, now(stage) - 10));
      const answer = await present(second, now(stage) - 10 + later);
      if (gets === "NO_CONSENT") refused(answer, gets);
      else if (gets !== "anything") {
        equalScope(granted(answer).scope, scopeOf(gets), "scope of the second response");
      }
      await getsScope(stage, subject, scopeOf(leaves));
    },
  };
}

/** Cases about the order of consents. */
export const ORDER: readonly CaseSpec[] = [
  twoConsents({
    slug: "newer-consent-replaces",
    level: "SHOULD",
    title: "A later consent token replaces the scope of the delegation.",
    consents: { first: [0], second: [1], later: 1, leaves: [1] },
  }),
  twoConsents({
    slug: "newer-consent-widens",
    level: "SHOULD",
    title: "A later consent token can also widen the delegation.",
    consents: { first: [0], second: [0, 1], later: 1, leaves: [0, 1] },
  }),
  twoConsents({
    slug: "consent-of-the-same-second",
    level: "MAY",
    title: "A consent token of the same second also replaces the scope of the delegation.",
    consents: { first: [0], second: [1, 2], later: 0, leaves: [1, 2] },
  }),
  twoConsents({
    slug: "older-consent",
    level: "MAY",
    title: "An earlier consent token leaves the connection as it is and gets the common scope.",
    consents: { first: [0, 1], second: [1, 2], later: -5, gets: [1], leaves: [0, 1] },
  }),
  twoConsents({
    slug: "older-consent-widens-nothing",
    level: "SHOULD",
    title: "An earlier consent token never widens the scope of the delegation.",
    consents: { first: [0], second: [0, 1, 2], later: -5, gets: "anything", leaves: [0] },
  }),
  twoConsents({
    slug: "older-consent-nothing-in-common",
    level: "MAY",
    title: "An earlier consent token with a disjoint scope gets NO_CONSENT.",
    consents: { first: [0], second: [1], later: -5, gets: "NO_CONSENT", leaves: [0] },
  }),
  {
    slug: "narrowed-after-consent",
    level: "MAY",
    requirements: ["C10"],
    title: "A consent token from before the delegation was narrowed does not widen it again.",
    expects: "The narrowed scope by public id.",
    remedy:
      "Store the time of narrowing like that of a consent; within the same second the consent wins.",
    needs: ["client", "seed", "sign", "clock", "narrow"],
    run: async (stage) => {
      await freeze(stage);
      const [partner, shop] = [actor(stage, "partner"), actor(stage, "merchant")];
      const subject = await user(stage, shop);
      await delegate(stage, { user: subject });
      const before = await consent(stage, { user: subject });
      await advance(stage, 5);
      const scope = someScope(stage.target, 0);
      await harness(stage, "narrow", { user: subject, client: partner.id, via: shop.id, scope });
      await redeem(stage, before);
      await getsScope(stage, subject, scope);
    },
  },
];
