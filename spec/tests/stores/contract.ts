/**
 * What every store must do. Each store runs it, so that they differ in nothing a caller can see.
 * @module
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { keysOf } from "../../../core/decide.ts";
import { grant, refuse, type TokenGrant } from "../../../core/decision.ts";
import type { Fetch } from "../../../core/fetch.ts";
import { horizonAt } from "../../../core/sweep.ts";
import type { Connection } from "../../../core/model.ts";
import type { Listed, Listing, Store } from "../../../adapters/ports.ts";
import { runs } from "../support/generators.ts";
import { consentOf, granted } from "../support/machine.ts";
import { EVENTS, histories, replay, replayUnswept } from "./history.ts";
import { createScene, type Scene } from "../support/scene.ts";

/** Runs the contract against stores that `open` makes: empty ones, each a new one. */
export function storeContract(name: string, open: () => Promise<Store>): void {
  const withStore = async (check: (store: Store) => Promise<void>) => {
    const store = await open();
    try {
      await check(store);
    } finally {
      await store.close();
    }
  };
  const withScene = (check: (scene: Scene) => Promise<void>) =>
    withStore(async (store) => await check(await createScene(store)));

  describe(name, () => {
    test("A1, C9, R2, R5: decisions, facts and sweeps are the model's, whatever happened", async () => {
      const seen = new Set<string>();
      await fc.assert(
        fc.asyncProperty(
          histories(100),
          (history) => withStore((store) => replay(store, history, seen)),
        ),
        runs(50),
      );
      // Whatever can change or be swept did, or the histories say nothing of it.
      assert.deepEqual(EVENTS.filter((event) => !seen.has(event)), []);
    });

    test("R5: sweeping changes no answer to a client", async () => {
      let removed = 0;
      await fc.assert(
        fc.asyncProperty(
          histories(200),
          (history) =>
            withStore(async (store) => {
              removed += await replayUnswept(store, history);
            }),
        ),
        runs(70),
      );
      assert.ok(removed > 100, `${removed} rows were swept`);
    });

    test("R5: a sweep stops about its limit, and the next goes on", () => withScene(sweepInParts));
    test("R5, T1: a family that is used is swept at its absolute end, and no earlier", () =>
      withStore(sweepAtAbsoluteEnd));
    test("R3, R5: dead connections are swept, with all their families and delegations", () =>
      withScene(sweepDead));
    test("C13, C14, R5: what refuses old tokens is kept to the second", () => withScene(sweepOld));
    test("C13, R1: of a deleted user nothing is left but redeemed consents and a digest", () =>
      withScene(deleteAll));
    test("C14: of two withdrawals the later moments count", () => withStore(mergeWithdrawals));
    test("C9, C11, CT-21, CT-22: 200 redemptions at once start one family", () =>
      withScene(redeemAtOnce));
    test("T5, RF-02: 200 refreshes at once have one successor", () => withScene(refreshAtOnce));
    test("P5: issuing at once keeps within maxFamilies", () => withScene(issueAtOnce));
    test("R2, R3, RF-08, SC-11: nothing outlives a withdrawal that returned", () =>
      withScene(withdrawAmongOthers));
    test("A3: a decide that throws writes nothing and rejects alone", () => withScene(throwAlone));
    test("C6: a refusal changes nothing", () => withScene(refuseAndCompare));
    test("R3: listings are the model's rows, by page, revoked connections too", () =>
      withScene(listAll));
    test("A5: a value about the store is kept, and the last one counts", () => withStore(keepMeta));
    test("A3: close finishes what is under way", async () => {
      const { run, store } = await createScene(await open());
      const answers = Array.from({ length: 20 }, () => run(byPublicId("ann", "shop")));
      await store.close();
      for (const answer of answers) assert.equal((await answer).outcome, "granted");
    });
  });
}

async function listAll({ store, run, machine }: Scene): Promise<void> {
  const grants = [];
  for (let family = 0; family < 3; family++) {
    grants.push(granted(await run(byPublicId("ann", "shop"))));
  }
  const [{ connection }] = grants as [TokenGrant];
  const families = await walk(store, { of: "families", connection });
  assert.deepEqual(families.map(idOf), grants.map(({ family }) => family).sort());
  assert.equal(granted(await run({ type: "revoke-connection", connection })), null);
  const connect = { type: "connect", user: "ann", client: "shop", scope: ["email"] } as const;
  const anew = granted(await run(connect));
  const connections = await walk(store, { of: "connections", user: "ann" });
  assert.deepEqual(connections.find((row) => idOf(row) === anew.id), anew);
  const revoked = connections.find((row) => idOf(row) === connection);
  assert.equal((revoked as Connection | undefined)?.status, "revoked");
  assert.deepEqual(connections.map(idOf), connections.map(idOf).sort());
  const { clients, users } = machine.state;
  assert.deepEqual((await walk(store, { of: "clients" })).map(idOf), [...clients.keys()].sort());
  assert.deepEqual((await walk(store, { of: "users" })).map(idOf), [...users.keys()].sort());
  assert.deepEqual(await walk(store, { of: "connections", user: "nobody" }), []);
}

/** Every row of a listing, two at a time. */
async function walk(store: Store, listing: Listing) {
  const rows: Listed[Listing["of"]][] = [];
  for (let after = "";;) {
    const page = await store.list(listing, { after, limit: 2 });
    rows.push(...page);
    const last = page.at(-1);
    if (page.length < 2 || last === undefined) return rows;
    after = idOf(last);
  }
}

function idOf(row: Listed[Listing["of"]]): string {
  return "publicId" in row ? row.publicId : row.id;
}

async function keepMeta(store: Store): Promise<void> {
  assert.equal(await store.readMeta("clock"), null);
  await store.updateMeta("clock", () => "1");
  await store.updateMeta("clock", () => "2");
  assert.equal(await store.readMeta("clock"), "2");
  assert.equal(await store.readMeta("other"), null);
  const add = (value: string | null) => String(Number(value) + 1);
  const fail = () => {
    throw new RangeError("no");
  };
  const updates = Array.from({ length: 20 }, () => store.updateMeta("clock", add));
  await assert.rejects(store.updateMeta("clock", fail), RangeError);
  assert.equal(new Set(await Promise.all(updates)).size, 20);
  assert.equal(await store.readMeta("clock"), "22");
}

function byPublicId(publicId: string, client: string): Fetch {
  return { type: "fetch", by: "publicId", client, publicId };
}

async function sweepInParts({ store, run, machine }: Scene): Promise<void> {
  for (let family = 0; family < 25; family++) granted(await run(byPublicId("ann", "shop")));
  const horizon = (now: number) => horizonAt(now, machine.settings);
  const end = machine.now + machine.settings.refreshIdleSeconds;
  assert.equal(await store.sweep(horizon(end - 1), 1000), 0);
  assert.equal(await store.sweep(horizon(end), 0), 0);
  assert.equal(await store.sweep(horizon(end), 10), 10);
  assert.equal(await store.sweep(horizon(end), 10), 10);
  assert.equal(await store.sweep(horizon(end), 1000), 5);
  const { candidates } = await store.read({ user: "ann", client: "shop" });
  assert.deepEqual(candidates.map(({ families }) => families), [[]]);
}

async function sweepAtAbsoluteEnd(store: Store): Promise<void> {
  const { run, machine } = await createScene(store, {
    accessTokenSeconds: 60,
    refreshIdleSeconds: 60,
    refreshAbsoluteSeconds: 150,
  });
  const start = machine.now;
  let tokens = granted(await run(byPublicId("ann", "shop")));
  for (const after of [50, 100, 149]) {
    machine.now = start + after;
    tokens = granted(await run({ type: "refresh", ...tokens, scope: null }));
  }
  assert.equal(await store.sweep(horizonAt(start + 149, machine.settings), 10), 0);
  assert.equal(await store.sweep(horizonAt(start + 150, machine.settings), 10), 1);
}

/** Ann at `shop`, delegated to `partner` and `rival`, with two families each. */
async function delegate({ run, machine }: Scene): Promise<readonly TokenGrant[]> {
  const grants = ["partner", "rival"].map(async (client) => {
    const consent = consentOf(machine, { client, jti: `for ${client}` });
    return granted(await run({ type: "fetch", by: "consentToken", client, consent }));
  });
  const more = ["partner", "rival", "shop", "shop"].map(async (client) =>
    granted(await run(byPublicId("ann", client)))
  );
  return await Promise.all([...grants, ...more]);
}

async function sweepDead(scene: Scene): Promise<void> {
  const { store, run, machine } = scene;
  const grants = await delegate(scene);
  const horizon = horizonAt(machine.now, machine.settings);
  const { source } = await store.read({ user: "ann", merchant: "shop" });
  await run({ type: "revoke-connection", connection: source?.id ?? "" });
  const removed = [];
  for (let step = 0; step < 12; step++) removed.push(await store.sweep(horizon, 1));
  assert.equal(removed.reduce((sum, count) => sum + count), 9);
  for (const { connection, family } of grants) {
    const { standing } = await store.read({ connection });
    assert.deepEqual([standing, (await store.read({ family })).family], [null, null]);
  }
}

async function sweepOld(scene: Scene): Promise<void> {
  const { store, run, machine } = scene;
  await delegate(scene);
  await run({ type: "disconnect", user: "ann", client: "shop" });
  const never = { generationStartedAt: 0, familyStartedAt: 0, consentKeepUntil: 0, withdrawnAt: 0 };
  assert.equal(await store.sweep(never, 100), 9);
  const { consentUse } = await store.read({
    consent: { issuer: consentOf(machine).issuer, jti: "for partner" },
  });
  const keepUntil = consentUse?.keepUntil ?? 0;
  assert.equal(await store.sweep({ ...never, consentKeepUntil: keepUntil - 1 }, 100), 0);
  assert.equal(await store.sweep({ ...never, consentKeepUntil: keepUntil }, 100), 2);
  assert.equal(await store.sweep({ ...never, withdrawnAt: machine.now - 1 }, 100), 0);
  assert.equal(await store.sweep({ ...never, withdrawnAt: machine.now }, 100), 1);
}

async function deleteAll(scene: Scene): Promise<void> {
  const { store, run, machine } = scene;
  const grants = await delegate(scene);
  const consent = { issuer: consentOf(machine).issuer, jti: "for partner" };
  await run({ type: "disconnect", user: "ann", client: "partner" });
  await run({ type: "delete-user", user: "ann", digest: "digest of ann" });
  for (const client of ["partner", "rival", "shop"]) {
    const facts = await store.read({
      user: "ann",
      client,
      merchant: client,
      userDigest: "digest of ann",
    });
    const { user, userRetired, candidates, source, clientWithdrawal, merchantWithdrawal } = facts;
    const personal = [user, candidates, source, clientWithdrawal, merchantWithdrawal];
    assert.deepEqual([...personal, userRetired], [null, [], null, null, null, true]);
  }
  for (const { connection, family } of grants) {
    const { standing } = await store.read({ connection });
    assert.deepEqual([standing, (await store.read({ family })).family], [null, null]);
  }
  const { consentUse, family } = await store.read({ consent });
  assert.deepEqual([consentUse?.jti, family], ["for partner", null]);
}

async function mergeWithdrawals(store: Store): Promise<void> {
  const directs = [null, 5, 3, null, 9, null];
  for (const [step, directAt] of directs.entries()) {
    const withdrawal = { user: "ann", client: "shop", directAt, at: [5, 7, 6, 8, 9, 4][step] ?? 0 };
    await store.transact({}, () => grant(null, [{ type: "withdrawn", withdrawal }]));
    const { clientWithdrawal: after } = await store.read({ user: "ann", client: "shop" });
    const at = [5, 7, 7, 8, 9, 9][step];
    assert.deepEqual([after?.directAt, after?.at], [[null, 5, 5, 5, 9, 9][step], at]);
  }
}

async function redeemAtOnce({ store, run, machine }: Scene): Promise<void> {
  const consent = consentOf(machine);
  const command = { type: "fetch", by: "consentToken", client: "partner", consent } as const;
  const answers = await Promise.all(Array.from({ length: 200 }, () => run(command)));
  const grants = answers.map(granted);
  assert.equal(grants.filter(({ repeated }) => !repeated).length, 1);
  const same = new Set(grants.map(({ family, generation, salt }) => family + generation + salt));
  assert.equal(same.size, 1);
  const { candidates, consentUse } = await store.read(keysOf(command));
  assert.equal(candidates.length, 1);
  assert.deepEqual(candidates[0]?.families.map(({ id }) => id), [consentUse?.family]);
}

async function refreshAtOnce({ store, run }: Scene): Promise<void> {
  const { family, generation, salt } = granted(await run(byPublicId("ann", "shop")));
  const command = {
    type: "refresh",
    client: "shop",
    family,
    generation,
    salt,
    scope: null,
  } as const;
  const answers = await Promise.all(Array.from({ length: 200 }, () => run(command)));
  const grants = answers.map(granted);
  assert.equal(grants.filter(({ repeated }) => !repeated).length, 1);
  assert.deepEqual([...new Set(grants.map((one) => one.generation))], [1]);
  const stored = (await store.read({ family })).family;
  assert.deepEqual([...new Set(grants.map((one) => one.salt))], [stored?.salt]);
}

async function issueAtOnce({ store, run, machine }: Scene): Promise<void> {
  const issue = () => run(byPublicId("ann", "shop"));
  const grants = (await Promise.all(Array.from({ length: 120 }, issue))).map(granted);
  const { candidates } = await store.read({ user: "ann", client: "shop" });
  const kept = candidates[0]?.families.map(({ id }) => id).sort();
  // The clock stands still, so the ids alone say which were used last.
  const last = grants.map(({ family }) => family).sort().slice(-machine.settings.maxFamilies);
  assert.deepEqual(kept, last);
}

async function withdrawAmongOthers({ store, run }: Scene): Promise<void> {
  const issue = () => run(byPublicId("ann", "shop"));
  const before = Array.from({ length: 20 }, issue);
  const withdrawn = run({ type: "disconnect", user: "ann", client: "shop" }).then(async () => {
    const { candidates, source } = await store.read({
      user: "ann",
      client: "shop",
      merchant: "shop",
    });
    assert.deepEqual([candidates, source], [[], null]);
  });
  const after = Array.from({ length: 20 }, issue);
  await withdrawn;
  const grants = (await Promise.all(before)).map(granted);
  for (const { family } of grants) {
    const { standing } = await store.read({ family });
    assert.equal(standing?.connection.status, "revoked");
  }
  for (const answer of await Promise.all(after)) assert.equal(answer.outcome, "refused");
}

async function throwAlone({ store, run }: Scene): Promise<void> {
  const fault = new Error("decide failed");
  const throwing = () =>
    store.transact({ user: "ann" }, () => {
      throw fault;
    });
  const answers = await Promise.allSettled(
    Array.from({ length: 30 }, (_, n) => n % 3 === 1 ? throwing() : run(byPublicId("ann", "shop"))),
  );
  for (const [n, answer] of answers.entries()) {
    if (n % 3 !== 1) assert.equal(answer.status, "fulfilled");
    else assert.equal(answer.status === "rejected" && answer.reason, fault);
  }
  const { candidates } = await store.read({ user: "ann", client: "shop" });
  assert.equal(candidates[0]?.families.length, 20);
}

async function refuseAndCompare({ store, run, machine }: Scene): Promise<void> {
  const consent = consentOf(machine, { scope: ["nothing"] });
  const command = { type: "fetch", by: "consentToken", client: "partner", consent } as const;
  const before = await store.read(keysOf(command));
  assert.equal((await run(command)).outcome, "refused");
  const foreign = { ...command, client: "rival" };
  assert.equal((await run(foreign)).outcome, "refused");
  assert.deepEqual(await store.read(keysOf(command)), before);
  // A refusal may still change something, and only what it says.
  const withdrawal = { user: "bob", client: "shop", directAt: null, at: 5 };
  const changes = [{ type: "withdrawn", withdrawal }] as const;
  await store.transact({}, () => ({ ...refuse("NO_USER", "user_unknown"), changes }));
  const { clientWithdrawal } = await store.read({ user: "bob", client: "shop" });
  assert.deepEqual(clientWithdrawal, withdrawal);
  await store.transact({}, () => grant(null, []));
}
