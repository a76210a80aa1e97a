/**
 * Three stores on one idea of a disk: what is on it survives a crash, and whoever writes to it reports
 * what was committed, in order. Each fails in the ways that a real one can.
 * @module
 */
import { isDeepStrictEqual } from "node:util";
import type { Decision, Facts, Keys } from "../../core/decision.ts";
import { evolve, factsOf, type State } from "../../core/evolve.ts";
import { type Store, StoreFault } from "../../adapters/ports.ts";
import { createMemoryStore } from "../../adapters/store/memory.ts";
import { migrate } from "../../adapters/store/schema.ts";
import { createSqliteStore } from "../../adapters/store/sqlite.ts";
import { openDatabase, type SqliteDatabase } from "../../adapters/store/sqlite-driver.ts";
import { seed, sortFacts } from "../store-contract/scene.ts";
import type { Process, Scheduler } from "./scheduler.ts";

/** What a store is built with, anew after each crash. */
export interface Surroundings {
  readonly scheduler: Scheduler;
  readonly process: Process;
  /** Learns of each decision whose changes are durable from now on. */
  committed(decision: Decision<unknown>): void;
  /** Whether something that can fail does so now. */
  fails(percent: number): boolean;
}

/** A disk with data on it. */
export interface Disk {
  /** Opens the store of a process. */
  open(surroundings: Surroundings): Store;
  /** Lets go of everything. */
  close(): void;
}

/** The name of a kind of disk. */
export type DiskName = "optimistic" | "memory" | "sqlite";

/** The kinds of disk, each made with what is on it. */
export const DISKS: Readonly<Record<DiskName, (state: State) => Promise<Disk>>> = {
  optimistic: optimisticDisk,
  memory: memoryDisk,
  sqlite: sqliteDisk,
};

const FAULT = new StoreFault("simulated");

/**
 * A server elsewhere: facts are loaded, decided on, and committed only if they are still true, else all
 * is done again. Model of a database with optimistic concurrency.
 * @param validates whether it looks if the facts are still true
 */
export function optimisticDisk(state: State, validates = true): Promise<Disk> {
  let durable = state;
  return Promise.resolve({
    open({ scheduler, process, committed, fails }) {
      const turn = (label: string) => scheduler.turn(label, process);
      return {
        ...createMemoryStore(), // for what the service does not call
        async read(keys) {
          await turn("read");
          if (fails(3)) throw FAULT;
          const facts = factsOf(durable, keys);
          await turn("read answers");
          return facts;
        },
        async transact(keys, decide) {
          await turn("load");
          for (;;) {
            const facts = factsOf(durable, keys);
            const decision = decide(facts);
            await turn("commit");
            if (validates && !same(facts, factsOf(durable, keys), keys)) continue;
            if (fails(4)) throw FAULT;
            durable = evolve(durable, decision.changes);
            committed(decision);
            if (fails(4)) throw FAULT;
            await turn("commit answers");
            return decision;
          }
        },
      };
    },
    close() {},
  });
}

/** The memory store, as if what it holds outlived the process. */
export function memoryDisk(state: State): Promise<Disk> {
  const store = createMemoryStore();
  return seed(store, state).then(() => ({
    open: (surroundings) => slow(store, surroundings, surroundings.committed),
    close() {},
  }));
}

/**
 * The real SQLite store on a database whose statements and commits fail.
 * @param admits whether a commit that failed is reported as such
 */
export async function sqliteDisk(state: State, admits = true): Promise<Disk> {
  const db = await openDatabase(":memory:");
  await migrate(db);
  await seed(createSqliteStore(db), state);
  return {
    open(surroundings) {
      const decided: Decision<unknown>[] = [];
      const store = createSqliteStore(failing(db, surroundings, decided, admits));
      return slow(store, { ...surroundings, fails: () => false }, (decision) => {
        decided.push(decision);
      });
    },
    close: () => db.close(),
  };
}

/** A store that waits for its turn before and after, and fails before or after. */
function slow(
  store: Store,
  { scheduler, process, fails }: Surroundings,
  decided: (decision: Decision<unknown>) => void,
): Store {
  async function around<T>(label: string, call: () => Promise<T>): Promise<T> {
    await scheduler.turn(label, process);
    if (fails(4)) throw FAULT;
    const result = await call();
    if (fails(4)) throw FAULT;
    await scheduler.turn(`${label} answers`, process);
    return result;
  }
  return {
    ...store,
    read: (keys) => around("read", () => store.read(keys)),
    transact: (keys, decide) =>
      around("transact", () =>
        store.transact(keys, (facts) => {
          const decision = decide(facts);
          decided(decision);
          return decision;
        })),
  };
}

/** Fails at a statement, before a commit or after it. `decided` is what the transaction decided so far. */
function failing(
  db: SqliteDatabase,
  { committed, fails }: Surroundings,
  decided: Decision<unknown>[],
  admits: boolean,
): SqliteDatabase {
  let writing = false;
  return {
    exec(sql) {
      if (sql.startsWith("BEGIN")) {
        decided.length = 0;
        writing = sql === "BEGIN IMMEDIATE";
      }
      const commits = writing && sql === "COMMIT";
      if (commits && fails(4)) {
        if (admits) throw new Error("disk I/O error");
        return db.exec("ROLLBACK");
      }
      db.exec(sql);
      if (!commits) return;
      for (const decision of decided.splice(0)) committed(decision);
      if (fails(4)) throw new Error("disk I/O error");
    },
    prepare(sql) {
      const statement = db.prepare(sql);
      return {
        get: (...values) => statement.get(...values),
        all: (...values) => statement.all(...values),
        run(...values) {
          if (fails(2)) throw new Error("database or disk is full");
          return statement.run(...values);
        },
      };
    },
    close() {},
  };
}

/** Whether two sets of facts for the same keys are the same; what a store lists is in no order. */
export function same(a: Facts, b: Facts, keys: Keys): boolean {
  return isDeepStrictEqual(sortFacts(a, keys), sortFacts(b, keys));
}
