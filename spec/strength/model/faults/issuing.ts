/**
 * Faults of the mutation: of its input, its consent tokens and what it issues.
 * @module
 */
import { type Fault, fault } from "./fault.ts";

/** Faults of the mutation: of its input, its consent tokens and what it issues. */
export const ISSUING: readonly Fault[] = [
  fault("request.ts", "both-inputs-taken", "two inputs are taken for the public id", [
    "if (publicId !== null && consentToken !== null) {",
    'if (publicId === "" && consentToken !== null) {',
  ]),
  fault(
    "scope.ts",
    "union-for-intersection",
    "scopes are added up where they should be intersected",
    [
      "return a.filter((token) => b.includes(token));",
      "return [...new Set([...a, ...b])].sort();",
    ],
  ),
  fault("fetch.ts", "consume-before-verify", "a flawed consent token is consumed", [
    'if (flaw !== null) return refuse("INVALID_TOKEN", flaw);',
    `if (flaw !== null) {
      const { issuer, jti, digest } = consent;
      const { now } = context;
      const use = { issuer, jti, digest, client: client.id, family: "", redeemedAt: now, keepUntil: now };
      return { ...refuse("INVALID_TOKEN", flaw), changes: [{ type: "consent-redeemed", use }] };
    }`,
  ]),
  fault("fetch.ts", "consent-not-consumed", "a redeemed consent token is not remembered", [
    "...(consent === null ? [] : [redeem(consent, family, context)]),",
    "",
  ]),
  fault("fetch.ts", "replay", "a used consent token starts another family", [
    "if (facts.consentUse !== null) return",
    'if (facts.consentUse !== null && "code" in verified) return',
  ]),
  fault("fetch.ts", "retry-in-other-bytes", "a retry need not present the same bytes", [
    "use.client === client && use.digest === consent.digest &&",
    "use.client === client &&",
  ]),
  fault("fetch.ts", "retry-one-second-longer", "a retry is answered one second too long", [
    "now < use.redeemedAt + settings.consentRetrySeconds",
    "now <= use.redeemedAt + settings.consentRetrySeconds",
  ]),
  fault("fetch.ts", "retry-after-rotation", "a retry is answered after the family was refreshed", [
    "if (!live || family.generation > 0)",
    "if (!live)",
  ]),
  fault("fetch.ts", "retry-widens", "a retry is answered with the connection's scope", [
    "const scope = intersect(family.scope, effectiveScope(standing));",
    "const scope = effectiveScope(standing);",
  ]),
  fault(
    "fetch.ts",
    "withdrawal-of-that-second",
    "a consent of the second of a withdrawal undoes it",
    [
      "if (consent.issuedAt <= withdrawnAt)",
      "if (consent.issuedAt < withdrawnAt)",
    ],
  ),
  fault("fetch.ts", "partner-withdrawal-forgotten", "a withdrawal from the partner is not asked", [
    "    facts.clientWithdrawal?.at ?? -1,\n",
    "",
  ]),
  fault("fetch.ts", "older-consent-governs", "an older consent replaces a newer one", [
    "if (consent.issuedAt < existing.connection.consentedAt) {",
    "if (consent.issuedAt < 0) {",
  ]),
  fault("fetch.ts", "same-second-consent-ignored", "a consent of the same second does not govern", [
    "if (consent.issuedAt < existing.connection.consentedAt) {",
    "if (consent.issuedAt <= existing.connection.consentedAt) {",
  ]),
  fault(
    "fetch.ts",
    "partner-registration-forgotten",
    "a delegation is not cut to the partner's registration",
    [
      "const scope = intersect(intersect(consent.scope, sourceScope), client.scope);",
      "const scope = intersect(consent.scope, sourceScope);",
    ],
  ),
  fault("fetch.ts", "suspended-looks-unconnected", "a suspended user is NO_CONSENT", [
    'if (user?.status === "suspended") return refuse("NO_USER", "user_suspended");',
    'if (user?.status === "suspended") return refuse("NO_CONSENT", "user_suspended");',
  ]),
  fault("fetch.ts", "oldest-consent-serves", "the delegation with the earliest consent serves", [
    "return b.consentedAt - a.consentedAt ||",
    "return a.consentedAt - b.consentedAt ||",
  ]),
  fault("fetch.ts", "ties-the-other-way", "of two equal delegations the later id serves", [
    "(a.id < b.id ? -1 : 1);\n}\n\n/** Selected → verified, by consent token",
    "(a.id < b.id ? 1 : -1);\n}\n\n/** Selected → verified, by consent token",
  ]),
  fault(
    "fetch.ts",
    "unusable-connection-blocks",
    "a direct connection without effective scope blocks the delegations",
    [
      "if (scope.length > 0) return { stage",
      "if (scope.length > 0 || candidate.connection.source === null) return { stage",
    ],
  ),
  fault("fetch.ts", "families-without-bound", "no family is ever evicted", [
    "    ...makeRoom(families, context),\n",
    "",
  ]),
  fault(
    "fetch.ts",
    "jti-forgotten-early",
    "a redeemed token may be forgotten without the margin of an hour",
    [
      "consent.expiresAt + settings.consentSkewSeconds + CLOCK_MARGIN_SECONDS",
      "consent.expiresAt + settings.consentSkewSeconds",
    ],
  ),
  fault("fetch.ts", "facts-sorted-in-place", "candidates are sorted where they stand", [
    "[...facts.candidates].sort(byPrecedence)",
    "(facts.candidates as Candidate[]).sort(byPrecedence)",
  ]),
  fault("consent.ts", "expired-one-second-later", "a consent token lives one second too long", [
    "if (now >= expiresAt + skew)",
    "if (now > expiresAt + skew)",
  ]),
  fault("consent.ts", "future-one-second-further", "a consent token begins one second too early", [
    "if (issuedAt > now + skew ||",
    "if (issuedAt > now + skew + 1 ||",
  ]),
  fault("consent.ts", "nbf-ignored", "not-before is not asked", [
    "|| (notBefore ?? 0) > now + skew) return",
    ") return",
  ]),
  fault(
    "consent.ts",
    "lifetime-one-second-longer",
    "a consent token may live a second longer than allowed",
    [
      "return expiresAt - issuedAt > lifetime ?",
      "return expiresAt - issuedAt > lifetime + 1 ?",
    ],
  ),
  fault("consent.ts", "audience-ignored", "a token for another server is taken", [
    'if (consent.audience !== settings.audience) return "consent_audience";',
    "",
  ]),
  fault("consent.ts", "partner-ignored", "a token for another partner is taken", [
    'if (consent.client !== client) return "consent_other_client";',
    "",
  ]),
  fault("consent.ts", "merchants-of-any-issuer", "an issuer may speak for any merchant", [
    'if (trusted.merchants !== "all" && !trusted.merchants.includes(consent.merchant)) {',
    'if (trusted.merchants === "all" && consent.merchant === "") {',
  ]),
];
