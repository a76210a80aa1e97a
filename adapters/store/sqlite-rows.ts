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
  FamilyAge,
  FamilyId,
  PublicId,
  Seconds,
  TokenFamily,
  User,
  Withdrawal,
} from "../../core/model.ts";
import { NO_SCOPE, type Scope } from "../../core/scope.ts";
import type { Listed, Listing, Page } from "../ports.ts";
import { prepareQuery, type SqliteDatabase, type SqliteValue } from "./sqlite-driver.ts";

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
  const clients = prepareQuery(
    db,
    `SELECT id, role, status, iif(id = ?1, scope, '${NOBODY[3]}') AS scope,
       iif(id = ?1, secrets, '${NOBODY[4]}') AS secrets
     FROM clients WHERE id <= ?1 ORDER BY id DESC LIMIT 1`,
  );
  const users = prepareQuery(db, `SELECT ${USER} FROM users WHERE public_id = ?`);
  const retired = prepareQuery(db, "SELECT 1 FROM retired_users WHERE digest = ?");
  const connections = prepareQuery(db, `SELECT ${CONNECTION} FROM connections WHERE id = ?`);
  const active = prepareQuery(
    db,
    `SELECT ${CONNECTION} FROM connections WHERE user = ? AND client = ? AND revoked_at IS NULL`,
  );
  const direct = prepareQuery(
    db,
    `SELECT ${CONNECTION} FROM connections
     WHERE user = ? AND client = ? AND ifnull(source, '') = '' AND revoked_at IS NULL`,
  );
  const families = prepareQuery(db, `SELECT ${FAMILY} FROM families WHERE id = ?`);
  const familiesOf = prepareFamiliesOf(db);
  const consentUses = prepareQuery(
    db,
    `SELECT ${CONSENT_USE} FROM consent_uses WHERE issuer = ? AND jti = ?`,
  );
  const withdrawals = prepareQuery(
    db,
    `SELECT ${WITHDRAWAL} FROM withdrawals WHERE user = ? AND client = ?`,
  );
  return {
    client(id) {
      const row = clients.get(id) as ClientRow | undefined;
      const client = clientOf(row ?? NOBODY);
      return row?.[0] === id ? client : null;
    },
    user: (publicId) => maybe(userOf, users.get(publicId)),
    isRetired: (digest) => retired.get(digest) !== undefined,
    connection: (id) => maybe(connectionOf, connections.get(id)),
    activeBetween: (user, client) =>
      rows<ConnectionRow>(active.all(user, client)).map(activeConnectionOf),
    directBetween: (user, client) => maybe(activeConnectionOf, direct.get(user, client)),
    family: (id) => maybe(familyOf, families.get(id)),
    familiesOf,
    consentUse: ({ issuer, jti }) => maybe(consentUseOf, consentUses.get(issuer, jti)),
    withdrawal: (user, client) => maybe(withdrawalOf, withdrawals.get(user, client)),
  };
}

/**
 * Prepares the queries for the families of a connection (P5). Families that were never rotated are in
 * the order of start and of use at once, and one index holds them apart from the others.
 */
function prepareFamiliesOf(db: SqliteDatabase): LookUps["familiesOf"] {
  const counts = prepareQuery(db, "SELECT count(*) FROM families WHERE connection = ?");
  // A bare parameter as the limit would make SQLite prepare the statement again each time.
  const first = (rotated: 0 | 1, time: "started_at" | "generation_started_at") =>
    prepareQuery(
      db,
      `SELECT ${AGE} FROM families WHERE connection = ? AND rotated = ${rotated}
       ORDER BY ${time}, id LIMIT ? + 0`,
    );
  const queries = [
    first(0, "generation_started_at"),
    first(1, "generation_started_at"),
    first(1, "started_at"),
  ];
  return (connection, maxFamilies) => {
    const count = Number(counts.get(connection)?.[0]);
    const surplus = countSurplus(count, maxFamilies);
    if (surplus === 0) return { count, evictable: [] };
    const ages = queries.flatMap((query) =>
      rows<AgeRow>(query.all(connection, surplus)).map(ageOf)
    );
    return { count, evictable: [...new Map(ages.map((age) => [age.id, age])).values()] };
  };
}

/** Prepares the indexed listings. */
export function prepareListings(
  db: SqliteDatabase,
): <L extends Listing>(listing: L, page: Page) => readonly Listed[L["of"]][] {
  const clients = prepareQuery(
    db,
    `SELECT ${CLIENT} FROM clients WHERE id > ? ORDER BY id LIMIT ?`,
  );
  const users = prepareQuery(
    db,
    `SELECT ${USER} FROM users WHERE public_id > ? ORDER BY public_id LIMIT ?`,
  );
  // Two partial indexes: neither alone covers live and revoked connections.
  const connections = prepareQuery(
    db,
    `SELECT * FROM (
       SELECT ${CONNECTION} FROM connections WHERE user = ?1 AND revoked_at IS NULL
       UNION ALL SELECT ${CONNECTION} FROM connections WHERE user = ?1 AND revoked_at IS NOT NULL
     ) WHERE id > ?2 ORDER BY id LIMIT ?3`,
  );
  const families = prepareQuery(
    db,
    `SELECT ${FAMILY} FROM families WHERE connection = ? AND id > ? ORDER BY id LIMIT ?`,
  );
  const rowsOf = (listing: Listing, after: string, limit: number): Listed[Listing["of"]][] => {
    switch (listing.of) {
      case "clients":
        return rows<ClientRow>(clients.all(after, limit)).map(clientOf);
      case "users":
        return rows<UserRow>(users.all(after, limit)).map(userOf);
      case "connections":
        return rows<ConnectionRow>(connections.all(listing.user, after, limit)).map(connectionOf);
      case "families":
        return rows<FamilyRow>(families.all(listing.connection, after, limit)).map(familyOf);
    }
  };
  return <L extends Listing>(listing: L, { after = "", limit }: Page) =>
    rowsOf(listing, after, limit) as Listed[L["of"]][];
}

type QueryRow = readonly SqliteValue[];

/** Maps a row, if there is one. */
function maybe<Row, T>(read: (row: Row) => T, row: QueryRow | undefined): T | null {
  return row === undefined ? null : read(row as Row);
}

/** The columns of a query are those of its row type, in the same order. */
function rows<Row>(all: readonly QueryRow[]): readonly Row[] {
  return all as readonly Row[];
}

const CLIENT = "id, role, status, scope, secrets";
type ClientRow = readonly [
  id: ClientId,
  role: Client["role"],
  status: Client["status"],
  scope: string,
  secrets: string,
];

/** What is read in place of a client that does not exist: a row like any other. */
const NOBODY: ClientRow = [
  "",
  "app",
  "enabled",
  "email openid profile",
  JSON.stringify([{ digest: "0".repeat(64), expiresAt: null }]),
];

function clientOf([id, role, status, scope, secrets]: ClientRow): Client {
  return {
    id,
    role,
    status,
    scope: scopeOf(scope),
    secrets: JSON.parse(secrets) as ClientSecret[],
  };
}

const USER = "public_id, status";
type UserRow = readonly [publicId: PublicId, status: User["status"]];

function userOf([publicId, status]: UserRow): User {
  return { publicId, status };
}

const CONNECTION = "id, user, client, source, scope, consented_at, revoked_at";
type ConnectionRow = readonly [
  id: ConnectionId,
  user: PublicId,
  client: ClientId,
  source: ConnectionId | null,
  scope: string,
  consentedAt: Seconds,
  revokedAt: Seconds | null,
];

function connectionOf(row: ConnectionRow): Connection {
  const [id, user, client, source, , , revokedAt] = row;
  return revokedAt === null
    ? activeConnectionOf(row)
    : { status: "revoked", id, user, client, source, revokedAt };
}

function activeConnectionOf(
  [id, user, client, source, scope, consentedAt]: ConnectionRow,
): ActiveConnection {
  return { status: "active", id, user, client, source, scope: scopeOf(scope), consentedAt };
}

const FAMILY = `id, connection, scope, started_at, generation, generation_started_at,
  previous_generation_started_at, salt, key_id`;
type FamilyRow = readonly [
  id: FamilyId,
  connection: ConnectionId,
  scope: string,
  startedAt: Seconds,
  generation: number,
  generationStartedAt: Seconds,
  previousGenerationStartedAt: Seconds,
  salt: string,
  keyId: string,
];

function familyOf(row: FamilyRow): TokenFamily {
  const [id, connection, scope, startedAt, generation, ...rest] = row;
  const [generationStartedAt, previousGenerationStartedAt, salt, keyId] = rest;
  return {
    id,
    connection,
    scope: scopeOf(scope),
    startedAt,
    generation,
    generationStartedAt,
    previousGenerationStartedAt,
    salt,
    keyId,
  };
}

const AGE = "id, started_at, generation_started_at";
type AgeRow = readonly [id: FamilyId, startedAt: Seconds, generationStartedAt: Seconds];

function ageOf([id, startedAt, generationStartedAt]: AgeRow): FamilyAge {
  return { id, startedAt, generationStartedAt };
}

const CONSENT_USE = "issuer, jti, digest, client, family, redeemed_at, keep_until";
type ConsentUseRow = readonly [
  issuer: string,
  jti: string,
  digest: string,
  client: ClientId,
  family: FamilyId,
  redeemedAt: Seconds,
  keepUntil: Seconds,
];

function consentUseOf(row: ConsentUseRow): ConsentUse {
  const [issuer, jti, digest, client, family, redeemedAt, keepUntil] = row;
  return { issuer, jti, digest, client, family, redeemedAt, keepUntil };
}

const WITHDRAWAL = "user, client, direct_at, at";
type WithdrawalRow = readonly [
  user: PublicId,
  client: ClientId,
  directAt: Seconds | null,
  at: Seconds,
];

function withdrawalOf([user, client, directAt, at]: WithdrawalRow): Withdrawal {
  return { user, client, directAt, at };
}

/** Stored scopes are sorted and free of duplicates, so splitting is enough. */
function scopeOf(text: string): Scope {
  return text === "" ? NO_SCOPE : text.split(" ");
}
