/** SY-03, P5, R5: whatever happens, and for however long, what is stored stays small. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createMemoryStore } from "../../../adapters/store/memory.ts";
import { type Command, decide, type GrantOf, keysOf } from "../../../core/decide.ts";
import type { Context } from "../../../core/decision.ts";
import { horizonAt } from "../../../core/sweep.ts";
import { runs } from "../support/generators.ts";
import { consentOf, createMachine, granted } from "../support/machine.ts";
import { createPlayer, moves, play } from "../support/moves.ts";

test("P5, R3, R5: thousands of moves leave no more live connections and families than there may be", () => {
  const player = createPlayer();
  const { machine } = player;
  let most = 0;
  for (const move of fc.sample(moves, runs(6000))) {
    play(player, move);
    const { families, familiesOfConnection, connections, users } = machine.state;
    const live = [...connections.values()].filter(({ status, source }) =>
      status === "active" &&
      (source === null || connections.get(source)?.status === "active")
    );
    // Each user directly with four clients, and with two partners through each of the other three.
    assert.ok(live.length <= users.size * (4 + 2 * 3));
    assert.ok(users.size <= 2);
    assert.ok(families.size <= familiesOfConnection.size * machine.settings.maxFamilies);
    most = Math.max(most, families.size);
  }
  assert.ok(most > 10, `only ${most} families at once`);
});

/** The memory store, with a clock that is set and a counter instead of entropy. */
function createSweeping() {
  const machine = createMachine({ maxFamilies: 5 });
  const store = createMemoryStore();
  let drawn = 0;
  function context(): Context {
    drawn += 1;
    const fresh = { connection: `c${drawn}`, family: `f${drawn}`, salt: `${drawn}`, keyId: "k1" };
    return { ...machine.context(), fresh };
  }
  async function run<C extends Command>(command: C): Promise<GrantOf<C>> {
    return granted(
      await store.transact(keysOf(command), (facts) => decide(command, facts, context())),
    );
  }
  const sweep = () => store.sweep(horizonAt(machine.now, machine.settings), 100_000);
  return { machine, store, run, sweep };
}

test("SY-03, P5, R5: twenty thousand issuances, refreshes and ends on one connection leave five families", async () => {
  const { machine, store, run, sweep } = createSweeping();
  const registration = { role: "app", scope: ["email"], secretDigest: "00" } as const;
  await run({ type: "register-client", client: "partner", ...registration });
  await run({ type: "register-client", client: "shop", ...registration });
  await run({ type: "register-user", user: "ann", digest: "d" });
  await run({ type: "connect", user: "ann", client: "shop", scope: ["email"] });
  const fetch = { type: "fetch", client: "partner" } as const;
  let swept = 0;
  for (let cycle = 0; cycle < 5000; cycle += 1) {
    machine.now += 7;
    const consent = consentOf(machine, { jti: `jti-${cycle}` });
    const { family, generation, salt } = await run({ ...fetch, by: "consentToken", consent });
    const refresh = { type: "refresh", client: "partner", family, generation, salt } as const;
    await run({ ...refresh, scope: null });
    await run({ ...fetch, by: "publicId", publicId: "ann" });
    if (cycle % 3 === 0) await run({ type: "revoke-token", client: "partner", family });
    if (cycle % 100 === 0) swept += await sweep();
  }
  const { candidates } = await store.read({ user: "ann", client: "partner" });
  assert.deepEqual(candidates.map(({ families }) => families.length), [5]);
  machine.now += 365 * 86_400;
  for (let more = -1; more !== 0; swept += more) more = await sweep();
  assert.equal(swept, 5000 + 5, "every redemption and the last families");
  await run({ ...fetch, by: "publicId", publicId: "ann" });
});
