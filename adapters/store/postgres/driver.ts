/**
 * What the store needs of a PostgreSQL client, by shape, and what its errors mean. `pg`, and every
 * pool built like it, fits.
 * @module
 */
import { Buffer } from "node:buffer";

/** The result of one statement. */
export interface PgResult {
  readonly rows: readonly unknown[];
  readonly rowCount?: number | null;
}

/** A connection that was taken out of a pool. */
export interface PgConnection {
  /**
   * Sends a text without parameters through the simple query protocol. It may hold several
   * statements; then the results come as an array.
   */
  query(text: string): Promise<PgResult | PgResult[]>;
  /** Gives it back; with an error, the pool closes it. */
  release(error?: Error | boolean): void;
  /** Listens for the loss of the connection, if it is an event emitter, as those of `pg` are. */
  on?(event: "error", listener: (error: Error) => void): unknown;
  /** Stops listening. */
  off?(event: "error", listener: (error: Error) => void): unknown;
}

/** A pool of connections: `new pg.Pool()`, or one of the same shape. */
export interface PgPool {
  /** Takes a connection out; waits for one if all are in use. */
  connect(): Promise<PgConnection>;
  /** Closes all connections. */
  end(): Promise<void>;
}

/**
 * The pool, with a listener on each connection that is out of it: without one, a connection that is
 * lost between two statements would end the process. The next statement fails anyway.
 */
export function listening(pool: PgPool): PgPool {
  return {
    async connect() {
      const connection = await pool.connect();
      connection.on?.("error", ignore);
      return {
        query: (text) => connection.query(text),
        release(error) {
          connection.off?.("error", ignore);
          connection.release(error);
        },
      };
    },
    end: () => pool.end(),
  };
}

/** Hears of an error that shows elsewhere too. */
export function ignore(): void {}

/** Why an attempt failed. */
export type Failure =
  /** Another transaction came first. Nothing was written; the next attempt sees what it wrote. */
  | "conflict"
  /** The server refused these statements as they are. Nothing was written. */
  | "refused"
  /** The server cannot do it now: it is starting, stopping, full, read-only or too slow. Nothing was written. */
  | "unavailable"
  /** The connection leads to a server that only reads: the primary is elsewhere. Nothing was written. */
  | "moved"
  /** The connection broke: of what was sent, nothing is known. */
  | "lost";

/**
 * serialization failure, deadlock, unique violation, lock not available; and division by zero, which
 * is how a statement of ours says that it did not find the rows it was meant to change.
 */
const CONFLICTS = new Set(["40001", "40P01", "23505", "55P03", "22012"]);

/**
 * Classes of SQLSTATE: connection exception, insufficient resources, operator intervention, system
 * error, internal error.
 */
const UNAVAILABLE = /^(?:08|53|57|58|XX)/;

/** The SQLSTATE of an error that the server sent, or `null`. */
export function sqlStateOf(error: unknown): string | null {
  const { code, severity } = (error ?? {}) as { code?: unknown; severity?: unknown };
  const isState = typeof code === "string" && /^[0-9A-Z]{5}$/.test(code);
  return isState && severity !== undefined ? code : null;
}

/** What an error means for the transaction that it ended. */
export function failureOf(error: unknown): Failure {
  const state = sqlStateOf(error);
  // A server that says FATAL closes the connection. During COMMIT it may have committed before.
  if (state === null || isFatal(error)) return "lost";
  if (CONFLICTS.has(state)) return "conflict";
  if (state === "25006") return "moved";
  return UNAVAILABLE.test(state) ? "unavailable" : "refused";
}

function isFatal(error: unknown): boolean {
  const { severity } = error as { severity?: unknown };
  return severity === "FATAL" || severity === "PANIC";
}

/** Reasons by SQLSTATE or by the code of a system error, in words that anyone may read. */
const REASONS: Readonly<Record<string, string>> = {
  "25006": "it is read-only",
  "28000": "it refuses this server's user",
  "28P01": "it refuses this server's password",
  "3D000": "there is no such database",
  "40001": "too many transactions conflict",
  "40P01": "too many transactions conflict",
  "42501": "this server's user lacks a privilege",
  "53100": "its disk is full",
  "53200": "it is out of memory",
  "53300": "it has no connection left",
  "57014": "a statement took too long",
  "57P01": "it is stopping",
  "57P02": "it is restarting after a crash",
  "57P03": "it is starting or stopping",
  EAI_AGAIN: "its name cannot be resolved",
  ECONNREFUSED: "nothing listens at its address",
  ECONNRESET: "the connection was lost",
  ENOTFOUND: "its name cannot be resolved",
  ETIMEDOUT: "it does not answer",
};

/** Why a database cannot be used, without anything that an error says of its address or its rows. */
export function reasonOf(error: unknown): string {
  const { code, errors } = (error ?? {}) as { code?: unknown; errors?: readonly unknown[] };
  const known = typeof code === "string" ? REASONS[code] : undefined;
  if (known !== undefined) return known;
  const [first] = errors ?? []; // several addresses of one name
  if (first !== undefined) return reasonOf(first);
  const state = sqlStateOf(error);
  return state === null ? "the connection was lost" : `it reports SQLSTATE ${state}`;
}

/** The last result of a text of several statements. */
export function lastOf(results: PgResult | PgResult[]): PgResult {
  return Array.isArray(results) ? results.at(-1) ?? { rows: [] } : results;
}

/**
 * A value as SQL of type jsonb. In base64 there is nothing that a literal would have to escape, under
 * any setting of the server.
 */
export function jsonb(value: unknown): string {
  const text = Buffer.from(JSON.stringify(value)).toString("base64");
  return `convert_from(decode('${text}', 'base64'), 'UTF8')::jsonb`;
}
