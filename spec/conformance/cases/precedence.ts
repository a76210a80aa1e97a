/**
 * Which of several connections serves (P3), in whatever order they were made.
 * @module
 */
import { delegate } from "../stage/consents.ts";
import type { CaseSpec } from "../case.ts";
import { fetchTokens, granted } from "../stage/product.ts";
import { actor, advance, connect, freeze, harness, now, type Stage, user } from "../stage/stage.ts";
import { someScope, wholeScope } from "../target/target.ts";
import type { Need } from "../needs.ts";
import { equalScope } from "../verdict.ts";

const DIRECT_FIRST =
  "Order usable connections: direct first, then the latest consent; never by when or in which order they were made.";
const LATEST_FIRST = "Order delegations by the iat they rest on, not by when they were redeemed.";
const NEEDS: readonly Need[] = ["client", "seed", "sign"];

/** The cases. */
export const PRECEDENCE: readonly CaseSpec[] = [
  {
    slug: "direct-first",
    level: "MAY",
    requirements: ["P3"],
    title: "The direct connection serves before a delegated one.",
    does:
      "Gives a user a direct and a delegated connection with different scopes, asks; revokes the direct one, asks.",
    expects: "The direct scope, then the delegated one.",
    remedy: DIRECT_FIRST,
    needs: [...NEEDS, "revoke"],
    run: async (stage) => {
      const [partner, shop] = [actor(stage, "partner"), actor(stage, "merchant")];
      const subject = await user(stage, [partner, someScope(stage.target, 0)], shop);
      await delegate(stage, { user: subject, scope: someScope(stage.target, 1) });
      await serves(stage, subject, 0);
      await harness(stage, "revoke", { user: subject, client: partner.id });
      await serves(stage, subject, 1);
    },
  },
  {
    slug: "direct-first-made-last",
    level: "MAY",
    requirements: ["P3"],
    title: "The direct connection serves before a delegated one that was there before it.",
    does: "Redeems a consent token, then connects the user directly with another scope; asks.",
    expects: "The direct scope.",
    remedy: DIRECT_FIRST,
    needs: NEEDS,
    run: async (stage) => {
      const subject = await user(stage, actor(stage, "merchant"));
      await delegate(stage, { user: subject, scope: someScope(stage.target, 1) });
      await connect(stage, subject, [actor(stage, "partner"), someScope(stage.target, 0)]);
      await serves(stage, subject, 0);
    },
  },
  {
    slug: "direct-first-though-older",
    level: "MAY",
    requirements: ["P3"],
    title: "The direct connection serves before a delegated one with a later consent.",
    does: "Connects a user directly; five seconds later redeems a consent token of then; asks.",
    expects: "The direct scope.",
    remedy: DIRECT_FIRST,
    needs: [...NEEDS, "clock"],
    run: async (stage) => {
      await freeze(stage);
      const direct = [actor(stage, "partner"), someScope(stage.target, 0)] as const;
      const subject = await user(stage, direct, actor(stage, "merchant"));
      await advance(stage, 5);
      await delegate(stage, { user: subject, scope: someScope(stage.target, 1) });
      await serves(stage, subject, 0);
    },
  },
  {
    slug: "direct-first-though-narrowed",
    level: "MAY",
    requirements: ["P3"],
    title: "The direct connection still serves first after it was narrowed.",
    does:
      "Narrows the direct connection of a user; five seconds later redeems a consent token with more scope; asks.",
    expects: "What is left of the direct scope.",
    remedy:
      "To narrow a connection changes its scope and not its kind: a direct one with any scope left serves first.",
    needs: [...NEEDS, "clock", "narrow"],
    run: async (stage) => {
      await freeze(stage);
      const [partner, shop] = [actor(stage, "partner"), actor(stage, "merchant")];
      const subject = await user(stage, [partner, wholeScope(stage.target)], shop);
      const scope = someScope(stage.target, 0);
      await harness(stage, "narrow", { user: subject, client: partner.id, scope });
      await advance(stage, 5);
      await delegate(stage, { user: subject, scope: someScope(stage.target, 1, 2) });
      await serves(stage, subject, 0);
    },
  },
  latestFirst(
    "latest-consent-first",
    "Of two delegations the one with the latest consent serves.",
    [0, -5],
  ),
  latestFirst(
    "latest-consent-first-redeemed-last",
    "Of two delegations the one with the latest consent serves, also where it was redeemed last.",
    [-5, 0],
  ),
];

/** Redeems tokens of two merchants that were issued so many seconds from now, in this order. */
function latestFirst(slug: string, title: string, issued: readonly [number, number]): CaseSpec {
  const [first, second] = issued;
  const latest = first > second ? 0 : 1;
  return {
    slug,
    level: "MAY",
    requirements: ["P3"],
    title,
    does: `Redeems tokens of two merchants, the one with the later iat ${
      latest === 0 ? "first" : "last"
    }; asks by public id.`,
    expects: "The scope of the one with the later iat.",
    remedy: LATEST_FIRST,
    needs: [...NEEDS, "clock"],
    run: async (stage) => {
      await freeze(stage);
      const merchants = [actor(stage, "merchant"), actor(stage, "otherMerchant")];
      const subject = await user(stage, ...merchants);
      for (const [place, merchant] of merchants.entries()) {
        const issuedAt = now(stage) + (issued[place] ?? 0);
        const scope = someScope(stage.target, place);
        await delegate(stage, { user: subject, merchant, scope, issuedAt });
      }
      await serves(stage, subject, latest);
    },
  };
}

/** Asks by public id, and compares the scope with the token at this place. */
async function serves(stage: Stage, publicId: string, place: number): Promise<void> {
  const { scope } = granted(await fetchTokens(stage, { publicId }));
  equalScope(scope, someScope(stage.target, place));
}
