/**
 * The claims of a consent token with a valid signature: shape (C4), then issuer, audience, client
 * binding and time (C4, C5). Every refusal here is `INVALID_TOKEN`.
 * @module
 */
import type { Context, Reason } from "./decision.ts";
import { type ClientId, isClientId, isIdentifier, type PublicId, type Seconds } from "./model.ts";
import { precedesRestore } from "./restore.ts";
import { NO_SCOPE, readScope, type Scope } from "./scope.ts";

/** The content of a consent token: the user, through a merchant, delegates a scope to a client. */
export interface Consent {
  /** `iss` */
  readonly issuer: string;
  /** `aud`, a string or a list of one */
  readonly audience: string;
  /** `sub` */
  readonly user: PublicId;
  /** `client_id`: the partner that may redeem */
  readonly client: ClientId;
  /** `azp`: the merchant whose buyer connection is the source */
  readonly merchant: ClientId;
  /** `scope`; a missing claim means the empty scope (C8) */
  readonly scope: Scope;
  /** `iat` */
  readonly issuedAt: Seconds;
  /** `nbf` */
  readonly notBefore: Seconds | null;
  /** `exp` */
  readonly expiresAt: Seconds;
  readonly jti: string;
  /** SHA-256 of the whole token, hexadecimal (C13). */
  readonly digest: string;
}

/** Reads the claims of a verified token; `null` if a required claim is missing or malformed (C4). */
export function readConsent(
  claims: Readonly<Record<string, unknown>>,
  digest: string,
): Consent | null {
  const { iss, sub, client_id, azp, iat, nbf, exp, jti } = claims;
  const aud = Array.isArray(claims["aud"]) && claims["aud"].length === 1
    ? claims["aud"][0]
    : claims["aud"];
  const scope = readScopeClaim(claims["scope"]);
  if (!isIdentifier(iss) || !isIdentifier(aud) || !isIdentifier(sub)) return null;
  if (!isClientId(client_id) || !isClientId(azp) || !isIdentifier(jti)) return null;
  if (!isTime(iat) || !isTime(exp) || scope === null) return null;
  if (nbf !== undefined && !isTime(nbf)) return null;
  return {
    issuer: iss,
    audience: aud,
    user: sub,
    client: client_id,
    merchant: azp,
    scope,
    issuedAt: iat,
    notBefore: nbf ?? null,
    expiresAt: exp,
    jti,
    digest,
  };
}

/** Checks a consent that `client` presents now. Returns why it is invalid, or `null`. */
export function judgeConsent(
  consent: Consent,
  client: ClientId,
  { now, settings }: Context,
): Reason | null {
  const { issuedAt, notBefore, expiresAt } = consent;
  const skew = settings.consentSkewSeconds;
  const lifetime = settings.consentMaxLifetimeSeconds;
  const trusted = settings.issuers.find(({ issuer }) => issuer === consent.issuer);
  if (trusted === undefined) return "consent_issuer";
  if (consent.audience !== settings.audience) return "consent_audience";
  if (consent.client !== client) return "consent_other_client";
  if (consent.merchant === client) return "consent_merchant";
  if (trusted.merchants !== "all" && !trusted.merchants.includes(consent.merchant)) {
    return "consent_merchant";
  }
  if (issuedAt >= expiresAt || (notBefore ?? issuedAt) >= expiresAt) return "consent_claims";
  if (now >= expiresAt + skew) return "consent_expired";
  if (issuedAt > now + skew || (notBefore ?? 0) > now + skew) return "consent_not_yet_valid";
  if (precedesRestore(issuedAt, settings)) return "consent_before_restore";
  // Since `iat` is at most `now + skew`, the remaining lifetime is at most `lifetime + skew`.
  return expiresAt - issuedAt > lifetime ? "consent_lifetime" : null;
}

/** Times in tokens are integers in 0 … 2^53−1. */
function isTime(value: unknown): value is Seconds {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function readScopeClaim(value: unknown): Scope | null {
  if (value === undefined) return NO_SCOPE;
  return typeof value === "string" ? readScope(value) : null;
}
