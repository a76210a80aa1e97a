/**
 * Indexed single-row lookups in SQLite, and the mapping from rows to data.
 * @module
 */
import type { Families, Keys } from "../../core/decision.ts";
import { countSurplus } from "../../core/family.ts";
import type {
  ActiveConnection,
  Client,
  ClientId,
  ClientSecret,
  Connection,
  ConnectionId,
  ConsentUse,
  FamilyId,
  PublicId,
  RevokedConnection,
  Seconds,
  TokenFamily,
  User,
  Withdrawal,
} from "../../core/model.ts";
import { NO_SCOPE, type Scope } from "../../core/scope.ts";
import type { Listed, Listing, Page } from "../ports.ts";
import type { SqliteDatabase } from "./sqlite-driver.ts";

/** One function per kind of lookup. */
export interface LookUps {
  client(id: ClientId): Client | null;
  user(publicId: PublicId): User | null;
  isRetired(digest: string): boolean;
  connection(id: ConnectionId): Connection | null;
  /** All active connections between a user and a client. */
  activeBetween(user: PublicId, client: ClientId): readonly ActiveConnection[];
  /** The active direct connection between a user and a client. */
  directBetween(user: PublicId, client: ClientId): ActiveConnection | null;
  family(id: FamilyId): TokenFamily | null;
  /** What issuing one more family must know of those of a connection (P5). */
  familiesOf(connection: ConnectionId, maxFamilies: number): Families;
  consentUse(consent: NonNullable<Keys["consent"]>): ConsentUse | null;
  withdrawal(user: PublicId, client: ClientId): Withdrawal | null;
}

/** Prepares the lookups. */
export function prepareLookUps(db: SqliteDatabase): LookUps {
  // An unknown id takes the same work (G8): one row is found, the client's own or the one before it.
  const clients = db.prepare(
    `SELECT id, role, status, iif(id = ?1, scope, '${NOBODY.scope}') AS scope,
       iif(id = ?1, secrets, '${NOBODY.secrets}') AS secrets
     FROM clients WHERE id <= ?1 ORDER BY id DESC LIMIT 1`,
  );
  const users = db.prepare("SELECT * FROM users WHERE public_id = ?");
  const retired = db.prepare("SELECT 1 FROM retired_users WHERE digest = ?");
  const connections = db.prepare("SELECT * FROM connections WHERE id = ?");
  // Lists come as one row of JSON: several times faster than row by row, especially with libsql, whose
  // row sets are native objects that only garbage collection frees.
  const active = db.prepare(
    `SELECT json_group_array(json_array(id, source, scope, consented_at)) AS list
     FROM connections WHERE user = ? AND client = ? AND revoked_at IS NULL`,
  );
  const direct = db.prepare(
    `SELECT * FROM connections
     WHERE user = ? AND client = ? AND ifnull(source, '') = '' AND revoked_at IS NULL`,
  );
  const families = db.prepare("SELECT * FROM families WHERE id = ?");
  const familyCounts = db.prepare("SELECT count(*) AS n FROM families WHERE connection = ?");
  const evictable = db.prepare(
    `SELECT json_group_array(json_array(id, started_at, generation_started_at)) AS list FROM (
       SELECT * FROM (
         SELECT id, started_at, generation_started_at FROM families WHERE connection = ?1
         ORDER BY generation_started_at, id LIMIT ?2)
       UNION SELECT * FROM (
         SELECT id, started_at, generation_started_at FROM families WHERE connection = ?1
         ORDER BY started_at, id LIMIT ?2))`,
  );
  const consentUses = db.prepare("SELECT * FROM consent_uses WHERE issuer = ? AND jti = ?");
  const withdrawals = db.prepare("SELECT * FROM withdrawals WHERE user = ? AND client = ?");
  return {
    client(id) {
      const row = (clients.get(id) as ClientRow | undefined) ?? NOBODY;
      const client = clientOf(row);
      return row !== NOBODY && row.id === id ? client : null;
    },
    user: (publicId) => maybe(userOf, users.get(publicId)),
    isRetired: (digest) => retired.get(digest) !== undefined,
    connection: (id) => maybe(connectionOf, connections.get(id)),
    activeBetween: (user, client) =>
      listOf<ActiveItem>(active.get(user, client)).map(([id, source, scope, consentedAt]) => (
        { status: "active", id, user, client, source, scope: scopeOf(scope), consentedAt }
      )),
    directBetween: (user, client) => maybe(activeConnectionOf, direct.get(user, client)),
    family: (id) => maybe(familyOf, families.get(id)),
    familiesOf(connection, maxFamilies) {
      const { n: count } = familyCounts.get(connection) as { n: number };
      const surplus = countSurplus(count, maxFamilies);
      const rows = surplus === 0 ? [] : listOf<AgeItem>(evictable.get(connection, surplus));
      return {
        count,
        evictable: rows.map(([id, startedAt, generationStartedAt]) => (
          { id, startedAt, generationStartedAt }
        )),
      };
    },
    consentUse: ({ issuer, jti }) => maybe(consentUseOf, consentUses.get(issuer, jti)),
    withdrawal: (user, client) => maybe(withdrawalOf, withdrawals.get(user, client)),
  };
}

/** Prepares the indexed listings. */
export function prepareListings(
  db: SqliteDatabase,
): <L extends Listing>(listing: L, page: Page) => readonly Listed[L["of"]][] {
  const clients = db.prepare("SELECT * FROM clients WHERE id > ? ORDER BY id LIMIT ?");
  const users = db.prepare("SELECT * FROM users WHERE public_id > ? ORDER BY public_id LIMIT ?");
  // Two partial indexes: neither alone covers live and revoked connections.
  const connections = db.prepare(
    `SELECT * FROM (
       SELECT * FROM connections WHERE user = ? AND revoked_at IS NULL
       UNION ALL SELECT * FROM connections WHERE user = ? AND revoked_at IS NOT NULL
     ) WHERE id > ? ORDER BY id LIMIT ?`,
  );
  const families = db.prepare(
    "SELECT * FROM families WHERE connection = ? AND id > ? ORDER BY id LIMIT ?",
  );
  const rowsOf = (listing: Listing, after: string, limit: number) => {
    switch (listing.of) {
      case "clients":
        return (clients.all(after, limit) as ClientRow[]).map(clientOf);
      case "users":
        return (users.all(after, limit) as UserRow[]).map(userOf);
      case "connections":
        return (connections.all(listing.user, listing.user, after, limit) as ConnectionRow[])
          .map(connectionOf);
      case "families":
        return (families.all(listing.connection, after, limit) as FamilyRow[]).map(familyOf);
    }
  };
  return <L extends Listing>(listing: L, { after = "", limit }: Page) =>
    rowsOf(listing, after, limit) as Listed[Listing["of"]][] as Listed[L["of"]][];
}

/** Maps a row, if there is one. */
function maybe<Row, T>(read: (row: Row) => T, row: unknown): T | null {
  return row === undefined ? null : read(row as Row);
}

/** The items of a list row. */
function listOf<Item>(row: unknown): readonly Item[] {
  return JSON.parse((row as { readonly list: string }).list);
}

interface ClientRow {
  readonly id: ClientId;
  readonly role: Client["role"];
  readonly status: Client["status"];
  readonly scope: string;
  readonly secrets: string;
}

/** What is read in place of a client that does not exist: a row like any other. */
const NOBODY: ClientRow = {
  id: "",
  role: "app",
  status: "enabled",
  scope: "email openid profile",
  secrets: JSON.stringify([{ digest: "0".repeat(64), expiresAt: null }]),
};

function clientOf({ id, role, status, scope, secrets }: ClientRow): Client {
  return {
    id,
    role,
    status,
    scope: scopeOf(scope),
    secrets: JSON.parse(secrets) as ClientSecret[],
  };
}

interface UserRow {
  readonly public_id: PublicId;
  readonly status: User["status"];
}

function userOf({ public_id: publicId, status }: UserRow): User {
  return { publicId, status };
}

interface ConnectionRow {
  readonly id: ConnectionId;
  readonly user: PublicId;
  readonly client: ClientId;
  readonly source: ConnectionId | null;
  readonly scope: string;
  readonly consented_at: number;
  readonly revoked_at: number | null;
}

function connectionOf(row: ConnectionRow): Connection {
  return row.revoked_at === null ? activeConnectionOf(row) : revokedConnectionOf(row);
}

function activeConnectionOf(row: ConnectionRow): ActiveConnection {
  const { id, user, client, source, consented_at: consentedAt } = row;
  return { status: "active", id, user, client, source, scope: scopeOf(row.scope), consentedAt };
}

function revokedConnectionOf(row: ConnectionRow): RevokedConnection {
  const { id, user, client, source, revoked_at: revokedAt } = row;
  return { status: "revoked", id, user, client, source, revokedAt: revokedAt as number };
}

type ActiveItem = [
  id: ConnectionId,
  source: ConnectionId | null,
  scope: string,
  consentedAt: Seconds,
];

interface FamilyRow {
  readonly id: FamilyId;
  readonly connection: ConnectionId;
  readonly scope: string;
  readonly started_at: number;
  readonly generation: number;
  readonly generation_started_at: number;
  readonly previous_generation_started_at: number;
  readonly salt: string;
  readonly key_id: string;
}

function familyOf(row: FamilyRow): TokenFamily {
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

type AgeItem = [id: FamilyId, startedAt: Seconds, generationStartedAt: Seconds];

interface ConsentUseRow {
  readonly issuer: string;
  readonly jti: string;
  readonly digest: string;
  readonly client: ClientId;
  readonly family: FamilyId;
  readonly redeemed_at: number;
  readonly keep_until: number;
}

function consentUseOf(row: ConsentUseRow): ConsentUse {
  const { issuer, jti, digest, client, family, redeemed_at: redeemedAt, keep_until: keepUntil } =
    row;
  return { issuer, jti, digest, client, family, redeemedAt, keepUntil };
}

interface WithdrawalRow {
  readonly user: PublicId;
  readonly client: ClientId;
  readonly direct_at: number | null;
  readonly at: number;
}

function withdrawalOf({ user, client, direct_at: directAt, at }: WithdrawalRow): Withdrawal {
  return { user, client, directAt, at };
}

/** Stored scopes are sorted and free of duplicates, so splitting is enough. */
function scopeOf(text: string): Scope {
  return text === "" ? NO_SCOPE : text.split(" ");
}
