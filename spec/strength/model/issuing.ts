/**
 * Faults of the mutation: of its input, its consent tokens and what it issues.
 * @module
 */
import { type CoreFault, coreFault } from "./fault.ts";

/** Faults of the mutation: of its input, its consent tokens and what it issues. */
export const ISSUING: readonly CoreFault[] = [
  coreFault(
    "request.ts",
    "both-inputs-taken",
    "Of two inputs, the public ID is used and the consent token ignored.",
    [
      "if (publicId !== null && consentToken !== null) {",
      'if (publicId === "" && consentToken !== null) {',
    ],
  ),
  coreFault(
    "scope.ts",
    "union-for-intersection",
    "Scopes are united where they should be intersected.",
    [
      "return a.filter((token) => b.includes(token));",
      "return [...new Set([...a, ...b])].sort();",
    ],
  ),
  coreFault(
    "fetch.ts",
    "consume-before-verify",
    "An invalid consent token is marked as redeemed.",
    [
      'if (flaw !== null) return refuse("INVALID_TOKEN", flaw);',
      `if (flaw !== null) {
      const { issuer, jti, digest } = consent;
      const { now } = context;
      const use = { issuer, jti, digest, client: client.id, family: "", redeemedAt: now, keepUntil: now };
      return { ...refuse("INVALID_TOKEN", flaw), changes: [{ type: "consent-redeemed", use }] };
    }`,
    ],
  ),
  coreFault("fetch.ts", "consent-not-consumed", "A redeemed consent token is not recorded.", [
    "...(consent === null ? [] : [redeem(consent, family, context)]),",
    "",
  ]),
  coreFault("fetch.ts", "replay", "A redeemed consent token starts another family.", [
    "if (facts.consentUse !== null) return",
    'if (facts.consentUse !== null && "code" in verified) return',
  ]),
  coreFault(
    "fetch.ts",
    "retry-in-other-bytes",
    "A retry with the same jti but another token is answered.",
    [
      "use.client === client && use.digest === consent.digest &&",
      "use.client === client &&",
    ],
  ),
  coreFault("fetch.ts", "retry-one-second-longer", "The retry window is one second too long.", [
    "isRecent(use.redeemedAt, settings.consentRetrySeconds, context)",
    "isRecent(use.redeemedAt, settings.consentRetrySeconds + 1, context)",
  ]),
  coreFault(
    "fetch.ts",
    "retry-after-rotation",
    "A retry is answered after the family was refreshed.",
    [
      "if (!live || family.generation > 0)",
      "if (!live)",
    ],
  ),
  coreFault(
    "fetch.ts",
    "retry-widens",
    "A retry is answered with the connection's scope instead of the family's.",
    [
      "const scope = intersect(family.scope, effectiveScope(standing));",
      "const scope = effectiveScope(standing);",
    ],
  ),
  coreFault(
    "fetch.ts",
    "withdrawal-of-that-second",
    "A consent issued in the same second as a withdrawal overrides it.",
    [
      "consent.issuedAt <= withdrawnAt + context.settings.consentSkewSeconds",
      "consent.issuedAt < withdrawnAt",
    ],
  ),
  coreFault(
    "fetch.ts",
    "withdrawal-without-skew",
    "A consent dated after a withdrawal by a clock that is ahead overrides it.",
    [
      "consent.issuedAt <= withdrawnAt + context.settings.consentSkewSeconds",
      "consent.issuedAt <= withdrawnAt",
    ],
  ),
  coreFault(
    "decision.ts",
    "window-open-after-a-step-back",
    "A clock that is set back keeps the windows of retries and duplicates open.",
    ["Math.abs(now - moment) < seconds", "now - moment < seconds"],
  ),
  coreFault(
    "fetch.ts",
    "partner-withdrawal-forgotten",
    "A withdrawal from the partner does not void older consent tokens.",
    [
      "    facts.clientWithdrawal?.at ?? -1,\n",
      "",
    ],
  ),
  coreFault("fetch.ts", "older-consent-governs", "An older consent replaces a newer one.", [
    "if (consent.issuedAt < existing.connection.consentedAt) {",
    "if (consent.issuedAt < 0) {",
  ]),
  coreFault(
    "fetch.ts",
    "same-second-consent-ignored",
    "A consent of the same second does not replace the earlier one.",
    [
      "if (consent.issuedAt < existing.connection.consentedAt) {",
      "if (consent.issuedAt <= existing.connection.consentedAt) {",
    ],
  ),
  coreFault(
    "fetch.ts",
    "partner-registration-forgotten",
    "A delegation is not limited to the partner's registered scope.",
    [
      "const scope = intersect(intersect(consent.scope, sourceScope), client.scope);",
      "const scope = intersect(consent.scope, sourceScope);",
    ],
  ),
  coreFault(
    "fetch.ts",
    "suspended-looks-unconnected",
    "A suspended user is answered with NO_CONSENT.",
    [
      'if (user?.status === "suspended") return refuse("NO_USER", "user_suspended");',
      'if (user?.status === "suspended") return refuse("NO_CONSENT", "user_suspended");',
    ],
  ),
  coreFault(
    "fetch.ts",
    "oldest-consent-serves",
    "Of several delegations, the one with the oldest consent is used.",
    [
      "return b.consentedAt - a.consentedAt ||",
      "return a.consentedAt - b.consentedAt ||",
    ],
  ),
  coreFault(
    "fetch.ts",
    "ties-the-other-way",
    "Of two delegations of the same second, the one with the greater id is used.",
    [
      "(a.id < b.id ? -1 : 1);\n}\n\n/** Selected → verified, by consent token",
      "(a.id < b.id ? 1 : -1);\n}\n\n/** Selected → verified, by consent token",
    ],
  ),
  coreFault(
    "fetch.ts",
    "unusable-connection-blocks",
    "A direct connection without effective scope blocks the delegations.",
    [
      "if (scope.length > 0) return { outcome",
      "if (scope.length > 0 || candidate.connection.source === null) return { outcome",
    ],
  ),
  coreFault("fetch.ts", "families-without-bound", "No family is ever evicted.", [
    "    ...makeRoom(connection.id, families, context),\n",
    "",
  ]),
  coreFault(
    "fetch.ts",
    "jti-forgotten-early",
    "A redeemed jti may be forgotten without the margin of one hour.",
    [
      "consent.expiresAt + settings.consentSkewSeconds + CLOCK_MARGIN_SECONDS",
      "consent.expiresAt + settings.consentSkewSeconds",
    ],
  ),
  coreFault("fetch.ts", "facts-sorted-in-place", "The list of candidates is sorted in place.", [
    "[...facts.candidates].sort(byPrecedence)",
    "(facts.candidates as Candidate[]).sort(byPrecedence)",
  ]),
  coreFault(
    "consent.ts",
    "expired-one-second-later",
    "A consent token expires one second too late.",
    [
      "if (now >= expiresAt + skew)",
      "if (now > expiresAt + skew)",
    ],
  ),
  coreFault(
    "consent.ts",
    "future-one-second-further",
    "A consent token is accepted one second before iat allows.",
    [
      "if (issuedAt > now + skew ||",
      "if (issuedAt > now + skew + 1 ||",
    ],
  ),
  coreFault("consent.ts", "nbf-ignored", "nbf is not checked.", [
    "|| (notBefore ?? 0) > now + skew) return",
    ") return",
  ]),
  coreFault(
    "consent.ts",
    "lifetime-one-second-longer",
    "A consent token may live one second longer than allowed.",
    [
      "return expiresAt - issuedAt > lifetime ?",
      "return expiresAt - issuedAt > lifetime + 1 ?",
    ],
  ),
  coreFault("consent.ts", "audience-ignored", "The audience of a consent token is not checked.", [
    'if (consent.audience !== settings.audience) return "consent_audience";',
    "",
  ]),
  coreFault("consent.ts", "partner-ignored", "client_id of a consent token is not checked.", [
    'if (consent.client !== client) return "consent_other_client";',
    "",
  ]),
  coreFault("consent.ts", "merchants-of-any-issuer", "An issuer may speak for any merchant.", [
    'if (trusted.merchants !== "all" && !trusted.merchants.includes(consent.merchant)) {',
    'if (trusted.merchants === "all" && consent.merchant === "") {',
  ]),
];
