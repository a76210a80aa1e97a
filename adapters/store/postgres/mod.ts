/**
 * The PostgreSQL store: durable before it answers, for any number of servers on one database. It
 * needs the npm package `pg` only to open a URL; a pool of the same shape will do.
 *
 * @example
 * ```ts
 * import { createPostgresStore, type PgPool } from "fetch-tokens-for-user/postgres";
 *
 * const openStore = (pool: PgPool) => createPostgresStore(pool, { schema: "tokens" });
 * // const store = await openStore(new pg.Pool({ connectionString: process.env.DATABASE_URL }));
 * console.assert(openStore.length === 1);
 * ```
 * @module
 */
export type { PgConnection, PgPool, PgResult } from "./driver.ts";
export type { Limits } from "./batch.ts";
export { openPostgresStore } from "./open.ts";
export { PostgresOpenError } from "./errors.ts";
export { createPostgresStore, type PostgresOptions } from "./store.ts";
