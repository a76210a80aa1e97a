import assert from "node:assert/strict";
import { copyFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { setImmediate } from "node:timers/promises";
import { describe, test } from "node:test";
import { grant } from "../../../core/decision.ts";
import { checkStore } from "../../../adapters/http/health.ts";
import { type Store, StoreFault } from "../../../adapters/ports.ts";
import { openSqliteStore } from "../../../adapters/store/sqlite.ts";
import { withFolder } from "../support/folder.ts";

/** What was acknowledged before the accident, and whether anything was after it. */
interface Seen {
  readonly before: readonly string[];
  readonly after: readonly string[];
}

async function write(store: Store, publicId: string): Promise<void> {
  const change = { type: "user-written", user: { publicId, status: "active" } } as const;
  await store.transact({}, () => grant(null, [change]));
}

function isMoved(error: unknown): boolean {
  return error instanceof StoreFault && /deleted or replaced.*restart/.test(error.message);
}

/** Eight writers write on and on; after 50 writes comes the accident, and each goes on until it fails. */
async function underLoad(store: Store, accident: () => Promise<void>): Promise<Seen> {
  const before: string[] = [];
  const after: string[] = [];
  let next = 0;
  let state: "before" | "during" | "after" = "before";
  const writer = async () => {
    while (next < 2000) {
      const publicId = `user-${next++}`;
      const begun = state;
      await write(store, publicId);
      // What the accident overtook may have gone either way.
      if (begun === "after") after.push(publicId);
      else if (state === "before") before.push(publicId);
    }
  };
  const writers = Promise.allSettled(Array.from({ length: 8 }, writer));
  while (before.length < 50) await setImmediate();
  state = "during";
  await accident();
  state = "after";
  const failed = (await writers).filter(({ status }) => status === "rejected");
  assert.equal(failed.length, 8);
  for (const { reason } of failed as PromiseRejectedResult[]) assert.ok(isMoved(reason), reason);
  return { before, after };
}

async function assertUnusable(store: Store): Promise<void> {
  await setImmediate(); // reads look once per turn
  await assert.rejects(write(store, "late"), isMoved);
  await assert.rejects(store.read({ user: "user-0" }), isMoved);
  await assert.rejects(store.list({ of: "users" }, { limit: 1 }), isMoved);
  assert.match(await checkStore(store).problem() ?? "", /restart the server/);
}

type Accident = (path: string, folder: string) => Promise<void>;

const ACCIDENTS: Readonly<Record<string, Accident>> = {
  "the file is deleted": (path) => rm(path),
  "all files are deleted": async (path) => {
    for (const end of ["", "-wal", "-shm"]) await rm(path + end);
  },
  "the file is replaced by a copy": (path) => replace(path),
  "the log is replaced by a copy": (path) => replace(`${path}-wal`),
  "the shared memory is deleted": (path) => rm(`${path}-shm`),
  "the folder is renamed": (_, folder) => rename(folder, `${folder}-moved`),
};

async function replace(path: string): Promise<void> {
  await copyFile(path, `${path}.copy`);
  await rename(`${path}.copy`, path);
}

describe(
  "Database files that are deleted or replaced",
  { skip: process.platform === "win32" },
  () => {
    for (const [name, accident] of Object.entries(ACCIDENTS)) {
      test(`A3, SY-30: ${name}: nothing more is acknowledged`, () =>
        withFolder(async (parent) => {
          const folder = join(parent, "data");
          const path = join(folder, "store.sqlite");
          const store = await openSqliteStore(path);
          const { after } = await underLoad(store, () => accident(path, folder));
          assert.deepEqual(after, []);
          await assertUnusable(store);
          await store.close();
        }));
    }

    test("A3, SY-30: the log is deleted: what was acknowledged is there after a crash", () =>
      withFolder(async (folder) => {
        const path = join(folder, "store.sqlite");
        const store = await openSqliteStore(path);
        const { before, after } = await underLoad(store, () => rm(`${path}-wal`));
        assert.deepEqual(after, []);
        await assertUnusable(store);
        const crashed = join(folder, "crashed.sqlite");
        await copyFile(path, crashed); // what a process killed now would leave behind
        const again = await openSqliteStore(crashed);
        for (const user of before) assert.ok((await again.read({ user })).user, user);
        await write(again, "later");
        await again.close();
        await store.close();
      }));
  },
);
