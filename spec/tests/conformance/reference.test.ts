import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { openSqliteStore } from "../../../adapters/store/sqlite.ts";
import { openPostgresStore } from "../support/postgres.ts";
import { type ReferenceOptions, startReference } from "../support/reference.ts";
import { conform, type Report } from "../../conformance/mod.ts";

/** All cases against the reference server, with as many histories of each kind. */
async function check(histories: number, options: ReferenceOptions = {}): Promise<Report> {
  const { endpoint, harness, stop } = await startReference(options);
  try {
    return await conform({ endpoint, harness, histories });
  } finally {
    await stop();
  }
}

/** What did not pass, in words. */
function problems({ cases }: Report): readonly string[] {
  return cases.filter(({ outcome }) => outcome !== "passed")
    .map(({ id, outcome, reason }) => `${outcome} ${id}: ${reason}`);
}

function assertClean(report: Report): void {
  const { cases, summary, depth } = report;
  assert.deepEqual(problems(report), []);
  assert.deepEqual(summary, {
    passed: cases.length,
    failed: 0,
    warned: 0,
    skipped: 0,
    expected: 0,
  });
  assert.equal(depth, "oracle");
}

test("tool: the reference server passes every case (memory, opaque tokens)", async (context) => {
  const report = await check(8);
  for (const { requirements, title, outcome, reason } of report.cases) {
    await context.test(`${requirements.join(", ")}: ${title}`, () => {
      assert.equal(outcome, "passed", reason);
    });
  }
  assertClean(report);
});

test("tool: the reference server passes every case (SQLite, JWT access tokens)", async () => {
  const folder = await mkdtemp(join(tmpdir(), "conformance-"));
  try {
    const store = await openSqliteStore(join(folder, "store.sqlite"));
    assertClean(await check(3, { store, jwt: true }));
  } finally {
    await rm(folder, { recursive: true });
  }
});

/** Thousands of round trips, one after the other: once is enough. */
const skip = "Deno" in globalThis && "runs on Node";

test("tool: the reference server passes every case (PostgreSQL)", { skip }, async () => {
  assertClean(await check(1, { store: await openPostgresStore() }));
});

test("tool: what an implementation does not offer is skipped, never passed", async () => {
  const report = await check(1, { without: ["introspection", "revocation", "users"] });
  const reasons = new Set(
    report.cases.flatMap(({ outcome, reason }) =>
      outcome === "passed" ? [] : [`${outcome}: ${reason}`]
    ),
  );
  for (const reason of reasons) assert.match(reason, /^skipped: needs \S/);
  assert.ok(report.summary.skipped > 50, `${report.summary.skipped} skipped`);
  const passed = report.cases.filter(({ outcome }) => outcome === "passed");
  assert.deepEqual(passed.filter(({ id }) => /introspect|users-api/.test(id)).map(({ id }) => id), [
    "client-authentication/introspection-of-the-schema",
  ]);
});

test("tool: other choices that are as good fail no MUST and are told apart", async () => {
  const strict = await check(2, { settings: { consentRetrySeconds: 0 } });
  assert.deepEqual(problems(strict).map((problem) => problem.replace(/: needs .*/, "")), [
    "skipped consent-token/retry",
    "skipped consent-token/retry-window",
    "skipped consent-token/retry-after-clock-step",
    "skipped consent-token/retry-past-exp",
    "skipped consent-token/retry-narrowed",
  ]);
  const short = await check(2, {
    settings: {
      accessTokenSeconds: 60,
      refreshIdleSeconds: 600,
      refreshAbsoluteSeconds: 3600,
      refreshDuplicateSeconds: 0,
      consentMaxLifetimeSeconds: 45,
      consentSkewSeconds: 0,
      maxFamilies: 2,
      secretOverlapSeconds: 0,
    },
  });
  assertClean(short);
});
