import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { openSqliteStore } from "../../../adapters/store/sqlite.ts";
import { withFolder } from "../support/folder.ts";
import { createScene, ISSUER } from "../../store-contract/scene.ts";

/** Races of ten tokens each. */
const ROUNDS = 20;

interface Child {
  readonly process: ChildProcess;
  /** What it said so far. */
  readonly lines: readonly string[];
  /** Resolves when it has said so many lines, or is gone. */
  heard(count: number): Promise<void>;
  /** Resolves to its exit code when it is gone and everything it said was heard. */
  ended(): Promise<number | null>;
}

/** Starts `child.ts` on the runtime of this process. */
function start(task: string, path: string, name: string): Child {
  const runtime = "Deno" in globalThis ? ["run", "-A", "--no-check"] : ["--import", "tsx"];
  const file = fileURLToPath(new URL("child.ts", import.meta.url));
  const child = spawn(process.execPath, [...runtime, file, task, path, name], {
    stdio: ["pipe", "pipe", "inherit"],
    cwd: fileURLToPath(new URL("../../..", import.meta.url)),
  });
  const lines: string[] = [];
  let wake = () => {};
  let open = true;
  const reader = createInterface({ input: child.stdout });
  reader.on("line", (line) => {
    lines.push(line);
    wake();
  });
  reader.on("close", () => {
    open = false;
    wake();
  });
  const exit = once(child, "exit") as Promise<[number | null]>;
  const heard = async (count: number) => {
    while (open && lines.length < count) await new Promise<void>((resolve) => (wake = resolve));
  };
  return {
    process: child,
    lines,
    heard,
    async ended() {
      await heard(Infinity);
      return (await exit)[0];
    },
  };
}

async function createSeeded(path: string): Promise<void> {
  const { stores: [store] } = await createScene({ open: () => openSqliteStore(path) });
  await store?.close();
}

describe("SQLite and other processes", () => {
  test("C9, CT-25, RF-09: what was answered outlives SIGKILL, and nothing is there by half", () =>
    withFolder(async (folder) => {
      const path = join(folder, "killed.sqlite");
      await createSeeded(path);
      const child = start("redeem-forever", path, "0");
      await child.heard(300);
      child.process.kill("SIGKILL");
      await child.ended();
      const [ready, ...answered] = child.lines;
      assert.equal(ready, "ready");
      assert.ok(answered.length >= 299);

      const store = await openSqliteStore(path);
      const isThere = async (jti: string) => {
        const { consentUse, family, standing } = await store.read({
          consent: { issuer: ISSUER, jti },
        });
        assert.equal(consentUse !== null, family !== null && standing !== null, `half of ${jti}`);
        return consentUse !== null;
      };
      for (const jti of answered) assert.ok(await isThere(jti), `${jti} is lost`);
      // What was under way is there or not, but whole.
      for (let n = 0; n < answered.length + 20; n++) await isThere(`jti-${n}`);
      await store.close();
    }));

  test("C9, SY-06, CT-22: two processes that redeem the same tokens have one outcome", () =>
    withFolder(async (folder) => {
      const path = join(folder, "shared.sqlite");
      await createSeeded(path);
      const children = ["1", "2"].map((name) => start("redeem-in-race", path, name));
      for (let round = 0; round < ROUNDS; round++) {
        await Promise.all(children.map((child) => child.heard(1 + round * 10)));
        for (const child of children) child.process.stdin?.write("go\n");
      }
      for (const child of children) child.process.stdin?.end();
      assert.deepEqual(await Promise.all(children.map((child) => child.ended())), [0, 0]);

      const answers = children.flatMap(({ lines }) => lines.slice(1));
      assert.equal(answers.length, ROUNDS * 20);
      const firsts = answers.filter((answer) => answer.includes(" first "));
      assert.equal(firsts.length, ROUNDS * 10);
      // Both processes won some, or there was no race.
      for (const name of ["f1", "f2"]) assert.ok(firsts.some((line) => line.includes(` ${name}`)));
      const plain = (answer: string) => answer.replace(/ (?:first|repeated) /, " ");
      assert.equal(new Set(answers.map(plain)).size, ROUNDS * 10, "one family a token");

      const store = await openSqliteStore(path);
      const { candidates } = await store.read({ user: "ann", client: "partner", maxFamilies: 1 });
      assert.deepEqual(candidates.map(({ families }) => families.count), [ROUNDS * 10]);
      await store.close();
    }));

  test("SY-06: processes that create a database at once all find it complete", () =>
    withFolder(async (folder) => {
      const path = join(folder, "new", "deep", "created.sqlite");
      const children = ["1", "2", "3"].map((name) => start("open", path, name));
      const codes = await Promise.all(children.map((child) => child.ended()));
      assert.deepEqual(codes, [0, 0, 0]);
      await createSeeded(path);
    }));

  test("SY-06, SY-30: opening a file twice in one process keeps its locks, so its log stays", () =>
    withFolder(async (folder) => {
      const path = join(folder, "shared.sqlite");
      const store = await openSqliteStore(path);
      await (await openSqliteStore(path)).close();
      assert.equal(await start("open-and-close", path, "other").ended(), 0);
      await store.updateMeta("some", () => "thing");
      await store.close();
    }));
});
