/**
 * Group commit: work that queues up while the writer is busy runs in one transaction with one
 * fsync.
 * @module
 */
import { setImmediate } from "node:timers/promises";
import { StoreFault } from "../ports.ts";
import type { FileGuard } from "./sqlite-file.ts";
import { isBusy, type SqliteDatabase, transaction, whenFree } from "./sqlite-driver.ts";

/** Maximum work per transaction, so that the first item does not wait long for the last. */
const MOST_AT_ONCE = 256;

/**
 * Synchronous work inside a transaction. It returns the value to resolve or the error to reject
 * with once the transaction is durable. It may be called again after a rollback, so it must not
 * keep state.
 */
export type Work<T> = () => () => T;

/** Runs work in transactions, in order of arrival. */
export interface Committer {
  /**
   * Resolves once the work is durable.
   * @throws {StoreFault} if it could not be written; then nothing was
   */
  add<T>(work: Work<T>): Promise<T>;
  /** Finishes queued work and refuses new work. */
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

  /**
   * Runs one transaction synchronously, so that nothing uncommitted is read. Returns false if some
   * work failed.
   */
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
    // Work that cannot be written must not fail the rest of the batch.
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

/** The fault for an SQLite error; its message contains no values. */
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
