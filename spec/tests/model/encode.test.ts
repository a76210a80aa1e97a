import assert from "node:assert/strict";
import test from "node:test";
import { build, labelsOf, type Plan } from "../../model/build.ts";
import { encode } from "../../model/encode.ts";
import { REAL_CORE } from "../../model/machine.ts";
import type { Moment } from "../../model/moment.ts";
import { play, type Step } from "../../model/play.ts";
import { CHAIN, PRECEDENCE_DESCENDING } from "../../model/worlds/delegation.ts";
import { LIFECYCLE } from "../../model/worlds/consent.ts";
import { REGISTRATION, USERS } from "../../model/worlds/parties.ts";
import { ENDINGS, REVERSIBLE } from "../../model/worlds/authority.ts";
import { ACTORS, CLOCK_STEPS, FORGETTING } from "../../model/worlds/time.ts";
import { FAMILIES, FAMILIES_DESCENDING, ROTATION } from "../../model/worlds/tokens.ts";

/** Everything there is of a moment, ids, salts and all, with nothing renamed and nothing left out. */
function exactly({ now, state, unswept, past }: Moment): string {
  const tables = [state, unswept].map((each) =>
    each && Object.values(each).map((table) => [...table as Map<string, unknown>])
  );
  return JSON.stringify([now, tables, past]);
}

/** What a step is and shows, without the names of ids, and the code of where it leads. */
function trace({ kind, decision, command, after, ...step }: Step): string {
  const granted = decision?.outcome === "granted"
    ? decision.grant as Record<string, unknown> | null
    : null;
  const { scope, generation, repeated, expiresAt, accessExpiresAt } = granted ?? {};
  const asked = command?.type === "refresh" ? [command.client, command.scope] : [];
  const shown = [scope, generation, repeated, expiresAt, accessExpiresAt, asked];
  const labels = labelsOf({ kind, decision, command, after, ...step });
  return JSON.stringify([kind, labels, shown, encode(after)]);
}

/**
 * Walks by exact states, `most` of them, and compares the futures of those with one code: the same steps,
 * showing the same, to states of the same codes. That is a bisimulation, as far as the walk goes.
 */
function compareFutures(plan: Plan, most: number): { readonly merged: number } {
  const world = build(plan, REAL_CORE);
  const known = new Set([exactly(world.initial)]);
  const waiting = [world.initial];
  const futures = new Map<string, string>();
  let merged = 0;
  for (const moment of waiting) {
    const steps = world.steps(moment);
    const future = steps.map(trace).sort().join("\n");
    const code = encode(moment);
    const other = futures.get(code);
    if (other !== undefined) {
      merged++;
      assert.ok(future === other, `two futures of one code: ${firstDifference(future, other)}`);
    }
    futures.set(code, future);
    for (const { after } of steps) {
      if (waiting.length >= most || !world.within(after)) continue;
      const exact = exactly(after);
      if (known.has(exact)) continue;
      known.add(exact);
      waiting.push(after);
    }
  }
  return { merged };
}

function firstDifference(a: string, b: string): string {
  const lines = b.split("\n");
  const index = a.split("\n").findIndex((line, at) => line !== lines[at]);
  return `${a.split("\n")[index]} or ${lines[index]}`;
}

for (
  const plan of [
    FAMILIES,
    FAMILIES_DESCENDING,
    ROTATION,
    LIFECYCLE,
    PRECEDENCE_DESCENDING,
    CHAIN,
    REVERSIBLE,
    REGISTRATION,
    ENDINGS,
    USERS,
    ACTORS,
    CLOCK_STEPS,
    FORGETTING,
  ]
) {
  test(`tool: states with one code have one future, in ${plan.name}`, () => {
    assert.ok(compareFutures(plan, 700).merged > 50, "nothing was merged: nothing was compared");
  });
}

test("tool: a code that leaves out the generation is found out", () => {
  const world = build(ROTATION, REAL_CORE);
  const blind = ({ state, ...moment }: Moment) => {
    const families = [...state.families]
      .map(([id, family]) => [id, { ...family, generation: 0 }] as const);
    return encode({ ...moment, state: { ...state, families: new Map(families) } });
  };
  const [issued] = world.steps(world.initial);
  assert.ok(issued !== undefined);
  const refreshed = world.steps(issued.after).find(({ kind, decision }) =>
    kind === "refresh" && decision?.outcome === "granted"
  );
  assert.ok(refreshed !== undefined);
  assert.equal(blind(issued.after), blind(refreshed.after));
  assert.notEqual(encode(issued.after), encode(refreshed.after));
  const futures = [issued, refreshed].map(({ after }) =>
    world.steps(after).map(trace).sort().join("\n")
  );
  assert.notEqual(futures[0], futures[1]);
});

test("tool: interchangeable users change places in a code, others do not", () => {
  const swapped = [USERS, { ...USERS, usersAlike: false }].map((plan) => {
    const { initial } = build(plan, REAL_CORE);
    const [u, v] = ["u", "v"].map((user) =>
      play(initial, {
        type: "ask",
        command: { type: "set-user-status", user, status: "suspended" },
      }).after
    );
    return encode(u as Moment) === encode(v as Moment);
  });
  assert.deepEqual(swapped, [true, false]);
});
