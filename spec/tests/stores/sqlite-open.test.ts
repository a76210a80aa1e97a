import assert from "node:assert/strict";
import { chmod, mkdir, open, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { migrate } from "../../../adapters/store/schema.ts";
import {
  chooseDriver,
  openDatabase,
  type SqliteDatabase,
  SqliteOpenError,
} from "../../../adapters/store/sqlite-driver.ts";
import { createSqliteStore, openSqliteStore } from "../../../adapters/store/sqlite.ts";
import { withFolder } from "../support/folder.ts";

async function makeDatabase(path: string, sql: string): Promise<void> {
  const db = await openDatabase(path);
  db.exec(sql);
  db.close();
}

async function assertRefused(path: string, message: RegExp): Promise<void> {
  await assert.rejects(openSqliteStore(path), (error) => {
    assert.ok(error instanceof SqliteOpenError);
    assert.match(error.message, message);
    assert.ok(error.message.includes(path), "names the file");
    return true;
  });
}

function valueOf(db: SqliteDatabase, pragma: string): unknown {
  return Object.values(db.prepare(`PRAGMA ${pragma}`).get() as object)[0];
}

describe("Opening SQLite", () => {
  test("C9, T2: folders are made, commits are synced, and only the owner may read", () =>
    withFolder(async (folder) => {
      const path = join(folder, "a", "b", "private.sqlite");
      const store = await openSqliteStore(path);
      await store.updateMeta("some", () => "thing");
      const modes = [join(folder, "a"), join(folder, "a", "b"), path, `${path}-wal`]
        .map(async (name) => ((await stat(name)).mode & 0o777).toString(8));
      assert.deepEqual(await Promise.all(modes), ["700", "700", "600", "600"]);
      await store.close();
      const db = await openDatabase(path);
      assert.equal(valueOf(db, "journal_mode"), "wal");
      assert.equal(valueOf(db, "synchronous"), 2);
      assert.equal(valueOf(db, "foreign_keys"), 1);
      db.close();
    }));

  test("A3: a file that is not one of our databases is refused with advice and left as it was", () =>
    withFolder(async (folder) => {
      const text = join(folder, "notes.txt");
      await writeFile(text, "not a database, but longer than a header ".repeat(200));
      await chmod(text, 0o644);
      const before = await readFile(text);
      await assertRefused(text, /not an SQLite database: give another path/);
      assert.deepEqual(await readFile(text), before);
      assert.equal((await stat(text)).mode & 0o777, 0o644);

      await mkdir(join(folder, "folder.sqlite"));
      await assertRefused(join(folder, "folder.sqlite"), /EISDIR|directory/);

      const foreign = join(folder, "foreign.sqlite");
      await makeDatabase(foreign, "CREATE TABLE notes (text TEXT)");
      const notes = await readFile(foreign);
      await assertRefused(foreign, /another program: give another path/);
      assert.deepEqual(await readFile(foreign), notes);

      const damaged = join(folder, "damaged.sqlite");
      await (await openSqliteStore(damaged)).close();
      const file = await open(damaged, "r+");
      await file.write(new Uint8Array(4000).fill(255), 0, 4000, 96);
      await file.close();
      await assertRefused(damaged, /damaged: restore it from a backup/);
    }));

  test("A3: without a driver, the error says how to install one", async () => {
    const absent = () => Promise.reject(new Error("Cannot find package 'libsql'"));
    await assert.rejects(chooseDriver(undefined, absent), /Node 22\.13.*Deno.*npm install libsql/);
  });

  test("R5, P5: no statement looks at more rows than it needs", async () => {
    const statements: string[] = [];
    const db = await openDatabase(":memory:");
    await migrate(db);
    const store = createSqliteStore({
      ...{ exec: (sql: string) => db.exec(sql), close: () => db.close() },
      prepare(sql) {
        statements.push(sql);
        return db.prepare(sql);
      },
    });
    // Sorted without an index: only the connections of one user, and the families of one connection.
    const sortsFew = (sql: string) => /WHERE (?:user|connection) = \?.*ORDER BY/s.test(sql);
    const judged = statements.filter((sql) => /SELECT|UPDATE|DELETE/.test(sql) && !sortsFew(sql));
    const scans = judged.flatMap((sql) => {
      // Every driver can list, though the store does without.
      const explain = db.prepare(`EXPLAIN QUERY PLAN ${sql}`) as unknown as {
        all(): { detail: string }[];
      };
      return explain.all().map(({ detail }) => detail).filter((detail) =>
        /^SCAN|TEMP B-TREE/.test(detail)
      );
    });
    // All that a sweep walks through is what it will remove: some revoked connections.
    const revoked = /^SCAN (?:source|dead|connections USING INDEX connections_revoked)$/;
    assert.deepEqual(scans.filter((detail) => !revoked.test(detail)), []);
    assert.ok(scans.length > 0 && statements.length > 30);
    await store.close();
  });
});
