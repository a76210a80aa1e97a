/**
 * What a consent token delegates, and how long that lasts (P3, P4, C8, R1, R2, R4).
 * @module
 */
import type { CaseSpec } from "../../case.ts";
import { consent, delegate } from "../../stage/consents.ts";
import { controlPublicId, redeem, refused } from "../../stage/product.ts";
import { actor, client, connect, harness, merchant, type Stage, user } from "../../stage/stage.ts";
import { type Party, someScope } from "../../target/target.ts";
import { equalScope, Failure } from "../../verdict.ts";
import { byPublicId, getsScope, noConsent } from "../steps.ts";

const INTERSECT =
  "Issue the intersection of the token's scope, the source's effective scope and the partner's registered scope.";

/** A user with delegations of different scopes through two merchants. */
async function twoDelegations(stage: Stage): Promise<{ subject: string; second: Party }> {
  const [first, second] = [actor(stage, "merchant"), actor(stage, "otherMerchant")];
  const subject = await user(stage, first, second);
  await delegate(stage, { user: subject, merchant: first, scope: someScope(stage.target, 0) });
  await delegate(stage, { user: subject, merchant: second, scope: someScope(stage.target, 1) });
  return { subject, second };
}

/** Cases about delegation. */
export const DELEGATED: readonly CaseSpec[] = [
  {
    slug: "delegated-scope",
    level: "MUST",
    requirements: ["C8"],
    title: "Tokens by consent token carry the scope of the token, not all of the source's.",
    remedy: INTERSECT,
    needs: ["client", "seed", "sign"],
    run: async (stage) => {
      const part = someScope(stage.target, 1);
      const subject = await user(stage, actor(stage, "merchant"));
      equalScope((await delegate(stage, { user: subject, scope: part })).scope, part);
    },
  },
  {
    slug: "within-source",
    level: "SHOULD",
    requirements: ["C8", "P4"],
    attacks: ["SC-02"],
    title: "A delegation is limited to what the user consented to at the merchant.",
    expects: "That part, also by public id.",
    remedy: INTERSECT,
    needs: ["client", "seed", "sign"],
    run: async (stage) => {
      const part = someScope(stage.target, 0, 1);
      const subject = await user(stage, [actor(stage, "merchant"), part]);
      equalScope((await delegate(stage, { user: subject })).scope, part);
      await getsScope(stage, subject, part);
    },
  },
  {
    slug: "within-merchant-registration",
    level: "SHOULD",
    requirements: ["C8", "P4"],
    attacks: ["SC-02"],
    title: "A delegation is limited to the merchant's registered scope.",
    remedy: INTERSECT,
    needs: ["client", "seed", "issuers"],
    run: async (stage) => {
      const part = someScope(stage.target, 2);
      const shop = await merchant(stage, part);
      const subject = await user(stage, shop);
      equalScope((await delegate(stage, { user: subject, merchant: shop })).scope, part);
    },
  },
  {
    slug: "within-registration",
    level: "SHOULD",
    requirements: ["C8", "P4"],
    attacks: ["SC-03"],
    title: "A delegation is limited to the partner's registered scope.",
    remedy: INTERSECT,
    needs: ["client", "seed", "sign"],
    run: async (stage) => {
      const part = someScope(stage.target, 1, 2);
      const own = await client(stage, part);
      const subject = await user(stage, actor(stage, "merchant"));
      equalScope((await delegate(stage, { user: subject, client: own })).scope, part);
    },
  },
  {
    slug: "delegation-is-no-source",
    level: "SHOULD",
    requirements: ["R4", "C8"],
    attacks: ["SC-13"],
    title: "A delegated connection cannot be the source of another delegation.",
    does:
      "Redeems a token as one partner; as another, presents a token that names the first as the merchant.",
    remedy: "Accept only a direct connection as the source: the depth of delegation is one.",
    needs: ["client", "second-client", "seed", "issuers"],
    run: async (stage) => {
      const first = await merchant(stage);
      const subject = await user(stage, actor(stage, "merchant"));
      await delegate(stage, { user: subject, client: first });
      const token = await consent(stage, { user: subject, merchant: first });
      refused(await redeem(stage, token), "NO_CONSENT");
    },
  },
  {
    slug: "source-withdrawn",
    level: "SHOULD",
    requirements: ["R2", "P4"],
    attacks: ["SC-10"],
    title: "A delegation ends with its merchant connection, and a new one does not revive it.",
    does:
      "Redeems a token, revokes the merchant connection, asks by public id; connects to the merchant again, asks again.",
    remedy: "Let a delegation refer to its source by connection id, and never reuse that id.",
    needs: ["client", "seed", "sign", "revoke"],
    run: async (stage) => {
      const shop = actor(stage, "merchant");
      const subject = await user(stage, shop);
      await delegate(stage, { user: subject });
      await harness(stage, "revoke", { user: subject, client: shop.id });
      await noConsent(stage, subject);
      await connect(stage, subject, shop);
      await noConsent(stage, subject);
    },
  },
  {
    slug: "source-narrowed",
    level: "SHOULD",
    requirements: ["P4", "R1"],
    attacks: ["SC-09"],
    title: "Narrowing the merchant connection narrows its delegations.",
    remedy: "Compute the effective scope from the source on every request.",
    needs: ["client", "seed", "sign", "narrow"],
    run: async (stage) => {
      const shop = actor(stage, "merchant");
      const subject = await user(stage, shop);
      await delegate(stage, { user: subject });
      const scope = someScope(stage.target, 0);
      await harness(stage, "narrow", { user: subject, client: shop.id, scope });
      await getsScope(stage, subject, scope);
    },
  },
  {
    slug: "merchant-disabled",
    level: "SHOULD",
    requirements: ["C8", "R1"],
    attacks: ["CT-13"],
    title: "A delegation does not work while its merchant is disabled, and works again afterwards.",
    does:
      "Redeems a token, disables the merchant, asks by public id and with a new token; enables it, asks again.",
    remedy: "Check the merchant's status on every request; disabling is reversible.",
    needs: ["client", "seed", "issuers", "client-status"],
    run: async (stage) => {
      const shop = await merchant(stage);
      const subject = await user(stage, shop);
      await delegate(stage, { user: subject, merchant: shop });
      await harness(stage, "client-status", { client: shop.id, status: "disabled" });
      await noConsent(stage, subject);
      const token = await consent(stage, { user: subject, merchant: shop });
      refused(await redeem(stage, token), "NO_CONSENT");
      await harness(stage, "client-status", { client: shop.id, status: "enabled" });
      await byPublicId(stage, subject);
    },
  },
  {
    slug: "delegations-are-separate",
    level: "SHOULD",
    requirements: ["P3"],
    title: "Revoking the connection with one merchant leaves the delegation through another.",
    remedy: "Keep one connection per source, and consider all of them.",
    needs: ["client", "seed", "sign", "revoke"],
    run: async (stage) => {
      const { subject, second } = await twoDelegations(stage);
      await harness(stage, "revoke", { user: subject, client: second.id });
      await getsScope(stage, subject, someScope(stage.target, 0));
    },
  },
  {
    slug: "never-merged",
    level: "SHOULD",
    requirements: ["P3"],
    title: "The scopes of two connections are never merged.",
    expects: "The scope of one of them.",
    remedy: "Let one connection serve; do not build a union.",
    needs: ["client", "seed", "sign"],
    run: async (stage) => {
      const { subject } = await twoDelegations(stage);
      const { scope } = await byPublicId(stage, subject);
      if (![0, 1].some((place) => scope === someScope(stage.target, place))) {
        throw new Failure("the scope of one of the two", `"${scope}"`);
      }
    },
  },
  {
    slug: "disconnect",
    level: "SHOULD",
    requirements: ["P3"],
    title:
      "Disconnecting ends every connection between the user and the client, direct or delegated.",
    remedy: "Revoke all active connections between the two in one step.",
    needs: ["client", "seed", "sign", "disconnect"],
    run: async (stage) => {
      const [partner, shop] = [actor(stage, "partner"), actor(stage, "merchant")];
      const subject = await user(stage, partner, shop);
      await delegate(stage, { user: subject });
      await controlPublicId(stage, subject);
      await harness(stage, "disconnect", { user: subject, client: partner.id });
      await noConsent(stage, subject);
    },
  },
];
