/**
 * The tables of the SQLite store, as ordered migrations. A released migration never changes; a new
 * one is added instead.
 * @module
 */
import { EMPTY, type Migration, pendingMigrations, type SchemaVersion } from "./migrations.ts";
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
    key_id TEXT NOT NULL,
    rotated INTEGER GENERATED ALWAYS AS (generation > 0)
  ) STRICT;
  CREATE INDEX families_connection ON families (connection, rotated, generation_started_at, id);
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
export const MIGRATIONS: readonly Migration<string>[] = [{ statements: INITIAL, compatible: 1 }];

/** Where the oldest compatible schema is written. A database without it is compatible with its own. */
const COMPATIBLE = "compatible-schema";

/**
 * Migrates a database to the newest schema in one transaction: all or nothing, and only once even
 * if several processes open the file at the same time.
 * @returns the schema that was found
 * @throws {SqliteOpenError} for a schema that is too new and for a database of another program
 */
export async function migrate(
  db: SqliteDatabase,
  migrations: readonly Migration<string>[] = MIGRATIONS,
): Promise<number> {
  const { found, pending } = await whenFree(() => planMigration(db, migrations));
  // One log, one sync per commit; readers and the writer do not block each other.
  await whenFree(() => db.exec("PRAGMA journal_mode = WAL"));
  // A database that had no log yet, such as a backup, has one from the first read on.
  await whenFree(() => readVersion(db));
  if (pending.length > 0) {
    await whenFree(() => transaction(db, "BEGIN IMMEDIATE", () => apply(db, migrations)));
  }
  return found;
}

/** Applies what is pending now, under the lock. */
function apply(db: SqliteDatabase, migrations: readonly Migration<string>[]): void {
  const { found, pending } = planMigration(db, migrations);
  for (const { statements } of pending) db.exec(statements);
  const last = pending.at(-1);
  if (last === undefined) return;
  db.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
  db.exec(`PRAGMA user_version = ${found + pending.length}`);
  db.prepare(
    "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
  )
    .run(COMPATIBLE, String(last.compatible));
}

/**
 * The schema of a database and the migrations it lacks. Changes nothing.
 * @throws {SqliteOpenError} for a schema that is too new and for a database of another program
 */
export function planMigration(
  db: SqliteDatabase,
  migrations: readonly Migration<string>[] = MIGRATIONS,
): { readonly found: number; readonly pending: readonly Migration<string>[] } {
  const version = readVersion(db);
  try {
    return { found: version.schema, pending: pendingMigrations(version, migrations) };
  } catch (cause) {
    throw new SqliteOpenError((cause as RangeError).message, { cause });
  }
}

function readVersion(db: SqliteDatabase): SchemaVersion {
  const header = db.prepare(`
    SELECT (SELECT application_id FROM pragma_application_id) AS application,
           (SELECT user_version FROM pragma_user_version) AS schema,
           (SELECT count(*) FROM sqlite_schema) AS objects
  `).get() as { application: number; schema: number; objects: number };
  const { application, schema, objects } = header;
  if (application === 0 && schema === 0 && objects === 0) return EMPTY;
  if (application !== APPLICATION_ID) {
    throw new SqliteOpenError("It belongs to another program: give another path");
  }
  const row = db.prepare("SELECT value FROM meta WHERE key = ?").get(COMPATIBLE);
  const compatible = row === undefined ? schema : Number((row as { value: string }).value);
  return { schema, compatible };
}
