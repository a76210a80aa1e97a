/**
 * Use, introspection and revocation of a token that is genuine (T7, T8).
 * @module
 */
import { effectiveScope } from "./authority.ts";
import { type Context, type Decision, type Facts, grant, type Keys, refuse } from "./decision.ts";
import { endFamily, familyEndsAt } from "./family.ts";
import type { ClientId, FamilyId, PublicId, Seconds } from "./model.ts";
import { comparePresented } from "./refresh.ts";
import { intersect, type Scope } from "./scope.ts";

/** A genuine access token, expired or not. */
export interface AccessToken {
  readonly kind: "access";
  readonly family: FamilyId;
  readonly scope: Scope;
  readonly issuedAt: Seconds;
  readonly expiresAt: Seconds;
}

/** A genuine refresh token, spent or not. */
export interface RefreshToken {
  readonly kind: "refresh";
  readonly family: FamilyId;
  readonly generation: number;
  readonly salt: string;
}

/** A token with a valid MAC or signature; whether it is live depends on the facts. */
export type GenuineToken = AccessToken | RefreshToken;

/** A live token. */
export interface LiveToken {
  readonly kind: GenuineToken["kind"];
  readonly user: PublicId;
  readonly client: ClientId;
  readonly family: FamilyId;
  /** The effective scope. */
  readonly scope: Scope;
  readonly issuedAt: Seconds;
  readonly expiresAt: Seconds;
}

/** Asks whether a token is live and with which scope. Never changes anything. */
export interface Use {
  readonly type: "use";
  /** The client that introspects the token; `null` if the bearer uses it. */
  readonly caller: ClientId | null;
  readonly token: GenuineToken;
}

/** A client revokes one of its tokens: the family ends (RFC 7009). */
export interface RevokeToken {
  readonly type: "revoke-token";
  readonly client: ClientId;
  readonly family: FamilyId;
}

/** The facts that {@link decideUse} needs. */
export function useKeys({ caller, token }: Use): Keys {
  return caller === null ? { family: token.family } : { family: token.family, client: caller };
}

/** The facts that {@link decideRevokeToken} needs. */
export function revokeTokenKeys({ family }: RevokeToken): Keys {
  return { family };
}

/** Decides {@link Use}: liveness and scope are computed from the current facts (R1). */
export function decideUse(
  { caller, token }: Use,
  { client: asking, family, standing }: Facts,
  context: Context,
): Decision<LiveToken> {
  const { now, settings } = context;
  if (family === null || standing === null) return refuse("invalid_token", "family_unknown");
  const { user, client } = standing.connection;
  const seesAll = asking?.role === "resource-server" && asking.status === "enabled";
  if (caller !== null && caller !== client && !seesAll) {
    return refuse("invalid_token", "foreign_client");
  }
  const endsAt = familyEndsAt(family, settings);
  if (now >= endsAt) return refuse("invalid_token", "family_expired");
  if (token.kind === "access" && now >= token.expiresAt) {
    return refuse("invalid_token", "token_expired");
  }
  if (token.kind === "refresh" && comparePresented(token, family, context) !== "current") {
    return refuse("invalid_token", "not_current");
  }
  const granted = token.kind === "access" ? intersect(token.scope, family.scope) : family.scope;
  const scope = intersect(granted, effectiveScope(standing));
  if (scope.length === 0) return refuse("invalid_token", "no_effective_scope");
  const issuedAt = token.kind === "access" ? token.issuedAt : family.generationStartedAt;
  const expiresAt = token.kind === "access" ? Math.min(token.expiresAt, endsAt) : endsAt;
  return grant(
    { kind: token.kind, user, client, family: family.id, scope, issuedAt, expiresAt },
    [],
  );
}

/**
 * Decides {@link RevokeToken}. A token that is unknown or belongs to another client is not an error
 * and changes nothing (T7).
 */
export function decideRevokeToken(
  { client }: RevokeToken,
  { family, standing }: Facts,
  _context: Context,
): Decision<null> {
  if (family === null || standing === null) return grant(null, []);
  if (standing.connection.client !== client) return grant(null, []);
  return grant(null, [endFamily(family, "revoked")]);
}
