/** Standard output that takes nothing: a secret is shown once, so its loss must not look like success. */
import assert from "node:assert/strict";
import { closeSync, openSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { cli, startCli, until } from "../../support/cli.ts";
import { withFolder } from "../../support/folder.ts";

const onLinux = { skip: process.platform !== "linux" };

/** Runs a command whose standard output is this file. */
async function printingTo(path: string, args: readonly string[]) {
  const stdout = openSync(path, "w");
  try {
    return await cli(args, { stdout });
  } finally {
    closeSync(stdout);
  }
}

test(
  "A3, SY-27: a secret that cannot be printed is an error that says how to get another",
  onLinux,
  () =>
    withFolder(async (folder) => {
      const data = ["--data", folder];
      await cli(["init", ...data]);
      const register = ["manage", "register-client", "partner", "openid", ...data];
      const full = await printingTo("/dev/full", register);
      assert.equal(full.code, 2);
      assert.match(full.log, /manage: Cannot write to standard output: the disk is full/);
      assert.match(full.log, /get another one with "manage rotate-client-secret partner"/);

      const rotate = ["manage", "rotate-client-secret", "partner", ...data];
      const unread = startCli(rotate);
      unread.child.stdout?.destroy();
      const { code, log } = await unread.ended;
      assert.equal(code, 2);
      assert.match(log, /the program that reads it has ended.*rotate-client-secret partner/);
      const rotated = await cli(rotate);
      assert.equal(rotated.code, 0);
      assert.ok(JSON.parse(rotated.out).secret.length >= 32);
    }),
);

test(
  "A3, SY-27: a secret is not made if it would be discarded; what is not secret may be",
  onLinux,
  () =>
    withFolder(async (folder) => {
      const data = ["--data", folder];
      assert.equal((await printingTo("/dev/null", ["init", ...data])).code, 0);
      const register = ["manage", "register-client", "partner", "openid", ...data];
      const { code, log } = await printingTo("/dev/null", register);
      assert.equal(code, 2);
      assert.match(log, /is closed or \/dev\/null.*nothing was changed/);
      assert.equal((await cli(register)).code, 0); // it does not exist yet
    }),
);

test(
  "A3, SY-27: other commands fail too if their result cannot be printed",
  onLinux,
  () =>
    withFolder(async (folder) => {
      const data = ["--data", folder];
      await cli(["init", ...data]);
      const commands = [["init", ...data], ["gc", ...data], ["keys", "list", ...data], ["mint"], [
        "help",
      ]];
      for (const command of commands) {
        const { code, log } = await printingTo("/dev/full", command);
        assert.equal(code, 2, command[0]);
        assert.match(log, /Cannot write to standard output/);
      }
    }),
);

test(
  "A3, SY-27: a server whose start record cannot be printed serves on and logs it",
  onLinux,
  () =>
    withFolder(async (folder) => {
      const stdout = openSync("/dev/full", "w");
      const program = startCli(["serve", "--json", "--dev", "--port", "0", "--data", folder], {
        stdout,
      });
      await until(() => program.log().includes("\n"));
      program.stop();
      const { code, log } = await program.ended;
      closeSync(stdout);
      assert.equal(code, 0);
      assert.match(log, /"warning","message":"Cannot write to standard output/);
    }),
);
