/**
 * What a consent token does when it is redeemed, and when it is presented again (C6, C9, C11–C14).
 * @module
 */
import { anyConsent, consent, controlConsent, draft, sign } from "../stage/consents.ts";
import { ATTACKER } from "../stage/attacker.ts";
import type { CaseSpec } from "../case.ts";
import { signWith } from "../base/jws.ts";
import { signAnything } from "../stage/consents.ts";
import {
  describeAnswer,
  type FetchAnswer,
  fetchTokens,
  granted,
  isAlive,
  redeem,
  refresh,
  refreshed,
  refused,
  revokeToken,
  type Tokens,
} from "../stage/product.ts";
import { actor, advance, connect, freeze, harness, now, type Stage, user } from "../stage/stage.ts";
import { offered, type Party, someScope } from "../target/target.ts";
import type { Need } from "../needs.ts";
import { check, control, equal, equalScope } from "../verdict.ts";

const ONCE = "Record (iss, jti) with a unique key in the transaction that issues the tokens.";
const RETRY =
  "Keep a digest of the token and the family it started; answer the same bytes with the same refresh token.";

/** A user with a merchant, a good token of theirs, and what it was redeemed for. */
async function redeemed(
  stage: Stage,
): Promise<{ readonly subject: string; readonly token: string; readonly tokens: Tokens }> {
  const subject = await user(stage, actor(stage, "merchant"));
  const token = await consent(stage, { user: subject });
  const tokens = await control(
    "a first redemption",
    async () => granted(await redeem(stage, token)),
  );
  return { subject, token, tokens };
}

const POSITIVE: readonly CaseSpec[] = [
  {
    slug: "redeem",
    level: "MUST",
    requirements: ["C9", "C8"],
    title: "A good consent token is answered with tokens.",
    does: "Presents a good consent token for a user who is connected to the merchant.",
    expects: "Tokens; publicId is the sub of the token.",
    remedy: "See the claims of the token in the request below; compare them with what you require.",
    needs: ["client", "consent-token"],
    run: async (stage) => {
      if (stage.target.issuer === null) {
        return void granted(await redeem(stage, await anyConsent(stage)));
      }
      const subject = await user(stage, actor(stage, "merchant"));
      const answer = await redeem(stage, await consent(stage, { user: subject }));
      granted(answer);
      equal(answer.payload?.["publicId"], subject, "publicId");
    },
  },
  {
    slug: "then-public-id",
    level: "SHOULD",
    requirements: ["C12"],
    title: "After a redemption the public id serves.",
    does: "Asks by public id before and after a redemption.",
    expects: "NO_CONSENT, tokens, tokens.",
    remedy: "Store the delegated connection, and find it by user and client.",
    needs: ["client", "seed", "sign"],
    run: async (stage) => {
      const subject = await user(stage, actor(stage, "merchant"));
      refused(await fetchTokens(stage, { publicId: subject }), "NO_CONSENT");
      granted(await redeem(stage, await consent(stage, { user: subject })));
      granted(await fetchTokens(stage, { publicId: subject }));
    },
  },
];

/** A second presentation that must not be answered with tokens. */
function again(
  slug: string,
  title: string,
  between: (
    stage: Stage,
    first: { readonly subject: string; readonly token: string; readonly tokens: Tokens },
  ) => Promise<void>,
  needs: readonly Need[],
): CaseSpec {
  return {
    slug: `again-${slug}`,
    level: "SHOULD",
    requirements: ["C11"],
    attacks: ["CT-21"],
    title,
    does: "Redeems a token, changes something, presents the same token again.",
    expects: "userErrors code INVALID_TOKEN the second time.",
    remedy: RETRY,
    needs: ["client", "merchant-user", "sign", ...needs],
    run: async (stage) => {
      const first = await redeemed(stage);
      await between(stage, first);
      refused(await redeem(stage, first.token), "INVALID_TOKEN");
    },
  };
}

const AGAIN: readonly CaseSpec[] = [
  {
    slug: "twice",
    level: "SHOULD",
    requirements: ["C11"],
    attacks: ["CT-21"],
    title: "A consent token starts one family, however often it is presented.",
    does: "Presents the same token three times.",
    expects: "Tokens; then the same refresh token again, or INVALID_TOKEN.",
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
    slug: "retry",
    level: "MAY",
    requirements: ["C11"],
    title:
      "A lost response costs no consent: the same token is answered with the same refresh token.",
    does: "Presents the same token twice.",
    expects: "The same refresh token and a new access token, both times alive.",
    remedy: `${RETRY} Or declare consentRetrySeconds 0.`,
    needs: ["client", "merchant-user", "sign", "retry"],
    run: async (stage) => {
      const { token, tokens } = await redeemed(stage);
      const second = granted(await redeem(stage, token));
      equal(second.refreshToken, tokens.refreshToken, "the refresh token");
      check(second.accessToken !== tokens.accessToken, "a new access token", "the same one");
      equalScope(second.scope, tokens.scope);
    },
  },
  {
    slug: "twenty-at-once",
    level: "SHOULD",
    requirements: ["C9", "C11"],
    attacks: ["CT-22"],
    title: "Twenty presentations at once give one family.",
    does: "Presents the same token twenty times at once.",
    expects: "At least one success; every success carries the same refresh token.",
    remedy: `${ONCE} To look first and to write later is not enough.`,
    needs: ["client", "merchant-user", "sign"],
    run: async (stage) => {
      await controlConsent(stage);
      const token = await consent(stage, { user: await user(stage, actor(stage, "merchant")) });
      const answers = await Promise.all(Array.from({ length: 20 }, () => redeem(stage, token)));
      judgeBurst(answers);
    },
  },
  again(
    "after-refresh",
    "Once its family was refreshed, a consent token is used up.",
    async (stage, { tokens }) => {
      await control("a refresh", async () => refreshed(await refresh(stage, tokens.refreshToken)));
    },
    ["token-endpoint"],
  ),
  again(
    "after-token-revocation",
    "Once its family was revoked, a consent token is used up.",
    async (stage, { tokens }) => {
      await revokeToken(stage, tokens.refreshToken);
    },
    ["revocation-endpoint"],
  ),
  again(
    "after-withdrawal",
    "Once the connection was withdrawn, a consent token is used up.",
    async (stage, { subject }) => {
      const [partner, merchant] = [actor(stage, "partner"), actor(stage, "merchant")];
      await harness(stage, "revoke", { user: subject, client: partner.id, via: merchant.id });
    },
    ["revoke"],
  ),
  again(
    "after-source-withdrawal",
    "Once the merchant connection was withdrawn, a consent token is used up.",
    async (stage, { subject }) => {
      await harness(stage, "revoke", { user: subject, client: actor(stage, "merchant").id });
    },
    ["revoke"],
  ),
  again(
    "after-withdrawal-and-return",
    "A consent token stays used up when the user withdrew from the merchant and came back.",
    async (stage, { subject }) => {
      const merchant = actor(stage, "merchant");
      await harness(stage, "revoke", { user: subject, client: merchant.id });
      await connect(stage, subject, merchant);
    },
    ["seed", "revoke"],
  ),
  {
    slug: "again-after-direct-withdrawal",
    level: "SHOULD",
    requirements: ["C11", "C14"],
    attacks: ["CT-21", "CT-30"],
    title: "A consent token is used up once the user withdrew from the partner in another way.",
    does:
      "Redeems a token of a user who is connected to the partner directly as well; revokes the direct connection, presents the token again.",
    expects: "userErrors code INVALID_TOKEN the second time.",
    remedy:
      "A retry is answered only while the token would be good: consent from before a withdrawal is not. What was used says INVALID_TOKEN.",
    needs: ["client", "seed", "sign", "revoke"],
    run: async (stage) => {
      const partner = actor(stage, "partner");
      const subject = await user(stage, partner, actor(stage, "merchant"));
      const token = await consent(stage, { user: subject });
      await control("a first redemption", async () => granted(await redeem(stage, token)));
      await harness(stage, "revoke", { user: subject, client: partner.id });
      refused(await redeem(stage, token), "INVALID_TOKEN");
    },
  },
  again(
    "after-suspension",
    "While the user is suspended, a used consent token stays refused.",
    async (stage, { subject }) => {
      await harness(stage, "user-status", { user: subject, status: "suspended" });
    },
    ["user-status"],
  ),
  again(
    "after-deletion",
    "That a consent token was used survives the deletion of the user.",
    async (stage, { subject }) => {
      await harness(stage, "user-status", { user: subject, status: "deleted" });
    },
    ["user-status"],
  ),
  {
    slug: "again-by-another-partner",
    level: "MUST",
    requirements: ["C4", "C11"],
    attacks: ["CT-15"],
    title: "Another partner who presents a used token gets nothing.",
    does: "Redeems a token, then presents it as another partner.",
    expects: "userErrors code INVALID_TOKEN.",
    remedy: "Compare client_id with the authenticated client before the redemption is looked up.",
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
    title: "Another token with a used jti is refused.",
    does: "Redeems a token, then presents another of the same issuer with the same jti.",
    expects: "userErrors code INVALID_TOKEN.",
    remedy: "A retry is the same bytes: compare a digest of the whole token.",
    needs: ["client", "merchant-user", "sign"],
    run: async (stage) => {
      const subject = await user(stage, actor(stage, "merchant"));
      const good = draft(stage, { user: subject });
      await control(
        "a first redemption",
        async () => granted(await redeem(stage, await sign(stage, good))),
      );
      const other = { ...good, claims: { ...good.claims, exp: Number(good.claims["exp"]) - 1 } };
      refused(await redeem(stage, await sign(stage, other)), "INVALID_TOKEN");
    },
  },
  {
    slug: "retry-window",
    level: "MAY",
    requirements: ["C11"],
    attacks: ["CT-21"],
    title: "The retry window ends in the declared second.",
    does: "Presents a token again in the last second of the window, and in the next.",
    expects: "The same refresh token, then INVALID_TOKEN.",
    remedy:
      "Answer again while now < redeemed + consentRetrySeconds and while the token itself is good.",
    needs: [
      "client",
      "merchant-user",
      "sign",
      "clock",
      "retry",
      "policy:consentRetrySeconds",
      "policy:consentMaxLifetimeSeconds",
    ],
    run: async (stage) => {
      await freeze(stage);
      const { consentRetrySeconds: retry = 0, consentMaxLifetimeSeconds: longest = 0 } =
        stage.target.policy;
      const subject = await user(stage, actor(stage, "merchant"));
      const token = await consent(stage, { user: subject, lifetimeSeconds: longest });
      const { refreshToken } = granted(await redeem(stage, token));
      const last = Math.min(retry, longest) - 1;
      await advance(stage, last);
      equal(granted(await redeem(stage, token)).refreshToken, refreshToken, "the refresh token");
      await advance(stage, retry - last);
      refused(await redeem(stage, token), "INVALID_TOKEN");
    },
  },
  {
    slug: "retry-past-exp",
    level: "MAY",
    requirements: ["C11", "C5"],
    attacks: ["CT-21"],
    title:
      "A retry is answered as long as the token is good: past exp, for the difference forgiven.",
    does:
      "Redeems a token that lives for one second; presents it again in the last second in which both window and token are good, and once the token is not.",
    expects: "The same refresh token, then INVALID_TOKEN.",
    remedy:
      "Judge the time of a retry as that of a first redemption: refused from exp + consentSkewSeconds on.",
    needs: [
      "client",
      "merchant-user",
      "sign",
      "clock",
      "retry",
      "policy:consentRetrySeconds",
      "policy:consentSkewSeconds",
    ],
    run: async (stage) => {
      await freeze(stage);
      const { consentRetrySeconds: retry = 0, consentSkewSeconds: skew = 0 } = stage.target.policy;
      const subject = await user(stage, actor(stage, "merchant"));
      const token = await consent(stage, { user: subject, lifetimeSeconds: 1 });
      const { refreshToken } = granted(await redeem(stage, token));
      const good = 1 + skew;
      const last = Math.min(retry, good) - 1;
      await advance(stage, last);
      equal(granted(await redeem(stage, token)).refreshToken, refreshToken, "the refresh token");
      await advance(stage, good - last);
      refused(await redeem(stage, token), "INVALID_TOKEN");
    },
  },
  {
    slug: "retry-narrowed",
    level: "MAY",
    requirements: ["C11", "R1"],
    title: "A retry is answered with the scope that is effective then.",
    does: "Redeems a token, narrows the merchant connection, presents the token again.",
    expects: "The same refresh token, with the narrower scope.",
    remedy: "Compute the scope when the answer is made.",
    needs: ["client", "merchant-user", "sign", "retry", "narrow"],
    run: async (stage) => {
      const { subject, token, tokens } = await redeemed(stage);
      const scope = someScope(stage.target, 1);
      await harness(stage, "narrow", { user: subject, client: actor(stage, "merchant").id, scope });
      const second = granted(await redeem(stage, token));
      equal(second.refreshToken, tokens.refreshToken, "the refresh token");
      equalScope(second.scope, scope);
    },
  },
  {
    slug: "replay-after-expiry",
    level: "SHOULD",
    requirements: ["C13", "C5"],
    attacks: ["CT-23"],
    title: "A used token stays used, also when the clock steps back.",
    does:
      "Redeems a token; presents it past its expiry, half an hour later, and after a step back into its lifetime.",
    expects: "userErrors code INVALID_TOKEN, three times.",
    remedy: "Remember redemptions for an hour longer than the token could be good.",
    needs: [
      "client",
      "merchant-user",
      "sign",
      "clock",
      "policy:consentRetrySeconds",
      "policy:consentMaxLifetimeSeconds",
    ],
    run: async (stage) => {
      await freeze(stage);
      const begun = now(stage);
      const { consentRetrySeconds: retry = 0, consentMaxLifetimeSeconds: longest = 0 } =
        stage.target.policy;
      const subject = await user(stage, actor(stage, "merchant"));
      const token = await consent(stage, { user: subject, lifetimeSeconds: longest });
      granted(await redeem(stage, token));
      for (const moment of [longest, longest + 1800, Math.min(retry, longest - 1)]) {
        await freeze(stage, begun + moment);
        if (moment >= retry) refused(await redeem(stage, token), "INVALID_TOKEN");
      }
    },
  },
];

/** At least one success, and one refresh token among all of them. */
function judgeBurst(answers: readonly FetchAnswer[]): void {
  const successes = answers.filter(({ code, payload }) => code === null && payload !== null);
  const distinct = new Set(successes.map((answer) => granted(answer).refreshToken));
  check(distinct.size > 0, "at least one success", describeAnswer(answers[0] as FetchAnswer));
  check(
    distinct.size === 1,
    "one refresh token",
    `${distinct.size} in ${successes.length} successes`,
  );
}

/** A refused token that leaves the genuine one as good as before. */
function burnsNothing(
  slug: string,
  title: string,
  attempt: (stage: Stage, good: ReturnType<typeof draft>) => Promise<FetchAnswer>,
  needs: readonly Need[] = [],
): CaseSpec {
  return {
    slug: `burns-nothing-${slug}`,
    level: "SHOULD",
    requirements: ["C6"],
    attacks: ["CT-24", "CT-15"],
    title,
    does: "Presents it, then the genuine token with the same jti.",
    expects: "INVALID_TOKEN, then tokens.",
    remedy: "Verify first, consume last: nothing is written unless tokens are issued.",
    needs: ["client", "merchant-user", "sign", ...needs],
    run: async (stage) => {
      await controlConsent(stage);
      const good = draft(stage, { user: await user(stage, actor(stage, "merchant")) });
      const token = await sign(stage, good);
      refused(await attempt(stage, good), "INVALID_TOKEN");
      granted(await redeem(stage, token));
    },
  };
}

const BURNS_NOTHING: readonly CaseSpec[] = [
  burnsNothing(
    "forged",
    "A forged token does not use up a genuine jti.",
    async (stage, { header, claims }) =>
      await redeem(
        stage,
        await signAnything(stage, { ...header, alg: "ES256" }, claims, signWith(ATTACKER)),
      ),
  ),
  burnsNothing(
    "wrong-audience",
    "A token for another server does not use up the jti.",
    async (stage, good) =>
      await redeem(
        stage,
        await sign(stage, {
          ...good,
          claims: { ...good.claims, aud: "https://another.server.invalid" },
        }),
      ),
  ),
  burnsNothing("expired", "An expired token does not use up the jti.", async (stage, good) => {
    const [iat, exp] = [Number(good.claims["iat"]) - 7200, Number(good.claims["exp"]) - 7200];
    return await redeem(
      stage,
      await sign(stage, { ...good, claims: { ...good.claims, iat, exp } }),
    );
  }),
  burnsNothing(
    "other-partner",
    "A token that another partner presents can still be redeemed by its own.",
    async (stage, good) =>
      await redeem(stage, await sign(stage, good), actor(stage, "otherPartner")),
    ["second-client"],
  ),
  burnsNothing(
    "for-other-partner",
    "A token for another partner with the same jti uses up nothing.",
    async (stage, good) => {
      const { id } = actor(stage, "otherPartner");
      return await redeem(
        stage,
        await sign(stage, { ...good, claims: { ...good.claims, client_id: id } }),
      );
    },
    ["second-client"],
  ),
  {
    slug: "burns-nothing-no-consent",
    level: "SHOULD",
    requirements: ["C6", "C9"],
    title: "A token refused for want of consent can be redeemed once there is consent.",
    does:
      "Presents a token of a user without a merchant connection, connects the user, presents it again.",
    expects: "NO_CONSENT, then tokens.",
    remedy: "Consume the jti only in the step that issues tokens.",
    needs: ["client", "seed", "sign"],
    run: async (stage) => {
      await controlConsent(stage);
      const subject = await user(stage);
      const token = await consent(stage, { user: subject });
      refused(await redeem(stage, token), "NO_CONSENT");
      await connect(stage, subject, actor(stage, "merchant"));
      granted(await redeem(stage, token));
    },
  },
  {
    slug: "refusal-establishes-nothing",
    level: "SHOULD",
    requirements: ["C9"],
    title: "A refused token establishes no connection.",
    does: "Presents a token with an empty scope, then asks by public id.",
    expects: "NO_CONSENT, twice.",
    remedy: "Establish and issue in one transaction.",
    needs: ["client", "seed", "sign"],
    run: async (stage) => {
      await controlConsent(stage);
      const subject = await user(stage, actor(stage, "merchant"));
      refused(
        await redeem(stage, await consent(stage, { user: subject, scope: "" })),
        "NO_CONSENT",
      );
      refused(await fetchTokens(stage, { publicId: subject }), "NO_CONSENT");
    },
  },
  {
    slug: "jti-of-each-issuer",
    level: "SHOULD",
    requirements: ["C13"],
    title: "Two issuers may use the same jti.",
    does: "Redeems a token of each of two issuers with the same jti.",
    expects: "Tokens, twice.",
    remedy: "The key of a redemption is (iss, jti).",
    needs: ["client", "seed", "issuers"],
    run: async (stage) => {
      const merchant = actor(stage, "otherMerchant");
      const claims = { jti: `shared-${stage.random.below(1e9)}-${now(stage)}` };
      for (const name of ["issuer", "otherIssuer"] as const) {
        const issuer = offered(stage.target[name], "issuers");
        const subject = await user(stage, merchant);
        granted(
          await redeem(stage, await consent(stage, { user: subject, merchant, issuer, claims })),
        );
      }
    },
  },
];

const SAME_ANSWER: readonly CaseSpec[] = [
  {
    slug: "one-message",
    level: "SHOULD",
    requirements: ["C1"],
    attacks: ["SY-02"],
    title: "The answer does not tell one flaw from another.",
    does:
      "Presents garbage, a forged, an expired and a misdirected token, and one for another partner.",
    expects: "The same body, five times.",
    remedy: "One fixed message for INVALID_TOKEN; the reason goes to the audit log.",
    needs: ["client", "second-client", "merchant-user", "sign"],
    run: async (stage) => {
      const good = draft(stage, { user: await user(stage, actor(stage, "merchant")) });
      const { claims, header } = good;
      const past = { iat: Number(claims["iat"]) - 7200, exp: Number(claims["exp"]) - 7200 };
      const flaws = [past, { aud: "https://another.server.invalid" }, {
        client_id: actor(stage, "otherPartner").id,
      }];
      const tokens = [
        "garbage",
        await signAnything(stage, { ...header, alg: "ES256" }, claims, signWith(ATTACKER)),
        ...await Promise.all(
          flaws.map((flaw) => sign(stage, { header, claims: { ...claims, ...flaw } })),
        ),
      ];
      const bodies: string[] = [];
      for (const token of tokens) {
        const answer = await redeem(stage, token);
        refused(answer, "INVALID_TOKEN");
        bodies.push(JSON.stringify(answer.payload));
      }
      for (const body of bodies) equal(body, bodies[0], "the payload");
    },
  },
  {
    slug: "precedence",
    level: "MAY",
    requirements: ["C8"],
    title: "The token is judged before the user, and the user before the consent.",
    does:
      "Presents an expired token of an unknown user, then a good one without a merchant connection.",
    expects: "INVALID_TOKEN, then NO_USER.",
    remedy: "Judge in this order: an invalid token must not tell who exists.",
    needs: ["client", "second-client", "sign"],
    run: async (stage) => {
      const good = draft(stage, { user: "nobody-at-all" });
      const { iat, exp } = good.claims;
      const past = { iat: Number(iat) - 7200, exp: Number(exp) - 7200 };
      refused(
        await redeem(stage, await sign(stage, { ...good, claims: { ...good.claims, ...past } })),
        "INVALID_TOKEN",
      );
      refused(await redeem(stage, await sign(stage, good)), "NO_USER");
    },
  },
];

/** A withdrawal that older consent must not undo. */
function withdrawn(
  slug: string,
  title: string,
  withdraw: (
    stage: Stage,
    subject: string,
    parties: { partner: Party; merchant: Party },
  ) => Promise<void>,
  needs: readonly Need[],
): CaseSpec {
  return {
    slug: `withdrawn-${slug}`,
    level: "SHOULD",
    requirements: ["C14"],
    attacks: ["CT-30"],
    title,
    does:
      "Stops the clock, signs two tokens, withdraws, presents the older one in the same second; a second later signs and presents a new one.",
    expects:
      "NO_CONSENT for the token signed before or in the second of the withdrawal; tokens for the new one.",
    remedy: "Remember when the user last withdrew, and compare it with iat: consent must be later.",
    needs: ["client", "seed", "sign", "clock", ...needs],
    run: async (stage) => {
      await freeze(stage);
      const parties = { partner: actor(stage, "partner"), merchant: actor(stage, "merchant") };
      const subject = await user(stage, parties.merchant);
      await control(
        "a consent token before the withdrawal",
        async () =>
          granted(
            await redeem(stage, await consent(stage, { user: subject, issuedAt: now(stage) - 2 })),
          ),
      );
      const before = await consent(stage, { user: subject, issuedAt: now(stage) - 1 });
      const meanwhile = await consent(stage, { user: subject, issuedAt: now(stage) });
      await withdraw(stage, subject, parties);
      refused(await redeem(stage, before), "NO_CONSENT");
      refused(await redeem(stage, meanwhile), "NO_CONSENT");
      await advance(stage, 1);
      granted(await redeem(stage, await consent(stage, { user: subject })));
    },
  };
}

const WITHDRAWN: readonly CaseSpec[] = [
  withdrawn(
    "from-merchant",
    "Consent from before a withdrawal from the merchant is void, also once the user is back.",
    async (stage, subject, { merchant }) => {
      await harness(stage, "revoke", { user: subject, client: merchant.id });
      await connect(stage, subject, merchant);
    },
    ["revoke"],
  ),
  withdrawn(
    "from-partner",
    "Consent from before a withdrawal from the partner is void.",
    async (stage, subject, { partner, merchant }) => {
      await harness(stage, "revoke", { user: subject, client: partner.id, via: merchant.id });
    },
    ["revoke"],
  ),
  withdrawn(
    "by-disconnecting",
    "Consent from before the user disconnected from the partner is void.",
    async (stage, subject, { partner }) => {
      await harness(stage, "disconnect", { user: subject, client: partner.id });
    },
    ["disconnect"],
  ),
  ...(["partner", "merchant"] as const).map((name): CaseSpec => ({
    slug: `withdrawn-without-connection-${name}`,
    level: "SHOULD",
    requirements: ["C14"],
    attacks: ["CT-30", "SC-11"],
    title: `To disconnect from a ${name} to whom there is no connection yet is a withdrawal, too.`,
    does:
      `Signs a token, disconnects the user from the ${name} where there is no connection, presents the token; a second later signs and presents a new one.`,
    expects: "NO_CONSENT for the token from before; tokens for the new one.",
    remedy:
      "Remember the moment whether or not there was a connection to end: a consent token may still be on its way.",
    needs: ["client", "seed", "sign", "clock", "disconnect"],
    run: async (stage) => {
      await freeze(stage);
      await controlConsent(stage);
      const merchant = actor(stage, "merchant");
      const subject = await user(stage, ...(name === "partner" ? [merchant] : []));
      const before = await consent(stage, { user: subject, issuedAt: now(stage) - 1 });
      await harness(stage, "disconnect", { user: subject, client: actor(stage, name).id });
      if (name === "merchant") await connect(stage, subject, merchant);
      refused(await redeem(stage, before), "NO_CONSENT");
      await advance(stage, 1);
      granted(await redeem(stage, await consent(stage, { user: subject })));
    },
  })),
  {
    slug: "withdrawn-is-dead",
    level: "SHOULD",
    requirements: ["R2", "R3"],
    attacks: ["SC-11"],
    title: "After a withdrawal the tokens of a redemption are dead.",
    does:
      "Redeems a token, withdraws the delegated connection, asks whether the access token lives.",
    expects: "Alive before, dead after.",
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

/** Cases about redemption. */
export const ONCE_CASES: readonly CaseSpec[] = [
  ...POSITIVE,
  ...AGAIN,
  ...BURNS_NOTHING,
  ...SAME_ANSWER,
  ...WITHDRAWN,
];
