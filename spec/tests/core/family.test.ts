/** P5, T1: what a new family is like, how long it lives, and how many a connection may have. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { countSurplus, familyEndsAt, makeRoom, selectEvictable } from "../../../core/family.ts";
import type { FamilyAge, TokenFamily } from "../../../core/model.ts";
import { runs } from "../support/generators.ts";
import {
  accessTokenOf,
  assertRefused,
  connect,
  consentOf,
  createMachine,
  createSeededMachine,
  fetchByPublicId,
  granted,
  type Machine,
  redeem,
  refresh,
  START,
} from "../support/machine.ts";

test("P5, T1, G6: a success starts a new family and says all that tokens are derived from", () => {
  const { machine } = createSeededMachine();
  const { id: connection } = connect(machine, "ann", "partner", "profile email");
  const { fresh } = machine.context();
  const decision = fetchByPublicId(machine, "partner", "ann");
  const scope = ["email", "profile"];
  assert.deepEqual(granted(decision), {
    user: "ann",
    client: "partner",
    connection,
    family: fresh.family,
    generation: 0,
    salt: fresh.salt,
    keyId: fresh.keyId,
    scope,
    issuedAt: START,
    accessExpiresAt: START + 3600,
    repeated: false,
  });
  const family: TokenFamily = {
    id: fresh.family,
    connection,
    scope,
    startedAt: START,
    generation: 0,
    generationStartedAt: START,
    previousGenerationStartedAt: START,
    salt: fresh.salt,
    keyId: fresh.keyId,
  };
  assert.deepEqual(decision.changes, [{ type: "family-started", family }]);
  const second = granted(fetchByPublicId(machine, "partner", "ann"));
  assert.notEqual(second.family, fresh.family);
  assert.equal(machine.state.families.size, 2);
});

test("T1, SC-14, G6: an access token never outlives its family's absolute end", () => {
  const { machine } = createMachineWithFamily({ refreshAbsoluteSeconds: 1000 });
  assert.equal(granted(fetchByPublicId(machine, "partner", "ann")).accessExpiresAt, START + 1000);
});

function createMachineWithFamily(numbers: Parameters<typeof createMachine>[0]) {
  const { machine } = createSeededMachine(numbers);
  connect(machine, "ann", "partner", "email");
  return { machine, first: granted(fetchByPublicId(machine, "partner", "ann")) };
}

/** The ids of the families that live on ann's connection to `partner`, oldest first. */
function familiesOf(machine: Machine): readonly string[] {
  return [...machine.state.families.keys()].sort();
}

test("P5: one family more than maxFamilies ends the least recently issued, with its access tokens", () => {
  const { machine, first } = createMachineWithFamily({ maxFamilies: 3 });
  const others = [1, 2].map(() => {
    machine.now += 1;
    return granted(fetchByPublicId(machine, "partner", "ann")).family;
  });
  assert.deepEqual(familiesOf(machine), [first.family, ...others], "three of three: none ended");
  machine.now += 1;
  const decision = fetchByPublicId(machine, "partner", "ann");
  assert.deepEqual(decision.changes[0], {
    type: "family-ended",
    family: first.family,
    connection: first.connection,
    cause: "evicted",
  });
  assert.deepEqual(familiesOf(machine), [...others, granted(decision).family]);
  const use = { type: "use", caller: null, token: accessTokenOf(first) } as const;
  assertRefused(machine.run(use), "invalid_token", "family_unknown");
});

test("P5: a refresh counts as a use, so that the refreshed family stays", () => {
  const { machine, first } = createMachineWithFamily({ maxFamilies: 2 });
  machine.now += 1;
  const second = granted(fetchByPublicId(machine, "partner", "ann"));
  machine.now += 1;
  granted(refresh(machine, first));
  machine.now += 1;
  const third = granted(fetchByPublicId(machine, "partner", "ann"));
  assert.deepEqual(familiesOf(machine), [first.family, third.family].sort());
  assertRefused(refresh(machine, second), "invalid_grant", "family_unknown");
});

test("P5: a repeated refresh does not count as use: it changes nothing", () => {
  const { machine, first } = createMachineWithFamily({ maxFamilies: 2 });
  granted(refresh(machine, first));
  machine.now += 1;
  const second = granted(fetchByPublicId(machine, "partner", "ann"));
  machine.now += 1;
  assert.equal(granted(refresh(machine, first)).repeated, true);
  const third = granted(fetchByPublicId(machine, "partner", "ann"));
  assert.deepEqual(familiesOf(machine), [second.family, third.family].sort());
});

test("P5: with equal times the smaller id ends", () => {
  const { machine, first } = createMachineWithFamily({ maxFamilies: 2 });
  const second = granted(fetchByPublicId(machine, "partner", "ann"));
  const third = granted(fetchByPublicId(machine, "partner", "ann"));
  assert.ok(first.family < second.family);
  assert.deepEqual(familiesOf(machine), [second.family, third.family]);
});

test("P5: an expired family ends before one that lives, though it was used later", () => {
  const limits = { maxFamilies: 2, refreshIdleSeconds: 3600, refreshAbsoluteSeconds: 7200 };
  const { machine, first } = createMachineWithFamily(limits);
  machine.now = START + 3000;
  const second = granted(refresh(machine, first));
  machine.now = START + 6000;
  const younger = granted(fetchByPublicId(machine, "partner", "ann"));
  machine.now = START + 6500;
  granted(refresh(machine, second));
  machine.now = START + 7200; // the absolute end of the first
  const third = granted(fetchByPublicId(machine, "partner", "ann"));
  assert.deepEqual(familiesOf(machine), [younger.family, third.family]);
});

test("P5: of families past their absolute end, the first started ends first, then the smaller id", () => {
  const { machine } = createSeededMachine({ maxFamilies: 3, refreshAbsoluteSeconds: 3600 });
  const family = (id: string, started: number, used: number): FamilyAge => (
    { id, startedAt: START + started, generationStartedAt: START + used }
  );
  const context = { ...machine.context(), now: START + 3601 };
  const evict = (...evictable: readonly FamilyAge[]) =>
    makeRoom("c1", { count: 3, evictable }, context).map((ended) => ended.family);
  assert.deepEqual(evict(family("f3", 1, 7), family("f2", 1, 9), family("f1", 9, 9)), ["f2"]);
  assert.deepEqual(evict(family("f2", 1, 9), family("f3", 1, 7), family("f1", 9, 9)), ["f2"]);
  assert.deepEqual(evict(family("f3", 1, 9), family("f2", 0, 9), family("f1", 9, 1)), ["f2"]);
});

test("P5: a lowered maxFamilies ends as many as are too many", () => {
  const { machine } = createMachineWithFamily({ maxFamilies: 5 });
  for (let i = 0; i < 4; i += 1) granted(fetchByPublicId(machine, "partner", "ann"));
  const lowered = createMachine({ maxFamilies: 2 });
  lowered.state = machine.state;
  lowered.now += 1;
  const fresh = { ...machine.context().fresh, family: "ff" };
  lowered.context = () => ({ now: lowered.now, settings: lowered.settings, fresh });
  granted(fetchByPublicId(lowered, "partner", "ann"));
  assert.equal(lowered.state.families.size, 2);
  assert.ok(lowered.state.families.has("ff"));
});

test("P5, A1: who goes depends only on the rule, however many more families are known", () => {
  const { machine } = createSeededMachine({
    refreshIdleSeconds: 3600,
    refreshAbsoluteSeconds: 3605,
  });
  const families = fc.array(fc.record({ started: fc.nat(9), used: fc.nat(9) }), { maxLength: 9 });
  fc.assert(
    fc.property(
      families,
      fc.integer({ min: 1, max: 9 }),
      fc.nat(20),
      (drawn, maxFamilies, later) => {
        const context = {
          ...machine.context(),
          settings: { ...machine.settings, maxFamilies },
          now: START + 3600 + later,
        };
        const all = drawn.map(({ started, used }, index): FamilyAge => ({
          id: `f${index * 7 % 10}`,
          startedAt: START + started,
          generationStartedAt: START + started + used,
        }));
        const surplus = countSurplus(all.length, maxFamilies);
        const evict = (evictable: readonly FamilyAge[]) =>
          makeRoom("c1", { count: all.length, evictable }, context).map(({ family }) => family);
        const known = selectEvictable(all, surplus);
        assert.ok(known.length <= 2 * surplus);
        const gone = evict(known);
        assert.deepEqual(gone, evict(all));
        assert.equal(gone.length, surplus);
        const isLive = (family: FamilyAge) => context.now < familyEndsAt(family, context.settings);
        const [ended, kept] = [true, false].map((went) =>
          all.filter(({ id }) => gone.includes(id) === went)
        ) as [FamilyAge[], FamilyAge[]];
        for (const family of ended) {
          if (!isLive(family)) continue;
          assert.ok(kept.every((other) => isLive(other) && isUsedBefore(family, other)));
        }
      },
    ),
    runs(500),
  );
});

function isUsedBefore(a: FamilyAge, b: FamilyAge): boolean {
  const [left, right] = [a.generationStartedAt, b.generationStartedAt];
  return left < right || (left === right && a.id < b.id);
}

test("P5: families of another connection are not counted", () => {
  const { machine, first } = createMachineWithFamily({ maxFamilies: 1 });
  connect(machine, "ann", "rival", "email");
  connect(machine, "bob", "partner", "email");
  granted(fetchByPublicId(machine, "rival", "ann"));
  granted(fetchByPublicId(machine, "partner", "bob"));
  granted(redeem(machine, consentOf(machine)));
  assert.ok(machine.state.families.has(first.family));
  assert.equal(machine.state.families.size, 4);
});

test("P5, C10: the first family of a delegation ends nothing, the next one that one", () => {
  const { machine } = createSeededMachine({ maxFamilies: 1 });
  const endedBy = (jti: string) =>
    redeem(machine, consentOf(machine, { jti })).changes
      .flatMap((change) => change.type === "family-ended" ? change.family : []);
  assert.deepEqual(endedBy("jti-1"), []);
  const [first] = machine.state.families.keys();
  assert.deepEqual(endedBy("jti-2"), [first]);
});
