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
import { type PostgresServer, startPostgres } from "./postgres-server.ts";

let shared: Promise<PostgresServer> | undefined;

// At the top, so that it runs after the last test of the file and not after that which asked first.
after(async () => await (await shared)?.remove());

/** The URL of the server that the tests of this process share. */
export async function postgresUrl(): Promise<string> {
  return process.env["FTFU_TEST_POSTGRES"] || (await (shared ??= startPostgres())).url;
}

/** Schemas that are not in use, with tables in them. */
const free: string[] = [];
let made = 0;

/** Opens an empty store on the shared server. */
export async function openPostgresStore(options: PostgresOptions = {}): Promise<Store> {
  const pool = createPool(await postgresUrl());
  const isPlain = (options.partitions ?? 1) === 1;
  const schema = (isPlain ? free.pop() : undefined) ?? `test_${process.pid}_${made++}`;
  const store = await createPostgresStore(pool, { ...options, schema });
  await pool.query(WIPED.map((table) => `DELETE FROM ${schema}.${table}`).join("; "));
  return {
    ...store,
    async close() {
      await store.close();
      if (isPlain) free.push(schema);
    },
  };
}

const WIPED = [
  "clients",
  "users",
  "retired_users",
  "connections",
  "families",
  "consent_uses",
  "withdrawals",
  "meta WHERE key NOT IN ('schema', 'partitions')",
];

/** A pool as an embedder has it. */
export function createPool(url: string, max = 4): PgPool & pg.Pool {
  return new pg.Pool({ connectionString: url, max }) as PgPool & pg.Pool;
}
