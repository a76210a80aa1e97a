/**
 * The tables of the SQLite store, as ordered migrations. A released migration never changes; a new
 * one is added instead.
 * @module
 */
import { type SqliteDatabase, SqliteOpenError, transaction, whenFree } from "./sqlite-driver.ts";

/** "ftfu": distinguishes our databases from those of other programs. */
const APPLICATION_ID = 0x66746675;

/**
 * The most frequently written keys are time-ordered ids, so that new rows share pages. Scopes are
 * stored as sorted text, secrets as JSON, times in Unix seconds.
 */
const INITIAL = `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

  CREATE TABLE clients (
    id TEXT PRIMARY KEY,
    role TEXT NOT NULL,
    status TEXT NOT NULL,
    scope TEXT NOT NULL,
    secrets TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE users (public_id TEXT PRIMARY KEY, status TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE retired_users (digest TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

  CREATE TABLE connections (
    id TEXT PRIMARY KEY,
    user TEXT NOT NULL,
    client TEXT NOT NULL,
    source TEXT,
    scope TEXT NOT NULL,
    consented_at INTEGER NOT NULL,
    revoked_at INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX connections_live ON connections (user, client, ifnull(source, ''))
    WHERE revoked_at IS NULL;
  CREATE INDEX connections_revoked ON connections (user) WHERE revoked_at IS NOT NULL;

  CREATE TABLE families (
    id TEXT NOT NULL UNIQUE,
    connection TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    scope TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    generation_started_at INTEGER NOT NULL,
    previous_generation_started_at INTEGER NOT NULL,
    salt TEXT NOT NULL,
    key_id TEXT NOT NULL
  ) STRICT;
  CREATE INDEX families_connection ON families (connection, generation_started_at, id, started_at);
  CREATE INDEX families_started ON families (started_at);
  CREATE INDEX families_generation_started ON families (generation_started_at);

  CREATE TABLE consent_uses (
    issuer TEXT NOT NULL,
    jti TEXT NOT NULL,
    digest TEXT NOT NULL,
    client TEXT NOT NULL,
    family TEXT NOT NULL,
    redeemed_at INTEGER NOT NULL,
    keep_until INTEGER NOT NULL,
    UNIQUE (issuer, jti)
  ) STRICT;
  CREATE INDEX consent_uses_keep_until ON consent_uses (keep_until);

  CREATE TABLE withdrawals (
    user TEXT NOT NULL,
    client TEXT NOT NULL,
    direct_at INTEGER,
    at INTEGER NOT NULL,
    UNIQUE (user, client)
  ) STRICT;
  CREATE INDEX withdrawals_at ON withdrawals (at);
`;

/** Migration `n` brings a database from schema `n` to `n + 1`. */
export const MIGRATIONS: readonly string[] = [INITIAL];

/**
 * Migrates a database to the newest schema in one transaction: all or nothing, and only once even
 * if several processes open the file at the same time.
 * @throws {SqliteOpenError} for a newer schema and for a database of another program
 */
export async function migrate(
  db: SqliteDatabase,
  migrations: readonly string[] = MIGRATIONS,
): Promise<void> {
  const newest = migrations.length;
  const found = await whenFree(() => schemaOf(db, newest));
  // One log, one sync per commit; readers and the writer do not block each other.
  await whenFree(() => db.exec("PRAGMA journal_mode = WAL"));
  if (found === newest) return;
  await whenFree(() =>
    transaction(db, "BEGIN IMMEDIATE", () => {
      const schema = schemaOf(db, newest); // again, under the lock
      for (const migration of migrations.slice(schema)) db.exec(migration);
      db.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
      db.exec(`PRAGMA user_version = ${newest}`);
    })
  );
}

/** The schema version; 0 for an empty database. Throws if it is newer or not one of ours. */
function schemaOf(db: SqliteDatabase, newest: number): number {
  const header = db.prepare(`
    SELECT (SELECT application_id FROM pragma_application_id) AS application,
           (SELECT user_version FROM pragma_user_version) AS schema,
           (SELECT count(*) FROM sqlite_schema) AS objects
  `).get() as { application: number; schema: number; objects: number };
  const { application, schema, objects } = header;
  if (application === 0 && schema === 0 && objects === 0) return 0;
  if (application !== APPLICATION_ID) {
    throw new SqliteOpenError("It belongs to another program: give another path");
  }
  if (schema > newest) {
    const known = `It has schema ${schema} and this version knows ${newest}`;
    throw new SqliteOpenError(`${known}: upgrade the program`);
  }
  return schema;
}
