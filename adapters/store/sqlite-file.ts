/**
 * Whether the files of an open database are still those at its path. SQLite writes on into files that were
 * deleted or replaced, and reports success; whatever it wrote is gone at the next start (A3).
 * @module
 */
import { realpathSync, statSync } from "node:fs";
import process from "node:process";
import { StoreFault } from "../ports.ts";

/** Watches the files of one open database. */
export interface FileGuard {
  /**
   * Compares the files at the path with those that were there at first, which takes microseconds. False
   * once one was deleted or replaced, and from then on.
   */
  intact(): boolean;
  /**
   * Call it outside of transactions.
   * @throws {StoreFault} when the files are not intact
   */
  check(): void;
  /** Like {@link FileGuard.check}, but looks at most once per turn of the event loop. */
  checkOncePerTurn(): void;
}

/** For a database without files. */
export const NO_FILE: FileGuard = {
  intact: () => true,
  check: () => {},
  checkOncePerTurn: () => {},
};

/**
 * Remembers the files of a database. SQLite never replaces them while the database is open: a checkpoint
 * truncates the log, and only the last process that closes the database deletes it.
 * @param path of a database that was opened just now and is in WAL mode
 * @param rescue called once, before the fault, if the log was deleted from beside the same database file
 */
export function guardFile(path: string, rescue: () => void): FileGuard {
  // Windows lets nobody delete or replace an open file.
  if (process.platform === "win32") return NO_FILE;
  const file = realpathSync(path); // SQLite puts its other files beside the target of a link
  const log = `${file}-wal`;
  // A process that finds no shared memory makes its own, and then both write to the same log.
  const watched = [path, log, `${file}-shm`].map((name) => ({ name, identity: identityOf(name) }));
  let moved = false;
  let checkedInTurn = false;

  function intact(): boolean {
    if (moved) return false;
    const changed = watched.filter(({ name, identity }) => identityOf(name) !== identity);
    if (changed.length === 0) return true;
    moved = true;
    const isLogAlone = changed.length === 1 && changed[0]?.name === log;
    if (isLogAlone && identityOf(log) === null) attempt(rescue);
    return false;
  }

  function check(): void {
    if (intact()) return;
    throw new StoreFault(
      "The database file or its log was deleted or replaced while in use: restart the server",
    );
  }

  return {
    intact,
    check,
    checkOncePerTurn() {
      if (checkedInTurn && !moved) return;
      check();
      checkedInTurn = true;
      setImmediate(() => checkedInTurn = false);
    },
  };
}

/** Device and inode of the file at a path, or `null`. */
function identityOf(path: string): string | null {
  try {
    const { dev, ino } = statSync(path);
    return `${dev}:${ino}`;
  } catch {
    return null; // gone, or out of reach, which is as bad
  }
}

function attempt(rescue: () => void): void {
  try {
    rescue();
  } catch {
    // The fault is reported anyway.
  }
}
