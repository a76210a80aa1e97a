/** Commands that work on an existing database, and those that create one. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { cli, withServer } from "../../support/cli.ts";
import { withFolder } from "../../support/folder.ts";

const COMMANDS = [
  ["manage", "register-user", "ann"],
  ["gc"],
  ["keys", "list"],
  ["keys", "add-token-key"],
  ["keys", "remove-token-key", "k1"],
  ["keys", "create-token-keys"],
  ["keys", "publish-signing-key"],
];

test("A3, SY-23: a mistyped path is named, and nothing is created there", () =>
  withFolder(async (folder) => {
    const typo = join(folder, "typo");
    for (const command of COMMANDS) {
      const { code, log } = await cli([...command, "--data", typo]);
      assert.equal(code, 2, command.join(" "));
      assert.ok(log.includes(typo), log);
      assert.match(log, /give .* as the server has it/);
    }
    assert.deepEqual(await readdir(folder), []);
  }));

test("A3, SY-23: neither an empty file nor memory is a database that can be managed", () =>
  withFolder(async (folder) => {
    const empty = join(folder, "empty.sqlite");
    await writeFile(empty, "");
    for (
      const [db, message] of [[empty, /there is no database/], [
        "memory:",
        /private to one server/,
      ]] as const
    ) {
      const { code, log } = await cli(["manage", "register-user", "ann", "--db", db]);
      assert.equal(code, 2);
      assert.match(log, message);
    }
    assert.equal((await stat(empty)).size, 0);
    const nothing = await cli(["gc", "--db", ""]);
    assert.equal(nothing.code, 2);
    assert.match(nothing.log, /--db takes DATABASE, found nothing/);
  }));

test("A3, SY-23: a server that creates a database says so prominently, and only then", () =>
  withFolder(async (folder) => {
    const args = ["--public-url", "https://tokens.example", "--data", join(folder, "typo")];
    const created =
      /"outcome":"warning","message":"Created the new database .*typo.*correct --data/;
    const first = await withServer(args, () => Promise.resolve());
    assert.match(first.log, created);
    const second = await withServer(args, () => Promise.resolve());
    assert.doesNotMatch(second.log, /Created/);
  }));

test("A3: init creates database and keys, once; a second time it changes nothing", () =>
  withFolder(async (folder) => {
    const init = ["init", "--data", folder, "--access-tokens", "jwt"];
    const { code, out } = await cli(init);
    assert.equal(code, 0);
    const { database, keys } = JSON.parse(out);
    assert.equal(keys.length, 2);
    for (const file of [database, ...keys]) assert.ok(existsSync(file), file);
    const before = await Promise.all(keys.map((file: string) => stat(file)));
    assert.equal((await cli(init)).out, out);
    const after = await Promise.all(keys.map((file: string) => stat(file)));
    assert.deepEqual(after.map(({ mtimeMs }) => mtimeMs), before.map(({ mtimeMs }) => mtimeMs));
  }));
