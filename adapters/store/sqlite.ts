/**
 * The SQLite store: durable before it answers, with group commit. Several processes may share a
 * file.
 *
 * @example
 * ```ts
 * import { createService } from "fetch-tokens-for-user";
 * import { openSqliteStore } from "fetch-tokens-for-user/sqlite";
 * import { createOpaqueTokens, generateTokenKeys } from "fetch-tokens-for-user/tokens";
 *
 * const audience = "https://shop.example";
 * const tokens = createOpaqueTokens({ serverId: audience, keys: generateTokenKeys() });
 * const store = await openSqliteStore(":memory:"); // or a path: "data/tokens.sqlite"
 * const service = createService({ store, tokens }, { audience });
 * await service.registerUser();
 * await service.close(); // closes the store
 * ```
 * @module
 */
import { type Store, StoreFault } from "../ports.ts";
import { migrate, planMigration } from "./schema.ts";
import { createCommitter, storeFault } from "./sqlite-commit.ts";
import { type FileGuard, guardFile, NO_FILE } from "./sqlite-file.ts";
import {
  openDatabase,
  type SqliteDatabase,
  SqliteOpenError,
  transaction,
  whenFree,
} from "./sqlite-driver.ts";
import { createReader } from "./sqlite-read.ts";
import { prepareListings } from "./sqlite-rows.ts";
import { createSweeper } from "./sqlite-sweep.ts";
import { createWriter } from "./sqlite-write.ts";

export type { FileGuard } from "./sqlite-file.ts";
export { BackupError, copyDatabase } from "./sqlite-backup.ts";
export { SqliteOpenError } from "./sqlite-driver.ts";

/** A few milliseconds of work, so that requests are not delayed noticeably. */
const SWEPT_AT_ONCE = 100;

/**
 * Opens a store; creates or upgrades it as needed.
 * @param path of the file, created with its directories if absent; `:memory:` for a temporary
 * database
 * @throws {SqliteOpenError} saying what is wrong and what to do
 *
 * @example
 * ```ts
 * import { openSqliteStore } from "fetch-tokens-for-user/sqlite";
 *
 * const store = await openSqliteStore(":memory:"); // or a path: "data/tokens.sqlite"
 * await store.close();
 * ```
 */
export async function openSqliteStore(path: string): Promise<Store> {
  let db: SqliteDatabase | null = null;
  try {
    const opened = db = await openDatabase(path);
    await migrate(opened);
    const guard = path === ":memory:" ? NO_FILE : guardFile(path, () => checkpoint(opened));
    return createSqliteStore(opened, guard);
  } catch (cause) {
    db?.close();
    throw new SqliteOpenError(`Cannot open the database ${path}. ${explain(cause)}`, { cause });
  }
}

/**
 * The schema that a database has, and the one that {@link openSqliteStore} would bring it to. Changes
 * nothing.
 * @param path of a database that exists
 * @throws {SqliteOpenError} if it cannot be opened
 */
export async function planSqliteMigration(
  path: string,
): Promise<{ readonly from: number; readonly to: number }> {
  let db: SqliteDatabase | null = null;
  try {
    db = await openDatabase(path);
    const { found, pending } = planMigration(db);
    return { from: found, to: found + pending.length };
  } catch (cause) {
    throw new SqliteOpenError(`Cannot open the database ${path}. ${explain(cause)}`, { cause });
  } finally {
    db?.close();
  }
}

/** The file alone then holds everything that was committed. */
function checkpoint(db: SqliteDatabase): void {
  db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
}

/**
 * Builds a store on an open database that has the newest schema; the store closes it.
 * @param guard notices when its files are deleted or replaced
 */
export function createSqliteStore(db: SqliteDatabase, guard: FileGuard = NO_FILE): Store {
  const load = createReader(db);
  const list = prepareListings(db);
  const write = createWriter(db);
  const sweep = createSweeper(db);
  const commits = createCommitter(db, guard);
  const readMeta = db.prepare("SELECT value FROM meta WHERE key = ?");
  const writeMeta = db.prepare(
    "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
  );
  const metaOf = (key: string) =>
    (readMeta.get(key) as { value: string } | undefined)?.value ?? null;
  let open = true;

  /** Reads immediately, so that everything committed before the call is included (R2). */
  async function reading<T>(work: () => T): Promise<T> {
    if (!open) throw new StoreFault("The store is closed");
    try {
      const result = await whenFree(work);
      guard.checkOncePerTurn();
      return result;
    } catch (cause) {
      throw storeFault(cause);
    }
  }

  return {
    // One snapshot for all statements.
    read: (keys) => reading(() => transaction(db, "BEGIN", () => load(keys))),
    transact: (keys, decide) =>
      commits.add(() => {
        const facts = load(keys);
        let decision: ReturnType<typeof decide>;
        try {
          decision = decide(facts);
        } catch (error) {
          return () => {
            throw error;
          };
        }
        for (const change of decision.changes) write(change);
        return () => decision;
      }),
    list: (listing, page) => reading(() => list(listing, page)),
    async sweep(horizon, limit) {
      let removed = 0;
      for (let asked = 1, went = 1; went === asked && removed < limit; removed += went) {
        asked = Math.min(SWEPT_AT_ONCE, limit - removed);
        went = await commits.add(() => {
          const count = sweep(horizon, asked);
          return () => count;
        });
      }
      return removed;
    },
    async close() {
      await commits.close();
      if (!open) return;
      open = false;
      try {
        if (guard.intact()) checkpoint(db); // now, however late a driver lets go of the file
      } finally {
        db.close();
      }
    },
    readMeta: (key) => reading(() => metaOf(key)),
    updateMeta: (key, update) =>
      commits.add(() => {
        let value: string;
        try {
          value = update(metaOf(key));
        } catch (error) {
          return () => {
            throw error;
          };
        }
        writeMeta.run(key, value);
        return () => value;
      }),
  };
}

/** Why a database failed to open, and what to do about it. */
function explain(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (message.includes("file is not a database")) {
    return "The file is not an SQLite database: give another path.";
  }
  if (message.includes("malformed")) return "The file is damaged: restore it from a backup.";
  if (message.includes("locked")) return "Another process holds its lock: stop it or try again.";
  return message;
}
