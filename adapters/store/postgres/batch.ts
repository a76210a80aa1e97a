/**
 * Decisions in batches. What waits while a connection is busy goes together: one round trip locks
 * the users and loads the facts, then every decision is made here, each on the changes of those
 * before it, and a second round trip writes the net effect and commits.
 *
 * Why this is correct:
 *
 * - **The user is the unit.** Every row that a decision writes belongs to one user, except clients
 *   and redeemed consents. The first statement locks the rows of those users exclusively; only then
 *   a second statement, with a snapshot of its own (READ COMMITTED), loads the facts. So a decision
 *   sees everything that any earlier transaction of the same user committed, and none comes between.
 *   A connection or family never changes its user, so following its id before the lock is safe. An id
 *   that leads nowhere yet is not locked; nobody can know it before the commit that creates it.
 * - **What is not locked is compared.** A client is written only if its row is as it was loaded. A
 *   rotated family must still have the salt that was loaded, and a changed connection must be
 *   active: sweeping takes no user lock. Absence is guarded by unique keys: users, clients, redeemed
 *   (`issuer`, `jti`), one active connection per (user, client, source). What fails here rolls back
 *   the transaction, and the batch is decided anew.
 * - **Ids are never reused.** A registration checks `retired_users` once more after its insert. By
 *   then the insert has waited for every transaction that inserted or deleted this id, and the check
 *   has a newer snapshot than each of them.
 * - **Reading needs no lock.** Clients, sources and withdrawals of others are judged again at every
 *   use (R1).
 * - **No deadlock.** Users are locked in the order of their ids, by one statement, before anything is
 *   written; rows of a kind are written in the order of their keys, and kinds in a fixed order.
 *   Sweeping skips what is locked. A deadlock that the server finds nevertheless is a conflict.
 * - **Nothing false is acknowledged.** Before the second round trip nothing can have been committed:
 *   a lost connection is retried. An error that the server reports in it means that it rolled back.
 *   If the connection is lost in it, the outcome is unknown: every decision of the batch rejects as
 *   retryable, and none is decided again in here, because a second redemption could refuse what the
 *   first one granted. The caller's retry is safe (C11, T5). No statement time-out applies to COMMIT,
 *   where it would only end the wait for a synchronous standby.
 * - **Poolers.** Everything is in one transaction, nothing is kept in the session: no prepared
 *   statements, no advisory locks, settings by SET LOCAL.
 * @module
 */
import { setImmediate, setTimeout } from "node:timers/promises";
import type { Decision, Facts, Keys } from "../../../core/decision.ts";
import { factsOf } from "../../../core/evolve.ts";
import { systemEntropy } from "../../entropy.ts";
import { StoreFault } from "../../ports.ts";
import {
  failureOf,
  lastOf,
  type PgConnection,
  type PgPool,
  type PgResult,
  reasonOf,
} from "./driver.ts";
import { askFor, createLoader, readState } from "./load.ts";
import type { Layout } from "./schema.ts";
import { createDraft } from "./write.ts";

/** Limits of a store. */
export interface Limits {
  /** How many batches of writes may be under way at once, and how many of reads. */
  readonly parallel: number;
  /** Maximum decisions per batch. */
  readonly batch: number;
  /** Maximum milliseconds of a statement, the wait for its locks included. */
  readonly statementMilliseconds: number;
}

/** Maximum attempts on conflicts, and on connections that turn out to be closed. */
const ATTEMPTS = 8;

interface Job<T> {
  readonly item: T;
  resolve(value: unknown): void;
  reject(reason: unknown): void;
}

/** What waits, and those who work on it. */
export interface Queue<T> {
  add(item: T): Promise<unknown>;
  /** Finishes what waits and refuses new work. */
  close(): Promise<void>;
}

/**
 * Runs waiting items together.
 * @param run settles every job that it is given
 */
export function createQueue<T>(
  { parallel, batch }: Limits,
  run: (jobs: readonly Job<T>[]) => Promise<void>,
): Queue<T> {
  const waiting: Job<T>[] = [];
  const working = new Set<Promise<void>>();
  let active = 0;
  let closed = false;

  async function work(): Promise<void> {
    active += 1;
    // What arrives in this turn of the event loop goes together.
    await setImmediate();
    while (waiting.length > 0) await run(waiting.splice(0, batch));
    active -= 1; // in the same step as the last look, so that nothing is left waiting
  }
  return {
    add(item) {
      if (closed) return Promise.reject(new StoreFault("The store is closed"));
      return new Promise((resolve, reject) => {
        waiting.push({ item, resolve, reject });
        if (active >= parallel || (active > 0 && waiting.length > 1)) return;
        const worker = work();
        working.add(worker);
        void worker.finally(() => working.delete(worker));
      });
    },
    async close() {
      closed = true;
      await Promise.all(working);
    },
  };
}

/** One decision to make. */
export interface Work {
  readonly keys: Keys;
  readonly decide: (facts: Facts) => Decision<unknown>;
}

/** The statements and the connections of a store. */
export interface Session {
  readonly pool: PgPool;
  readonly layout: Layout;
  readonly limits: Limits;
  /** Whether the server acknowledges commits before they are durable, unless it is told otherwise. */
  readonly lazyCommit: boolean;
}

/** Runs batches of decisions. */
export function runDecisions(session: Session): (jobs: readonly Job<Work>[]) => Promise<void> {
  const { layout, limits, lazyCommit } = session;
  const loader = createLoader(layout);
  const begin = `BEGIN ISOLATION LEVEL READ COMMITTED;
    SET LOCAL statement_timeout = ${limits.statementMilliseconds}`;
  const commit = `SET LOCAL statement_timeout = 0${
    lazyCommit ? "; SET LOCAL synchronous_commit = on" : ""
  }; COMMIT`;

  async function attempt(jobs: readonly Job<Work>[], connection: PgConnection) {
    const asked = askFor(jobs.map(({ item }) => item.keys));
    const lock = loader.lock(asked);
    const texts = [begin, ...(lock === null ? [] : [lock]), loader.load(asked)];
    const { rows } = lastOf(await connection.query(texts.join(";\n")));
    const draft = createDraft(layout, asked, readState(rows));
    const answers = jobs.map(({ item: { keys, decide } }) => {
      try {
        const decision = decide(factsOf(draft.state, keys));
        draft.apply(decision.changes);
        return () => decision;
      } catch (error) {
        return () => {
          throw error;
        };
      }
    });
    const statements = draft.statements();
    if (statements.length === 0) await connection.query("ROLLBACK");
    else await committing(connection.query([...statements, commit].join(";\n")));
    return answers;
  }

  return async function run(jobs) {
    try {
      const answers = await withConnection(session, (connection) => attempt(jobs, connection));
      jobs.forEach((job, index) => settle(job, answers[index] as () => unknown));
    } catch (error) {
      // What the server cannot take must not fail the rest of the batch.
      if (jobs.length > 1 && failureOf(causeOf(error)) === "refused") {
        for (const job of jobs) await run([job]);
      } else for (const job of jobs) job.reject(storeFault(error));
    }
  };
}

/** Runs batches of reads: each is one statement, so one snapshot, begun after every call in it (R2). */
export function runReads(session: Session): (jobs: readonly Job<Keys>[]) => Promise<void> {
  const loader = createLoader(session.layout);
  return async function run(jobs) {
    try {
      const asked = askFor(jobs.map(({ item }) => item));
      const { rows } = await ask(session, loader.load(asked));
      const state = readState(rows);
      for (const { item, resolve } of jobs) resolve(factsOf(state, item));
    } catch (error) {
      for (const job of jobs) job.reject(storeFault(error));
    }
  };
}

/** Runs one statement that may be repeated: it reads, or a repetition would add nothing. */
export function ask(session: Session, statement: string): Promise<PgResult> {
  return askAs(session, statement, (answer) => answer);
}

/** Runs one statement that writes, and never twice: if its outcome is unknown, it rejects. */
export function askOnce(session: Session, statement: string): Promise<PgResult> {
  return askAs(session, statement, committing);
}

async function askAs(
  session: Session,
  statement: string,
  mark: typeof committing<PgResult | PgResult[]>,
): Promise<PgResult> {
  const { limits, lazyCommit } = session;
  const texts = [
    "BEGIN",
    `SET LOCAL statement_timeout = ${limits.statementMilliseconds}`,
    ...(lazyCommit ? ["SET LOCAL synchronous_commit = on"] : []),
    statement,
    "COMMIT",
  ];
  try {
    return await withConnection(session, async (connection) => {
      const results = await mark(connection.query(texts.join("; ")));
      return Array.isArray(results) ? results.at(-2) ?? { rows: [] } : results;
    });
  } catch (error) {
    throw storeFault(error);
  }
}

/** The connection was lost during a commit: its outcome is unknown. */
class UnknownOutcome extends Error {
  override readonly name = "UnknownOutcome";
}

/** Marks a connection that is lost while this goes on: then nobody knows what was committed. */
async function committing<T>(commit: Promise<T>): Promise<T> {
  try {
    return await commit;
  } catch (cause) {
    if (failureOf(cause) !== "lost") throw cause;
    throw new UnknownOutcome("The connection was lost during a commit", { cause });
  }
}

/**
 * Gives work a connection, and gives it another one, or the same again, where an attempt left nothing
 * behind and the next may succeed.
 */
async function withConnection<T>(
  { pool, limits }: Session,
  work: (connection: PgConnection) => Promise<T>,
): Promise<T> {
  const patience = AbortSignal.timeout(limits.statementMilliseconds);
  for (let attempt = 1;; attempt++) {
    const connection = await pool.connect();
    try {
      const result = await work(connection);
      connection.release();
      return result;
    } catch (error) {
      const failure = error instanceof UnknownOutcome ? "lost" : failureOf(error);
      const isOver = failure === "lost" || failure === "moved";
      await giveBack(connection, isOver ? error : null);
      const mayRepeat = (isOver || failure === "conflict") && !(error instanceof UnknownOutcome);
      if (!mayRepeat || attempt === ATTEMPTS || patience.aborted) throw error;
    }
    // Whoever lost against several others waits a little, and not as long as they do.
    const [chance = 0] = systemEntropy.bytes(1);
    if (attempt > 2) await setTimeout(chance * 2 ** attempt / 256);
  }
}

/** Ends the transaction, or the connection. */
async function giveBack(connection: PgConnection, error: unknown): Promise<void> {
  if (error !== null) return connection.release(error instanceof Error ? error : true);
  try {
    await connection.query("ROLLBACK");
    connection.release();
  } catch (broken) {
    connection.release(broken instanceof Error ? broken : true);
  }
}

function causeOf(error: unknown): unknown {
  return error instanceof UnknownOutcome ? error.cause : error;
}

/** The fault for an error; anyone may read its message. */
export function storeFault(cause: unknown): StoreFault {
  if (cause instanceof StoreFault) return cause;
  return new StoreFault(`The database cannot be used now: ${reasonOf(causeOf(cause))}`, { cause });
}

function settle({ resolve, reject }: Job<unknown>, answer: () => unknown): void {
  try {
    resolve(answer());
  } catch (error) {
    reject(error);
  }
}
