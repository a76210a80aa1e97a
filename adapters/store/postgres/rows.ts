/**
 * The mapping between rows of PostgreSQL and data.
 * @module
 */
import type {
  Client,
  ClientId,
  ClientSecret,
  Connection,
  ConnectionId,
  ConsentUse,
  FamilyId,
  PublicId,
  Seconds,
  TokenFamily,
  User,
  Withdrawal,
} from "../../../core/model.ts";
import { NO_SCOPE, type Scope } from "../../../core/scope.ts";

/** A row of `clients`. */
export interface ClientRow {
  readonly id: ClientId;
  readonly role: Client["role"];
  readonly status: Client["status"];
  readonly scope: string;
  readonly secrets: string;
}

/** A row of `users`. */
export interface UserRow {
  readonly public_id: PublicId;
  readonly status: User["status"];
}

/** A row of `connections`. */
export interface ConnectionRow {
  readonly id: ConnectionId;
  readonly user_id: PublicId;
  readonly client: ClientId;
  /** `""` for a direct connection. */
  readonly source: ConnectionId;
  readonly scope: string;
  readonly consented_at: Seconds;
  readonly revoked_at: Seconds | null;
}

/** A row of `families`. */
export interface FamilyRow {
  readonly id: FamilyId;
  readonly connection: ConnectionId;
  readonly scope: string;
  readonly started_at: Seconds;
  readonly generation: number;
  readonly generation_started_at: Seconds;
  readonly previous_generation_started_at: Seconds;
  readonly salt: string;
  readonly key_id: string;
}

/** A row of `consent_uses`. */
export interface UseRow {
  readonly issuer: string;
  readonly jti: string;
  readonly digest: string;
  readonly client: ClientId;
  readonly family: FamilyId;
  readonly redeemed_at: Seconds;
  readonly keep_until: Seconds;
}

/** A row of `withdrawals`. */
export interface WithdrawalRow {
  readonly user_id: PublicId;
  readonly client: ClientId;
  readonly direct_at: Seconds | null;
  readonly at: Seconds;
}

/** Reads a client. */
export function clientOf({ id, role, status, scope, secrets }: ClientRow): Client {
  const parsed = JSON.parse(secrets) as ClientSecret[];
  return { id, role, status, scope: scopeOf(scope), secrets: parsed };
}

/** Reads a user. */
export function userOf({ public_id: publicId, status }: UserRow): User {
  return { publicId, status };
}

/** Reads a connection. */
export function connectionOf(row: ConnectionRow): Connection {
  const { id, user_id: user, client, consented_at: consentedAt, revoked_at: revokedAt } = row;
  const source = row.source === "" ? null : row.source;
  if (revokedAt !== null) return { status: "revoked", id, user, client, source, revokedAt };
  return { status: "active", id, user, client, source, scope: scopeOf(row.scope), consentedAt };
}

/** Reads a family. */
export function familyOf(row: FamilyRow): TokenFamily {
  return {
    id: row.id,
    connection: row.connection,
    scope: scopeOf(row.scope),
    startedAt: row.started_at,
    generation: row.generation,
    generationStartedAt: row.generation_started_at,
    previousGenerationStartedAt: row.previous_generation_started_at,
    salt: row.salt,
    keyId: row.key_id,
  };
}

/** Reads a redeemed consent. */
export function useOf(row: UseRow): ConsentUse {
  const { issuer, jti, digest, client, family, redeemed_at: redeemedAt, keep_until: keepUntil } =
    row;
  return { issuer, jti, digest, client, family, redeemedAt, keepUntil };
}

/** Reads a withdrawal. */
export function withdrawalOf(
  { user_id: user, client, direct_at: directAt, at }: WithdrawalRow,
): Withdrawal {
  return { user, client, directAt, at };
}

/** Stored scopes are sorted and free of duplicates, so splitting is enough. */
function scopeOf(text: string): Scope {
  return text === "" ? NO_SCOPE : text.split(" ");
}
