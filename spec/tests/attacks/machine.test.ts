/** Attacks by whoever shares the machine or its environment: files, links, pipes, names, modes. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { cli, withServer } from "../support/cli.ts";
import { withFolder } from "../support/folder.ts";

const posix = { skip: process.platform === "win32" };
const SERVE = ["serve", "--port", "0", "--public-url", "https://tokens.example"];

function makePipe(path: string): string {
  execFileSync("mkfifo", ["-m", "600", path]);
  return path;
}

test(
  "T2, SY-25: whatever the umask, nobody else can read database, journal or keys",
  posix,
  () =>
    withFolder(async (folder) => {
      const data = join(folder, "new", "data");
      const before = process.umask(0);
      try {
        await withServer(["--dev", "--data", data], () => Promise.resolve());
      } finally {
        process.umask(before);
      }
      const modeOf = (path: string) => statSync(path).mode & 0o777;
      assert.deepEqual([modeOf(join(folder, "new")), modeOf(data)], [0o700, 0o700]);
      const files = ["store.sqlite", "token-keys.json"].map((name) => join(data, name));
      assert.deepEqual(files.map(modeOf), [0o600, 0o600]);
    }),
);

test(
  "T2, SY-24: a key file that is a link to nothing is refused, and nothing is written there",
  posix,
  () =>
    withFolder(async (folder) => {
      const outside = join(folder, "outside.json");
      await symlink(outside, join(folder, "token-keys.json"));
      const { code, log } = await cli(["init", "--data", folder]);
      assert.equal(code, 2);
      assert.match(log, /Cannot write the key file .*token-keys\.json/);
      assert.ok(!existsSync(outside));
    }),
);

test(
  "A3, SY-24: pipes and devices in place of files are refused at once",
  posix,
  () =>
    withFolder(async (folder) => {
      await writeFile(join(folder, "issuers.json"), "[]");
      const pipe = makePipe(join(folder, "pipe"));
      const attempts = [
        ["init", "--data", join(folder, "a"), "--keys", pipe],
        [...SERVE, "--data", join(folder, "b"), "--issuers", pipe],
        [...SERVE, "--data", join(folder, "c"), "--issuers", "/dev/zero"],
        ["init", "--data", join(folder, "d"), "--db", pipe],
      ];
      const results = await Promise.all(attempts.map((args) => cli(args)));
      for (const [index, { code, log }] of results.entries()) {
        assert.equal(code, 2, `${attempts[index]}: ${log}`);
        assert.match(log, /(?:pipe|zero)\b/);
      }
    }),
);

test("A3, SY-26: names of object members and odd numbers are not options or variables", async () => {
  const attempts: readonly (readonly [args: readonly string[], env: Record<string, string>])[] = [
    [["--__proto__=a"], {}],
    [["--port=0x50"], {}],
    [["--consent-skew-seconds=1e308"], {}],
    [[], { FTFU___PROTO__: "a" }],
  ];
  const results = await Promise.all(
    attempts.map(([args, env]) => cli(["serve", "--dev", "--db", "memory:", ...args], { env })),
  );
  assert.deepEqual(results.map(({ code }) => code), attempts.map(() => 2));
});

test(
  "SY-30, A3: a database that is a link is watched where it leads",
  posix,
  () =>
    withFolder(async (folder) => {
      await mkdir(join(folder, "real"));
      await symlink(join(folder, "real", "store.sqlite"), join(folder, "store.sqlite"));
      await withServer(["--dev", "--data", folder], async ({ url }) => {
        const { status } = await fetch(`${url}/readyz`);
        assert.equal(status, 200);
      });
      assert.ok(statSync(join(folder, "real", "store.sqlite")).size > 0);
    }),
);
