/** Readiness of a started server whose database is really locked, full or deleted. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { openDatabase } from "../../../../adapters/store/sqlite-driver.ts";
import { type Program, until, withServer } from "../../support/cli.ts";
import { withFolder } from "../../support/folder.ts";

/** Whether the server is ready, and what it says about its store. */
async function readiness(url: string) {
  const answer = await fetch(`${url}/readyz`);
  const { status, checks } = await answer.json();
  const [store] = checks as { readonly name: string; readonly reason?: string }[];
  assert.equal(store?.name, "store");
  return { ready: answer.status === 200, status, reason: store?.reason ?? "" };
}

/** Whether a request that writes succeeds; if not, its error must be retryable. */
async function issues(url: string): Promise<boolean> {
  const query = 'mutation { fetchTokensForUser(publicId: "demo-connected") { refreshToken } }';
  const answer = await fetch(`${url}/api/partners/graphql.json`, {
    method: "POST",
    headers: {
      authorization: `Basic ${btoa("demo-partner:demo-partner-secret")}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({ query }),
  });
  const { data, errors } = await answer.json();
  if (errors === undefined) return data.fetchTokensForUser.refreshToken !== null;
  assert.equal(errors[0].extensions.code, "SERVICE_UNAVAILABLE");
  return false;
}

/** Breaks the database of a running server and repairs it: the server says why, and serves again. */
async function survives(
  { url }: { readonly url: string },
  reason: RegExp,
  breakIt: () => void,
  repair: () => void,
): Promise<void> {
  assert.equal((await readiness(url)).status, "ok");
  breakIt();
  try {
    await until(async () => reason.test((await readiness(url)).reason));
    const broken = await readiness(url);
    assert.match(broken.reason, reason);
    assert.deepEqual([broken.ready, broken.status], [false, "unavailable"]);
    assert.equal(await issues(url), false);
    assert.equal((await fetch(`${url}/livez`)).status, 200);
  } finally {
    repair();
  }
  await until(async () => (await readiness(url)).ready);
  assert.equal((await readiness(url)).status, "ok");
  assert.equal(await issues(url), true);
}

test("A3: while another process holds the database's lock, readiness says so; then it recovers", () =>
  withFolder(async (folder) => {
    await withServer(["--dev", "--data", folder], async (server) => {
      const other = await openDatabase(join(folder, "store.sqlite"));
      const [lock, free] = ["BEGIN EXCLUSIVE", "ROLLBACK"].map((sql) => () => other.exec(sql));
      assert.ok(lock && free);
      await survives(server, /database is locked/, lock, free);
      other.close();
    });
  }));

/** Limits how large the files of a process may grow, in bytes. */
function limitFiles({ child }: Program, bytes: string): void {
  execFileSync("prlimit", [`--pid=${child.pid}`, `--fsize=${bytes}:`]);
}

// Deno does not ignore SIGXFSZ, as Node does.
const canLimitFiles = process.platform === "linux" && !("Deno" in globalThis);

test("A3: while the database's files cannot grow, readiness says so; then it recovers", {
  skip: !canLimitFiles,
}, () =>
  withFolder(async (folder) => {
    await withServer(["--dev", "--data", folder], (server) =>
      survives(
        server,
        /cannot be used now: (?:disk I\/O error|database or disk is full)/,
        () => limitFiles(server, "65536"),
        () => limitFiles(server, "unlimited"),
      ));
  }));

/** Mounts a small disk, which only root can; returns whether it is there. */
function mount(folder: string): boolean {
  try {
    mkdirSync(folder);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

test("A3: while the disk is full, readiness says so; then it recovers", (t) =>
  withFolder(async (folder) => {
    const disk = join(folder, "disk");
    if (!mount(disk)) return t.skip("only root can mount a disk");
    const filler = join(disk, "filler");
    try {
      await withServer(["--dev", "--data", disk], (server) =>
        survives(
          server,
          /database or disk is full/,
          () => assert.throws(() => writeFileSync(filler, new Uint8Array(2_000_000)), /ENOSPC/),
          () => rmSync(filler),
        ));
    } finally {
      execFileSync("umount", [disk]);
    }
  }));

test("A3, SY-30: once the database is deleted, readiness says so, and that a restart is needed", {
  skip: process.platform === "win32",
}, () =>
  withFolder(async (folder) => {
    const data = ["--dev", "--data", folder];
    await withServer(data, async ({ url }) => {
      assert.equal(await issues(url), true);
      rmSync(join(folder, "store.sqlite"));
      await until(async () => !(await readiness(url)).ready);
      assert.match((await readiness(url)).reason, /deleted or replaced.*restart the server/);
      assert.equal(await issues(url), false);
    });
  }));
