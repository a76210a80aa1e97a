import assert from "node:assert/strict";
import test from "node:test";
import type { Change, Facts } from "../../../core/decision.ts";
import type { Store } from "../../../adapters/ports.ts";
import { type DiskName, optimisticDisk, sqliteDisk } from "../../simulation/disk.ts";
import { simulate, type Simulated, type Simulation } from "../../simulation/simulate.ts";

/** How many seeds each store gets: SQLite really writes. */
const SEEDS: Readonly<Record<DiskName, number>> = { optimistic: 2000, memory: 2000, sqlite: 150 };

/** What all histories of a store together must have met. */
const MET = ["tokens", "alive", "dead", "done", "unknown", "refused", "CRASH"];

for (const [disk, seeds] of Object.entries(SEEDS) as [DiskName, number][]) {
  test(`A1, A3, C9, C11, R2, T5: every simulated history can be explained (${disk})`, async () => {
    const met = new Set<string>();
    for (let seed = 1; seed <= seeds; seed += 1) {
      const { failures, history, trace } = await simulate({ seed, disk });
      assert.deepEqual(failures, [], `npm run prove:simulation -- --seed ${seed} --store ${disk}`);
      for (const { answer } of history) met.add(answer.is);
      if (trace.includes("CRASH")) met.add("CRASH");
    }
    assert.deepEqual(MET.filter((one) => !met.has(one)), []);
  });

  test(`tool: a seed replays its history (${disk})`, async () => {
    const [first, second] = [await simulate({ seed: 7, disk }), await simulate({ seed: 7, disk })];
    assert.deepEqual(second, first);
    assert.notDeepEqual((await simulate({ seed: 8, disk })).trace, first.trace);
  });
}

/** Answers before the commit. */
function answeringEarly(store: Store): Store {
  return {
    ...store,
    async transact(keys, decide) {
      const decision = decide(await store.read(keys));
      store.transact(keys, () => decision).catch(() => {});
      return decision;
    },
  };
}

/** Commits a decision in two halves. */
function splitting(store: Store): Store {
  return {
    ...store,
    async transact(keys, decide) {
      let late: readonly Change[] = [];
      const decision = await store.transact(keys, (facts) => {
        const whole = decide(facts);
        late = whole.changes.slice(1);
        return { ...whole, changes: whole.changes.slice(0, 1) };
      });
      await store.transact({}, () => ({ outcome: "granted", grant: null, changes: late }));
      return decision;
    },
  };
}

/** Takes every redemption for the first one. */
function forgettingRedemptions(store: Store): Store {
  return {
    ...store,
    transact: (keys, decide) =>
      store.transact(keys, (facts) => decide({ ...facts, consentUse: null })),
  };
}

/** Answers reads with what was true at the read before. */
function readingLate(store: Store): Store {
  const seen = new Map<string, Facts>();
  return {
    ...store,
    async read(keys) {
      const name = JSON.stringify(keys);
      const facts = await store.read(keys);
      const before = seen.get(name);
      seen.set(name, facts);
      return before ?? facts;
    },
  };
}

type Planted = Omit<Simulation, "seed">;

/** Faults, and a rule by which each must be caught. */
const FAULTS: readonly (readonly [string, RegExp, Planted])[] = [
  ["commits a decision on stale facts", /^A1: .*\n(?:.*\n)*T5: two tokens/m, {
    disk: (state) => optimisticDisk(state, false),
  }],
  ["answers before it commits", /T5: the holder of .* is locked out/, {
    disk: "optimistic",
    plant: answeringEarly,
  }],
  ["commits a decision in two halves", /C9: something else than a whole decision/, {
    disk: "memory",
    plant: splitting,
  }],
  ["starts a second family on retry", /C11: j\d gave rt:/, {
    disk: "memory",
    plant: forgettingRedemptions,
  }],
  ["reads from a replica that lags", /R2: (?:introspect|authorize) lives/, {
    disk: "memory",
    plant: readingLate,
  }],
  ["seals a generation differently each time", /T5: two tokens/, {
    disk: "memory",
    plantSealer: (sealer, random) => ({
      ...sealer,
      seal: (grant) => sealer.seal({ ...grant, salt: String(random.below(1000)) }),
    }),
  }],
  ["takes a failed commit of SQLite for a good one", /A3: an answer came before its commit/, {
    disk: (state) => sqliteDisk(state, false),
  }],
];

for (const [fault, text, planted] of FAULTS) {
  test(`tool: the simulation catches a service that ${fault}`, async () => {
    const found: string[] = [];
    for (let seed = 1; seed <= 400 && !text.test(found.join("\n")); seed += 1) {
      const { failures }: Simulated = await simulate({ ...planted, seed });
      found.push(...failures);
    }
    assert.match(found.join("\n"), text);
  });
}
