/** T5, C15: what a restore took back is neither reuse nor good consent. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TokenGrant } from "../../../core/decision.ts";
import { readSettings } from "../../../core/settings.ts";
import {
  assertRefused,
  AUDIENCE,
  connect,
  consentOf,
  createSeededMachine,
  fetchByPublicId,
  granted,
  type Machine,
  redeem,
  refresh,
  START,
} from "../support/machine.ts";

/** The database was restored at the start from a backup of 1,000 seconds before. */
const LOST = { from: START - 1000, until: START };
const SKEW = 30;

/** A machine and a family in its fourth generation. */
function createRestored(): { readonly machine: Machine; readonly zero: TokenGrant } {
  const { machine } = createSeededMachine({ lostTimes: [{ from: 1000, until: 2000 }, LOST] });
  connect(machine, "ann", "partner", "email");
  const zero = granted(fetchByPublicId(machine, "partner", "ann"));
  let tokens = zero;
  for (let n = 0; n < 3; n++) tokens = granted(refresh(machine, tokens));
  return { machine, zero };
}

/** A salt as it is drawn at a moment. */
function saltAt(seconds: number): string {
  return Math.round(seconds * 1000).toString(16).padStart(11, "0").padEnd(32, "e");
}

test("T5, CT-25: an old token of a time that a restore took back ends nothing", () => {
  for (const drawnAt of [LOST.from - SKEW, LOST.from, START - 5, START, START + SKEW + 0.999]) {
    const { machine, zero } = createRestored();
    for (const generation of [0, 1]) {
      const token = { ...zero, generation, salt: saltAt(drawnAt) };
      if (generation === 1) machine.now += machine.settings.refreshDuplicateSeconds;
      assertRefused(refresh(machine, token), "invalid_grant", "ahead_of_store");
    }
    assert.ok(machine.state.families.has(zero.family));
  }
});

test("T5, RF-05: an old token of any other time is reuse, before and after a restore", () => {
  for (const drawnAt of [0, LOST.from - SKEW - 0.001, START + SKEW + 1]) {
    const { machine, zero } = createRestored();
    const reused = refresh(machine, { ...zero, salt: saltAt(drawnAt) });
    assert.equal(reused.outcome === "refused" && reused.reason, "reused", `${drawnAt}`);
    assert.ok(!machine.state.families.has(zero.family));
  }
});

test("T5: the token before the current one is answered, whenever it was issued", () => {
  const { machine, zero } = createRestored();
  const before = { ...zero, generation: 2, salt: saltAt(START - 5) };
  assert.equal(granted(refresh(machine, before)).repeated, true);
});

test("C15, CT-25: consent issued until the skew after a restore is refused, later consent is not", () => {
  const { machine } = createRestored();
  for (
    const [issuedAt, refused] of [[START - 5, true], [START + SKEW, true], [
      START + SKEW + 1,
      false,
    ]] as const
  ) {
    machine.now = Math.max(START, issuedAt);
    const decision = redeem(machine, consentOf(machine, { issuedAt, jti: `jti ${issuedAt}` }));
    if (refused) assertRefused(decision, "INVALID_TOKEN", "consent_before_restore");
    else granted(decision);
  }
});

test("T5, C15: a lost time is whole seconds, its beginning first", () => {
  const read = (from: number, until: number) =>
    readSettings({ audience: AUDIENCE, lostTimes: [{ from, until }] }).lostTimes;
  assert.deepEqual(read(5, 5), [{ from: 5, until: 5 }]);
  for (const [from, until] of [[6, 5], [0.5, 5], [0, 5.5], [NaN, 5]] as const) {
    assert.throws(() => read(from, until), /Cannot set lostTimes to .*whole seconds/);
  }
});
