/**
 * The tables of the PostgreSQL store, as ordered migrations. A released migration never changes; a
 * new one is added instead.
 *
 * Every row of a user holds their bucket: 0 to 255, the first byte of the SHA-256 of the public id.
 * The ids of their connections and families end with it, so a token string leads to the bucket too.
 * All keys hold it, so the tables can be split by it: into partitions of one database here, into the
 * shards of a distributed one elsewhere. A decision about a user stays within their bucket; only the
 * redemption of a consent token writes a row elsewhere, found by `jti`.
 * @module
 */
import { EMPTY, type Migration, pendingMigrations, type SchemaVersion } from "../migrations.ts";
import { lastOf, type PgConnection, type PgPool, sqlStateOf } from "./driver.ts";
import { PostgresOpenError } from "./errors.ts";

/** How the tables are laid out when they are created. */
export interface Layout {
  /** The schema that holds the tables. */
  readonly schema: string;
  /** Hash partitions per table; 1 is a plain table. */
  readonly partitions: number;
}

/** A migration: its statements depend on the layout. */
export type PgMigration = Migration<(layout: Layout) => string>;

/** Times are Unix seconds, scopes sorted text, secrets JSON; a direct connection has source ''. */
const initial: PgMigration["statements"] = (layout) => {
  const text = 'text COLLATE "C" NOT NULL';
  const create = (name: string, by: string, columns: string) =>
    createTable(layout, name, by, columns);
  const on = (name: string) => `${layout.schema}.${name}`;
  return `
    CREATE TABLE ${on("clients")} (
      id ${text} PRIMARY KEY,
      role ${text},
      status ${text},
      scope ${text},
      secrets ${text}
    );
    ${
    create(
      "users",
      "bucket",
      `
      public_id ${text},
      bucket smallint NOT NULL,
      status ${text},
      PRIMARY KEY (public_id, bucket)`,
    )
  }
    ${create("retired_users", "digest", `digest ${text} PRIMARY KEY`)}
    ${
    create(
      "connections",
      "bucket",
      `
      id ${text},
      bucket smallint NOT NULL,
      user_id ${text},
      client ${text},
      source ${text},
      scope ${text},
      consented_at bigint NOT NULL,
      revoked_at bigint,
      PRIMARY KEY (id, bucket)`,
    )
  }
    CREATE UNIQUE INDEX connections_live ON ${on("connections")}
      (user_id, client, source, bucket) WHERE revoked_at IS NULL;
    CREATE INDEX connections_revoked ON ${on("connections")} (user_id) WHERE revoked_at IS NOT NULL;
    ${
    create(
      "families",
      "bucket",
      `
      id ${text},
      bucket smallint NOT NULL,
      connection ${text},
      scope ${text},
      started_at bigint NOT NULL,
      generation bigint NOT NULL,
      generation_started_at bigint NOT NULL,
      previous_generation_started_at bigint NOT NULL,
      salt ${text},
      key_id ${text},
      PRIMARY KEY (id, bucket)`,
    )
  }
    CREATE INDEX families_connection ON ${on("families")} (connection, id);
    CREATE INDEX families_started ON ${on("families")} (started_at);
    CREATE INDEX families_generation_started ON ${on("families")} (generation_started_at);
    ${
    create(
      "consent_uses",
      "jti",
      `
      issuer ${text},
      jti ${text},
      digest ${text},
      client ${text},
      family ${text},
      redeemed_at bigint NOT NULL,
      keep_until bigint NOT NULL,
      PRIMARY KEY (jti, issuer)`,
    )
  }
    CREATE INDEX consent_uses_keep_until ON ${on("consent_uses")} (keep_until);
    ${
    create(
      "withdrawals",
      "bucket",
      `
      user_id ${text},
      client ${text},
      bucket smallint NOT NULL,
      direct_at bigint,
      at bigint NOT NULL,
      PRIMARY KEY (user_id, client, bucket)`,
    )
  }
    CREATE INDEX withdrawals_at ON ${on("withdrawals")} (at);
  `;
};

function createTable({ schema, partitions }: Layout, name: string, by: string, columns: string) {
  const table = `${schema}.${name}`;
  if (partitions === 1) return `CREATE TABLE ${table} (${columns});`;
  const parts = Array.from(
    { length: partitions },
    (_, part) =>
      `CREATE TABLE ${table}_${part} PARTITION OF ${table}
       FOR VALUES WITH (MODULUS ${partitions}, REMAINDER ${part});`,
  );
  return `CREATE TABLE ${table} (${columns}) PARTITION BY HASH (${by});\n${parts.join("\n")}`;
}

/** Migration `n` brings a database from schema `n` to `n + 1`. */
export const MIGRATIONS: readonly PgMigration[] = [{ statements: initial, compatible: 1 }];

/** The oldest server that the statements were written for. */
const OLDEST_VERSION = 130000;

/**
 * Creates or upgrades the tables in one transaction: all or nothing, and once even if several
 * servers start at the same time.
 * @returns how the tables are laid out
 * @throws {PostgresOpenError} for a newer schema and for an old server
 */
export async function migrate(
  pool: PgPool,
  wanted: Layout,
  migrations: readonly PgMigration[] = MIGRATIONS,
): Promise<Layout> {
  const connection = await pool.connect();
  try {
    await checkVersion(connection);
    for (let attempt = 1;; attempt++) {
      try {
        return await migrateOnce(connection, wanted, migrations);
      } catch (error) {
        await connection.query("ROLLBACK");
        // Two servers that create the same things: one of them succeeds, and the other finds it done.
        const isRace = ["23505", "42P06", "42P07"].includes(sqlStateOf(error) ?? "");
        if (!isRace || attempt === 3) throw error;
      }
    }
  } finally {
    connection.release();
  }
}

/**
 * The schema of a database and the one that {@link migrate} would bring it to; `null` where there are no
 * tables of ours.
 * @throws {PostgresOpenError} for a schema that is too new
 */
export async function planMigration(
  pool: PgPool,
  schema: string,
): Promise<{ readonly from: number; readonly to: number } | null> {
  const connection = await pool.connect();
  try {
    const found = await readVersion(connection, schema);
    if (found === null) return null;
    return { from: found.schema, to: found.schema + pendingOf(found, MIGRATIONS).length };
  } finally {
    connection.release();
  }
}

function pendingOf(
  found: SchemaVersion | null,
  migrations: readonly PgMigration[],
): readonly PgMigration[] {
  try {
    return pendingMigrations(found ?? EMPTY, migrations);
  } catch (cause) {
    throw new PostgresOpenError((cause as RangeError).message, { cause });
  }
}

async function migrateOnce(
  connection: PgConnection,
  wanted: Layout,
  migrations: readonly PgMigration[],
): Promise<Layout> {
  const { schema } = wanted;
  const found = await readVersion(connection, schema);
  const pending = pendingOf(found, migrations);
  const layout = { schema, partitions: found?.partitions ?? wanted.partitions };
  const last = pending.at(-1);
  if (last === undefined) return layout;
  const newest = (found?.schema ?? 0) + pending.length;
  const steps = pending.map(({ statements }) => statements(layout));
  await connection.query(`
    BEGIN;
    CREATE SCHEMA IF NOT EXISTS ${schema};
    CREATE TABLE IF NOT EXISTS ${schema}.meta (
      key text COLLATE "C" PRIMARY KEY, value text COLLATE "C" NOT NULL);
    LOCK TABLE ${schema}.meta IN EXCLUSIVE MODE;
  `);
  const current = await readVersion(connection, schema); // again, under the lock
  if ((current?.schema ?? 0) !== (found?.schema ?? 0)) {
    await connection.query("ROLLBACK");
    return migrateOnce(connection, wanted, migrations);
  }
  await connection.query(`
    ${steps.join("\n")}
    INSERT INTO ${schema}.meta (key, value)
    VALUES ('schema', '${newest}'), ('compatible-schema', '${last.compatible}'),
      ('partitions', '${layout.partitions}')
    ON CONFLICT (key) DO UPDATE SET value = excluded.value;
    COMMIT;
  `);
  return layout;
}

/** The schema version and the layout; `null` where there are no tables yet. */
async function readVersion(
  connection: PgConnection,
  schema: string,
): Promise<SchemaVersion & { readonly partitions: number } | null> {
  const exists = `SELECT to_regclass('${schema}.meta') IS NOT NULL AS exists`;
  const [row] = lastOf(await connection.query(exists)).rows as { exists: boolean }[];
  if (row?.exists !== true) return null;
  const read = `SELECT key, value FROM ${schema}.meta 
    WHERE key IN ('schema', 'compatible-schema', 'partitions')`;
  const rows = lastOf(await connection.query(read)).rows as { key: string; value: string }[];
  const meta = Object.fromEntries(rows.map(({ key, value }) => [key, Number(value)]));
  const { schema: version, "compatible-schema": compatible, partitions } = meta;
  return version === undefined || compatible === undefined || partitions === undefined
    ? null
    : { schema: version, compatible, partitions };
}

async function checkVersion(connection: PgConnection): Promise<void> {
  const show = "SELECT current_setting('server_version_num')::int AS version";
  const [row] = lastOf(await connection.query(show)).rows as { version: number }[];
  if ((row?.version ?? 0) < OLDEST_VERSION) {
    throw new PostgresOpenError(
      `The server is of version ${row?.version}: PostgreSQL ${
        OLDEST_VERSION / 10000
      } or later is needed`,
    );
  }
}
