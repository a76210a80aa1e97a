import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import process from "node:process";
import { text } from "node:stream/consumers";
import test from "node:test";
import { blocksOf } from "./blocks.ts";
import { FOLDER, toSources } from "./examples.ts";
import { ROOT } from "./source.ts";

const RUNTIME = "deno" in process.versions
  ? ["test", "-A", "--no-check"]
  : ["--import", "tsx", "--test"];

/** Writes the files of a page, runs its tests, and returns what they print. */
async function run(page: string): Promise<{ readonly code: number; readonly out: string }> {
  const folder = `${FOLDER}/${process.pid}-page`;
  mkdirSync(ROOT + folder, { recursive: true });
  try {
    const blocks = blocksOf(page);
    for (const { name, code } of blocks) {
      writeFileSync(`${ROOT}${folder}/${name}`, toSources(code, folder));
    }
    const tests = blocks.filter(({ name }) => name.includes(".test."));
    const { NODE_TEST_CONTEXT: _, ...env } = process.env; // the inner runner is one of its own
    const child = spawn(
      process.execPath,
      [...RUNTIME, ...tests.map(({ name }) => `${folder}/${name}`)],
      { cwd: ROOT, env, stdio: ["ignore", "pipe", "pipe"], timeout: 120_000 },
    );
    const ended = new Promise<number>((resolve) => {
      child.on("close", (code) => resolve(code ?? -1));
    });
    const [out, log] = await Promise.all([text(child.stdout), text(child.stderr)]);
    return { code: await ended, out: out + log };
  } finally {
    rmSync(ROOT + folder, { recursive: true });
  }
}

test("house: the tests on the page about testing a client pass", async () => {
  const { code, out } = await run("docs/how-to/test-your-client.md");
  assert.equal(code, 0, out);
  assert.match(out, /consent token: Without jti/);
});

test("house: the store on the page about writing one keeps the contract", async () => {
  const { code, out } = await run("docs/how-to/write-a-store.md");
  assert.equal(code, 0, out);
  assert.match(out, /races\/disconnect/);
});
