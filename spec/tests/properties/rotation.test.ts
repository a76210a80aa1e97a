/** T5: several holders of one family, lost answers and all. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { TokenGrant } from "../../../core/decision.ts";
import { runs } from "../support/generators.ts";
import {
  connect,
  createSeededMachine,
  fetchByPublicId,
  granted,
  type Machine,
  refresh,
  refreshTokenOf,
} from "../support/machine.ts";

interface Turn {
  readonly holder: number;
  readonly wait: number;
  /** Whether the answer reaches the holder. */
  readonly arrives: boolean;
}

const HOLDERS = 4;
const turns: fc.Arbitrary<readonly Turn[]> = fc.array(
  fc.record({
    holder: fc.nat({ max: HOLDERS - 1 }),
    wait: fc.constantFrom(0, 0, 1, 4, 9, 10, 11, 3600),
    arrives: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, fc.constant(false)),
  }),
  { maxLength: 60, size: "+1" },
);

function createFamily(): { machine: Machine; first: TokenGrant } {
  const { machine } = createSeededMachine();
  connect(machine, "ann", "partner", "email orders");
  return { machine, first: granted(fetchByPublicId(machine, "partner", "ann")) };
}

function isLive(machine: Machine, grant: TokenGrant): boolean {
  const token = refreshTokenOf(grant);
  return machine.run({ type: "use", caller: null, token }).outcome === "granted";
}

test("T5, RF-02, RF-06: however holders take turns, one generation is live, until the first reuse", () => {
  fc.assert(
    fc.property(turns, (list) => {
      const { machine, first } = createFamily();
      const held = Array.from({ length: HOLDERS }, () => first);
      const issued = [first];
      const spentAt: number[] = [];
      for (const { holder, wait, arrives } of list) {
        machine.now += wait;
        const presented = held[holder] ?? first;
        const newest = spentAt.length;
        const age = newest - presented.generation;
        const delayed = age === 2 && machine.now - (spentAt[presented.generation] ?? 0) < 10;
        const decision = refresh(machine, presented);
        if (age > 1 && !delayed) {
          assert.equal(decision.outcome === "refused" && decision.reason, "reused");
          assert.deepEqual(issued.filter((grant) => isLive(machine, grant)), []);
          return;
        }
        const answer = granted(decision);
        if (age === 0) spentAt.push(machine.now);
        assert.equal(answer.generation, spentAt.length, "the answer is the newest generation");
        issued.push(answer);
        if (arrives) held[holder] = answer;
        const live = new Set(issued.filter((grant) => isLive(machine, grant)).map(refreshTextOf));
        assert.deepEqual([...live], [refreshTextOf(answer)]);
      }
    }),
    runs(300),
  );
});

/** What a refresh token string is derived from. */
function refreshTextOf({ family, generation, salt, keyId }: TokenGrant): string {
  return [family, generation, salt, keyId].join(" ");
}

test("T5, RF-03, RF-09: a holder alone, whatever answers are lost, is never logged out", () => {
  fc.assert(
    fc.property(turns, (list) => {
      const { machine, first } = createFamily();
      let held = first;
      for (const { wait, arrives } of list) {
        machine.now += wait;
        const answer = granted(refresh(machine, held));
        if (arrives) held = answer;
      }
      granted(refresh(machine, held));
    }),
    runs(200),
  );
});

test("T4, RF-01: strangers with any token of the family change nothing for its holder", () => {
  fc.assert(
    fc.property(turns, fc.constantFrom("rival", "shop", "nobody"), (list, client) => {
      const { machine, first } = createFamily();
      const issued = [first];
      for (const { wait } of list) {
        machine.now += wait;
        for (const stolen of issued.slice(-5)) {
          const before = machine.state;
          const decision = refresh(machine, { ...stolen, client });
          assert.equal(decision.outcome === "refused" && decision.code, "invalid_grant");
          machine.run({ type: "revoke-token", client, family: stolen.family });
          assert.equal(machine.state, before);
        }
        issued.push(granted(refresh(machine, issued.at(-1) ?? first)));
      }
    }),
    runs(100),
  );
});

test("T2: no generation of any family ever has what another was derived from", () => {
  fc.assert(
    fc.property(turns, (list) => {
      const { machine, first } = createFamily();
      const tokens = new Map([[refreshTextOf(first), first.generation]]);
      let held = first;
      for (const { wait, arrives } of list) {
        machine.now += wait;
        const answer = granted(refresh(machine, held));
        assert.equal(tokens.has(refreshTextOf(answer)), answer.repeated);
        tokens.set(refreshTextOf(answer), answer.generation);
        if (arrives) held = answer;
      }
    }),
    runs(100),
  );
});
