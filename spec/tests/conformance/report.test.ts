import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";
import {
  type CaseResult,
  cases,
  formats,
  type Report,
  summaryOf,
  writeReport,
} from "../../conformance/mod.ts";
import { curlOf } from "../../conformance/report/curl.ts";
import { rootFailures, verdictOf } from "../../conformance/report/gather.ts";
import { SCRIPT, SCRIPT_HASH } from "../../conformance/report/script.ts";
import { withCauses } from "../../conformance/run/causes.ts";
import { DOCUMENTED_SDL } from "../../conformance/target/sdl.ts";
import { readTap, readXml } from "./readers.ts";
import { readSchema } from "./schema.ts";

/** A result of each outcome, with everything in it that could break a report. */
const NASTY =
  `<script>alert("x")</script> & 'quotes' # hash \\ back\u0000\u001b[31m\ud800 ]]> ünïcode`;

function result(index: number, more: Partial<CaseResult>): CaseResult {
  const { run: _run, needs: _needs, dependsOn: _dependsOn, ...subject } =
    cases[index] as typeof cases[number];
  return { ...subject, outcome: "passed", milliseconds: 1.5, ...more };
}

const exchange = {
  label: `partner: ${NASTY}`,
  to: "product",
  request: {
    method: "POST",
    url: "http://127.0.0.1/x",
    headers: { "x-nasty": NASTY },
    body: NASTY,
  },
  response: { status: 200, headers: { "content-type": "text/html" }, body: NASTY },
} as const;

function report(results: readonly CaseResult[]): Report {
  return {
    suite: { name: "fetch-tokens-for-user", cases: results.length, digest: "00000000" },
    target: { endpoint: "http://127.0.0.1:1/x", name: NASTY, version: "1" },
    depth: "oracle",
    seed: 7,
    startedAt: "2026-01-01T00:00:00.000Z",
    seconds: 1.25,
    requests: 3,
    summary: summaryOf(results),
    sdl: DOCUMENTED_SDL.replace("expiresIn: Int", "expiresIn: Float"),
    cases: results,
  };
}

const FULL = report([
  result(0, {}),
  result(1, {
    outcome: "failed",
    reason: NASTY,
    expected: "this",
    found: NASTY,
    exchanges: [exchange, { ...exchange, response: null, error: "no answer" }],
    legend: [{ label: "consent token 1", text: NASTY }],
  }),
  result(2, {
    outcome: "warned",
    reason: "r",
    expected: "e",
    found: "f",
    story: ["1. one", `2. ${NASTY}`],
  }),
  result(3, { outcome: "skipped", reason: `needs ${NASTY}` }),
  result(4, { outcome: "expected", reason: "known" }),
]);

test("tool: the JSON report meets its schema and counts right", async () => {
  const { check } = await readSchema("report.schema.json");
  const json = JSON.parse(writeReport(FULL, "json"));
  assert.deepEqual(check(json), []);
  assert.deepEqual(json.summary, { passed: 1, failed: 1, warned: 1, skipped: 1, expected: 1 });
  assert.notDeepEqual(check({ ...json, summary: {} }), []);
  assert.notDeepEqual(check({ ...json, cases: [{ ...json.cases[0], outcome: "fine" }] }), []);
});

test("tool: the TAP report can be read, and only what failed is not ok", () => {
  const tap = readTap(writeReport(FULL, "tap"));
  assert.equal(tap.plan, 5);
  assert.deepEqual(tap.points.map(({ ok, directive }) => [ok, directive]), [
    [true, null],
    [false, null],
    [false, "TODO"],
    [true, "SKIP"],
    [false, "TODO"],
  ]);
  assert.ok(tap.points[1]?.details.some((line) => line.includes("reason:")));
});

test("tool: the JUnit report is well-formed XML with the right counts", () => {
  const root = readXml(writeReport(FULL, "junit"));
  assert.equal(root.name, "testsuites");
  assert.deepEqual([
    root.attributes["tests"],
    root.attributes["failures"],
    root.attributes["skipped"],
  ], ["5", "1", "1"]);
  const testcases = root.children.flatMap(({ children }) => children);
  assert.deepEqual(
    testcases.map(({ attributes }) => attributes["name"]),
    FULL.cases.map(({ id }) => id),
  );
  const kinds = testcases.map(({ children }) => children.map(({ name }) => name).at(-1));
  assert.deepEqual(kinds, ["properties", "failure", "system-out", "skipped", "system-out"]);
  assert.match(testcases[1]?.children.at(-1)?.attributes["message"] ?? "", /<script>/);
});

test("tool: the XML reader refuses what is not well-formed", () => {
  for (
    const bad of [
      "<a>",
      "<a></b>",
      "<a b=c/>",
      "<a>&nope;</a>",
      "<a/><b/>",
      '<a b="1" b="2"/>',
      "<a>\u0000</a>",
    ]
  ) {
    assert.throws(() => readXml(bad), /XML/, bad);
  }
});

test("tool: the HTML report is one safe page", () => {
  const page = writeReport(FULL, "html");
  const body = page.replace("<!doctype html>\n", "").replace(/<meta [^>]*>/g, "")
    .replace(SCRIPT, "");
  const root = readXml(
    body.replace(/<br>/g, "").replace(/(<details id="[^>]*) open>/g, "$1>"),
  );
  assert.equal(root.name, "html");
  assert.doesNotMatch(page, /<link|<img|<iframe|\son\w+=|javascript:|url\(|@import/i);
  assert.deepEqual(page.match(/<script>.*?<\/script>/gs), [`<script>${SCRIPT}</script>`]);
  assert.equal(SCRIPT_HASH, `sha256-${createHash("sha256").update(SCRIPT).digest("base64")}`);
  assert.ok(page.includes(`script-src '${SCRIPT_HASH}'`));
  assert.match(page, /<mark class="passed"> {2}expiresIn: Int<\/mark>/);
  assert.match(page, /<mark class="failed"> {2}expiresIn: Float<\/mark>/);
  assert.doesNotMatch(page, /(?:src|href)\s*=\s*"(?!#)/);
  const order = [
    "1 case failed",
    "What is wrong",
    "Recommendations not followed",
    "Expected failures",
    "What was not checked",
    "By subject",
    "By rule",
  ];
  const places = order.map((text) => page.indexOf(text));
  assert.deepEqual(places, [...places].sort((a, b) => a - b));
  assert.ok(!places.includes(-1), places.join());
  for (
    const part of [
      "How to fix it",
      "The rule",
      "Requests and responses",
      "documented by the vendor",
      "consent token 1",
    ]
  ) {
    assert.ok(page.includes(part), part);
  }
});

test("tool: the text report is short, and coloured only when asked", () => {
  const text = writeReport(FULL, "text");
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(text.replaceAll(NASTY, ""), /\x1b/);
  // deno-lint-ignore no-control-regex
  assert.match(writeReport(FULL, "text", { color: true }), /\x1b\[31m/);
  assert.ok(
    text.trimEnd().endsWith(
      "1 passed, 1 failed, 1 warned, 1 skipped, 1 failed as expected in 1.25 s (3 requests)",
    ),
  );
  const clean = report(cases.map((_, index) => result(index, {})));
  assert.ok(writeReport(clean, "text").split("\n").length <= 15);
});

test("tool: one sentence tells the outcome", () => {
  assert.equal(verdictOf(FULL), "1 case failed");
  assert.equal(verdictOf(report([result(0, {})])), "Everything that was checked passed");
  assert.equal(verdictOf(report([result(0, { outcome: "skipped" })])), "Nothing could be checked");
  assert.equal(
    verdictOf(
      report([result(0, {}), result(1, { outcome: "warned" }), result(2, { outcome: "skipped" })]),
    ),
    "Everything that was checked passed, 1 recommendation not followed, 1 case not checked (34 %)",
  );
});

test("tool: a failure that explains others comes first, and they are folded under it", () => {
  const of = (id: string) => cases.findIndex((one) => one.id === id);
  const failed = (id: string) => result(of(id), { outcome: "failed", expected: "e", found: id });
  const ids = [
    "http/get",
    "contract/payload",
    "contract/payload-scope",
    "contract/typename",
    "contract/user-error-code",
    "tokens-refresh/garbage",
    "tokens-refresh/refresh",
  ];
  const caused = report(withCauses(ids.map(failed), cases));
  assert.deepEqual(
    rootFailures(caused).map(({ root, followers }) => [root.id, ...followers.map(({ id }) => id)]),
    [
      ["contract/payload", "contract/payload-scope", "contract/typename"],
      ["tokens-refresh/refresh", "tokens-refresh/garbage"],
      ["http/get"],
      ["contract/user-error-code"],
    ],
  );
  assert.equal(verdictOf(caused), "7 cases failed, for 4 reasons");
  const text = writeReport(caused, "text");
  assert.match(text, /^FAILED contract\/payload \(MUST; G1\.1, documented by the vendor/m);
  assert.match(text, /2 more problems follow:\n +contract\/payload-scope, contract\/typename$/m);
  assert.ok(text.indexOf("FAILED") < 200);
});

test("tool: every case that another depends on exists, and none depends on itself in the end", () => {
  const all = cases.map((one, index) => result(index, { outcome: "failed", title: one.title }));
  const caused = withCauses(all, cases);
  const roots = new Set(caused.flatMap(({ because }) => because ?? []));
  for (const root of roots) {
    assert.equal(caused.find(({ id }) => id === root)?.because, undefined, root);
  }
  const ids = new Set(cases.map(({ id }) => id));
  const lost = cases.flatMap(({ dependsOn = [] }) => dependsOn).filter((id) => !ids.has(id));
  assert.deepEqual(lost, []);
});

test("tool: a request can be repeated with curl, whatever is in it", () => {
  const command = curlOf({
    ...exchange,
    request: {
      ...exchange.request,
      headers: { authorization: "Basic «credentials of partner»", "x-a": "it's" },
      body: "it's $HOME",
    },
  });
  assert.equal(
    command.replaceAll(" \\\n ", ""),
    `curl -sS -i 'http://127.0.0.1/x' -u "$CLIENT_ID:$CLIENT_SECRET" -H 'x-a: it'\\''s' ` +
      `--data-raw 'it'\\''s $HOME'`,
  );
});

test("tool: a badge is JSON with the counts and a colour", () => {
  const { color, counts, message } = JSON.parse(writeReport(FULL, "badge"));
  assert.deepEqual([color, counts.failed], ["red", 1]);
  assert.match(message, /1 passed, 1 failed/);
});

test("tool: every form can be written", () => {
  for (const format of formats) assert.ok(writeReport(FULL, format).length > 100, format);
});
