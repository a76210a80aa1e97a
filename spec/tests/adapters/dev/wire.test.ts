/** The dev server as partners use it from any language: the page's commands, and what the page leaves out. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { promisify } from "node:util";
import { commandsOf } from "../../../house/blocks.ts";
import { withServer } from "../../support/cli.ts";
import { withFolder } from "../../support/folder.ts";

const SECRET = "a-harness-secret-of-this-test";
const MARK = "\n=== next command\n";

/** Whether a value is what a page says: objects may have more members, `…` stands for anything. */
function isLike(actual: unknown, said: unknown): boolean {
  if (said === "…") return actual !== undefined;
  if (typeof said === "string" && said.includes("…")) {
    return typeof actual === "string" && actual.startsWith(said.split("…")[0] ?? "");
  }
  if (typeof said !== "object" || said === null) return actual === said;
  if (typeof actual !== "object" || actual === null) return false;
  if (Array.isArray(said) && said.length !== (actual as readonly unknown[]).length) return false;
  return Object.entries(said).every(([name, value]) =>
    isLike((actual as Readonly<Record<string, unknown>>)[name], value)
  );
}

test("G9, C1, R2, T1: each command on the page about the shop over the wire prints what it says", () =>
  withFolder(async (folder) => {
    const commands = commandsOf("docs/how-to/shop-over-the-wire.md");
    assert.ok(commands.filter(({ prints }) => prints !== null).length > 10);
    await withServer(["--dev", "--data", folder], async ({ url }) => {
      const bearer = `-H "Authorization: Bearer $FTFU_HARNESS_SECRET"`;
      const script = commands.map(({ code }) => code).join(
        `printf '${MARK.replaceAll("\n", "\\n")}'\n`,
      )
        .replace("http://127.0.0.1:8787", url)
        .replace('--data "$2"', `--data "$2" ${bearer}`);
      const file = join(folder, "page.sh");
      await writeFile(file, `set -euo pipefail\n${script}`);
      const env = { PATH: String(process.env["PATH"]), FTFU_HARNESS_SECRET: SECRET };
      const { stdout, stderr } = await promisify(execFile)("bash", [file], { env });
      assert.equal(stderr, "");
      const printed = stdout.split(MARK);
      for (const [index, { code, prints }] of commands.entries()) {
        if (prints === null) continue;
        const last = printed[index]?.trim().split("\n").at(-1)?.replace(/^\{\}(?=\{)/, "") ?? "";
        assert.ok(isLike(JSON.parse(last), prints), `${code}\nprints ${last}`);
      }
    }, { env: { FTFU_HARNESS_SECRET: SECRET } });
  }));

test("tool: what a page says is compared", () => {
  assert.ok(isLike({ a: "ey1", b: [1, { c: null, d: 2 }] }, { a: "ey…", b: [1, { c: null }] }));
  assert.ok(!isLike({ a: "xy1" }, { a: "ey…" }));
  assert.ok(!isLike({ a: [1, 2] }, { a: [1] }));
  assert.ok(!isLike({}, { a: "…" }));
});

async function harness(url: string, command: string, input: object = {}) {
  const response = await fetch(`${url}/harness/${command}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(input),
  });
  return await response.json();
}

test("A4: a second start on the same data is quiet and keeps the names", () =>
  withFolder(async (folder) => {
    const args = ["--dev", "--data", folder];
    const events = (log: string) => log.split("\n").filter((line) => line.includes('"audit"'));
    const first = await withServer(args, async ({ url }) => {
      const { token } = await harness(url, "mint");
      assert.deepEqual((await harness(url, "redeem", { consentToken: token })).userErrors, []);
      await harness(url, "user-status", { user: "demo-unconnected", status: "suspended" });
    });
    const second = await withServer(args, async ({ url }) => {
      await harness(url, "disconnect", { user: "demo-connected", client: "demo-partner" });
    });
    assert.deepEqual(JSON.parse(second.out).users, JSON.parse(first.out).users);
    assert.deepEqual([first, second].map(({ out }) => JSON.parse(out).redeemed), [false, true]);
    const actions = events(second.log).map((line) => JSON.parse(line).action);
    assert.deepEqual(actions, ["set-user-status", "disconnect"]); // what was suspended, and the above
    const third = await withServer(args, async ({ url }) => {
      assert.deepEqual(
        (await harness(url, "redeem", { publicId: "demo-connected" })).userErrors,
        [],
      );
    });
    assert.deepEqual(JSON.parse(third.out).users, JSON.parse(first.out).users);
    const fourth = await withServer(args, () => Promise.resolve());
    assert.deepEqual(events(fourth.log), []);
  }));
