/** SY-03, P5, R5: whatever happens, and for however long, what is stored stays small. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryStore } from "../../../adapters/store/memory.ts";
import type { Command, GrantOf } from "../../../core/decide.ts";
import { horizonAt } from "../../../core/sweep.ts";
import { consentOf, createMachine, granted } from "../support/machine.ts";
import { stage } from "../support/scene.ts";

test("SY-03, P5, R5: twenty thousand issuances, refreshes and ends on one connection leave five families", async () => {
  const machine = createMachine({ maxFamilies: 5 });
  const scene = stage(createMemoryStore(), machine, "0");
  const run = async <C extends Command>(command: C): Promise<GrantOf<C>> =>
    granted(await scene.run(command));
  const sweep = () => scene.store.sweep(horizonAt(machine.now, machine.settings), 100_000);
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
  const { candidates } = await scene.store.read({ user: "ann", client: "partner" });
  assert.deepEqual(candidates.map(({ families }) => families.length), [5]);
  machine.now += 365 * 86_400;
  for (let more = -1; more !== 0; swept += more) more = await sweep();
  assert.equal(swept, 5000 + 5, "every redemption and the last families");
  await run({ ...fetch, by: "publicId", publicId: "ann" });
});
