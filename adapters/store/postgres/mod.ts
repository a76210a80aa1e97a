/**
 * The PostgreSQL store: durable before it answers, for any number of servers on one database.
 * `pg` is loaded when a URL is opened; a pool of your own needs no package.
 * @module
 */
export type { PgConnection, PgPool, PgResult } from "./driver.ts";
export { PostgresOpenError } from "./schema.ts";
export { createPostgresStore, type PostgresOptions } from "./store.ts";
