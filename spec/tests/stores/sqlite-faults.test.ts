import assert from "node:assert/strict";
import { join } from "node:path";
import { setImmediate, setTimeout } from "node:timers/promises";
import { describe, test } from "node:test";
import { type Change, grant } from "../../../core/decision.ts";
import type { ActiveConnection } from "../../../core/model.ts";
import { horizonAt } from "../../../core/sweep.ts";
import { type Store, StoreFault } from "../../../adapters/ports.ts";
import { migrate } from "../../../adapters/store/schema.ts";
import { openDatabase, type SqliteDatabase } from "../../../adapters/store/sqlite-driver.ts";
import { createSqliteStore, openSqliteStore } from "../../../adapters/store/sqlite.ts";
import { createScene, type Scene } from "../../store-contract/scene.ts";
import { granted } from "../support/machine.ts";
import { withFolder } from "../support/folder.ts";

/** A database in memory that calls `watch` before it runs a statement; what that throws is the fault. */
async function openWatched(watch: (sql: string) => void): Promise<SqliteDatabase> {
  const db = await openDatabase(":memory:");
  await migrate(db);
  return {
    exec(sql) {
      watch(sql);
      db.exec(sql);
    },
    close: () => db.close(),
    prepare(sql) {
      const statement = db.prepare(sql);
      return {
        get: (...values) => statement.get(...values),
        all: (...values) => statement.all(...values),
        run(...values) {
          watch(sql);
          return statement.run(...values);
        },
      };
    },
  };
}

async function openScene(settings = {}): Promise<Scene & { readonly store: Store }> {
  const open = () => openSqliteStore(":memory:");
  const scene = await createScene({ open }, settings);
  return { ...scene, store: scene.stores[0] as Store };
}

function write(store: Store, ...changes: Change[]): Promise<unknown> {
  return store.transact({}, () => grant(null, changes));
}

function userWritten(publicId: string): Change {
  return { type: "user-written", user: { publicId, status: "active" } };
}

function isFault(reason: unknown): boolean {
  return reason instanceof StoreFault && reason.code === "SERVICE_UNAVAILABLE";
}

async function exists(store: Store, user: string): Promise<boolean> {
  return (await store.read({ user })).user !== null;
}

describe("SQLite when something goes wrong", () => {
  test("A3: a commit that fails fails everything in it, and nothing was written", async () => {
    let failures = 1;
    const db = await openWatched((sql) => {
      if (sql === "COMMIT" && failures-- > 0) throw new Error("disk I/O error");
    });
    const store = createSqliteStore(db);
    const names = Array.from({ length: 20 }, (_, n) => `user-${n}`);
    const answers = names.map((name) => write(store, userWritten(name)));
    const thrown = store.transact({}, () => {
      throw new Error("its own");
    });
    for (const answer of [...answers, thrown]) await assert.rejects(answer, isFault);
    for (const name of names) assert.equal(await exists(store, name), false);
    await write(store, userWritten("later"));
    assert.equal(await exists(store, "later"), true);
    await store.close();
  });

  test("A3: a change that cannot be written fails alone", async () => {
    const db = await openWatched((sql) => {
      if (sql.includes("INSERT INTO clients")) throw new Error("database or disk is full");
    });
    const store = createSqliteStore(db);
    const client = { id: "c", role: "app", status: "enabled", scope: [], secrets: [] } as const;
    const bad = write(store, userWritten("half"), { type: "client-written", client });
    const good = ["before", "after"].map((name) => write(store, userWritten(name)));
    await assert.rejects(bad, isFault);
    await Promise.all(good);
    assert.equal(await exists(store, "half"), false);
    assert.equal(await exists(store, "after"), true);
    await store.close();
  });

  test("C9, C13: absence is guarded by unique keys, whatever a decision believed", async () => {
    const { store, run } = await openScene();
    const { connection } = granted(
      await run({ type: "fetch", by: "publicId", client: "shop", publicId: "ann" }),
    );
    const { standing } = await store.read({ connection });
    const live = standing?.connection as ActiveConnection;
    const twin = { ...live, id: "twin" };
    await assert.rejects(
      write(store, { type: "connection-established", connection: twin }),
      isFault,
    );
    const use = {
      issuer: "i",
      jti: "j",
      digest: "d",
      client: "partner",
      family: "f",
      redeemedAt: 1,
      keepUntil: 2,
    };
    await write(store, { type: "consent-redeemed", use });
    await assert.rejects(write(store, { type: "consent-redeemed", use }), isFault);
    await write(store, { type: "consent-redeemed", use: { ...use, issuer: "another" } });
    // A revoked connection makes room for the next.
    const { status: _, scope: _scope, consentedAt: _at, ...rest } = live;
    const revoked = { ...rest, status: "revoked", revokedAt: 9 } as const;
    await write(store, { type: "connection-revoked", connection: revoked });
    await write(store, { type: "connection-established", connection: twin });
    // Nothing else that is written of a connection touches its revocation.
    const change = { type: "connection-changed", cause: "consented", connection: live } as const;
    await write(store, change);
    assert.deepEqual((await store.read({ connection })).standing?.connection, revoked);
    await store.close();
  });

  test("C9: what waits is written in one transaction, 256 at most", async () => {
    let commits = 0;
    const db = await openWatched((sql) => {
      if (sql === "COMMIT") commits++;
    });
    const store = createSqliteStore(db);
    await Promise.all(
      Array.from({ length: 300 }, (_, n) => write(store, userWritten(`user-${n}`))),
    );
    assert.equal(commits, 2);
    await store.close();
  });

  test("R2: nobody sees what is not committed", () =>
    withFolder(async (folder) => {
      const path = join(folder, "shared.sqlite");
      const [store, other] = [await openSqliteStore(path), await openDatabase(path)];
      const users = () => other.prepare("SELECT count(*) AS n FROM users").get() as { n: number };
      const first = write(store, userWritten("ann"));
      const between = store.transact({ user: "ann" }, (facts) => grant([facts.user, users()], []));
      const decision = granted(await between) as [unknown, { n: number }];
      assert.deepEqual(decision[0], { publicId: "ann", status: "active" });
      assert.equal(decision[1].n, 0);
      await first;
      assert.equal(users().n, 1);
      other.close();
      await store.close();
    }));

  test("SY-06, A3: a locked database is waited for, and reads go on", () =>
    withFolder(async (folder) => {
      const path = join(folder, "locked.sqlite");
      const [store, other] = [await openSqliteStore(path), await openDatabase(path)];
      other.exec("BEGIN IMMEDIATE");
      const answer = write(store, userWritten("ann"));
      await setTimeout(100);
      assert.equal(await exists(store, "ann"), false);
      other.exec("COMMIT");
      await answer;
      assert.equal(await exists(store, "ann"), true);

      other.exec("BEGIN IMMEDIATE");
      await assert.rejects(write(store, userWritten("bob")), isFault);
      other.exec("COMMIT");
      assert.equal(await exists(store, "bob"), false);
      other.close();
      await store.close();
    }));

  test("R5: a long sweep lets others through", async () => {
    const { store, run, now, settings } = await openScene({ maxFamilies: 1000 });
    const issue = () => run({ type: "fetch", by: "publicId", client: "shop", publicId: "ann" });
    await Promise.all(Array.from({ length: 500 }, issue));
    const order: string[] = [];
    const sweep = store.sweep(horizonAt(now + settings.refreshIdleSeconds, settings), 1000)
      .then((removed) => order.push(`swept ${removed}`));
    await setImmediate(); // it has begun
    const answer = write(store, userWritten("late")).then(() => order.push("answered"));
    await Promise.all([sweep, answer]);
    assert.deepEqual(order, ["answered", "swept 500"]);
    await store.close();
  });
});
