/**
 * The faults that the formal spec plants into the core, as far as the suite sees them from outside.
 * @module
 */
import { FAULTS as PLANTED } from "../../model/faults.ts";
import type { Fault } from "../fault.ts";

/** A planted fault: the rules and attacks that it stands for, and the cases that see it. */
function seen(id: string, cited: readonly string[], ...caughtBy: readonly string[]): Fault {
  const planted = PLANTED.find((other) => other.id === id);
  if (planted === undefined) throw new Error(`No fault ${id} is planted into the core any more`);
  const { file, text, edits } = planted;
  return {
    id,
    title: `${text.charAt(0).toUpperCase()}${text.slice(1)}.`,
    rules: cited.filter((cite) => !cite.includes("-")),
    attacks: cited.filter((cite) => cite.includes("-")),
    edits: edits.map(([find, replace]) => [`core/${file}`, find, replace]),
    caughtBy,
    histories: 25,
  };
}

/** The faults. */
export const CORE: readonly Fault[] = [
  seen(
    "both-inputs-taken",
    ["E1", "E2", "IN-02"],
    "input/both-literals",
    "input/both-variables",
    "input/both-default",
  ),
  seen(
    "union-for-intersection",
    ["P4", "C8", "SC-02"],
    "scope-delegation/consented",
    "scope-delegation/delegated-scope",
    "scope-delegation/within-source",
  ),
  seen(
    "consume-before-verify",
    ["C6", "CT-15", "CT-24"],
    "consent-token/burns-nothing-wrong-audience",
    "consent-token/burns-nothing-expired",
    "consent-token/burns-nothing-other-partner",
  ),
  seen(
    "consent-not-consumed",
    ["C9", "C11", "CT-21"],
    "consent-token/twice",
    "consent-token/same-jti-other-token",
  ),
  seen("replay", ["C11", "CT-21"], "consent-token/twice", "consent-token/again-after-refresh"),
  seen("retry-in-other-bytes", ["C11", "CT-21"], "consent-token/same-jti-other-token"),
  seen("retry-one-second-longer", ["C11", "CT-21"], "consent-token/retry-window"),
  seen("retry-after-rotation", ["C11", "CT-21"], "consent-token/again-after-refresh"),
  seen(
    "withdrawal-of-that-second",
    ["C14", "CT-30"],
    "consent-token/withdrawn-from-merchant",
    "consent-token/withdrawn-from-partner",
  ),
  seen(
    "partner-withdrawal-forgotten",
    ["C14", "CT-30"],
    "consent-token/withdrawn-from-partner",
    "consent-token/withdrawn-by-disconnecting",
  ),
  seen("older-consent-governs", ["C10"], "scope-delegation/older-consent-widens-nothing"),
  seen("same-second-consent-ignored", ["C10"], "scope-delegation/consent-of-the-same-second"),
  seen(
    "partner-registration-forgotten",
    ["C8", "P4", "SC-03"],
    "scope-delegation/within-registration",
  ),
  seen("suspended-looks-unconnected", ["P1", "C8"], "scope-delegation/suspended-user"),
  seen("oldest-consent-serves", ["P3"], "scope-delegation/latest-consent-first"),
  seen(
    "unusable-connection-blocks",
    ["P3", "P4"],
    "scope-delegation/narrowed",
    "scope-delegation/nothing-in-common",
  ),
  seen("families-without-bound", ["P5", "SY-03"], "tokens-refresh/families-are-bounded"),
  seen("expired-one-second-later", ["C5", "CT-17"], "consent-token/edge-exp-skew-past"),
  seen("future-one-second-further", ["C5", "CT-19"], "consent-token/edge-iat-skew-past"),
  seen("nbf-ignored", ["C5", "CT-19"], "consent-token/edge-nbf-skew-past"),
  seen(
    "lifetime-one-second-longer",
    ["C5", "CT-18"],
    "consent-token/edge-lifetime-too-long",
    "consent-token/edge-lifetime-too-long-at-its-end",
  ),
  seen("audience-ignored", ["C4", "CT-14"], "consent-token/aud-other", "consent-token/aud-prefix"),
  seen(
    "partner-ignored",
    ["C4", "CT-15"],
    "consent-token/other-partner",
    "consent-token/other-partner-connected",
  ),
  seen("merchants-of-any-issuer", ["C4", "CT-31"], "consent-token/merchant-of-another-issuer"),
  seen(
    "source-forgotten",
    ["P4", "R1", "SC-10"],
    "revocation/delegated-source-revoked",
    "scope-delegation/source-withdrawn",
  ),
  seen(
    "suspension-forgotten",
    ["R1", "RF-13"],
    "revocation/direct-user-suspended",
    "revocation/delegated-user-suspended",
  ),
  seen(
    "registration-forgotten",
    ["P4", "R1", "SC-03"],
    "scope-delegation/registered",
    "revocation/direct-registration-emptied",
  ),
  seen(
    "another-clients-connection",
    ["P2", "SC-06"],
    "scope-delegation/another-partners-user",
    "scope-delegation/merchant-user",
  ),
  seen("delegated-source", ["R4", "C8", "SC-13"], "scope-delegation/delegation-is-no-source"),
  seen(
    "generation-not-advanced",
    ["T5", "RF-05"],
    "tokens-refresh/lost-response",
    "tokens-refresh/reuse-ends-the-family",
  ),
  seen("spent-time-of-now", ["T5", "RF-05"], "histories/rotation"),
  seen("absolute-end-ignored", ["T1", "RF-15"], "tokens-refresh/idle-begins-anew"),
  seen("idle-from-the-start", ["T1", "RF-15"], "tokens-refresh/idle-begins-anew"),
  seen("most-recent-evicted", ["P5", "SY-03"], "tokens-refresh/families-are-bounded"),
  seen("one-family-too-many", ["P5", "SY-03"], "tokens-refresh/families-are-bounded"),
  seen("access-outlives-family", ["T1", "SC-14"], "tokens-refresh/idle-begins-anew"),
  seen("anyones-refresh-token", ["T4", "RF-01"], "tokens-refresh/foreign-client"),
  seen("foreign-reuse-kills", ["T4", "T5", "RF-01"], "tokens-refresh/foreign-client-spent-token"),
  seen("alive-one-second-longer", ["T1", "RF-15"], "tokens-refresh/idle"),
  seen("no-retry", ["T5", "RF-03"], "tokens-refresh/lost-response"),
  seen("duplicate-one-second-longer", ["T5", "RF-05"], "tokens-refresh/delayed-duplicate"),
  seen(
    "reuse-forgiven",
    ["T5", "RF-05"],
    "tokens-refresh/reuse-ends-the-family",
    "tokens-refresh/reuse-ends-access-tokens",
  ),
  seen("scope-widens", ["T6", "SC-07"], "tokens-refresh/scope-wider-than-family"),
  seen("narrowing-sticks", ["T6"], "tokens-refresh/scope-narrower"),
  seen(
    "expired-access-token",
    ["T1"],
    "tokens-refresh/access-token-expires",
    "tokens-refresh/access-token-last-second",
  ),
  seen("spent-token-active", ["T7"], "tokens-refresh/introspect-refresh-token"),
  seen("scope-of-the-token", ["R1", "SC-09"], "revocation/narrowed-access-token"),
  seen("anyone-introspects", ["T7"], "tokens-refresh/introspect-foreign"),
  seen("anyone-revokes", ["T7"], "revocation/foreign-client"),
  seen(
    "withdrawal-not-remembered",
    ["C14", "CT-30"],
    "consent-token/withdrawn-from-merchant",
    "consent-token/withdrawn-from-partner",
  ),
  seen("disconnect-ends-one", ["P3"], "scope-delegation/disconnect"),
  seen("narrowing-widens", ["P4", "SC-09"], "scope-delegation/narrowed"),
  seen("narrowing-leaves-the-consent-time", ["C10"], "scope-delegation/narrowed-after-consent"),
  seen(
    "revoked-connection-revived",
    ["R3"],
    "revocation/no-revival",
    "scope-delegation/source-withdrawn",
  ),
  seen("old-secret-kept", ["G8", "CA-09"], "client-authentication/old-secret"),
  seen(
    "disabling-is-final",
    ["R1", "CT-13"],
    "client-authentication/disabled-client",
    "revocation/direct-client-disabled",
  ),
  seen("deletion-forgets-consents", ["C13"], "consent-token/again-after-deletion"),
  seen("anybodys-source", ["C8", "SC-02"], "consent-token/burns-nothing-no-consent"),
  seen("connect-makes-another", ["P3"], "revocation/narrowed-access-token"),
  seen("connect-adds-nothing", ["P4"], "scope-delegation/consented-anew"),
  seen(
    "unknown-family-throws",
    ["T4"],
    "revocation/refresh-token",
    "tokens-refresh/reuse-ends-the-family",
  ),
  seen(
    "answer-of-the-spent-generation",
    ["T5"],
    "tokens-refresh/rotates",
    "tokens-refresh/introspect-refresh-token",
  ),
  seen(
    "refusal-ends-suspended",
    ["R1"],
    "revocation/direct-user-suspended",
    "revocation/delegated-merchant-disabled",
  ),
];
