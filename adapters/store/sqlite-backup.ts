/**
 * Copies an SQLite database that may be in use: consistent, checked, and never over another file.
 * @module
 */
import { link, open, stat, unlink } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { planMigration } from "./schema.ts";
import { openDatabase, type SqliteDatabase, SqliteOpenError, whenFree } from "./sqlite-driver.ts";

/** The copy could not be made; the message says why. Nothing is left of it. */
export class BackupError extends Error {
  override readonly name = "BackupError";
}

/**
 * Copies a database as of one moment, while others go on using it. The copy is one file that only its
 * owner can read, on disk when this resolves.
 * @param from the path of a database of ours
 * @param to a path at which there is nothing
 * @param finish is given the path of the copy before it appears at `to`
 * @throws {BackupError} if there is something at `to`, or if the database or its copy is damaged, of
 *   another program or of a newer version
 */
export async function copyDatabase(
  from: string,
  to: string,
  finish: (path: string) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const target = resolve(to);
  for (const path of [target, `${target}-wal`, `${target}-shm`, `${target}-journal`]) {
    if (await exists(path)) {
      throw new BackupError(`${path} exists: give another path, or move it away`);
    }
  }
  if (!await exists(from)) throw new BackupError(`There is no file ${from}`);
  const part = `${target}.partial`;
  await createPrivate(part);
  try {
    await withDatabase(from, async (db) => {
      checkReadable(db);
      await whenFree(() => db.exec(`VACUUM INTO '${part.replaceAll("'", "''")}'`));
    });
    await withDatabase(part, (db) => {
      checkReadable(db);
      checkIntegrity(db);
      return Promise.resolve();
    });
    await finish(part);
    await sync(part);
    await link(part, target); // fails where something has appeared meanwhile, unlike rename
  } catch (cause) {
    if (cause instanceof BackupError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BackupError(`Cannot copy ${from} to ${to}. ${reason}`, { cause });
  } finally {
    await unlink(part);
  }
  await sync(dirname(target));
}

async function withDatabase(
  path: string,
  work: (db: SqliteDatabase) => Promise<void>,
): Promise<void> {
  const db = await openDatabase(path);
  try {
    await work(db);
  } finally {
    db.close();
  }
}

function checkReadable(db: SqliteDatabase): void {
  if (planMigration(db).found === 0) throw new SqliteOpenError("It is an empty database");
}

function checkIntegrity(db: SqliteDatabase): void {
  const found = db.prepare("PRAGMA integrity_check").all().map((row) =>
    Object.values(row as object)[0]
  );
  if (found.join() !== "ok") throw new BackupError(`The copy is damaged: ${found[0]}`);
  const orphans = db.prepare("PRAGMA foreign_key_check").all().length;
  if (orphans > 0) throw new BackupError(`The copy is damaged: ${orphans} rows refer to nothing`);
}

/** An empty file, into which SQLite may write. */
async function createPrivate(path: string): Promise<void> {
  try {
    await (await open(path, "wx", 0o600)).close();
  } catch (cause) {
    const hint = (cause as NodeJS.ErrnoException).code === "EEXIST"
      ? `${path} is left from a copy that was cut off, or belongs to one under way: delete it if not`
      : (cause as Error).message;
    throw new BackupError(hint, { cause });
  }
}

async function sync(path: string): Promise<void> {
  const file = await open(path, "r");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(() => true, () => false);
}
