/**
 * The data types of the state machine: plain and immutable. Illegal states cannot be represented: a
 * revoked connection has no scope, an ended family has no row, a redeemed consent token names the
 * family it started.
 * @module
 */
import type { Scope } from "./scope.ts";

/**
 * A time in whole Unix seconds, or a duration in whole seconds. Intervals are half-open: alive
 * while `now < end`.
 */
export type Seconds = number;

/** A client id: 1 to 255 characters of RFC 3986 "unreserved" (G10). */
export type ClientId = string;
/** A user's public id: 1 to 255 characters of %x21-7E, compared byte for byte (G10). */
export type PublicId = string;
/** A connection id: 128 bits as 32 hexadecimal digits, time-ordered (T2). */
export type ConnectionId = string;
/** A token family id: 128 bits as 32 hexadecimal digits, time-ordered (T2). */
export type FamilyId = string;

/** A client secret, stored only as a digest. */
export interface ClientSecret {
  /** SHA-256 of the secret, hexadecimal. */
  readonly digest: string;
  /** End of the overlap after a rotation; `null` for the current secret. */
  readonly expiresAt: Seconds | null;
}

/** An app with credentials: a partner if it calls the mutation, a merchant if buyers sign in to it. */
export interface Client {
  readonly id: ClientId;
  /** A `resource-server` may introspect any token (T7); an `app` only its own. */
  readonly role: "app" | "resource-server";
  readonly status: "enabled" | "disabled";
  /** The registered scope: the maximum this client can be granted. */
  readonly scope: Scope;
  readonly secrets: readonly ClientSecret[];
}

/** A user. A deleted user is absent; a digest of the public id prevents its reuse (R1). */
export interface User {
  readonly publicId: PublicId;
  readonly status: "active" | "suspended";
}

/** "This user is connected to this client with this consented scope." */
export interface ActiveConnection {
  readonly status: "active";
  readonly id: ConnectionId;
  readonly user: PublicId;
  readonly client: ClientId;
  /** The merchant's direct connection that this one delegates from; `null` for a direct connection. */
  readonly source: ConnectionId | null;
  /** What the user consented to. The effective scope is computed at every use (R1). */
  readonly scope: Scope;
  /**
   * Older consent changes nothing (C10). This is the `iat` of the newest consent, or when the user
   * signed in; after narrowing, the earliest time at which new consent may widen the scope again
   * (C14).
   */
  readonly consentedAt: Seconds;
}

/** A revoked connection. It never becomes active again (R3) and has no scope. */
export interface RevokedConnection {
  readonly status: "revoked";
  readonly id: ConnectionId;
  readonly user: PublicId;
  readonly client: ClientId;
  readonly source: ConnectionId | null;
  readonly revokedAt: Seconds;
}

/** An existing connection; an absent one is `null`. Absent → active → revoked, with no way back. */
export type Connection = ActiveConnection | RevokedConnection;

/** One issuance and everything refreshed from it, at its current generation. An ended family is absent (P5). */
export interface TokenFamily {
  readonly id: FamilyId;
  readonly connection: ConnectionId;
  /** The scope first issued; a refresh never exceeds it. */
  readonly scope: Scope;
  readonly startedAt: Seconds;
  /** The current generation, from 0. Only its refresh token is live. */
  readonly generation: number;
  /** When the current generation began, that is, when the family was last issued or rotated. */
  readonly generationStartedAt: Seconds;
  /** When the previous generation began, which is when the one before *that* was spent (T5). */
  readonly previousGenerationStartedAt: Seconds;
  /**
   * 128 bits of the current generation, hexadecimal, so that no refresh token occurs twice (T2): the time
   * in milliseconds as 11 digits, then random ones. Like an id, it says when it was drawn (T5).
   */
  readonly salt: string;
  /** The token key that the current generation is derived with (T2). */
  readonly keyId: string;
}

/** What decides which family is evicted (P5). */
export type FamilyAge = Pick<TokenFamily, "id" | "startedAt" | "generationStartedAt">;

/** A redeemed consent token (C9, C13). One that has not been redeemed is `null`. */
export interface ConsentUse {
  readonly issuer: string;
  readonly jti: string;
  /** SHA-256 of the token, hexadecimal: a retry must present the same bytes (C11). */
  readonly digest: string;
  readonly client: ClientId;
  /** The family that the redemption started. */
  readonly family: FamilyId;
  readonly redeemedAt: Seconds;
  /** The row may be removed from this time on (C13). */
  readonly keepUntil: Seconds;
}

/** When a user last withdrew from a client; older consent cannot undo it (C14). */
export interface Withdrawal {
  readonly user: PublicId;
  readonly client: ClientId;
  /** Last revocation of the direct connection, or `null`. */
  readonly directAt: Seconds | null;
  /** Last revocation of any connection, direct or delegated. */
  readonly at: Seconds;
}

/** 1 to 255 characters of %x21-7E (G10): what a public id, a `jti`, a `kid` or an issuer may be. */
export function isIdentifier(value: unknown): value is string {
  return typeof value === "string" && /^[\x21-\x7e]{1,255}$/.test(value);
}

/** 1 to 255 RFC 3986 unreserved characters (G10), so that plain and form-decoded Basic agree. */
export function isClientId(value: unknown): value is ClientId {
  return typeof value === "string" && /^[A-Za-z0-9._~-]{1,255}$/.test(value);
}

/** Formats an untrusted value for an error message: quoted, on one line, at most 100 characters. */
export function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 100 ? text : `${text.slice(0, 99)}…`;
}
