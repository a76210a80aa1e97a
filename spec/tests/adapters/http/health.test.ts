/** What those who run the server can ask it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkStore, type ReadinessCheck } from "../../../../adapters/http/health.ts";
import { PATHS } from "../../../../adapters/http/metadata.ts";
import { createHttpHandler } from "../../../../adapters/http/router.ts";
import { StoreFault } from "../../../../adapters/ports.ts";
import { createMemoryStore } from "../../../../adapters/store/memory.ts";
import { ORIGIN } from "../../support/http-face.ts";
import { createWorld } from "../../support/world.ts";
import { until } from "../../support/cli.ts";

/** A handler with these checks, asked by path. */
async function createProbe(readiness?: readonly ReadinessCheck[]) {
  const { service } = await createWorld();
  const options = { publicUrl: ORIGIN, ...(readiness && { readiness }) };
  const handler = createHttpHandler(service, options);
  return async (target: string, stopping = false) => {
    const body = () => Promise.resolve("");
    const answer = await handler({ method: "GET", target, header: () => null, body, stopping });
    return [answer.status, JSON.parse(answer.body)] as const;
  };
}

const check = (
  name: string,
  problem: ReadinessCheck["problem"],
  essential = true,
): ReadinessCheck => ({ name, essential, problem });

test("A3: /livez says that the process answers; /readyz and /healthz that the server is stopping", async () => {
  const ask = await createProbe();
  for (const stopping of [false, true]) {
    assert.deepEqual(await ask(PATHS.live, stopping), [200, { status: "ok" }]);
  }
  for (const path of [PATHS.ready, PATHS.health]) {
    assert.deepEqual(await ask(path), [200, { status: "ok", checks: [] }]);
    assert.deepEqual(await ask(path, true), [503, { status: "stopping", checks: [] }]);
  }
});

test("A3: readiness names what has a problem, and why; what is not essential is only reported", async () => {
  const issuers = check("issuers", () => "the file is not valid JSON", false);
  const degraded = await createProbe([check("store", () => null), issuers]);
  assert.deepEqual(await degraded(PATHS.ready), [200, {
    status: "degraded",
    checks: [
      { name: "store", ok: true },
      { name: "issuers", ok: false, reason: "the file is not valid JSON" },
    ],
  }]);
  const unavailable = await createProbe([issuers, check("keys", () => "a key is missing")]);
  const [status, body] = await unavailable(PATHS.ready);
  assert.deepEqual([status, body.status], [503, "unavailable"]);
});

test("A3, G9: a check that hangs or throws is a problem, and what it threw is not shown", async () => {
  const ask = await createProbe([
    check("hangs", () => new Promise(() => {})),
    check("throws", () => Promise.reject(new Error("hush-hush"))),
  ]);
  const [status, { checks }] = await ask(PATHS.ready);
  assert.equal(status, 503);
  assert.deepEqual(checks, [
    { name: "hangs", ok: false, reason: "No answer within 1 s." },
    { name: "throws", ok: false, reason: "The check failed." },
  ]);
});

test("A3: a check that takes too long is not run twice at once, and its last reason is shown", async () => {
  const answers: ((reason: string) => void)[] = [];
  const ask = await createProbe([
    check("store", () => new Promise((resolve) => void answers.push(resolve))),
  ]);
  const reasonNow = async () => (await ask(PATHS.ready))[1].checks[0].reason;
  for (const _attempt of ["first", "second"]) {
    assert.equal(await reasonNow(), "No answer within 1 s.");
    assert.equal(answers.length, 1);
  }
  answers[0]?.("locked");
  await until(async () => await reasonNow() === "locked" && answers.length === 2);
  assert.equal(await reasonNow(), "locked");
});

test("A3: a store that cannot be read or written is not ready", async () => {
  const memory = createMemoryStore();
  const full = () => Promise.reject(new StoreFault("The database cannot be used now: full"));
  assert.equal(await checkStore(memory).problem(), null);
  const broken = checkStore({ ...memory, updateMeta: full });
  assert.equal(await broken.problem(), "The database cannot be used now: full");
});

test("A3, A2: a flood of probes runs the checks once a second", async () => {
  let count = 0;
  const ask = await createProbe([check("store", () => String(++count))]);
  await Promise.all(Array.from({ length: 100 }, () => ask(PATHS.ready)));
  assert.equal(count, 1);
  const began = performance.now();
  for (let asked = 0; asked < 100; asked += 1) await ask(PATHS.ready);
  const seconds = Math.ceil((performance.now() - began) / 1000);
  assert.ok(count <= 1 + seconds, `${count} runs in ${seconds} s`);
});
