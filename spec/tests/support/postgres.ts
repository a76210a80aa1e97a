/**
 * A real PostgreSQL for tests, with no set-up: started when the first test of a process asks for it,
 * on a free port, and stopped after the last. `FTFU_TEST_POSTGRES=postgres://…` uses another one.
 * @module
 */
import process from "node:process";
import { after } from "node:test";
import pg from "pg";
import type { Store } from "../../../adapters/ports.ts";
import {
  createPostgresStore,
  type PgPool,
  type PostgresOptions,
} from "../../../adapters/store/postgres/mod.ts";
import type { StoreUnderTest } from "../../store-contract/mod.ts";
import { type PostgresServer, startPostgres } from "./postgres-server.ts";

let shared: Promise<PostgresServer> | undefined;

// At the top, so that it runs after the last test of the file and not after that which asked first.
after(async () => await (await shared)?.remove());

/** The URL of the server that the tests of this process share. */
export async function postgresUrl(): Promise<string> {
  return process.env["FTFU_TEST_POSTGRES"] || (await (shared ??= startPostgres())).url;
}

/** Schemas that are not in use, with tables in them: emptying them is faster than making new ones. */
const free: string[] = [];
let made = 0;

/** A schema of the shared server, with nothing in it. */
export async function emptySchema(): Promise<string> {
  const schema = free.pop();
  if (schema === undefined) return `test_${process.pid}_${made++}`;
  await query(TABLES.map((table) => `DELETE FROM ${schema}.${table}`).join("; "));
  return schema;
}

const TABLES = [
  "clients",
  "users",
  "retired_users",
  "connections",
  "families",
  "consent_uses",
  "withdrawals",
  "meta WHERE key NOT IN ('schema', 'compatible-schema', 'partitions')",
];

/** Opens an empty store on the shared server. */
export async function openPostgresStore(options: PostgresOptions = {}): Promise<Store> {
  const schema = await emptySchema();
  return await createPostgresStore(createPool(await postgresUrl()), { ...options, schema });
}

/** Runs a statement on the shared server. */
export async function query(text: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: await postgresUrl() });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

/** Schemas of the shared server, for the store contract. */
export const POSTGRES_SCHEMAS: StoreUnderTest = {
  shared: true,
  has: ["size", "makeNewer"],
  async create() {
    const schema = await emptySchema();
    let isNewer = false;
    return {
      async open() {
        const pool = createPool(await postgresUrl());
        return await createPostgresStore(pool, { schema }).catch(async (error) => {
          await pool.end();
          throw error;
        });
      },
      remove: () => Promise.resolve(void (isNewer || free.push(schema))),
      async size() {
        await query(
          `VACUUM ${TABLES.slice(0, -1).map((table) => `${schema}.${table}`).join(", ")}`,
        );
        const [row] = await query(
          `SELECT sum(pg_total_relation_size(oid))::int AS size FROM pg_class
           WHERE relnamespace = '${schema}'::regnamespace AND relkind = 'r'`,
        );
        return Number(row?.["size"]);
      },
      async makeNewer() {
        isNewer = true;
        await query(`UPDATE ${schema}.meta SET value = '1000' 
          WHERE key IN ('schema', 'compatible-schema')`);
      },
    };
  },
};

/** A pool as an embedder has it. */
export function createPool(url: string, max = 4): PgPool & pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max });
  pool.on("error", () => {}); // of connections that nobody uses, when a server stops
  return pool as PgPool & pg.Pool;
}
