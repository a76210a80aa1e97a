import assert from "node:assert/strict";
import test from "node:test";
import type { Change, Decision } from "../../../core/decision.ts";
import type { Service } from "../../../adapters/direct.ts";
import type { HttpHandler } from "../../../adapters/http/exchange.ts";
import type { Ports, Store } from "../../../adapters/ports.ts";
import { type ReferenceOptions, startReference } from "../support/reference.ts";
import { cases, conform, type ConformOptions, type Report } from "../../conformance/mod.ts";

async function check(
  ids: readonly string[],
  options: ReferenceOptions,
  more: Partial<ConformOptions> = {},
): Promise<Report> {
  const { endpoint, harness, stop } = await startReference(options);
  try {
    const selected = cases.filter(({ id, group }) => ids.includes(id) || ids.includes(group));
    return await conform({ endpoint, harness, cases: selected, histories: 40, ...more });
  } finally {
    await stop();
  }
}

/** A store in which some changes of a decision are lost. */
function losing(store: Store, isLost: (change: Change) => boolean): Store {
  return {
    ...store,
    transact: <Grant>(
      keys: Parameters<Store["read"]>[0],
      decide: Parameters<Store["transact"]>[1],
    ) =>
      store.transact(keys, (facts) => {
        const decision = decide(facts) as Decision<Grant>;
        return { ...decision, changes: decision.changes.filter((change) => !isLost(change)) };
      }),
  };
}

/** Steps are numbered; between them stands what the model went by. */
const isStep = (line: string) => /^\d+\. /.test(line);

const lose = (isLost: (change: Change) => boolean) => (ports: Ports): Ports => ({
  ...ports,
  store: losing(ports.store, isLost),
});

test("C11, CT-21: a server that forgets redemptions is told so, with the shortest story", async () => {
  const ids = ["consent-token/twice", "consent-token/redeem", "histories/consent"];
  const report = await check(ids, { ports: lose(({ type }) => type === "consent-redeemed") });
  const outcomes = Object.fromEntries(report.cases.map(({ id, outcome }) => [id, outcome]));
  assert.equal(outcomes["consent-token/redeem"], "passed");
  assert.equal(outcomes["consent-token/twice"], "warned");
  assert.equal(outcomes["histories/consent"], "warned");
  const story = report.cases.find(({ id }) => id === "histories/consent")?.story ?? [];
  assert.match(story.at(-2) ?? "", /^ +the model remembers about user A: merchant \d dir/);
  const steps = story.filter(isStep)
    .map((line) => line.replace(/^\d+\. /, "").replace(/\d+/g, "N"));
  assert.equal(steps.length, 4, story.join("\n"));
  assert.match(steps[0] ?? "", /^user A connects to merchant N/);
  assert.match(steps[1] ?? "", /^consent token N: user A/);
  assert.match(steps[2] ?? "", /^partner N presents consent token N → tokens/);
  assert.match(steps[3] ?? "", /^partner N presents consent token N → tokens/);
});

test("T5, RF-05: a server that lets reuse pass is told so, with the shortest story", async () => {
  const reuse = (change: Change) => change.type === "family-ended" && change.cause === "reused";
  const report = await check(["histories/rotation"], { ports: lose(reuse) });
  const [result] = report.cases;
  assert.equal(result?.outcome, "warned", result?.reason);
  const story = result?.story ?? [];
  assert.ok(story.filter(isStep).length <= 8, story.join("\n"));
  assert.match(story.at(-1) ?? "", /refreshes|introspects/);
});

test("C9, CT-22: a server that looks first and writes later is caught", async () => {
  const slowly = (ports: Ports): Ports => ({
    ...ports,
    store: {
      ...ports.store,
      async transact(keys, decide) {
        const facts = await ports.store.read(keys);
        // Long enough for another request to come in between, on a busy machine too.
        const once = keys.consent !== undefined || keys.family !== undefined;
        if (once) await new Promise((resolve) => setTimeout(resolve, 60));
        const decision = decide(facts);
        await ports.store.transact(keys, () => ({ ...decision, changes: decision.changes }));
        return decision;
      },
    },
  });
  const ids = [
    "consent-token/twenty-at-once",
    "tokens-refresh/twenty-at-once",
    "histories/at-once",
  ];
  const report = await check(ids, { ports: slowly });
  assert.deepEqual(report.cases.map(({ outcome }) => outcome), ["warned", "warned", "warned"]);
  const story = report.cases.at(-1)?.story ?? [];
  assert.match(story.at(-1) ?? "", /concurrently: .* ‖ /);
  assert.ok(story.filter(isStep).length <= 6, story.join("\n"));
});

test("C4, CT-14: a server that does not look at the audience fails a MUST", async () => {
  const deaf = (ports: Ports): Ports => ({
    ...ports,
    consents: {
      async verify(token) {
        const consent = await ports.consents?.verify(token) ?? { rejected: "consent_issuer" };
        return "rejected" in consent
          ? consent
          : { ...consent, audience: "urn:fetch-tokens-for-user:demo" };
      },
    },
  });
  const report = await check(["consent-token/aud-other", "consent-token/redeem"], { ports: deaf });
  assert.deepEqual(report.cases.map(({ outcome }) => outcome), ["passed", "failed"]);
  const failed = report.cases[1];
  assert.match(failed?.found ?? "", /^tokens/);
  assert.ok(failed?.exchanges?.some(({ request }) => request.body.includes("«consent token 2»")));
  assert.ok(failed?.legend?.some(({ text }) => text.includes("https://another.server.invalid")));
});

test("T7: a server that revokes nothing fails a MUST", async () => {
  const idle = (service: Service): Service => ({
    ...service,
    revokeToken: () => Promise.resolve(),
  });
  const report = await check(["revocation/refresh-token"], { service: idle });
  assert.equal(report.cases[0]?.outcome, "failed");
});

test("tool: a check whose positive twin fails is blocked, not passed", async () => {
  const refuseAll = (ports: Ports): Ports => ({
    ...ports,
    consents: { verify: () => Promise.resolve({ rejected: "consent_signature" }) },
  });
  const report = await check(["consent-token/alg-none", "consent-token/redeem"], {
    ports: refuseAll,
  });
  const outcomes = Object.fromEntries(report.cases.map(({ id, outcome }) => [id, outcome]));
  assert.deepEqual(outcomes, {
    "consent-token/redeem": "failed",
    "consent-token/alg-none": "skipped",
  });
  assert.match(report.cases[1]?.reason ?? "", /^blocked: /);
});

test("tool: a server that hangs gives clear results in bounded time", async () => {
  let requests = 0;
  const hangs = (handler: HttpHandler): HttpHandler => (request) => {
    requests += 1;
    return requests > 20 ? new Promise(() => {}) : handler(request);
  };
  const begun = performance.now();
  const report = await check(["contract", "input"], { handler: hangs }, {
    timeoutMilliseconds: 800,
  });
  assert.ok(performance.now() - begun < 9000);
  assert.equal(report.summary.failed, 3);
  const failed = report.cases.filter(({ outcome }) => outcome === "failed");
  for (const { reason } of failed) {
    assert.match(reason ?? "", /^no response: no answer within 0.8 s$/);
  }
  assert.ok(
    report.cases.some(({ reason }) => reason?.startsWith("the implementation no longer responds")),
  );
});

test("tool: a server that dies gives clear results at once", async () => {
  const { endpoint, harness, stop } = await startReference();
  const selected = cases.filter(({ group }) => group === "contract" || group === "http");
  const report = await conform({
    endpoint,
    harness,
    cases: selected,
    onProgress: ({ done }) => void (done === 30 && stop()),
  });
  assert.equal(report.cases.length, selected.length);
  assert.ok(
    report.summary.failed >= 1 && report.summary.passed >= 20,
    JSON.stringify(report.summary),
  );
  assert.match(
    report.cases.find(({ outcome }) => outcome === "failed")?.reason ?? "",
    /connection/,
  );
});
