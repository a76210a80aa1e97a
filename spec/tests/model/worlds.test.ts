import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import type { Change, Reason } from "../../../core/decision.ts";
import { labelsOf } from "../../model/build.ts";
import { askedTimes, checkWorld, summarize, textOf } from "../../model/check.ts";
import { DIAGRAMS_PATH, renderDiagrams } from "../../model/diagrams.ts";
import { noGraphs, watch } from "../../model/graph.ts";
import { INVARIANTS } from "../../model/invariants.ts";
import { REAL_CORE } from "../../model/machine.ts";
import { renderSpecPage, SPEC_PAGE_PATH } from "../../model/pages.ts";
import type { Step } from "../../model/play.ts";
import { tellViolation } from "../../model/story.ts";
import { WORLDS } from "../../model/worlds.ts";

const graphs = noGraphs();
const labels = new Set<string>();

function note(step: Step): void {
  watch(graphs, step);
  for (const label of labelsOf(step)) labels.add(label);
}

/** One walk through every small world; the tests below look at what came of it. */
const REPORTS = WORLDS.filter(({ quick }) => quick)
  .map((plan) => checkWorld(plan, REAL_CORE, { onStep: note }));
const TIMES = askedTimes(REPORTS);

for (const report of REPORTS) {
  const { plan, violation, complete, unreached } = report;
  test(`A1: the world ${plan.name} is walked completely, and what must happen in it happens`, () => {
    const story = violation === null ? [] : tellViolation(violation, textOf);
    assert.deepEqual(story, []);
    assert.equal(complete, true);
    assert.deepEqual(unreached, []);
  });
}

for (const { id, rules, text } of INVARIANTS) {
  test(`${rules.join(", ")}: ${text} (${id})`, () => {
    const broken = REPORTS.flatMap(({ violation }) =>
      violation?.properties.includes(id) ? tellViolation(violation, textOf) : []
    );
    assert.deepEqual(broken, []);
    assert.ok((TIMES.get(id) ?? 0) > 0, "it was never asked");
  });
}

/** Who gives each reason. A reason that is added must be placed here, and then be met. */
const GIVEN_BY: Readonly<Record<Reason, "core" | "adapters">> = {
  client_unknown: "core",
  client_disabled: "core",
  secret_wrong: "adapters",
  client_exists: "core",
  id_malformed: "core",
  scope_malformed: "adapters",
  scope_empty: "core",
  user_unknown: "core",
  user_suspended: "core",
  user_exists: "core",
  user_id_retired: "core",
  connection_unknown: "core",
  connection_revoked: "core",
  no_connection: "core",
  no_effective_scope: "core",
  merchant_unknown: "core",
  merchant_disabled: "core",
  no_source_connection: "core",
  withdrawn_after_consent: "core",
  consent_too_large: "adapters",
  consent_malformed: "adapters",
  consent_header: "adapters",
  consent_algorithm: "adapters",
  consent_type: "adapters",
  consent_issuer: "core",
  consent_key: "adapters",
  consent_signature: "adapters",
  consent_claims: "core",
  consent_audience: "core",
  consent_other_client: "core",
  consent_merchant: "core",
  consent_expired: "core",
  consent_not_yet_valid: "core",
  consent_lifetime: "core",
  consent_before_restore: "core",
  consent_redeemed: "core",
  token_malformed: "adapters",
  token_expired: "core",
  family_unknown: "core",
  family_expired: "core",
  foreign_client: "core",
  reused: "core",
  ahead_of_store: "core",
  not_current: "core",
  scope_widened: "core",
  scope_not_effective: "core",
};

const CHANGES: Readonly<Record<Change["type"], readonly string[]>> = {
  "client-written": [],
  "user-written": [],
  "user-deleted": [],
  "connection-established": [],
  "connection-changed": ["consented", "narrowed"],
  "connection-revoked": [],
  "withdrawn": [],
  "consent-redeemed": [],
  "family-started": [],
  "family-rotated": [],
  "family-ended": ["evicted", "reused", "revoked"],
};

test("A4, C1: every reason for which the core refuses, and every change it makes, is met somewhere", () => {
  const met = new Set([...labels].map((label) => label.split(" ").at(-1)));
  const silent = Object.entries(GIVEN_BY)
    .filter(([reason, giver]) => met.has(reason) !== (giver === "core"));
  assert.deepEqual(silent, []);
  const changes = Object.entries(CHANGES).flatMap(([type, causes]) =>
    causes.length === 0 ? type : causes.map((cause) => `${type} ${cause}`)
  );
  assert.deepEqual(changes.filter((change) => !labels.has(change)), []);
});

test("house: there are thirty invariants at least, each with its own id, a sentence and rules", () => {
  assert.ok(INVARIANTS.length >= 30);
  assert.equal(new Set(INVARIANTS.map(({ id }) => id)).size, INVARIANTS.length);
  for (const { id, text, rules } of INVARIANTS) {
    assert.match(id, /^[a-z]+(?:-[a-z]+)*$/);
    assert.match(text, /^[A-Z].*\.$/);
    assert.ok(rules.length > 0, id);
  }
});

test("house: every world has its own name, and a small one is small", () => {
  assert.equal(new Set(WORLDS.map(({ name }) => name)).size, WORLDS.length);
  assert.ok(summarize(REPORTS).states < 200_000);
});

test("house: the drawn state machines and the page of the spec are fresh", () => {
  const page = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
  const how = "run: npm run prove:model -- --write-docs";
  assert.equal(page(DIAGRAMS_PATH), renderDiagrams(graphs), how);
  assert.equal(page(SPEC_PAGE_PATH), renderSpecPage(REPORTS), how);
});
