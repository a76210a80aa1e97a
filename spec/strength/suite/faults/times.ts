/**
 * Consent tokens that are good too long, too early, or not long enough (C5).
 * @module
 */
import type { Fault } from "../fault.ts";

const CONSENT = "core/consent.ts";
const DESTRUCTURED = "const { iss, sub, client_id, azp, iat, nbf, exp, jti } = claims;";

/** The faults. */
export const TIMES: readonly Fault[] = [
  {
    id: "expiry-ignored",
    title: "Consent tokens never expire.",
    rules: ["C5"],
    attacks: ["CT-17"],
    edits: [[CONSENT, 'if (now >= expiresAt + skew) return "consent_expired";', ""]],
    caughtBy: [
      "consent-token/expired",
      "consent-token/expired-long-ago",
      "consent-token/edge-exp-skew-past",
    ],
  },
  {
    id: "expires-a-second-early",
    title: "A consent token is refused one second too early.",
    rules: ["C5"],
    attacks: ["CT-17"],
    edits: [[CONSENT, "if (now >= expiresAt + skew)", "if (now + 1 >= expiresAt + skew)"]],
    caughtBy: ["consent-token/edge-exp-skew-last"],
  },
  {
    id: "no-skew-at-expiry",
    title: "No clock difference is forgiven at expiry, whatever is declared.",
    rules: ["C5"],
    attacks: ["CT-17"],
    edits: [[CONSENT, "if (now >= expiresAt + skew)", "if (now >= expiresAt)"]],
    caughtBy: ["consent-token/edge-exp-skew-last"],
  },
  {
    id: "expiry-optional",
    title: "A consent token without exp lives for five minutes.",
    rules: ["C4", "C5"],
    attacks: [],
    edits: [[
      CONSENT,
      DESTRUCTURED,
      'const { iss, sub, client_id, azp, iat, nbf, jti } = claims; const exp = claims["exp"] ?? Number(iat) + 300;',
    ]],
    caughtBy: ["consent-token/exp-missing", "consent-token/exp-null"],
  },
  {
    id: "times-coerced",
    title: "Texts are taken for times.",
    rules: ["C5"],
    attacks: ["CT-19"],
    edits: [
      [
        CONSENT,
        DESTRUCTURED,
        `const { iss, sub, client_id, azp, jti } = claims;
         const [iat, exp] = [Number(claims["iat"]), Number(claims["exp"])];
         const nbf = claims["nbf"] === undefined ? undefined : Number(claims["nbf"]);`,
      ],
    ],
    caughtBy: [
      "consent-token/exp-text",
      "consent-token/iat-text",
      "consent-token/nbf-text",
      "consent-token/nbf-null",
    ],
  },
  {
    id: "fractions",
    title: "Times may have fractions.",
    rules: ["C4"],
    attacks: [],
    edits: [[
      CONSENT,
      "return Number.isSafeInteger(value) && (value as number) >= 0;",
      "return Number.isFinite(value);",
    ]],
    caughtBy: ["consent-token/exp-fraction"],
  },
  {
    id: "future-accepted",
    title: "A consent token may be issued in the future.",
    rules: ["C5"],
    attacks: ["CT-18", "CT-19"],
    edits: [
      [CONSENT, "if (issuedAt > now + skew || (notBefore ?? 0)", "if ((notBefore ?? 0)"],
    ],
    caughtBy: [
      "consent-token/issued-in-the-future",
      "consent-token/issued-far-in-the-future",
      "consent-token/edge-iat-skew-past",
    ],
  },
  {
    id: "no-skew-at-beginning",
    title: "No clock difference is forgiven at the beginning, whatever is declared.",
    rules: ["C5"],
    attacks: ["CT-19"],
    edits: [[
      CONSENT,
      "if (issuedAt > now + skew || (notBefore ?? 0) > now + skew)",
      "if (issuedAt > now || (notBefore ?? 0) > now)",
    ]],
    caughtBy: ["consent-token/edge-iat-skew-last", "consent-token/edge-nbf-skew-last"],
  },
  {
    id: "begins-a-second-late",
    title: "A consent token is refused one second too long after its beginning.",
    rules: ["C5"],
    attacks: ["CT-19"],
    edits: [[CONSENT, "if (issuedAt > now + skew ||", "if (issuedAt >= now + skew ||"]],
    caughtBy: ["consent-token/edge-iat-skew-last"],
  },
  {
    id: "not-before-a-second-early",
    title: "A consent token is good one second before nbf allows.",
    rules: ["C5"],
    attacks: ["CT-19"],
    edits: [[CONSENT, "(notBefore ?? 0) > now + skew", "(notBefore ?? 0) > now + skew + 1"]],
    caughtBy: ["consent-token/edge-nbf-skew-past"],
  },
  {
    id: "lifetime-unlimited",
    title: "A consent token may live for ten years.",
    rules: ["C5"],
    attacks: ["CT-18"],
    edits: [[
      CONSENT,
      "return expiresAt - issuedAt > lifetime ?",
      "return expiresAt < 0 ?",
    ]],
    caughtBy: [
      "consent-token/long-lived",
      "consent-token/one-year-old",
      "consent-token/edge-lifetime-too-long",
    ],
  },
  {
    id: "lifetime-from-now",
    title: "What counts is what is left of a consent token, not for how long it was made.",
    rules: ["C5"],
    attacks: ["CT-18"],
    edits: [[CONSENT, "expiresAt - issuedAt > lifetime ?", "expiresAt - now > lifetime + skew ?"]],
    caughtBy: ["consent-token/one-year-old", "consent-token/edge-lifetime-too-long-at-its-end"],
  },
  {
    id: "lifetime-a-second-short",
    title: "The longest lifetime that is declared is refused.",
    rules: ["C5"],
    attacks: ["CT-18"],
    edits: [[CONSENT, "expiresAt - issuedAt > lifetime ?", "expiresAt - issuedAt >= lifetime ?"]],
    caughtBy: ["consent-token/edge-lifetime-longest", "consent-token/edge-ahead-and-longest"],
  },
  {
    id: "order-of-times",
    title: "A consent token may expire before it begins.",
    rules: ["C5"],
    attacks: ["CT-19"],
    edits: [[
      CONSENT,
      'if (issuedAt >= expiresAt || (notBefore ?? issuedAt) >= expiresAt) return "consent_claims";',
      "",
    ]],
    caughtBy: ["consent-token/expires-before-issued", "consent-token/expires-when-issued"],
  },
];
