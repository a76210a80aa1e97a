/**
 * The mutation. received → selected (request.ts) → verified → established → issued, or refused at
 * any step; each transition is one function. Nothing is written unless the last step is reached.
 * @module
 */
import { directScope, effectiveScope } from "./authority.ts";
import { establish, reconsent } from "./connection.ts";
import { type Consent, judgeConsent } from "./consent.ts";
import {
  type Candidate,
  type Change,
  type Context,
  type Decision,
  type Facts,
  type Families,
  grant,
  isRecent,
  type Keys,
  NO_FAMILIES,
  refuse,
  type Refused,
  type TokenGrant,
} from "./decision.ts";
import { familyEndsAt, grantTokens, makeRoom, startFamily } from "./family.ts";
import type {
  ActiveConnection,
  Client,
  ClientId,
  ConsentUse,
  PublicId,
  TokenFamily,
} from "./model.ts";
import { isIdentifier } from "./model.ts";
import { CLOCK_MARGIN_SECONDS, type Settings } from "./settings.ts";
import { intersect, type Scope } from "./scope.ts";

/** Requests tokens for the user with this public id (§4). */
export interface FetchByPublicId {
  readonly type: "fetch";
  readonly by: "publicId";
  readonly client: ClientId;
  readonly publicId: PublicId;
}

/** Requests tokens for a consent token with a valid signature (§5). */
export interface FetchByConsent {
  readonly type: "fetch";
  readonly by: "consentToken";
  readonly client: ClientId;
  readonly consent: Consent;
}

/** The mutation, as a command. */
export type Fetch = FetchByPublicId | FetchByConsent;

/** The user's connection to the client is usable, with this scope. */
export interface VerifiedConnection {
  readonly outcome: "verified";
  readonly candidate: Candidate;
  readonly scope: Scope;
}

/** The consent token is valid, was not redeemed before, and delegates this scope. */
export interface VerifiedConsent {
  readonly outcome: "verified";
  readonly consent: Consent;
  readonly source: ActiveConnection;
  /** The existing delegated connection, if any. */
  readonly existing: Candidate | null;
  readonly scope: Scope;
}

/** There is a connection to issue tokens from, once `changes` are applied. */
export interface Established {
  readonly outcome: "established";
  readonly connection: ActiveConnection;
  readonly families: Families;
  /** The scope of the new family. */
  readonly scope: Scope;
  readonly consent: Consent | null;
  readonly changes: readonly Change[];
}

/** The facts that {@link decideFetch} needs. */
export function fetchKeys(command: Fetch, { maxFamilies }: Settings): Keys {
  const { client } = command;
  if (command.by === "publicId") {
    const { publicId: user } = command;
    return isIdentifier(user) ? { client, user, maxFamilies } : { client };
  }
  const { issuer, jti, user, merchant } = command.consent;
  return { client, user, maxFamilies, merchant, consent: { issuer, jti } };
}

/** Decides the mutation. */
export function decideFetch(
  command: Fetch,
  facts: Facts,
  context: Context,
): Decision<TokenGrant> {
  const client = facts.client;
  if (client === null) return refuse("invalid_client", "client_unknown");
  if (client.status === "disabled") return refuse("invalid_client", "client_disabled");
  if (command.by === "publicId") {
    const verified = verifyConnection(command.publicId, facts);
    if (verified.outcome !== "verified") return verified;
    return issue(establishConnection(verified), context);
  }
  const verified = verifyConsent(command.consent, client, facts, context);
  if (facts.consentUse !== null) return repeat(command, facts.consentUse, verified, facts, context);
  if (verified.outcome !== "verified") return verified;
  const established = establishDelegation(verified, context);
  return established.outcome === "established" ? issue(established, context) : established;
}

/** Selected → verified, by public id: uses the first usable connection (P1–P3). */
function verifyConnection(publicId: PublicId, facts: Facts): VerifiedConnection | Refused {
  const gone = refuseUser(publicId, facts);
  if (gone !== null) return gone;
  for (const candidate of [...facts.candidates].sort(byPrecedence)) {
    const scope = effectiveScope(candidate);
    if (scope.length > 0) return { outcome: "verified", candidate, scope };
  }
  const reason = facts.candidates.length === 0 ? "no_connection" : "no_effective_scope";
  return refuse("NO_CONSENT", reason);
}

/** P3: the direct connection, otherwise the latest consent; ties are broken by id. */
function byPrecedence({ connection: a }: Candidate, { connection: b }: Candidate): number {
  if ((a.source === null) !== (b.source === null)) return a.source === null ? -1 : 1;
  return b.consentedAt - a.consentedAt || (a.id < b.id ? -1 : 1);
}

/** Selected → verified, by consent token (C3–C5, C8, C14). Precedence: token, user, consent. */
function verifyConsent(
  consent: Consent,
  client: Client,
  facts: Facts,
  context: Context,
): VerifiedConsent | Refused {
  const flaw = judgeConsent(consent, client.id, context);
  if (flaw !== null) return refuse("INVALID_TOKEN", flaw);
  const gone = refuseUser(consent.user, facts);
  if (gone !== null) return gone;
  if (facts.merchant === null) return refuse("NO_CONSENT", "merchant_unknown");
  if (facts.merchant.status === "disabled") return refuse("NO_CONSENT", "merchant_disabled");
  if (facts.source === null) return refuse("NO_CONSENT", "no_source_connection");
  const withdrawnAt = Math.max(
    facts.merchantWithdrawal?.directAt ?? -1,
    facts.clientWithdrawal?.at ?? -1,
  );
  // The clocks of the issuer and of the node that recorded the withdrawal may differ by the skew (C14).
  if (withdrawnAt >= 0 && consent.issuedAt <= withdrawnAt + context.settings.consentSkewSeconds) {
    return refuse("NO_CONSENT", "withdrawn_after_consent");
  }
  const source = facts.source;
  const sourceScope = directScope(source, facts.merchant, facts.user);
  const scope = intersect(intersect(consent.scope, sourceScope), client.scope);
  if (scope.length === 0) return refuse("NO_CONSENT", "no_effective_scope");
  const existing = facts.candidates.find(({ connection }) => connection.source === source.id);
  return { outcome: "verified", consent, source, existing: existing ?? null, scope };
}

/** P1 and C8: unknown, deleted and suspended users look the same. */
function refuseUser(publicId: PublicId, { user }: Facts): Refused | null {
  if (user?.status === "active") return null;
  if (user?.status === "suspended") return refuse("NO_USER", "user_suspended");
  return refuse("NO_USER", isIdentifier(publicId) ? "user_unknown" : "id_malformed");
}

/** Verified → established, by public id: the connection already exists. */
function establishConnection({ candidate, scope }: VerifiedConnection): Established {
  const { connection, families } = candidate;
  return { outcome: "established", connection, families, scope, consent: null, changes: [] };
}

/** Verified → established, by consent token: the newest consent applies (C8, C10). */
function establishDelegation(
  { consent, source, existing, scope }: VerifiedConsent,
  context: Context,
): Established | Refused {
  const established = { outcome: "established", consent } as const;
  if (existing === null) {
    const connection = establish(
      { user: consent.user, client: consent.client, source: source.id },
      scope,
      consent.issuedAt,
      context,
    );
    const changes = [{ type: "connection-established", connection } as const];
    return { ...established, connection, families: NO_FAMILIES, scope, changes };
  }
  const { families } = existing;
  if (consent.issuedAt < existing.connection.consentedAt) {
    const within = intersect(scope, existing.connection.scope);
    if (within.length === 0) return refuse("NO_CONSENT", "no_effective_scope");
    return {
      ...established,
      connection: existing.connection,
      families,
      scope: within,
      changes: [],
    };
  }
  const changed = reconsent(existing.connection, scope, consent.issuedAt);
  return { ...established, connection: changed.connection, families, scope, changes: [changed] };
}

/** Established → issued: starts a family and consumes the consent token in one step (P5, C9). */
function issue(
  { connection, families, scope, consent, changes }: Established,
  context: Context,
): Decision<TokenGrant> {
  const family = startFamily(connection, scope, context);
  return grant(grantTokens(family, connection, scope, context), [
    ...(consent === null ? [] : [redeem(consent, family, context)]),
    ...changes,
    ...makeRoom(connection.id, families, context),
    { type: "family-started", family },
  ]);
}

/** A consent token: unseen → redeemed (C9, C13). */
function redeem(consent: Consent, family: TokenFamily, { now, settings }: Context): Change {
  const { issuer, jti, digest, client } = consent;
  const keepUntil = consent.expiresAt + settings.consentSkewSeconds + CLOCK_MARGIN_SECONDS;
  return {
    type: "consent-redeemed",
    use: { issuer, jti, digest, client, family: family.id, redeemedAt: now, keepUntil },
  };
}

/** A redeemed consent token presented again: the same answer while C11 allows it, otherwise refused. */
function repeat(
  { client, consent }: FetchByConsent,
  use: ConsentUse,
  verified: VerifiedConsent | Refused,
  { family, standing }: Facts,
  context: Context,
): Decision<TokenGrant> {
  const { now, settings } = context;
  const retried = use.client === client && use.digest === consent.digest &&
    isRecent(use.redeemedAt, settings.consentRetrySeconds, context);
  if (verified.outcome !== "verified") {
    return verified.code === "INVALID_TOKEN"
      ? verified
      : refuse("INVALID_TOKEN", "consent_redeemed");
  }
  if (!retried || family === null || standing === null) {
    return refuse("INVALID_TOKEN", "consent_redeemed");
  }
  const scope = intersect(family.scope, effectiveScope(standing));
  const live = now < familyEndsAt(family, settings) && scope.length > 0;
  if (!live || family.generation > 0) return refuse("INVALID_TOKEN", "consent_redeemed");
  return grant(grantTokens(family, standing.connection, scope, context, { repeated: true }), []);
}
