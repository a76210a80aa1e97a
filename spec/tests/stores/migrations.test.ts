/** A3: schemas move forward only, in whole steps, while programs of the version before go on. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { grant } from "../../../core/decision.ts";
import type { Store } from "../../../adapters/ports.ts";
import { type Migration, pendingMigrations } from "../../../adapters/store/migrations.ts";
import { createPostgresStore } from "../../../adapters/store/postgres/mod.ts";
import {
  migrate as migratePostgres,
  MIGRATIONS as POSTGRES,
} from "../../../adapters/store/postgres/schema.ts";
import { migrate, MIGRATIONS as SQLITE, planMigration } from "../../../adapters/store/schema.ts";
import { openDatabase } from "../../../adapters/store/sqlite-driver.ts";
import { openSqliteStore } from "../../../adapters/store/sqlite.ts";
import { withFolder } from "../support/folder.ts";
import { createPool, postgresUrl, query } from "../support/postgres.ts";

/** A database that two versions of the program use. */
interface Versions {
  /** Opens a store as the released version does. */
  open(): Promise<Store>;
  /** Applies one more migration, as a later version does when it starts. */
  upgrade(next: Migration<string>): Promise<void>;
  /** What the later version reads. */
  ask(sql: string): Promise<readonly Record<string, unknown>[]>;
  readonly users: string;
}

const KINDS: Readonly<
  Record<string, (work: (versions: Versions) => Promise<void>) => Promise<void>>
> = {
  SQLite: (work) =>
    withFolder(async (folder) => {
      const path = join(folder, "store.sqlite");
      const later = await openDatabase(path);
      const known = [...SQLITE];
      await work({
        users: "users",
        open: () => openSqliteStore(path),
        async upgrade(next) {
          await migrate(later, [...known, next]);
          known.push(next);
        },
        ask: (sql) => Promise.resolve(later.prepare(sql).all() as Record<string, unknown>[]),
      });
      later.close();
    }),
  async PostgreSQL(work) {
    const schema = `test_migrations_${made++}`;
    const known = [...POSTGRES];
    await work({
      users: `${schema}.users`,
      open: async () => await createPostgresStore(createPool(await postgresUrl()), { schema }),
      async upgrade({ statements, compatible }) {
        const next = { statements: () => statements, compatible };
        const pool = createPool(await postgresUrl());
        await migratePostgres(pool, { schema, partitions: 1 }, [...known, next])
          .finally(() => pool.end());
        known.push(next);
      },
      ask: query,
    });
    await query(`DROP SCHEMA ${schema} CASCADE`);
  },
};

let made = 0;

async function write(store: Store, publicId: string): Promise<void> {
  const change = { type: "user-written", user: { publicId, status: "active" } } as const;
  await store.transact({}, () => grant(null, [change]));
}

async function exists(store: Store, publicId: string): Promise<boolean> {
  return (await store.read({ user: publicId })).user !== null;
}

describe("Migrations", () => {
  for (const [kind, withVersions] of Object.entries(KINDS)) {
    test(`A3, SY-06: two versions work side by side on ${kind}, until one takes away (contract)`, () =>
      withVersions(async ({ open, upgrade, ask, users }) => {
        const running = await open();
        await write(running, "before");
        const add = `ALTER TABLE ${users} ADD COLUMN note text NOT NULL DEFAULT 'none';`;
        await upgrade({ statements: add, compatible: 1 });
        // The one that was running goes on, and another of the same version can still start.
        const started = await open();
        for (const store of [running, started]) await write(store, "after");
        for (const store of [running, started]) {
          for (const user of ["before", "after"]) assert.ok(await exists(store, user));
          assert.equal((await store.list({ of: "users" }, { limit: 9 })).length, 2);
        }
        const rows = await ask(`SELECT note FROM ${users}`);
        assert.deepEqual(rows.map(({ note }) => note), ["none", "none"]);
        for (const store of [running, started]) await store.close();

        await upgrade({ statements: `ALTER TABLE ${users} DROP COLUMN note;`, compatible: 2 });
        await assert.rejects(open(), /schema 3 and this version knows 1: upgrade the program/);
      }));

    test(`A3: a migration that fails on ${kind} leaves everything as it was`, () =>
      withVersions(async ({ open, upgrade, ask, users }) => {
        const store = await open();
        await write(store, "before");
        const add = `ALTER TABLE ${users} ADD COLUMN note text;`;
        const wrong = { statements: `${add} CREATE NONSENSE;`, compatible: 1 };
        await assert.rejects(upgrade(wrong), /NONSENSE/i);
        assert.ok(await exists(store, "before"));
        await store.close();
        const [row] = await ask(`SELECT * FROM ${users}`);
        assert.ok(row !== undefined && !("note" in row));
        await upgrade({ statements: add, compatible: 1 });
      }));
  }

  test("A3: what is pending follows from what was applied, and the oldest program that may go on", () => {
    const steps = [1, 1, 2, 2].map((compatible, index) => ({ statements: index + 1, compatible }));
    const pending = (schema: number, compatible: number, known = steps) =>
      pendingMigrations({ schema, compatible }, known).map(({ statements }) => statements);
    assert.deepEqual(pending(0, 0), [1, 2, 3, 4]);
    assert.deepEqual(pending(2, 1), [3, 4]);
    assert.deepEqual(pending(4, 2), []);
    assert.deepEqual(pending(9, 4), []); // newer, and we may go on
    assert.deepEqual(pending(2, 1, steps.slice(0, 1)), []);
    assert.throws(() => pending(3, 2, steps.slice(0, 1)), /schema 3 and this version knows 1/);
  });

  test("A3: looking at what a database lacks changes nothing", async () => {
    const db = await openDatabase(":memory:");
    assert.deepEqual(planMigration(db), { found: 0, pending: SQLITE });
    assert.equal(planMigration(db).found, 0);
    await migrate(db);
    assert.deepEqual(planMigration(db), { found: SQLITE.length, pending: [] });
    db.close();
  });
});
