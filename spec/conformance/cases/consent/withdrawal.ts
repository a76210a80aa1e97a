/**
 * Consent from before a withdrawal (C14), and what a withdrawal does to issued tokens (R2, R3).
 * @module
 */
import type { CaseSpec } from "../../case.ts";
import type { Need } from "../../needs.ts";
import { consent, controlConsent } from "../../stage/consents.ts";
import { granted, isAlive, redeem, refused } from "../../stage/product.ts";
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
import type { Party } from "../../target/target.ts";
import { check, control } from "../../verdict.ts";
import { redeemed } from "./replay.ts";

const REMEMBER =
  "Remember when the user last withdrew, and compare it with iat: consent must be later.";

const REMEMBER_ALWAYS =
  "Remember the time even if there was no connection to end: a consent token may still be on its way.";

/** A withdrawal that older consent must not undo. */
interface Withdrawal {
  readonly slug: string;
  readonly title: string;
  readonly needs: readonly Need[];
  /** What there is before: a redeemed token, only a merchant connection, or nothing. Default: the first. */
  readonly before?: "redeemed" | "connected" | "nothing";
  readonly attacks?: readonly string[];
  readonly remedy?: string;
  withdraw(
    stage: Stage,
    subject: string,
    parties: { readonly partner: Party; readonly merchant: Party },
  ): Promise<unknown>;
}

const WITHDRAWALS: readonly Withdrawal[] = [
  {
    slug: "withdrawn-from-merchant",
    title: "Consent from before a withdrawal from the merchant is void, even if the user returns.",
    needs: ["revoke"],
    withdraw: async (stage, subject, { merchant }) => {
      await harness(stage, "revoke", { user: subject, client: merchant.id });
      await connect(stage, subject, merchant);
    },
  },
  {
    slug: "withdrawn-from-partner",
    title: "Consent from before a withdrawal from the partner is void.",
    needs: ["revoke"],
    withdraw: (stage, subject, { partner, merchant }) =>
      harness(stage, "revoke", { user: subject, client: partner.id, via: merchant.id }),
  },
  {
    slug: "withdrawn-by-disconnecting",
    title: "Consent from before the user disconnected from the partner is void.",
    needs: ["disconnect"],
    withdraw: (stage, subject, { partner }) =>
      harness(stage, "disconnect", { user: subject, client: partner.id }),
  },
  {
    slug: "withdrawn-without-connection-partner",
    title: "Disconnecting from a partner is a withdrawal even without a connection.",
    before: "connected",
    attacks: ["CT-30", "SC-11"],
    needs: ["disconnect"],
    remedy: REMEMBER_ALWAYS,
    withdraw: (stage, subject, { partner }) =>
      harness(stage, "disconnect", { user: subject, client: partner.id }),
  },
  {
    slug: "withdrawn-without-connection-merchant",
    title: "Disconnecting from a merchant is a withdrawal even without a connection.",
    before: "nothing",
    attacks: ["CT-30", "SC-11"],
    needs: ["disconnect"],
    remedy: REMEMBER_ALWAYS,
    withdraw: async (stage, subject, { merchant }) => {
      await harness(stage, "disconnect", { user: subject, client: merchant.id });
      await connect(stage, subject, merchant);
    },
  },
];

function withdrawn({ before = "redeemed", needs, withdraw, ...row }: Withdrawal): CaseSpec {
  return {
    level: "SHOULD",
    requirements: ["C14"],
    attacks: ["CT-30"],
    does:
      "Presents a token issued a second before the withdrawal, one issued in the same second, and one issued more than twice the clock skew later.",
    expects: "NO_CONSENT, NO_CONSENT, tokens.",
    remedy: REMEMBER,
    needs: ["client", "seed", "sign", "clock", ...needs],
    ...row,
    run: async (stage) => {
      await freeze(stage);
      const parties = { partner: actor(stage, "partner"), merchant: actor(stage, "merchant") };
      const subject = await user(stage, ...(before === "nothing" ? [] : [parties.merchant]));
      const issued = async (offset: number) =>
        await consent(stage, { user: subject, issuedAt: now(stage) + offset });
      if (before === "redeemed") {
        await control("a consent token before the withdrawal", async () => {
          granted(await redeem(stage, await issued(-2)));
        });
      } else await controlConsent(stage);
      const stale = [await issued(-1), await issued(0)];
      await withdraw(stage, subject, parties);
      for (const token of stale) refused(await redeem(stage, token), "NO_CONSENT");
      // Clocks may differ by the skew, so consent counts again only after twice as long.
      await advance(stage, 2 * (stage.target.policy.consentSkewSeconds ?? 30) + 1);
      granted(await redeem(stage, await issued(0)));
    },
  };
}

/** Cases about withdrawals. */
export const WITHDRAWAL: readonly CaseSpec[] = [
  ...WITHDRAWALS.map(withdrawn),
  {
    slug: "withdrawn-within-skew",
    level: "MAY",
    requirements: ["C14"],
    attacks: ["CT-32"],
    title: "Consent dated up to the clock skew after a withdrawal does not undo it.",
    does: "Presents a token that is dated consentSkewSeconds after the user disconnected.",
    expects: "userErrors code NO_CONSENT.",
    remedy: "Void consent dated up to the skew after a withdrawal: clocks differ.",
    needs: ["client", "seed", "sign", "clock", "disconnect", "policy:consentSkewSeconds"],
    run: async (stage) => {
      await freeze(stage);
      await controlConsent(stage);
      const subject = await user(stage, actor(stage, "merchant"));
      await harness(stage, "disconnect", { user: subject, client: actor(stage, "partner").id });
      const issuedAt = now(stage) + (stage.target.policy.consentSkewSeconds ?? 0);
      refused(await redeem(stage, await consent(stage, { user: subject, issuedAt })), "NO_CONSENT");
    },
  },
  {
    slug: "withdrawn-is-dead",
    level: "SHOULD",
    requirements: ["R2", "R3"],
    attacks: ["SC-11", "SY-05"],
    title: "A withdrawal ends the access token of a redemption.",
    remedy: "Judge the connection at every use.",
    needs: ["client", "merchant-user", "sign", "revoke", "probe"],
    run: async (stage) => {
      const { subject, tokens } = await redeemed(stage);
      check(await isAlive(stage, tokens.accessToken), "a live access token before", "a dead one");
      const [partner, merchant] = [actor(stage, "partner"), actor(stage, "merchant")];
      await harness(stage, "revoke", { user: subject, client: partner.id, via: merchant.id });
      check(!await isAlive(stage, tokens.accessToken), "a dead access token after", "a live one");
    },
  },
];
