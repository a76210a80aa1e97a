/**
 * The faults that the formal spec plants into the core, as far as the suite sees them from outside.
 * @module
 */
import { CORE_FAULTS } from "../../model/faults.ts";
import type { Fault } from "../fault.ts";

/** A fault of the core, with the cases that see it. */
function seen(id: string, ...caughtBy: readonly string[]): Fault {
  const fault = CORE_FAULTS.find((other) => other.id === id);
  if (fault === undefined) throw new Error(`Unknown fault of the core: ${id}`);
  const { title, edits } = fault;
  return { id, title, edits, caughtBy, histories: 25 };
}

/** The faults. */
export const CORE: readonly Fault[] = [
  seen(
    "both-inputs-taken",
    "input/both-literals",
    "input/both-variables",
    "input/both-default",
  ),
  seen(
    "union-for-intersection",
    "scope-delegation/consented",
    "scope-delegation/delegated-scope",
    "scope-delegation/within-source",
  ),
  seen(
    "consume-before-verify",
    "consent-token/burns-nothing-wrong-audience",
    "consent-token/burns-nothing-expired",
    "consent-token/burns-nothing-other-partner",
  ),
  seen(
    "consent-not-consumed",
    "consent-token/twice",
    "consent-token/same-jti-other-token",
  ),
  seen("replay", "consent-token/twice", "consent-token/again-after-refresh"),
  seen("retry-in-other-bytes", "consent-token/same-jti-other-token"),
  seen("retry-one-second-longer", "consent-token/retry-window"),
  seen("retry-after-rotation", "consent-token/again-after-refresh"),
  seen("window-open-after-a-step-back", "consent-token/retry-after-clock-step"),
  seen("withdrawal-without-skew", "consent-token/withdrawn-within-skew"),
  seen(
    "withdrawal-of-that-second",
    "consent-token/withdrawn-from-merchant",
    "consent-token/withdrawn-from-partner",
  ),
  seen(
    "partner-withdrawal-forgotten",
    "consent-token/withdrawn-from-partner",
    "consent-token/withdrawn-by-disconnecting",
  ),
  seen("older-consent-governs", "scope-delegation/older-consent-widens-nothing"),
  seen("same-second-consent-ignored", "scope-delegation/consent-of-the-same-second"),
  seen(
    "partner-registration-forgotten",
    "scope-delegation/within-registration",
  ),
  seen("suspended-looks-unconnected", "scope-delegation/suspended-user"),
  seen("oldest-consent-serves", "scope-delegation/latest-consent-first"),
  seen(
    "unusable-connection-blocks",
    "scope-delegation/narrowed",
    "scope-delegation/nothing-in-common",
  ),
  seen("families-without-bound", "tokens-refresh/families-are-bounded"),
  seen("expired-one-second-later", "consent-token/edge-exp-skew-past"),
  seen("future-one-second-further", "consent-token/edge-iat-skew-past"),
  seen("nbf-ignored", "consent-token/nbf-ahead", "consent-token/edge-nbf-skew-past"),
  seen(
    "lifetime-one-second-longer",
    "consent-token/edge-lifetime-too-long",
    "consent-token/edge-lifetime-too-long-at-its-end",
  ),
  seen("audience-ignored", "consent-token/aud-other", "consent-token/aud-prefix"),
  seen(
    "partner-ignored",
    "consent-token/other-partner",
    "consent-token/other-partner-connected",
  ),
  seen("merchants-of-any-issuer", "consent-token/merchant-of-another-issuer"),
  seen(
    "source-forgotten",
    "revocation/delegated-source-revoked",
    "scope-delegation/source-withdrawn",
  ),
  seen(
    "suspension-forgotten",
    "revocation/direct-user-suspended",
    "revocation/delegated-user-suspended",
  ),
  seen(
    "registration-forgotten",
    "scope-delegation/registered",
    "revocation/direct-registration-emptied",
  ),
  seen(
    "another-clients-connection",
    "scope-delegation/another-partners-user",
    "scope-delegation/merchant-user",
  ),
  seen("delegated-source", "scope-delegation/delegation-is-no-source"),
  seen(
    "generation-not-advanced",
    "tokens-refresh/lost-response",
    "tokens-refresh/reuse-ends-the-family",
  ),
  seen("spent-time-of-now", "histories/rotation"),
  seen("absolute-end-ignored", "tokens-refresh/idle-begins-anew"),
  seen("idle-from-the-start", "tokens-refresh/idle-begins-anew"),
  seen("most-recent-evicted", "tokens-refresh/least-recently-used-ends"),
  seen("one-family-too-many", "tokens-refresh/families-are-bounded"),
  seen("access-outlives-family", "tokens-refresh/idle-begins-anew"),
  seen("anyones-refresh-token", "tokens-refresh/foreign-client"),
  seen("foreign-reuse-kills", "tokens-refresh/foreign-client-spent-token"),
  seen("alive-one-second-longer", "tokens-refresh/idle"),
  seen("no-retry", "tokens-refresh/lost-response"),
  seen("duplicate-one-second-longer", "tokens-refresh/delayed-duplicate"),
  seen(
    "reuse-forgiven",
    "tokens-refresh/reuse-ends-the-family",
    "tokens-refresh/reuse-ends-access-tokens",
  ),
  seen("scope-widens", "tokens-refresh/scope-wider-than-family"),
  seen("narrowing-sticks", "tokens-refresh/scope-narrower"),
  seen(
    "expired-access-token",
    "tokens-refresh/access-token-expires",
    "tokens-refresh/access-token-last-second",
  ),
  seen("spent-token-active", "tokens-refresh/introspect-refresh-token"),
  seen("scope-of-the-token", "revocation/narrowed-access-token"),
  seen("anyone-introspects", "tokens-refresh/introspect-foreign"),
  seen("anyone-revokes", "revocation/foreign-client"),
  seen(
    "withdrawal-not-remembered",
    "consent-token/withdrawn-from-merchant",
    "consent-token/withdrawn-from-partner",
  ),
  seen("disconnect-ends-one", "scope-delegation/disconnect"),
  seen("narrowing-widens", "scope-delegation/narrowed"),
  seen("narrowing-leaves-the-consent-time", "scope-delegation/narrowed-after-consent"),
  seen(
    "revoked-connection-revived",
    "revocation/no-revival",
    "scope-delegation/source-withdrawn",
  ),
  seen("old-secret-kept", "client-authentication/old-secret"),
  seen(
    "disabling-is-final",
    "client-authentication/disabled-client",
    "revocation/direct-client-disabled",
  ),
  seen("deletion-forgets-consents", "consent-token/again-after-deletion"),
  seen("anybodys-source", "consent-token/burns-nothing-no-consent"),
  seen("connect-makes-another", "revocation/narrowed-access-token"),
  seen("connect-adds-nothing", "scope-delegation/consented-anew"),
  seen(
    "unknown-family-throws",
    "revocation/refresh-token",
    "tokens-refresh/reuse-ends-the-family",
  ),
  seen(
    "answer-of-the-spent-generation",
    "tokens-refresh/rotates",
    "tokens-refresh/introspect-refresh-token",
  ),
  seen(
    "refusal-ends-suspended",
    "revocation/direct-user-suspended",
    "revocation/delegated-merchant-disabled",
  ),
];
