/** The invariants of the formal spec over random histories: larger than its worlds, with settings of any size. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { build, labelsOf, type Plan } from "../../model/build.ts";
import { askAll, textOf } from "../../model/check.ts";
import { INVARIANTS } from "../../model/invariants.ts";
import { REAL_CORE } from "../../model/machine.ts";
import type { Step } from "../../model/play.ts";
import { tellViolation } from "../../model/story.ts";
import { ACTORS } from "../../model/worlds/time.ts";
import { runs } from "../support/generators.ts";
import { type Move, moves, SMALL } from "../support/moves.ts";
import { createPlayer, play, type Setup, setups } from "../support/player.ts";

/** The steps of a history. */
function* stepsOf(history: readonly Move[], setup?: Setup): Iterable<Step> {
  const player = createPlayer(setup);
  for (const move of history) {
    const step = play(player, move);
    if (step !== null) yield step;
  }
}

/** Asks every invariant of each step, and of what is there after it. */
function checkAll(steps: Iterable<Step>, inquiry = askAll(), look = (_: Step) => {}): void {
  const path: Step[] = [];
  for (const step of steps) {
    path.push(step);
    const broken = inquiry.askStep(step) ??
      (step.after === step.before ? null : inquiry.askState(step.after));
    if (broken !== null) {
      assert.fail(tellViolation({ ...broken, path: path.slice(-30) }, textOf).join("\n"));
    }
    look(step);
  }
}

test("A1, P1, P2, P3, P4, P5, C5, C6, C8, C9, C10, C11, C14, T1, T4, T5, T6, T7, R1, R3: every invariant holds in every history", () => {
  const histories = fc.array(moves, { maxLength: 100, size: "max" });
  fc.assert(
    fc.property(setups, histories, (setup, history) => checkAll(stepsOf(history, setup))),
    { ...runs(500), includeErrorInReport: true },
  );
});

/** Three workers of one partner and a thief; any answer can be lost, and time goes on in jumps. */
const SHARED: Plan = {
  ...ACTORS,
  numbers: SMALL,
  times: [1, 2, 3, 4, 5, 8, 9, 10, 11, 40, 41, 80],
  actors: ["A", "B", "C"].map((name) => ({ name, client: "p" })),
};

/** The steps of a world that some numbers choose, one of those that can be taken each time. */
function* walkOf(plan: Plan, choices: readonly number[]): Iterable<Step> {
  const world = build(plan, REAL_CORE);
  let moment = world.initial;
  for (const choice of choices) {
    const steps = world.steps(moment);
    const step = steps[choice % steps.length];
    if (step === undefined) return;
    yield step;
    moment = step.after;
  }
}

test("T2, T4, T5, RF-01, RF-02, RF-03, RF-06, RF-09: every invariant holds however the holders of a family take turns", () => {
  const choices = fc.array(fc.nat({ max: 9999 }), { maxLength: 100, size: "max" });
  const inquiry = askAll();
  fc.assert(
    fc.property(choices, (list) => checkAll(walkOf(SHARED, list), inquiry)),
    { ...runs(200), includeErrorInReport: true },
  );
  assert.ok((inquiry.asked.get("lost-answers-lock-nobody-out") ?? 0) > 200);
});

test("A1, P5, C11, C14, T5: every invariant holds over long histories, in which everything happens", () => {
  const inquiry = askAll();
  const seen = new Map<string, number>();
  const { seed } = runs(1);
  for (const offset of [0, 1, 2]) {
    const history = fc.sample(moves, { seed: seed + offset, numRuns: 3000 });
    checkAll(stepsOf(history), inquiry, (step) => {
      for (const label of labelsOf(step)) seen.set(label, (seen.get(label) ?? 0) + 1);
    });
  }
  const rare = WORTH_SEEING.filter((label) => (seen.get(label) ?? 0) < 3);
  assert.deepEqual(rare, [], JSON.stringify([...seen].sort()));
  const silent = INVARIANTS.map(({ id }) => id).filter((id) => (inquiry.asked.get(id) ?? 0) < 3);
  assert.deepEqual(silent, ["lost-answers-lock-nobody-out"], "histories have no workers");
});

/** A history proves nothing about what does not happen in it. */
const WORTH_SEEING: readonly string[] = [
  "fetch granted",
  "fetch repeated",
  "fetch consent_redeemed",
  "fetch consent_expired",
  "fetch consent_other_client",
  "fetch consent_not_yet_valid",
  "fetch withdrawn_after_consent",
  "fetch no_source_connection",
  "fetch merchant_disabled",
  "fetch no_effective_scope",
  "fetch no_connection",
  "fetch user_unknown",
  "fetch user_suspended",
  "fetch client_disabled",
  "refresh granted",
  "refresh repeated",
  "refresh reused",
  "refresh ahead_of_store",
  "refresh foreign_client",
  "refresh family_unknown",
  "refresh family_expired",
  "refresh no_effective_scope",
  "refresh scope_widened",
  "refresh scope_not_effective",
  "use granted",
  "use not_current",
  "use token_expired",
  "use foreign_client",
  "narrow granted",
  "register-user user_id_retired",
];
