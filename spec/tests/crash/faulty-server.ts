/**
 * A server with a fault in its store, as a process of its own: started with a fault's name and a folder.
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { DEMO_AUDIENCE } from "../../../adapters/dev/demo.ts";
import type { Store } from "../../../adapters/ports.ts";
import { migrate } from "../../../adapters/store/schema.ts";
import { createSqliteStore } from "../../../adapters/store/sqlite.ts";
import { openDatabase, type SqliteDatabase } from "../../../adapters/store/sqlite-driver.ts";
import { createOpaqueTokens } from "../../../adapters/tokens/opaque.ts";
import { loadOrCreateTokenKeys } from "../../../adapters/tokens/token-keys.ts";
import type { Change, Facts } from "../../../core/decision.ts";
import { startReference } from "../support/reference.ts";

/** A store with a fault, over one without. */
type Fault = (store: Store) => Store;

const LATER_MILLISECONDS = 100;

/** Commits the changes that are `late` in a second step. */
function splitting(late: (change: Change) => boolean): Fault {
  return (store) => ({
    ...store,
    async transact(keys, decide) {
      let all: readonly Change[] = [];
      const decision = await store.transact(keys, (facts) => {
        const whole = decide(facts);
        all = whole.changes;
        return { ...whole, changes: all.filter((change) => !late(change)) };
      });
      const changes = all.filter(late);
      if (changes.length > 0) {
        await setTimeout(LATER_MILLISECONDS);
        await store.transact({}, () => ({ outcome: "granted", grant: null, changes }));
      }
      return decision;
    },
  });
}

/** Answers once a transaction is written, and commits what was written now and then. */
function committingLater(db: SqliteDatabase): SqliteDatabase {
  let open = false;
  setInterval(() => {
    if (open) db.exec("COMMIT");
    open = false;
  }, LATER_MILLISECONDS);
  return {
    ...db,
    prepare: (sql) => db.prepare(sql),
    close: () => db.close(),
    exec(sql) {
      if (sql.startsWith("BEGIN")) {
        db.exec(open ? "SAVEPOINT inner" : "BEGIN IMMEDIATE; SAVEPOINT inner");
        open = true;
      } else db.exec(sql === "COMMIT" ? "RELEASE inner" : "ROLLBACK TO inner; RELEASE inner");
    },
  };
}

/** Decides as if no consent token had been redeemed before, and writes down the first time only. */
function forgettingRedemptions(store: Store): Store {
  return {
    ...store,
    transact: (keys, decide) =>
      store.transact(keys, (facts) => {
        const decision = decide({ ...facts, consentUse: null });
        const again = ({ type }: Change) =>
          type === "consent-redeemed" && facts.consentUse !== null;
        return { ...decision, changes: decision.changes.filter((change) => !again(change)) };
      }),
  };
}

/** Keeps the ends of families in memory. */
function forgettingEnds(store: Store): Store {
  const ended = new Set<string>();
  const seen = (facts: Facts) =>
    ended.has(facts.family?.id ?? "") ? { ...facts, family: null } : facts;
  const isEnd = (change: Change) => change.type === "family-ended";
  return {
    ...store,
    read: async (keys) => seen(await store.read(keys)),
    transact: (keys, decide) =>
      store.transact(keys, (facts) => {
        const decision = decide(seen(facts));
        if (decision.changes.some(isEnd)) ended.add(facts.family?.id ?? "");
        return { ...decision, changes: decision.changes.filter((change) => !isEnd(change)) };
      }),
  };
}

const FAULTS: Readonly<Record<string, Fault>> = {
  "keeps revocations in memory": forgettingEnds,
  "starts another family on retry": forgettingRedemptions,
  "commits a redemption in two steps": splitting(({ type }) =>
    type === "family-started" || type === "connection-established"
  ),
  "withdraws in two steps": splitting(({ type }) => type === "withdrawn"),
};

const [name = "", folder = ""] = process.argv.slice(2);
const keys = await loadOrCreateTokenKeys(join(folder, "keys.json"));
const db = await openDatabase(join(folder, "crash.sqlite"));
await migrate(db);
const store = name === "answers before it commits"
  ? createSqliteStore(committingLater(db))
  : FAULTS[name]?.(createSqliteStore(db)) ?? assert.fail(`no fault ${name}`);
const { endpoint, harness } = await startReference({
  store,
  settings: { consentRetrySeconds: 3600 },
  ports: (ports) => ({
    ...ports,
    tokens: createOpaqueTokens({ serverId: DEMO_AUDIENCE, keys }),
  }),
});
console.log(JSON.stringify({ endpoint, harness }));
