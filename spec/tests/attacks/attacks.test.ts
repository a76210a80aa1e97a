/** Attacks on the running server: a child process, started by the command line, attacked over sockets. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { withServer } from "../support/cli.ts";
import { withFolder } from "../support/folder.ts";
import { ATTACK_ROWS } from "../../attacks/all.ts";
import { createTarget } from "../../attacks/target.ts";

test("A2, A3, G9: the server withstands every attack, and its log says so", (t) =>
  withFolder(async (folder) => {
    const args = ["--dev", "--rate-limit", "0", "--data", folder];
    const { code, log } = await withServer(args, async (server) => {
      const target = createTarget(Number(new URL(server.url).port), server.log);
      for (const { ids, name, attack } of ATTACK_ROWS) {
        await t.test(`${ids.join(", ")}: ${name}`, () => attack(target));
      }
    });
    assert.equal(code, 0);
    const records = log.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
    assert.ok(records.length > 100);
    assert.deepEqual(records.filter(({ status, faults }) => status >= 500 || faults), []);
  }));
