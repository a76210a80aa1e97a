/**
 * Whom a consent token is from, for and about: issuer, audience, partner, merchant, user (C4, C8).
 * @module
 */
import { signWith } from "../../base/jws.ts";
import type { CaseSpec } from "../../case.ts";
import { ATTACKER } from "../../stage/attacker.ts";
import { consent, controlConsent, flawedConsent } from "../../stage/consents.ts";
import { notGranted, redeem, refused } from "../../stage/product.ts";
import { actor, unknownUser, user } from "../../stage/stage.ts";
import { offered } from "../../target/target.ts";
import { type Flaw, flawed } from "./flaw.ts";

const EXACT = "Compare byte by byte: no prefixes, no trailing slash, no case folding.";
const ONE_AUDIENCE = "aud is this server's identifier, or a list that holds nothing else.";

/** A token that names an issuer or an audience, in a way that it should not. */
type Party = Omit<Flaw, "requirements" | "remedy"> & Partial<Flaw>;

const AUDIENCE: readonly Party[] = [
  {
    slug: "aud-other",
    level: "MUST",
    what: "for another server",
    claims: { aud: "https://another.server.invalid" },
    ready: "wrongAudience",
  },
  {
    slug: "aud-prefix",
    level: "MUST",
    what: "whose aud is a prefix of this server's identifier",
    claims: ({ claims }) => ({ aud: String(claims["aud"]).slice(0, -1) }),
  },
  {
    slug: "aud-longer",
    level: "MUST",
    what: "whose aud starts with this server's identifier",
    claims: ({ claims }) => ({ aud: `${claims["aud"]}.evil.invalid` }),
  },
  {
    slug: "aud-slash",
    level: "MUST",
    what: "whose aud has an additional trailing slash",
    claims: ({ claims }) => ({ aud: `${claims["aud"]}/` }),
  },
  {
    slug: "aud-null",
    level: "MUST",
    what: "whose aud is null",
    claims: { aud: null },
    remedy: ONE_AUDIENCE,
  },
  {
    slug: "aud-empty-list",
    level: "MUST",
    what: "whose aud is an empty list",
    claims: { aud: [] },
    remedy: ONE_AUDIENCE,
  },
  {
    slug: "aud-object",
    level: "MUST",
    what: "whose aud is an object",
    claims: ({ claims }) => ({ aud: { 0: claims["aud"] } }),
    remedy: ONE_AUDIENCE,
  },
  {
    slug: "aud-two",
    level: "MAY",
    what: "for this server and another",
    claims: ({ claims }) => ({ aud: [claims["aud"], "https://another.server.invalid"] }),
    remedy: "Accept a list of at most one: a token for two servers can be redeemed at both.",
  },
];

const ISSUER: readonly Party[] = [
  {
    slug: "iss-unknown",
    level: "MUST",
    what: "from an unknown issuer",
    claims: { iss: "https://unknown.issuer.invalid" },
  },
  {
    slug: "unknown-issuer-own-key",
    level: "MUST",
    requirements: ["C2", "C4"],
    what: "from an unknown issuer, signed with that issuer's own key",
    header: { alg: "ES256", kid: ATTACKER.kid },
    claims: { iss: "https://attacker.invalid" },
    by: () => signWith(ATTACKER),
    remedy: "Trust configured issuers only; never discover one from a token.",
  },
  {
    slug: "iss-slash",
    level: "SHOULD",
    what: "whose iss has an additional trailing slash",
    claims: ({ claims }) => ({ iss: `${claims["iss"]}/` }),
  },
  {
    slug: "iss-case",
    level: "SHOULD",
    what: "whose iss is in upper case",
    claims: ({ claims }) => ({ iss: String(claims["iss"]).toUpperCase() }),
  },
  {
    slug: "iss-number",
    level: "SHOULD",
    what: "whose iss is a number",
    claims: { iss: 1 },
    remedy: "Require iss to be a string.",
  },
  {
    slug: "iss-prototype",
    level: "MUST",
    what: "whose iss is __proto__",
    claims: { iss: "__proto__" },
    remedy: "Keep issuers in a map, not in a plain object.",
  },
];

const PARTNER: readonly CaseSpec[] = [
  flawed({
    slug: "azp-is-partner",
    level: "SHOULD",
    requirements: ["C4"],
    what: "whose merchant is the partner itself",
    claims: ({ claims }) => ({ azp: claims["client_id"] }),
    remedy: "Refuse an azp that equals client_id: nobody delegates to themselves.",
  }),
  {
    slug: "other-partner",
    level: "MUST",
    requirements: ["C1", "C4.1"],
    attacks: ["CT-15"],
    title: "A consent token for another partner is refused with INVALID_TOKEN.",
    remedy: "Compare client_id with the authenticated client.",
    needs: ["client"],
    run: async (stage) => {
      const ready = flawedConsent(stage, "otherClient");
      if (ready !== null) return refused(await redeem(stage, ready), "INVALID_TOKEN");
      await controlConsent(stage);
      const token = await consent(stage, { user: await user(stage, actor(stage, "merchant")) });
      refused(await redeem(stage, token, actor(stage, "otherPartner")), "INVALID_TOKEN");
    },
  },
  {
    slug: "other-partner-connected",
    level: "MUST",
    requirements: ["C4.1"],
    attacks: ["CT-15"],
    title: "A consent token for another partner is refused even if the caller has a connection.",
    does: "The user is connected directly to the partner that presents another partner's token.",
    remedy: "Judge the token; do not fall back to a connection that happens to exist.",
    needs: ["client", "second-client", "seed", "sign"],
    run: async (stage) => {
      await controlConsent(stage);
      const otherPartner = actor(stage, "otherPartner");
      const subject = await user(stage, actor(stage, "merchant"), otherPartner);
      notGranted(await redeem(stage, await consent(stage, { user: subject }), otherPartner));
    },
  },
  {
    slug: "merchant-of-another-issuer",
    level: "SHOULD",
    requirements: ["C1", "C4"],
    attacks: ["CT-31"],
    title: "An issuer may speak only for its own merchants.",
    does: "An issuer signs a token about a merchant that only another issuer may speak for.",
    expects: "userErrors code INVALID_TOKEN. The issuer's own merchant is accepted.",
    remedy: "List the merchants of each issuer, and compare azp with the list.",
    needs: ["client", "seed", "issuers"],
    run: async (stage) => {
      const other = offered(stage.target.otherIssuer, "issuers");
      const [own, foreign] = [actor(stage, "otherMerchant"), actor(stage, "merchant")];
      await controlConsent(stage, { issuer: other, merchant: own });
      const subject = await user(stage, own, foreign);
      const token = await consent(stage, { user: subject, issuer: other, merchant: foreign });
      refused(await redeem(stage, token), "INVALID_TOKEN");
    },
  },
];

/** Valid tokens for which there is nobody, or nothing, to issue tokens for. */
const NOTHING_TO_GRANT: readonly CaseSpec[] = [
  flawed({
    slug: "unknown-user",
    level: "SHOULD",
    requirements: ["C8", "P1"],
    what: "for an unknown user",
    code: "NO_USER",
    claims: () => ({ sub: unknownUser() }),
    remedy: "Check the token first, then the user, then the consent.",
  }),
  flawed({
    slug: "unknown-merchant",
    level: "SHOULD",
    requirements: ["C8", "P2"],
    what: "from a merchant to which the user is not connected",
    code: "NO_CONSENT",
    claims: (_, stage) => ({ azp: actor(stage, "otherMerchant").id }),
    remedy: "The source is the user's own connection with the merchant that azp names.",
    needs: ["seed"],
  }),
  flawed({
    slug: "no-scope",
    level: "SHOULD",
    requirements: ["C8", "P2"],
    attacks: ["SC-01", "SC-02"],
    what: "without scope",
    code: "NO_CONSENT",
    claims: { scope: undefined },
    remedy: "A missing scope means no scope, never all.",
  }),
  flawed({
    slug: "empty-scope",
    level: "SHOULD",
    requirements: ["C8", "P2"],
    attacks: ["SC-01", "SC-02"],
    what: "with an empty scope",
    code: "NO_CONSENT",
    claims: { scope: "" },
    remedy: "An empty scope means no scope, never all.",
  }),
  flawed({
    slug: "foreign-scope",
    level: "SHOULD",
    requirements: ["C8", "P2"],
    attacks: ["SC-01", "SC-02"],
    what: "whose scope nobody consented to",
    code: "NO_CONSENT",
    claims: { scope: "admin" },
    remedy:
      "Issue what token, source and registration have in common. If that is nothing, answer NO_CONSENT.",
  }),
];

/** Cases about the parties of a consent token. */
export const PARTIES: readonly CaseSpec[] = [
  ...AUDIENCE.map((row) =>
    flawed({
      requirements: [row.level === "MUST" ? "C4.2" : "C4"],
      attacks: ["CT-14"],
      remedy: EXACT,
      ...row,
    })
  ),
  ...ISSUER.map((row) =>
    flawed({ requirements: ["C4"], attacks: ["CT-11"], remedy: EXACT, ...row })
  ),
  ...PARTNER,
  ...NOTHING_TO_GRANT,
];
