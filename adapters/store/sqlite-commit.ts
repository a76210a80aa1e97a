/**
 * Group commit: work that waits while the writer is busy runs in one transaction, with one fsync for all.
 * @module
 */
import { setImmediate } from "node:timers/promises";
import { StoreFault } from "../ports.ts";
import type { FileGuard } from "./sqlite-file.ts";
import { isBusy, type SqliteDatabase, transaction, whenFree } from "./sqlite-driver.ts";

/** The most that is done in one transaction, so that the first in it need not wait long for the last. */
const MOST_AT_ONCE = 256;

/**
 * Synchronous work inside a transaction. It returns the answer to give once the transaction is durable, or
 * what to throw then. It may be called again after a rollback, so it must keep nothing.
 */
export type Work<T> = () => () => T;

/** Runs work in transactions, in the order in which it came. */
export interface Committer {
  /**
   * Resolves when the work is durable.
   * @throws {StoreFault} when it could not be written; then nothing was
   */
  add<T>(work: Work<T>): Promise<T>;
  /** Finishes what was added and refuses what comes later. */
  close(): Promise<void>;
}

interface Job {
  readonly work: Work<unknown>;
  resolve(value: unknown): void;
  reject(reason: unknown): void;
}

/**
 * Builds the only writer of a database in this process.
 * @param guard asked before and after each commit: what went into a file that is gone is not acknowledged
 */
export function createCommitter(db: SqliteDatabase, guard: FileGuard): Committer {
  const waiting: Job[] = [];
  let writing: Promise<void> | null = null;
  let closed = false;

  /** One transaction, without a pause: nobody reads what is not committed. False if some work failed. */
  function runTogether(jobs: readonly Job[]): boolean {
    let worked = false;
    let answers: (() => unknown)[];
    try {
      guard.check();
      answers = transaction(db, "BEGIN IMMEDIATE", () => {
        const all = jobs.map(({ work }) => work());
        worked = true;
        return all;
      });
      guard.check();
    } catch (error) {
      if (worked || jobs.length === 1 || isBusy(error) || error instanceof StoreFault) throw error;
      return false;
    }
    jobs.forEach((job, index) => settle(job, answers[index] as () => unknown));
    return true;
  }

  async function run(jobs: readonly Job[]): Promise<void> {
    try {
      if (await whenFree(() => runTogether(jobs))) return;
    } catch (cause) {
      for (const job of jobs) job.reject(storeFault(cause));
      return;
    }
    // What cannot be written must not fail what came with it.
    for (const job of jobs) await run([job]);
  }

  async function write(): Promise<void> {
    while (waiting.length > 0) {
      // No timer: what arrives in this turn of the event loop, and what arrived during the last
      // transaction, goes together.
      await setImmediate();
      await run(waiting.splice(0, MOST_AT_ONCE));
    }
    writing = null;
  }

  return {
    add<T>(work: Work<T>) {
      if (closed) return Promise.reject(new StoreFault("The store is closed"));
      return new Promise<T>((resolve, reject) => {
        waiting.push({ work, resolve: resolve as (value: unknown) => void, reject });
        writing ??= write();
      });
    },
    async close() {
      closed = true;
      await writing;
    },
  };
}

/** The fault that a caller sees when SQLite fails; its message names no value. */
export function storeFault(cause: unknown): StoreFault {
  if (cause instanceof StoreFault) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new StoreFault(`The database cannot be used now: ${reason}`, { cause });
}

function settle({ resolve, reject }: Job, answer: () => unknown): void {
  try {
    resolve(answer());
  } catch (error) {
    reject(error);
  }
}
