import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DEMO_AUDIENCE } from "../../../adapters/dev/demo.ts";
import { runCampaign } from "../../crash/campaign.ts";
import { STORES } from "../../crash/stores.ts";

const SEED = 1;

/** Faults of `faulty-server.ts`, and what the crash test must call them. */
const FAULTS: readonly (readonly [string, RegExp])[] = [
  ["answers before it commits", /refused|inactive|answered|active/],
  ["keeps revocations in memory", /ended family is active/],
  ["starts another family on retry", /another refresh token/],
  ["commits a redemption in two steps", /INVALID_TOKEN, after an unanswered redeem/],
  ["withdraws in two steps", /consent token from before .*, after an unanswered end/],
];

describe("crash test", { concurrency: 2 }, () => {
  test("A3, C9, C11, R2, T5: a killed server stands by all it told and leaves nothing half done", async () => {
    const store = await STORES["sqlite"]?.();
    assert.ok(store !== undefined);
    const plan = { ...store, audience: DEMO_AUDIENCE, kills: 6, seconds: 300, seed: SEED };
    const { lost, halfDone, kills, acknowledged } = await runCampaign(plan);
    assert.deepEqual({ lost, halfDone, kills }, { lost: [], halfDone: [], kills: 6 });
    assert.ok(acknowledged > 100, `there was no load: ${acknowledged}`);
  });

  for (const [fault, text] of FAULTS) {
    test(`tool: the crash test catches a server that ${fault}`, async () => {
      const { lost, halfDone, kills } = await runCampaign({
        program: (folder) => ({
          module: "spec/tests/crash/faulty-server.ts",
          args: [fault, folder],
        }),
        audience: DEMO_AUDIENCE,
        kills: 40,
        seconds: 300,
        seed: SEED,
        stopAtFinding: true,
      });
      // Which of the two is seen first depends on the moment of the kill.
      assert.match([...lost, ...halfDone].join("\n"), text, `${kills} kills`);
    });
  }
});
