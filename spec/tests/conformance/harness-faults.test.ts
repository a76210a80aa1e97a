import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import type { HttpHandler } from "../../../adapters/http/exchange.ts";
import { startServer } from "../../../adapters/http/server.ts";
import { type Reference, startReference } from "../support/reference.ts";
import { cases, conform, type ConformOptions, readSubjects } from "../../conformance/mod.ts";

let reference: Reference;
before(async () => void (reference = await startReference()));
after(() => reference.stop());

/** Runs cases against the reference with a harness of which some commands fail. */
async function withFailing(
  statusOf: (name: string, input: string) => number | null,
  ids: readonly string[],
  more: Partial<ConformOptions> = {},
) {
  const handler: HttpHandler = async (request) => {
    const name = request.target.split("/").at(-1) ?? "";
    const body = await request.body(1 << 20);
    const failed = statusOf(name, body);
    const headers = { "content-type": "application/json" };
    if (failed !== null) return { status: failed, headers, body: '{"error": "this failed"}' };
    const response = await fetch(`${reference.harness}/${name}`, { method: "POST", headers, body });
    return { status: response.status, headers, body: await response.text() };
  };
  const server = await startServer({ handler, port: 0, host: "127.0.0.1" });
  try {
    return await conform({
      endpoint: reference.endpoint,
      harness: server.url,
      cases: cases.filter(({ id }) => ids.includes(id)),
      ...more,
    });
  } finally {
    await server.stop(0);
  }
}

test("tool: a harness that fails in the middle of a case makes it fail, whatever its level", async () => {
  const ids = ["scope-delegation/revoked-connection", "scope-delegation/direct-first"];
  for (const status of [400, 500, 404, 501]) {
    const report = await withFailing((name) => name === "revoke" ? status : null, ids, {
      expected: ids,
    });
    assert.equal(report.summary.failed, 2, JSON.stringify(report.summary));
    for (const { reason, remedy } of report.cases) {
      assert.match(reason ?? "", /^harness: .*revoke/);
      assert.match(remedy, /^Fix the harness/);
    }
  }
});

test("tool: a harness whose clock cannot be let run again fails the case that stopped it", async () => {
  let stopped = false;
  const report = await withFailing((_name, input) => {
    const failing = stopped && input === '{"now":null}';
    stopped ||= /^\{"now":\d/.test(input);
    return failing ? 500 : null;
  }, ["scope-delegation/latest-consent-first"]);
  assert.match(report.cases[0]?.reason ?? "", /^harness: .*clock with status 500/);
});

test("tool: random histories that the harness cuts short fail", async () => {
  const report = await withFailing((name) => name === "narrow" ? 400 : null, [
    "histories/authority",
  ], { histories: 4 });
  assert.match(report.cases[0]?.reason ?? "", /^harness: .*narrow with status 400/);
  assert.equal(report.summary.failed, 1);
});

test("tool: a harness may refuse invalid keys or accept them", async () => {
  const unfit = ["consent-token/rsa-1024", "consent-token/curve-of-another-algorithm"];
  const report = await withFailing(() => null, unfit);
  assert.equal(report.summary.passed, unfit.length); // the reference's harness refuses both
});

test("tool: without histories their cases are skipped, and say what they need", async () => {
  const ids = cases.filter(({ group }) => group === "histories").map(({ id }) => id);
  const report = await withFailing(() => null, ids, { histories: 0 });
  assert.equal(report.summary.skipped, ids.length);
  for (const { reason } of report.cases) assert.match(reason ?? "", /^needs .*--histories/);
});

test("tool: who resets a connection over a long request is told to read it to its end", async () => {
  const server = createServer((request, response) => {
    if (Number(request.headers["content-length"]) > 65_536) request.socket.resetAndDestroy();
    else request.resume().on("end", () => response.writeHead(500).end("{}"));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const report = await conform({
    endpoint,
    subjects: readSubjects({ clients: { partner: { id: "p", secret: "a-secret" } } }),
    cases: cases.filter(({ id }) => id === "http/wide-query"),
  });
  server.close();
  const [result] = report.cases;
  assert.match(result?.reason ?? "", /^no response: the connection failed/);
  assert.match(result?.remedy ?? "", /^Answer with 413 and read the whole body.* Limit tokens/);
});
