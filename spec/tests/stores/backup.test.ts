/** T5, C15, CT-25: a backup is whole, and what a restore took back does no harm. */
import assert from "node:assert/strict";
import { chmod, copyFile, open, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { createService } from "../../../adapters/direct.ts";
import type { Store } from "../../../adapters/ports.ts";
import { markRestored, readLostTimes } from "../../../adapters/restore.ts";
import { openDatabase } from "../../../adapters/store/sqlite-driver.ts";
import { BackupError, copyDatabase, openSqliteStore } from "../../../adapters/store/sqlite.ts";
import { grant } from "../../../core/decision.ts";
import { withFolder } from "../support/folder.ts";
import { createWorld, type World } from "../support/world.ts";

async function write(store: Store, publicId: string): Promise<void> {
  const change = { type: "user-written", user: { publicId, status: "active" } } as const;
  await store.transact({}, () => grant(null, [change]));
}

async function isRefused(from: string, to: string, message: RegExp): Promise<void> {
  await assert.rejects(copyDatabase(from, to), (error) => {
    assert.ok(error instanceof BackupError);
    assert.match(error.message, message);
    return true;
  });
}

/** A world on a file that is backed up, goes on, is lost and restored; `before` and `lost` happen around the backup. */
async function restoreWorld<B, L>(
  folder: string,
  before: (world: World) => Promise<B>,
  lost: (world: World, before: B) => Promise<L>,
): Promise<{ readonly world: World; readonly service: World["service"]; before: B; lost: L }> {
  const [path, backup, restored] = ["live", "backup", "restored"].map((name) => join(folder, name));
  const store = await openSqliteStore(path as string);
  const world = await createWorld({ store });
  const had = await before(world);
  world.clock.advance(100);
  await world.service.sweep();
  await copyDatabase(path as string, backup as string);
  world.clock.advance(100);
  const gone = await lost(world, had);
  await store.close();
  world.clock.advance(100);
  await copyDatabase(backup as string, restored as string);
  const again = await openSqliteStore(restored as string);
  await markRestored(again, world.clock.seconds());
  const lostTimes = await readLostTimes(again);
  const service = createService({ ...world.ports, store: again }, { ...world.settings, lostTimes });
  world.clock.advance(60);
  return { world, service, before: had, lost: gone };
}

async function refresh(service: World["service"], refreshToken: string): Promise<string | null> {
  const answer = await service.refresh("partner", { refreshToken });
  return "error" in answer ? null : answer.refreshToken;
}

describe("Backup and restore of SQLite", () => {
  test("A3, SY-06: a backup made under load holds what was answered before, and is whole", () =>
    withFolder(async (folder) => {
      const path = join(folder, "live.sqlite");
      const store = await openSqliteStore(path);
      const answered: string[] = [];
      let writing = true;
      const writer = async () => {
        for (let n = 0; writing && n < 5000; n++) {
          await write(store, `user-${n}`);
          answered.push(`user-${n}`);
        }
      };
      const writers = writer();
      while (answered.length < 50) await new Promise((resolve) => setTimeout(resolve));
      const before = [...answered];
      await copyDatabase(path, join(folder, "backup.sqlite"));
      writing = false;
      await writers;
      await store.close();
      const copies = (await readdir(folder)).filter((name) => !name.startsWith("live"));
      assert.deepEqual(copies, ["backup.sqlite"]);
      assert.equal((await stat(join(folder, "backup.sqlite"))).mode & 0o777, 0o600);
      const copy = await openSqliteStore(join(folder, "backup.sqlite"));
      for (const user of before) assert.ok((await copy.read({ user })).user, user);
      await copy.close();
    }));

  test("A3: a backup replaces nothing, and leaves nothing behind where it cannot be made", () =>
    withFolder(async (folder) => {
      const path = join(folder, "live.sqlite");
      await (await openSqliteStore(path)).close();
      const taken = join(folder, "taken");
      await writeFile(taken, "precious");
      await isRefused(path, taken, /taken exists: give another path/);
      await writeFile(join(folder, "old-wal"), "of an old database");
      await isRefused(path, join(folder, "old"), /old-wal exists/);
      await writeFile(join(folder, "cut.partial"), "");
      await isRefused(path, join(folder, "cut"), /left from a copy that was cut off/);
      await isRefused(join(folder, "nowhere"), join(folder, "b"), /There is no file .*nowhere/);
      await isRefused(taken, join(folder, "b"), /Cannot copy .*not a database/);
      await isRefused(path, join(folder, "no", "such", "b"), /no such file/);
      const newer = join(folder, "newer");
      await copyFile(path, newer);
      const db = await openDatabase(newer);
      db.exec(
        "PRAGMA user_version = 99; UPDATE meta SET value = 99 WHERE key = 'compatible-schema'",
      );
      db.close();
      await isRefused(newer, join(folder, "b"), /schema 99 .* upgrade/);
      await (await openDatabase(join(folder, "empty"))).close();
      await isRefused(join(folder, "empty"), join(folder, "b"), /empty database/);
      assert.equal(await readFile(taken, "utf8"), "precious");
      const left = (await readdir(folder)).filter((name) => /^b|^old$|^cut$/.test(name));
      assert.deepEqual(left, []);
    }));

  test("A3: a damaged database gives no backup", () =>
    withFolder(async (folder) => {
      const path = join(folder, "live.sqlite");
      const store = await openSqliteStore(path);
      for (let n = 0; n < 300; n++) await write(store, `user-${n}`);
      await store.close();
      const file = await open(path, "r+");
      const { size } = await file.stat();
      // Within the last pages: the header and the schema are well.
      await file.write(new Uint8Array(6000).fill(255), 0, 6000, size - 6100);
      await file.close();
      await isRefused(path, join(folder, "backup"), /damaged|malformed/);
      await chmod(path, 0o600);
    }));

  test("T5, CT-25: a token of the time that was lost does not end the restored family", () =>
    withFolder(async (folder) => {
      const { service, before, lost } = await restoreWorld(
        folder,
        async ({ service, users }) =>
          (await service.fetchTokensForUser("partner", { publicId: users.connected }))
            .refreshToken ?? "",
        async ({ service }, first) => {
          const second = await refresh(service, first) ?? "";
          return [second, await refresh(service, second) ?? ""];
        },
      );
      // One worker goes on from before the backup, another has tokens of the time that was lost.
      let current: string | null = before;
      for (let n = 0; n < 5; n++) current = await refresh(service, current ?? "");
      assert.ok(current !== null);
      for (const token of lost) assert.equal(await refresh(service, token), null);
      assert.notEqual(await refresh(service, current), null);
      // A token from before the backup is as old as ever.
      assert.equal(await refresh(service, before), null);
      assert.equal(await refresh(service, current), null, "reuse has ended the family");
      await service.close();
    }));

  test("C15, CT-25: consent redeemed in the time that was lost is not redeemed again", () =>
    withFolder(async (folder) => {
      const { service, world, lost } = await restoreWorld(
        folder,
        () => Promise.resolve(),
        async ({ service, issuer }) => {
          const consentToken = await issuer.mint();
          const answer = await service.fetchTokensForUser("partner", { consentToken });
          assert.deepEqual(answer.userErrors, []);
          return consentToken;
        },
      );
      const redeem = async (consentToken: string) =>
        (await service.fetchTokensForUser("partner", { consentToken })).userErrors[0]?.code;
      assert.equal(await redeem(lost), "INVALID_TOKEN");
      assert.equal(world.events.at(-1)?.reason, "consent_before_restore");
      assert.equal(await redeem(await world.issuer.mint()), undefined);
      await service.close();
    }));

  test("T5, C15: a store remembers every restore, from the last sweep that the backup knows", async () => {
    const store = await openSqliteStore(":memory:");
    assert.deepEqual(await readLostTimes(store), []);
    assert.deepEqual(await markRestored(store, 500), { from: 0, until: 500 });
    await store.updateMeta("clock", () => "900");
    await markRestored(store, 1000);
    await store.updateMeta("clock", () => "3000");
    await markRestored(store, 2000); // by a clock that is behind
    assert.deepEqual(await readLostTimes(store), [
      { from: 0, until: 500 },
      { from: 900, until: 1000 },
      { from: 2000, until: 2000 },
    ]);
    await store.close();
  });
});
