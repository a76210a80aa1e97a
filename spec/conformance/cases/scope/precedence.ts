/**
 * Which of several connections is used (P3), in whatever order they were made.
 * @module
 */
import type { CaseSpec } from "../../case.ts";
import type { Need } from "../../needs.ts";
import { delegate } from "../../stage/consents.ts";
import { fetchTokens, granted } from "../../stage/product.ts";
import {
  actor,
  advance,
  connect,
  freeze,
  harness,
  now,
  type Stage,
  user,
} from "../../stage/stage.ts";
import { someScope, wholeScope } from "../../target/target.ts";
import { equalScope } from "../../verdict.ts";

const DIRECT_FIRST =
  "Order usable connections: direct first, then the latest consent. When and in which order they were made does not count.";
const NEEDS: readonly Need[] = ["client", "seed", "sign"];

/** Requests tokens by public id, and compares the scope with the scope token at this place. */
async function expectScope(stage: Stage, publicId: string, place: number): Promise<void> {
  const { scope } = granted(await fetchTokens(stage, { publicId }));
  equalScope(scope, someScope(stage.target, place));
}

const DIRECT: readonly CaseSpec[] = [
  {
    slug: "direct-first",
    level: "MAY",
    requirements: ["P3"],
    title: "The direct connection is used before a delegated one.",
    expects: "The direct scope; after the direct connection is revoked, the delegated one.",
    remedy: DIRECT_FIRST,
    needs: [...NEEDS, "revoke"],
    run: async (stage) => {
      const [partner, merchant] = [actor(stage, "partner"), actor(stage, "merchant")];
      const subject = await user(stage, [partner, someScope(stage.target, 0)], merchant);
      await delegate(stage, { user: subject, scope: someScope(stage.target, 1) });
      await expectScope(stage, subject, 0);
      await harness(stage, "revoke", { user: subject, client: partner.id });
      await expectScope(stage, subject, 1);
    },
  },
  {
    slug: "direct-first-made-last",
    level: "MAY",
    requirements: ["P3"],
    title: "The direct connection is used before an earlier delegated one.",
    remedy: DIRECT_FIRST,
    needs: NEEDS,
    run: async (stage) => {
      const subject = await user(stage, actor(stage, "merchant"));
      await delegate(stage, { user: subject, scope: someScope(stage.target, 1) });
      await connect(stage, subject, [actor(stage, "partner"), someScope(stage.target, 0)]);
      await expectScope(stage, subject, 0);
    },
  },
  {
    slug: "direct-first-though-older",
    level: "MAY",
    requirements: ["P3"],
    title: "The direct connection is used before a delegated one with a later consent.",
    remedy: DIRECT_FIRST,
    needs: [...NEEDS, "clock"],
    run: async (stage) => {
      await freeze(stage);
      const direct = [actor(stage, "partner"), someScope(stage.target, 0)] as const;
      const subject = await user(stage, direct, actor(stage, "merchant"));
      await advance(stage, 5);
      await delegate(stage, { user: subject, scope: someScope(stage.target, 1) });
      await expectScope(stage, subject, 0);
    },
  },
  {
    slug: "direct-first-though-narrowed",
    level: "MAY",
    requirements: ["P3"],
    title: "A narrowed direct connection is used before a delegated one with more scope.",
    expects: "What is left of the direct scope.",
    remedy:
      "Narrowing changes the scope of a connection, not its kind: a direct one with any scope left comes first.",
    needs: [...NEEDS, "clock", "narrow"],
    run: async (stage) => {
      await freeze(stage);
      const [partner, merchant] = [actor(stage, "partner"), actor(stage, "merchant")];
      const subject = await user(stage, [partner, wholeScope(stage.target)], merchant);
      const scope = someScope(stage.target, 0);
      await harness(stage, "narrow", { user: subject, client: partner.id, scope });
      await advance(stage, 5);
      await delegate(stage, { user: subject, scope: someScope(stage.target, 1, 2) });
      await expectScope(stage, subject, 0);
    },
  },
];

const DELEGATED: readonly CaseSpec[] = [
  {
    slug: "latest-consent-first",
    title: "Of two delegations, the one with the later consent is used.",
    first: { ageSeconds: 0 },
    second: { ageSeconds: 5 },
    used: 0,
  },
  {
    slug: "latest-consent-first-redeemed-last",
    title: "Of two delegations, the one with the later consent is used, even if redeemed last.",
    first: { ageSeconds: 5 },
    second: { ageSeconds: 0 },
    used: 1,
  },
].map(({ slug, title, first, second, used }) => ({
  slug,
  level: "MAY",
  requirements: ["P3"],
  title,
  remedy: "Order delegations by the iat that they rest on, not by when they were redeemed.",
  needs: [...NEEDS, "clock"],
  run: async (stage) => {
    await freeze(stage);
    const merchants = [actor(stage, "merchant"), actor(stage, "otherMerchant")] as const;
    const subject = await user(stage, ...merchants);
    for (const [place, { ageSeconds }] of [first, second].entries()) {
      const merchant = merchants[place === 0 ? 0 : 1];
      const [issuedAt, scope] = [now(stage) - ageSeconds, someScope(stage.target, place)];
      await delegate(stage, { user: subject, merchant, scope, issuedAt });
    }
    await expectScope(stage, subject, used);
  },
}));

/** The cases. */
export const PRECEDENCE: readonly CaseSpec[] = [...DIRECT, ...DELEGATED];
