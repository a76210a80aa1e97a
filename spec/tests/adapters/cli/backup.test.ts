/** A3, T5: backup, restore and migrate, as an operator runs them. */
import assert from "node:assert/strict";
import { readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { cli } from "../../support/cli.ts";
import { withFolder } from "../../support/folder.ts";

test("A3, T5: a database is backed up, lost and restored, and knows it", () =>
  withFolder(async (folder) => {
    const data = join(folder, "data");
    const file = join(folder, "backup.sqlite");
    const run = (...args: string[]) => cli([...args, "--data", data]);
    assert.match((await run("backup", file)).log, /there is no database/);
    assert.equal((await run("init")).code, 0);
    assert.equal((await run("manage", "register-user", "ann")).code, 0);
    const plan = await run("migrate", "--dry-run");
    const { from, to, applied } = JSON.parse(plan.out);
    assert.deepEqual([plan.code, to - from, applied], [0, 0, 0]);
    assert.equal((await run("migrate")).code, 0);
    const made = await run("backup", file);
    assert.deepEqual([made.code, JSON.parse(made.out).backup], [0, file]);
    assert.match((await run("backup", file)).log, /exists: give another path/);
    assert.match((await run("restore", file)).log, /store\.sqlite exists/);

    for (const name of await readdir(data)) {
      if (name.startsWith("store.sqlite")) await rename(join(data, name), join(folder, name));
    }
    const restored = await run("restore", file);
    assert.equal(restored.code, 0, restored.log);
    assert.match(JSON.parse(restored.out).lostTime, /^1970-01-01T00:00:00.000Z\/2\d{3}-/);
    assert.match(restored.log, /Repeat the withdrawals/);
    assert.match((await run("manage", "register-user", "ann")).log, /already|exists/i);
    assert.equal((await run("mark-restored")).code, 0);
  }));
