/**
 * What the first presentation of a consent token does, and what a refused one leaves untouched
 * (C1, C6, C8, C9, C12, C13).
 * @module
 */
import type { CaseSpec } from "../../case.ts";
import type { Need } from "../../needs.ts";
import { anyConsent, consent, controlConsent, draft, sign } from "../../stage/consents.ts";
import { fetchTokens, granted, redeem, refused } from "../../stage/product.ts";
import { actor, connect, now, user } from "../../stage/stage.ts";
import { offered } from "../../target/target.ts";
import { equal } from "../../verdict.ts";
import { type Change, FORGED, type Variation, vary } from "./flaw.ts";

const ELSEWHERE: Change = { aud: "https://another.server.invalid" };
const EXPIRED: Change = ({ claims }) => ({
  iat: Number(claims["iat"]) - 7200,
  exp: Number(claims["exp"]) - 7200,
});
const FOR_OTHER_PARTNER: Change = (_, stage) => ({ client_id: actor(stage, "otherPartner").id });

/** A refused presentation that must leave the genuine token valid. */
interface Attempt extends Variation {
  readonly slug: string;
  readonly title: string;
  /** Who presents it, if not the partner. */
  readonly as?: "otherPartner";
  readonly needs?: readonly Need[];
}

const ATTEMPTS: readonly Attempt[] = [
  {
    slug: "burns-nothing-forged",
    title: "A forged token does not use up a genuine jti.",
    ...FORGED,
  },
  {
    slug: "burns-nothing-wrong-audience",
    title: "A token for another server does not use up its jti.",
    claims: ELSEWHERE,
  },
  {
    slug: "burns-nothing-expired",
    title: "An expired token does not use up its jti.",
    claims: EXPIRED,
  },
  {
    slug: "burns-nothing-other-partner",
    title: "A token that another partner presented can still be redeemed.",
    as: "otherPartner",
    needs: ["second-client"],
  },
  {
    slug: "burns-nothing-for-other-partner",
    title: "A token for another partner does not use up its jti.",
    claims: FOR_OTHER_PARTNER,
    needs: ["second-client"],
  },
];

function burnsNothing({ slug, title, as, needs = [], ...flaw }: Attempt): CaseSpec {
  return {
    slug,
    level: "SHOULD",
    requirements: ["C6"],
    attacks: ["CT-24", "CT-15"],
    title,
    does: "Presents the refused token, then the genuine token with the same jti.",
    expects: "INVALID_TOKEN, then tokens.",
    remedy: "Verify first, consume last: write nothing unless you issue tokens.",
    needs: ["client", "merchant-user", "sign", ...needs],
    run: async (stage) => {
      await controlConsent(stage);
      const good = draft(stage, { user: await user(stage, actor(stage, "merchant")) });
      const genuine = await sign(stage, good);
      const attempt = await vary(stage, good, flaw);
      refused(await redeem(stage, attempt, actor(stage, as ?? "partner")), "INVALID_TOKEN");
      granted(await redeem(stage, genuine));
    },
  };
}

/** Cases about first presentations. */
export const REDEMPTION: readonly CaseSpec[] = [
  {
    slug: "redeem",
    level: "MUST",
    requirements: ["C9", "C8"],
    title: "A valid consent token is answered with tokens and its sub as publicId.",
    remedy:
      "Look at the claims of the token in the request below, and compare them with your own checks.",
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
    title: "After a redemption, the public id alone is enough.",
    does: "Requests tokens by public id, redeems a consent token, requests by public id again.",
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
  ...ATTEMPTS.map(burnsNothing),
  {
    slug: "burns-nothing-no-consent",
    level: "SHOULD",
    requirements: ["C6", "C9"],
    title: "A token refused with NO_CONSENT can be redeemed once the user has consented.",
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
    title: "A refused token does not establish a connection.",
    does: "Presents a token with an empty scope, then requests tokens by public id.",
    expects: "NO_CONSENT, twice.",
    remedy: "Establish the connection and issue tokens in one transaction.",
    needs: ["client", "seed", "sign"],
    run: async (stage) => {
      await controlConsent(stage);
      const subject = await user(stage, actor(stage, "merchant"));
      const token = await consent(stage, { user: subject, scope: "" });
      refused(await redeem(stage, token), "NO_CONSENT");
      refused(await fetchTokens(stage, { publicId: subject }), "NO_CONSENT");
    },
  },
  {
    slug: "jti-of-each-issuer",
    level: "SHOULD",
    requirements: ["C13"],
    title: "Two issuers may use the same jti.",
    remedy: "The key of a redemption is (iss, jti).",
    needs: ["client", "seed", "issuers"],
    run: async (stage) => {
      const merchant = actor(stage, "otherMerchant");
      const claims = { jti: `shared-${stage.random.below(1e9)}-${now(stage)}` };
      for (const name of ["issuer", "otherIssuer"] as const) {
        const issuer = offered(stage.target[name], "issuers");
        const subject = await user(stage, merchant);
        const token = await consent(stage, { user: subject, merchant, issuer, claims });
        granted(await redeem(stage, token));
      }
    },
  },
  {
    slug: "one-message",
    level: "SHOULD",
    requirements: ["C1"],
    attacks: ["SY-02"],
    title: "All invalid tokens get the same answer.",
    does:
      "Presents garbage, a forged token, an expired one, one for another server and one for another partner.",
    remedy: "Use one fixed message for INVALID_TOKEN. The reason belongs in the audit log.",
    needs: ["client", "second-client", "merchant-user", "sign"],
    run: async (stage) => {
      const good = draft(stage, { user: await user(stage, actor(stage, "merchant")) });
      const tokens = ["garbage"];
      const flaws = [
        FORGED,
        ...[EXPIRED, ELSEWHERE, FOR_OTHER_PARTNER].map((claims) => ({ claims })),
      ];
      for (const flaw of flaws) tokens.push(await vary(stage, good, flaw));
      const payloads: string[] = [];
      for (const token of tokens) {
        const answer = await redeem(stage, token);
        refused(answer, "INVALID_TOKEN");
        payloads.push(JSON.stringify(answer.payload));
      }
      for (const payload of payloads) equal(payload, payloads[0], "the payload");
    },
  },
  {
    slug: "precedence",
    level: "MAY",
    requirements: ["C8"],
    title: "The token is checked before the user, and the user before the consent.",
    does: "Presents an expired token for an unknown user, then a valid one for the same user.",
    expects: "INVALID_TOKEN, then NO_USER.",
    remedy: "Check in this order: an invalid token must not reveal who exists.",
    needs: ["client", "second-client", "sign"],
    run: async (stage) => {
      const good = draft(stage, { user: "nobody-at-all" });
      const expired = await vary(stage, good, { claims: EXPIRED });
      refused(await redeem(stage, expired), "INVALID_TOKEN");
      refused(await redeem(stage, await sign(stage, good)), "NO_USER");
    },
  },
];
