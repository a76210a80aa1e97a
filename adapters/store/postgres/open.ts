/**
 * Opens a store by URL, with the npm package `pg`.
 * @module
 */
import { readFile } from "node:fs/promises";
import type { Store } from "../../ports.ts";
import { ignore, type PgConnection, type PgPool } from "./driver.ts";
import { connectPools, loadPg } from "./pool.ts";
import { PostgresOpenError } from "./errors.ts";
import { planMigration } from "./schema.ts";
import { createPostgresStore, type PostgresOptions, PRESETS } from "./store.ts";
import { readPostgresUrl, type Target } from "./url.ts";

/**
 * Opens a store; creates or upgrades its tables as needed.
 * @param url `postgres://USER:PASSWORD@HOST:PORT/DATABASE`; several hosts, separated by commas, for a
 *   primary and its standbys. Parameters: `sslmode` (`disable`, `require`, `verify-full`; default
 *   `verify-full`, or `disable` for this machine), `sslrootcert`, `connect_timeout` in seconds,
 *   `application_name`, `schema`, `connections`, `batch`, `statement_timeout` in milliseconds,
 *   `partitions`
 * @param options replace what the URL says
 * @throws {PostgresOpenError} saying what is wrong and what to do; never with the password
 *
 * @example
 * ```ts
 * import { openPostgresStore, PostgresOpenError } from "fetch-tokens-for-user/postgres";
 *
 * try {
 *   const store = await openPostgresStore("postgres://app@127.0.0.1:1/app");
 *   await store.close();
 * } catch (error) {
 *   console.assert(error instanceof PostgresOpenError); // nothing listens there
 * }
 * ```
 */
export function openPostgresStore(url: string, options: PostgresOptions = {}): Promise<Store> {
  return withPool(url, options, (pool, given) => createPostgresStore(pool, given));
}

/**
 * The schema that a database has, and the one that {@link openPostgresStore} would bring it to; `null` if
 * no store was opened there before. Changes nothing.
 * @throws {PostgresOpenError} if the database cannot be reached, or is too new
 */
export function planPostgresMigration(
  url: string,
): Promise<{ readonly from: number; readonly to: number } | null> {
  return withPool(url, {}, async (pool, { schema = PRESETS.schema }) => {
    const plan = await planMigration(pool, schema);
    await pool.end();
    return plan;
  });
}

async function withPool<T>(
  url: string,
  options: PostgresOptions,
  work: (pool: PgPool, options: PostgresOptions) => Promise<T>,
): Promise<T> {
  const target = readPostgresUrl(url);
  const given = { ...target.store, ...options };
  let pool: PgPool | null = null;
  try {
    pool = await openPool(target, given);
    return await work(pool, given);
  } catch (cause) {
    await pool?.end().catch(() => {});
    const reason = explain(cause, target);
    throw new PostgresOpenError(`Cannot open the database ${target.description}. ${reason}`, {
      cause,
    });
  }
}

async function openPool(target: Target, options: PostgresOptions): Promise<PgPool> {
  const { parallel, statementMilliseconds } = { ...PRESETS, ...options };
  const ca = target.sslRootCert === null ? null : await readFile(target.sslRootCert, "utf8");
  const ssl = target.sslMode === "disable"
    ? false
    : { rejectUnauthorized: target.sslMode === "verify-full", ...(ca !== null && { ca }) };
  const { Pool } = await loadPg();
  return connectPools(target.hosts.map(({ host, port }) => {
    const pool = new Pool({
      host,
      port,
      user: target.user,
      password: target.password,
      database: target.database,
      ssl,
      application_name: target.applicationName,
      // Writes, reads, and one for what is neither: listings, sweeping, probes.
      max: 2 * parallel + 1,
      connectionTimeoutMillis: target.connectMilliseconds,
      // A server that does not answer at all. One that is slow ends the statement by itself.
      query_timeout: 2 * statementMilliseconds + 5000,
      keepAlive: true,
      verify: refuseStandby,
    });
    pool.on("error", ignore); // of a connection that nobody uses; the pool drops it
    return pool as PgPool;
  }));
}

/** A standby serves no writes, and no reads either: they would miss what was committed before (R2). */
function refuseStandby(
  connection: Pick<PgConnection, "query" | "on">,
  done: (error?: Error) => void,
): void {
  connection.on?.("error", ignore);
  connection.query("SELECT pg_is_in_recovery() AS standby").then((result) => {
    const [row] = (Array.isArray(result) ? [] : result.rows) as { standby: boolean }[];
    done(row?.standby === false ? undefined : new StandbyError("It is a standby"));
  }, done);
}

class StandbyError extends Error {
  override readonly name = "StandbyError";
  /** As a primary that became read-only reports it. */
  readonly code = "25006";
}

const CERTIFICATE = /CERT|SIGNATURE|ALTNAME/;

/** Why a database cannot be opened, and what to do about it. */
function explain(cause: unknown, { user, database, hosts }: Target): string {
  if (cause instanceof PostgresOpenError || cause instanceof RangeError) return cause.message;
  const [first] = (cause as { errors?: unknown[] }).errors ?? []; // of several addresses of one name
  const { code = "", message = String(cause) } = (first ?? cause) as {
    code?: string;
    message?: string;
  };
  const who = user === undefined ? "the user" : `the user ${user}`;
  switch (code) {
    case "28P01":
      return `It refuses the password of ${who}: correct it in the URL or in PGPASSWORD.`;
    case "28000":
      return /no encryption|SSL off/i.test(message)
        ? "It takes encrypted connections only: add sslmode=verify-full or sslmode=require."
        : `It does not let ${who} in: create the user, or allow it in pg_hba.conf.`;
    case "3D000":
      return `There is no database ${database ?? user ?? ""}: create it, or correct the URL.`;
    case "42501":
      return `The user may not create the tables: GRANT CREATE ON DATABASE ${database ?? "…"} TO ${
        user ?? "…"
      }.`;
    case "53300":
      return "It has no connection left: raise max_connections, or lower connections in the URL.";
    case "57P03":
      return "It is starting or stopping: try again.";
    case "25006":
      return `It is read-only, or a standby: give the address of the primary${
        hosts.length > 1 ? "" : ", or all addresses, separated by commas"
      }.`;
    case "ECONNREFUSED":
      return "Nothing listens there: start the server, or correct host and port.";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "The name of the host cannot be resolved: correct it.";
  }
  if (CERTIFICATE.test(code)) {
    return `Its certificate is not trusted (${code}): give the authority with sslrootcert=FILE.`;
  }
  if (/does not support SSL/.test(message)) {
    return "It offers no encryption: turn it on, or add sslmode=disable where nobody else can listen.";
  }
  if (/password must be a string/.test(message)) {
    return "It asks for a password: give it in the URL or in PGPASSWORD.";
  }
  if (/timeout/i.test(message)) return "It does not answer in time: correct host and port.";
  return /^[0-9A-Z]{5}$/.test(code) ? `It reports: ${message} (${code}).` : message;
}
