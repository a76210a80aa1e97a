/**
 * A consent token that is presented again: as a retry, or once it is used up (C11, C13).
 * @module
 */
import type { CaseSpec } from "../../case.ts";
import type { Need } from "../../needs.ts";
import { anyConsent, consent, controlConsent, draft, sign } from "../../stage/consents.ts";
import {
  describeAnswer,
  type FetchAnswer,
  granted,
  redeem,
  refresh,
  refreshed,
  refused,
  revokeToken,
  type Tokens,
} from "../../stage/product.ts";
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
import { someScope } from "../../target/target.ts";
import { check, control, equal, equalScope } from "../../verdict.ts";

const ONCE = "Record (iss, jti) with a unique key in the transaction that issues the tokens.";
const RETRY =
  "Keep a digest of the token and the family it started; answer the same bytes with the same refresh token.";
const NEEDS: readonly Need[] = ["client", "merchant-user", "sign"];

/** A token that was redeemed, whose it is, and what for. */
interface Redeemed {
  readonly subject: string;
  readonly token: string;
  readonly tokens: Tokens;
}

/** Redeems a token of a user who is connected to a merchant, and perhaps to the partner. */
export async function redeemed(
  stage: Stage,
  { direct = false, ...times }: {
    readonly direct?: boolean;
    readonly issuedAt?: number;
    readonly lifetimeSeconds?: number;
  } = {},
): Promise<Redeemed> {
  const ties = [actor(stage, "merchant"), ...(direct ? [actor(stage, "partner")] : [])];
  const subject = await user(stage, ...ties);
  const token = await consent(stage, { user: subject, ...times });
  const tokens = await control(
    "a first redemption",
    async () => granted(await redeem(stage, token)),
  );
  return { subject, token, tokens };
}

/** Something that uses a redeemed token up for good. */
interface Event {
  readonly slug: string;
  readonly title: string;
  readonly requirements?: readonly string[];
  readonly attacks?: readonly string[];
  readonly needs: readonly Need[];
  /** The user is connected to the partner directly as well. */
  readonly direct?: boolean;
  readonly remedy?: string;
  happen(stage: Stage, first: Redeemed): Promise<unknown>;
}

const EVENTS: readonly Event[] = [
  {
    slug: "again-after-refresh",
    title: "After a refresh of its family, a consent token is used up.",
    needs: ["token-endpoint"],
    happen: (stage, { tokens }) =>
      control("a refresh", async () => refreshed(await refresh(stage, tokens.refreshToken))),
  },
  {
    slug: "again-after-token-revocation",
    title: "After its family was revoked, a consent token is used up.",
    needs: ["revocation-endpoint"],
    happen: (stage, { tokens }) => revokeToken(stage, tokens.refreshToken),
  },
  {
    slug: "again-after-withdrawal",
    title: "After its connection was withdrawn, a consent token is used up.",
    needs: ["revoke"],
    happen: (stage, { subject }) => {
      const [partner, merchant] = [actor(stage, "partner"), actor(stage, "merchant")];
      return harness(stage, "revoke", { user: subject, client: partner.id, via: merchant.id });
    },
  },
  {
    slug: "again-after-source-withdrawal",
    title: "After the merchant connection was withdrawn, a consent token is used up.",
    needs: ["revoke"],
    happen: (stage, { subject }) =>
      harness(stage, "revoke", { user: subject, client: actor(stage, "merchant").id }),
  },
  {
    slug: "again-after-withdrawal-and-return",
    title: "A used consent token stays used if the user withdraws from the merchant and returns.",
    needs: ["seed", "revoke"],
    happen: async (stage, { subject }) => {
      const merchant = actor(stage, "merchant");
      await harness(stage, "revoke", { user: subject, client: merchant.id });
      await connect(stage, subject, merchant);
    },
  },
  {
    slug: "again-after-direct-withdrawal",
    title:
      "After the user withdrew a direct connection with the partner, a consent token is used up.",
    requirements: ["C11", "C14"],
    attacks: ["CT-21", "CT-30"],
    needs: ["seed", "revoke"],
    direct: true,
    remedy:
      "Answer a retry only if the token would still be valid: consent from before a withdrawal is not.",
    happen: (stage, { subject }) =>
      harness(stage, "revoke", { user: subject, client: actor(stage, "partner").id }),
  },
  {
    slug: "again-after-suspension",
    title: "While the user is suspended, a used consent token is refused.",
    needs: ["user-status"],
    happen: (stage, { subject }) =>
      harness(stage, "user-status", { user: subject, status: "suspended" }),
  },
  {
    slug: "again-after-deletion",
    title: "A used consent token stays used after the user is deleted.",
    needs: ["user-status"],
    happen: (stage, { subject }) =>
      harness(stage, "user-status", { user: subject, status: "deleted" }),
  },
];

function usedUp({ direct, needs, happen, ...row }: Event): CaseSpec {
  return {
    level: "SHOULD",
    requirements: ["C11"],
    attacks: ["CT-21"],
    expects: "userErrors code INVALID_TOKEN for the second presentation.",
    remedy: RETRY,
    needs: [...NEEDS, ...needs],
    ...row,
    run: async (stage) => {
      const first = await redeemed(stage, { direct: direct === true });
      await happen(stage, first);
      refused(await redeem(stage, first.token), "INVALID_TOKEN");
    },
  };
}

const REPEATED: readonly CaseSpec[] = [
  {
    slug: "twice",
    level: "SHOULD",
    requirements: ["C11"],
    attacks: ["CT-21"],
    title: "A consent token starts one family, however often it is presented.",
    expects: "Tokens; after that the same refresh token again, or INVALID_TOKEN.",
    remedy: ONCE,
    needs: ["client", "consent-token"],
    run: async (stage) => {
      const token = await anyConsent(stage);
      const { refreshToken } = granted(await redeem(stage, token));
      for (let time = 0; time < 2; time++) {
        const answer = await redeem(stage, token);
        if (answer.code === null) {
          equal(granted(answer).refreshToken, refreshToken, "the refresh token");
        } else refused(answer, "INVALID_TOKEN");
      }
    },
  },
  {
    slug: "twenty-at-once",
    level: "SHOULD",
    requirements: ["C9", "C11"],
    attacks: ["CT-22", "SY-06"],
    title: "Twenty concurrent presentations start one family.",
    expects: "At least one success, and the same refresh token in every success.",
    remedy: `${ONCE} A look-up followed by a write is not enough.`,
    needs: NEEDS,
    run: async (stage) => {
      await controlConsent(stage);
      const token = await consent(stage, { user: await user(stage, actor(stage, "merchant")) });
      judgeBurst(await Promise.all(Array.from({ length: 20 }, () => redeem(stage, token))));
    },
  },
  {
    slug: "again-by-another-partner",
    level: "MUST",
    requirements: ["C4", "C11"],
    attacks: ["CT-15"],
    title: "A used consent token that another partner presents is refused with INVALID_TOKEN.",
    remedy: "Compare client_id with the authenticated client before you look up the redemption.",
    needs: ["client", "second-client", "merchant-user", "sign"],
    run: async (stage) => {
      const { token } = await redeemed(stage);
      refused(await redeem(stage, token, actor(stage, "otherPartner")), "INVALID_TOKEN");
    },
  },
  {
    slug: "same-jti-other-token",
    level: "SHOULD",
    requirements: ["C11", "C13"],
    attacks: ["CT-21"],
    title: "Another token with a used jti is refused with INVALID_TOKEN.",
    remedy: "A retry has the same bytes: compare a digest of the whole token.",
    needs: NEEDS,
    run: async (stage) => {
      const subject = await user(stage, actor(stage, "merchant"));
      const good = draft(stage, { user: subject });
      await control("a first redemption", async () => {
        granted(await redeem(stage, await sign(stage, good)));
      });
      const other = { ...good, claims: { ...good.claims, exp: Number(good.claims["exp"]) - 1 } };
      refused(await redeem(stage, await sign(stage, other)), "INVALID_TOKEN");
    },
  },
  {
    slug: "replay-after-expiry",
    level: "SHOULD",
    requirements: ["C13", "C5"],
    attacks: ["CT-23"],
    title: "A used token stays used, even if the clock steps back.",
    does:
      "Presents a used token after its expiry, half an hour later, and after the clock stepped back into its lifetime.",
    expects: "userErrors code INVALID_TOKEN each time.",
    remedy: "Remember redemptions for an hour longer than the token could be valid.",
    needs: [...NEEDS, "clock", "policy:consentRetrySeconds", "policy:consentMaxLifetimeSeconds"],
    run: async (stage) => {
      await freeze(stage);
      const begun = now(stage);
      const { retry, longest } = windowsOf(stage);
      const { token } = await redeemed(stage, { lifetimeSeconds: longest });
      for (const moment of [longest, longest + 1800, Math.min(retry, longest - 1)]) {
        await freeze(stage, begun + moment);
        if (moment >= retry) refused(await redeem(stage, token), "INVALID_TOKEN");
      }
    },
  },
];

const RETRIES: readonly CaseSpec[] = [
  {
    slug: "retry",
    level: "MAY",
    requirements: ["C11"],
    title: "A retry with the same token gets the same refresh token and a new access token.",
    remedy: `${RETRY} Or declare consentRetrySeconds 0.`,
    needs: [...NEEDS, "retry"],
    run: async (stage) => {
      const { token, tokens } = await redeemed(stage);
      const second = granted(await redeem(stage, token));
      equal(second.refreshToken, tokens.refreshToken, "the refresh token");
      check(second.accessToken !== tokens.accessToken, "a new access token", "the same one");
      equalScope(second.scope, tokens.scope);
    },
  },
  {
    slug: "retry-window",
    level: "MAY",
    requirements: ["C11"],
    attacks: ["CT-21"],
    title: "The retry window ends in the declared second.",
    expects:
      "The same refresh token in the last second of consentRetrySeconds, INVALID_TOKEN in the next.",
    remedy:
      "Answer a retry while now < redeemed + consentRetrySeconds and the token itself is valid.",
    needs: [
      ...NEEDS,
      "clock",
      "retry",
      "policy:consentRetrySeconds",
      "policy:consentMaxLifetimeSeconds",
    ],
    run: async (stage) => {
      await freeze(stage);
      const { retry, longest } = windowsOf(stage);
      const first = await redeemed(stage, { lifetimeSeconds: longest });
      await retriedUntil(stage, first, { last: Math.min(retry, longest) - 1, past: retry });
    },
  },
  {
    slug: "retry-after-clock-step",
    level: "MAY",
    requirements: ["A5", "C11"],
    attacks: ["SY-07"],
    title: "A clock that steps back does not keep the retry window open.",
    expects: "userErrors code INVALID_TOKEN once the clock is consentRetrySeconds behind.",
    remedy: "Count elapsed time in both directions.",
    needs: [
      ...NEEDS,
      "clock",
      "retry",
      "policy:consentRetrySeconds",
      "policy:consentMaxLifetimeSeconds",
    ],
    run: async (stage) => {
      await freeze(stage);
      const begun = now(stage);
      const { retry, longest, skew } = windowsOf(stage);
      // Issued early enough to be valid when the clock has stepped back, if a token can live that long.
      const issuedAt = begun - Math.min(Math.max(0, retry - skew), longest - 1);
      const { token } = await redeemed(stage, { issuedAt, lifetimeSeconds: longest });
      await freeze(stage, begun - retry);
      refused(await redeem(stage, token), "INVALID_TOKEN");
    },
  },
  {
    slug: "retry-past-exp",
    level: "MAY",
    requirements: ["C11", "C5"],
    attacks: ["CT-21"],
    title: "A retry is answered until the token expires, including the clock skew.",
    expects:
      "The same refresh token in the last second before exp + consentSkewSeconds, INVALID_TOKEN in the next.",
    remedy: "Judge the time of a retry like that of a first redemption.",
    needs: [...NEEDS, "clock", "retry", "policy:consentRetrySeconds", "policy:consentSkewSeconds"],
    run: async (stage) => {
      await freeze(stage);
      const { retry, skew } = windowsOf(stage);
      const first = await redeemed(stage, { lifetimeSeconds: 1 });
      const expiry = 1 + skew;
      await retriedUntil(stage, first, { last: Math.min(retry, expiry) - 1, past: expiry });
    },
  },
  {
    slug: "retry-narrowed",
    level: "MAY",
    requirements: ["C11", "R1"],
    title: "A retry gets the scope that is effective at that time.",
    does: "Narrows the merchant connection between the first presentation and the retry.",
    expects: "The same refresh token, with the narrower scope.",
    remedy: "Compute the scope when you answer.",
    needs: [...NEEDS, "retry", "narrow"],
    run: async (stage) => {
      const { subject, token, tokens } = await redeemed(stage);
      const scope = someScope(stage.target, 1);
      await harness(stage, "narrow", { user: subject, client: actor(stage, "merchant").id, scope });
      const second = granted(await redeem(stage, token));
      equal(second.refreshToken, tokens.refreshToken, "the refresh token");
      equalScope(second.scope, scope);
    },
  },
];

/** The declared numbers that bound a retry, in seconds. */
function windowsOf({ target: { policy } }: Stage) {
  const {
    consentRetrySeconds: retry = 0,
    consentMaxLifetimeSeconds: longest = 0,
    consentSkewSeconds: skew = 0,
  } = policy;
  return { retry, longest, skew };
}

/** A retry succeeds in the last of so many seconds after the redemption, and fails past them. */
async function retriedUntil(
  stage: Stage,
  { token, tokens }: Redeemed,
  { last, past }: { readonly last: number; readonly past: number },
): Promise<void> {
  await advance(stage, last);
  const second = granted(await redeem(stage, token));
  equal(second.refreshToken, tokens.refreshToken, "the refresh token");
  await advance(stage, past - last);
  refused(await redeem(stage, token), "INVALID_TOKEN");
}

/** At least one success, and one refresh token among all of them. */
function judgeBurst(answers: readonly FetchAnswer[]): void {
  const successes = answers.filter(({ code, payload }) => code === null && payload !== null);
  const distinct = new Set(successes.map((answer) => granted(answer).refreshToken)).size;
  check(distinct > 0, "at least one success", describeAnswer(answers[0] as FetchAnswer));
  check(distinct === 1, "one refresh token", `${distinct} in ${successes.length} successes`);
}

/** Cases about further presentations. */
export const REPLAY: readonly CaseSpec[] = [...REPEATED, ...RETRIES, ...EVENTS.map(usedUp)];
