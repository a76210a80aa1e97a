/**
 * Opens an SQLite database with the driver of this runtime: `node:sqlite` on Node and Deno,
 * otherwise the npm package `libsql`. The store depends only on the shape of a database.
 * @module
 */
import { access, constants, mkdir, open, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import process from "node:process";
import { setTimeout } from "node:timers/promises";

/** A value that can be bound to a statement. */
export type SqliteValue = string | number | null;

/** A prepared statement, reduced to what every driver supports. */
export interface SqliteStatement {
  /** The first row, or `undefined`. */
  get(...values: SqliteValue[]): unknown;
  all(...values: SqliteValue[]): unknown[];
  run(...values: SqliteValue[]): { readonly changes: number | bigint };
}

/** An open database, by shape. */
export interface SqliteDatabase {
  exec(sql: string): void;
  prepare(sql: string): SqliteStatement;
  close(): void;
}

/** A prepared query whose rows are arrays of their columns, which costs half as much as objects. */
export interface SqliteQuery {
  /** The first row, or `undefined`. */
  get(...values: SqliteValue[]): readonly SqliteValue[] | undefined;
  all(...values: SqliteValue[]): readonly (readonly SqliteValue[])[];
}

/** Prepares a query. Its columns must have different names. */
export function prepareQuery(db: SqliteDatabase, sql: string): SqliteQuery {
  const statement: SqliteStatement & {
    setReturnArrays?(enabled: boolean): void; // node:sqlite, since Node 22.16
    raw?(): SqliteStatement; // libsql
  } = db.prepare(sql);
  if (statement.raw !== undefined) return statement.raw() as SqliteQuery;
  if (statement.setReturnArrays !== undefined) {
    statement.setReturnArrays(true);
    return statement as SqliteQuery;
  }
  const columnsOf = (row: unknown) => Object.values(row as Record<string, SqliteValue>);
  return {
    get(...values) {
      const row = statement.get(...values);
      return row === undefined ? undefined : columnsOf(row);
    },
    all: (...values) => statement.all(...values).map(columnsOf),
  };
}

/** How a driver opens a database file or `:memory:`. */
export type SqliteDriver = new (path: string) => SqliteDatabase;

/** The database cannot be opened; the message says why and what to do. */
export class SqliteOpenError extends Error {
  override readonly name = "SqliteOpenError";
}

/**
 * SQLite's busy timeout would block this whole process, and its increasing pauses starve a waiter
 * next to a process that writes constantly. Polling every millisecond is fair.
 */
const BUSY_PAUSE_MILLISECONDS = 1;
const PATIENCE_MILLISECONDS = 5000;

/**
 * Every commit is synced before it returns. Checkpoints run every 4,000 pages (16 MB) instead of
 * every 1,000, so that frequently written pages are copied less often.
 */
const SETTINGS = `
  PRAGMA busy_timeout = 0;
  PRAGMA synchronous = FULL;
  PRAGMA wal_autocheckpoint = 4000;
  PRAGMA foreign_keys = ON;
`;

/**
 * Opens a database, and creates it if absent: parent directories with mode 0700, the file with mode
 * 0600.
 * @param path a file path, or `:memory:`
 * @throws {SqliteOpenError} if there is no driver
 */
export async function openDatabase(path: string): Promise<SqliteDatabase> {
  const Driver = await chooseDriver(builtinSqlite(), () => import("libsql"));
  const db = new Driver(path === ":memory:" ? path : await createFile(resolve(path)));
  try {
    await whenFree(() => db.exec(SETTINGS));
  } catch (error) {
    db.close();
    throw error;
  }
  return db;
}

/**
 * Selects a driver.
 * @param builtin the module `node:sqlite`, if there is one
 * @param load imports the package `libsql`
 * @throws {SqliteOpenError} if neither is available
 */
export async function chooseDriver(
  builtin: object | undefined,
  load: () => Promise<unknown>,
): Promise<SqliteDriver> {
  if (builtin !== undefined) {
    // Node is renaming the class (DEP0210).
    const names = builtin as { Database?: SqliteDriver; DatabaseSync: SqliteDriver };
    return names.Database ?? names.DatabaseSync;
  }
  try {
    const { default: driver } = await load() as { default: SqliteDriver };
    return driver;
  } catch (cause) {
    const cure = 'use Node 22.13 or later, or Deno, or run "npm install libsql"';
    throw new SqliteOpenError(`No SQLite driver found: ${cure}`, { cause });
  }
}

/** Whether a statement failed because another process holds the lock. */
export function isBusy(error: unknown): boolean {
  // SQLite's own message is the only thing the drivers have in common.
  return error instanceof Error && error.message.includes("database is locked");
}

/**
 * Retries for up to five seconds while another process holds the lock. Other work continues between
 * attempts.
 * @param attempt one synchronous step that leaves nothing behind when it fails
 */
export async function whenFree<T>(attempt: () => T): Promise<T> {
  let patience: AbortSignal | null = null;
  for (;;) {
    try {
      return attempt();
    } catch (error) {
      if (!isBusy(error) || patience?.aborted) throw error;
    }
    patience ??= AbortSignal.timeout(PATIENCE_MILLISECONDS);
    await setTimeout(BUSY_PAUSE_MILLISECONDS);
  }
}

/**
 * Runs synchronous work in a transaction: committed when it returns, rolled back when it throws.
 * @param begin `BEGIN` for a snapshot to read, `BEGIN IMMEDIATE` for the write lock
 */
export function transaction<T>(
  db: SqliteDatabase,
  begin: "BEGIN" | "BEGIN IMMEDIATE",
  work: () => T,
): T {
  // Not prepared: with libsql, a failed prepared BEGIN stays active and blocks everything after it.
  db.exec(begin);
  try {
    const result = work();
    db.exec("COMMIT");
    return result;
  } catch (error) {
    rollBack(db);
    throw error;
  }
}

function rollBack(db: SqliteDatabase): void {
  try {
    db.exec("ROLLBACK");
  } catch {
    // After some errors (disk full, I/O) SQLite has already rolled back.
  }
}

/** `node:sqlite` if it exists, without the warning that Node 22 prints for it. */
function builtinSqlite(): object | undefined {
  const { emitWarning } = process;
  process.emitWarning = (warning: string | Error, ...rest: unknown[]) => {
    if (!String(warning).includes("SQLite is an experimental feature")) {
      (emitWarning as (...all: unknown[]) => void).call(process, warning, ...rest);
    }
  };
  try {
    return process.getBuiltinModule("node:sqlite");
  } finally {
    process.emitWarning = emitWarning;
  }
}

/**
 * SQLite would create the file world-readable; its journal files inherit the mode of this file. An
 * existing file is not opened here: closing it would drop all locks of this process on it (POSIX).
 */
async function createFile(path: string): Promise<string> {
  try {
    if ((await stat(path)).isDirectory()) throw new SqliteOpenError("It is a directory");
    await access(path, constants.R_OK | constants.W_OK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await (await open(path, "a", 0o600)).close();
  }
  return path;
}
