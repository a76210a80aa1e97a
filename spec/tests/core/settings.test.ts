/** T1, C5, C11, C13, C14, P5, R5: settings in checked ranges, and when rows may be forgotten. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { familyEndsAt } from "../../../core/family.ts";
import {
  type NumericSetting,
  RANGES,
  readSettings,
  type SettingsInput,
} from "../../../core/settings.ts";
import { horizonAt } from "../../../core/sweep.ts";
import {
  assertRefused,
  AUDIENCE,
  connect,
  consentOf,
  createSeededMachine,
  fetchByPublicId,
  granted,
  redeem,
  START,
} from "../support/machine.ts";

const NAMES = Object.keys(RANGES) as NumericSetting[];

function read(part: Partial<SettingsInput>) {
  return readSettings({ audience: AUDIENCE, ...part });
}

test("T1, P5, C5, C11: the defaults are the documented ones", () => {
  const day = 86_400;
  assert.deepEqual(read({}), {
    accessTokenSeconds: 3600,
    refreshIdleSeconds: 90 * day,
    refreshAbsoluteSeconds: 365 * day,
    refreshDuplicateSeconds: 10,
    maxFamilies: 50,
    consentSkewSeconds: 30,
    consentMaxLifetimeSeconds: 300,
    consentRetrySeconds: 60,
    secretOverlapSeconds: day,
    audience: AUDIENCE,
    issuers: [],
    lostTimes: [],
  });
});

test("T1: every setting takes the ends of its range and nothing beyond, by name", () => {
  for (const name of NAMES) {
    const { min, max } = RANGES[name];
    // The idle end must not lie before an access token's.
    const beside: Partial<SettingsInput> = name === "refreshIdleSeconds"
      ? { accessTokenSeconds: 1 }
      : {};
    for (const good of [min, max]) assert.equal(read({ ...beside, [name]: good })[name], good);
    const bad = [min - 1, max + 1, min + 0.5, NaN, Infinity, -Infinity, 2 ** 53, "60", true, {}];
    for (const value of bad) {
      assert.throws(() => read({ ...beside, [name]: value }), (error) => {
        return error instanceof RangeError && error.message.includes(name) &&
          error.message.includes(String(min)) && error.message.includes(String(max));
      }, `${name} ${String(value)}`);
    }
  }
});

test("T1: an idle end before an access token's is refused", () => {
  const numbers = { accessTokenSeconds: 100 };
  assert.equal(read({ ...numbers, refreshIdleSeconds: 100 }).refreshIdleSeconds, 100);
  assert.throws(() => read({ ...numbers, refreshIdleSeconds: 99 }), RangeError);
});

test('C4: audience and issuers are identifiers, each issuer once, "all" only alone', () => {
  const a = { issuer: "https://a.example", merchants: ["shop"] };
  const b = { issuer: "https://b.example", merchants: ["store"] };
  assert.deepEqual(read({ issuers: [a, b] }).issuers, [a, b]);
  const all = { issuer: "https://a.example", merchants: "all" } as const;
  assert.deepEqual(read({ issuers: [all] }).issuers, [all]);
  const bad: SettingsInput["issuers"][] = [[all, b], [a, { ...b, merchants: "all" }], [a, a], [
    { ...a, issuer: "" },
  ], [{ ...a, issuer: "a b" }]];
  for (const issuers of bad) {
    assert.throws(
      () => readSettings({ audience: AUDIENCE, ...issuers && { issuers } }),
      RangeError,
    );
  }
  for (const audience of ["", " ", "é", "a".repeat(256), undefined, null, 5, ["a"]]) {
    assert.throws(() => read({ audience: audience as string }), RangeError);
    const issuer = { issuer: audience as string, merchants: [] };
    assert.throws(() => read({ issuers: [issuer] }), RangeError);
  }
});

test("R5, T1: a family is past its horizon in the second it ends, not one before", () => {
  const { machine } = createSeededMachine({ refreshIdleSeconds: 7200 });
  connect(machine, "ann", "partner", "email");
  const { family: id } = granted(fetchByPublicId(machine, "partner", "ann"));
  const family = machine.state.families.get(id) ?? assert.fail("no family");
  for (const settings of [machine.settings, { ...machine.settings, refreshAbsoluteSeconds: 90 }]) {
    const end = familyEndsAt(family, settings);
    const forgotten = (now: number) => {
      const { generationStartedAt, familyStartedAt } = horizonAt(now, settings);
      return family.generationStartedAt <= generationStartedAt ||
        family.startedAt <= familyStartedAt;
    };
    assert.equal(forgotten(end - 1), false);
    assert.equal(forgotten(end), true);
  }
});

test("C13: a redemption is kept to exp + skew + 1 hour, to the second", () => {
  const { machine } = createSeededMachine();
  granted(redeem(machine, consentOf(machine)));
  const [use] = machine.state.consentUses.values();
  const end = START + 300 + 30 + 3600;
  assert.equal(use?.keepUntil, end);
  assert.equal(
    (use?.keepUntil ?? 0) <= horizonAt(end - 1, machine.settings).consentKeepUntil,
    false,
  );
  assert.equal((use?.keepUntil ?? 0) <= horizonAt(end, machine.settings).consentKeepUntil, true);
});

test("C14: a withdrawal is kept for the maximum lifetime, three skews and 1 hour, to the second", () => {
  const { settings } = createSeededMachine().machine;
  const end = START + 300 + 90 + 3600;
  assert.equal(START <= horizonAt(end - 1, settings).withdrawnAt, false);
  assert.equal(START <= horizonAt(end, settings).withdrawnAt, true);
});

test("C14: no consent that a forgotten withdrawal would refuse is still alive", () => {
  const { machine } = createSeededMachine();
  machine.run({ type: "disconnect", user: "ann", client: "partner" });
  const youngest = consentOf(machine);
  machine.now = START;
  while (START > horizonAt(machine.now, machine.settings).withdrawnAt) machine.now += 30;
  assertRefused(redeem(machine, youngest), "INVALID_TOKEN", "consent_expired");
});

test("T1, P5, C5, C11: every setting says in one sentence what it means, and by which rule", () => {
  for (const name of NAMES) {
    assert.match(RANGES[name].text, /^[A-Z].+ \((?:[A-Z]\d+|CA-09)(?:, [A-Z]\d+)*\)\.$/, name);
  }
});

test("T1, C4: what cannot be set is refused by name, with what would do", () => {
  const a = { issuer: "a", merchants: ["shop"] };
  const told: readonly (readonly [object, RegExp])[] = [
    [
      { colour: 1 },
      /^Unknown setting colour\. The settings are audience, issuers, lostTimes, acc/,
    ],
    [{ maxFamilies: 0 }, /^Cannot set maxFamilies to 0: give a whole number from 1 to 1000$/],
    [{ audience: "a b" }, /^Cannot set audience: give 1 to 255 printable ASCII characters/],
    [{ refreshIdleSeconds: 60 }, /^Cannot set refreshIdleSeconds below accessTokenSeconds: /],
    [
      { issuers: [{ ...a, issuer: "a b" }] },
      /^Cannot trust issuer "a b": it must be 1 to 255 printable/,
    ],
    [
      { issuers: [{ ...a, merchants: "all" }, { ...a, issuer: "b" }] },
      /^Cannot trust issuer "a" for all merchants beside another issuer: list its merchants$/,
    ],
    [{ issuers: [a, a] }, /^Cannot trust the same issuer twice: merge the two entries$/],
  ];
  for (const [part, message] of told) {
    assert.throws(() => read(part), { name: "RangeError", message });
  }
});

test("C4: merchants are a list of ids, never a text that could be searched", () => {
  const merchants = "storefront" as unknown as readonly string[];
  const issuers = [{ issuer: "https://issuer.example", merchants }];
  assert.throws(() => readSettings({ audience: "https://a.example", issuers }), {
    name: "RangeError",
    message: 'Cannot trust issuer "https://issuer.example": its merchants are "all" or a list',
  });
});
