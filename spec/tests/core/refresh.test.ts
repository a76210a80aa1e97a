/** T1, T4–T6: refresh and rotation. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TokenGrant } from "../../../core/decision.ts";
import type { SettingsInput } from "../../../core/settings.ts";
import {
  accessTokenOf,
  assertRefused,
  connect,
  createSeededMachine,
  fetchByPublicId,
  granted,
  type Machine,
  refresh,
  refreshTokenOf,
  scopeOf,
  START,
} from "../support/machine.ts";

const DAY = 86_400;

/** A machine with one family of ann at `partner`, at generation 0. */
function createIssued(input: Partial<SettingsInput> = {}) {
  const { machine } = createSeededMachine(input);
  const connection = connect(machine, "ann", "partner", "email orders");
  return { machine, connection, zero: granted(fetchByPublicId(machine, "partner", "ann")) };
}

/** The tokens of the next generations, each refreshed with the one before, some seconds apart. */
function rotate(machine: Machine, from: TokenGrant, seconds: readonly number[]): TokenGrant[] {
  return seconds.reduce<TokenGrant[]>((grants, wait) => {
    machine.now += wait;
    return [...grants, granted(refresh(machine, grants.at(-1) ?? from))];
  }, []);
}

function assertReuseEnds(machine: Machine, token: TokenGrant): void {
  const { family, connection } = token;
  const ended = { type: "family-ended", family, connection, cause: "reused" };
  const changes = [ended];
  const reused = { outcome: "refused", code: "invalid_grant", reason: "reused", changes };
  assert.deepEqual(refresh(machine, token), reused);
  assert.equal(machine.state.families.has(family), false);
}

test("T4, T5, T2: the current token rotates: next generation, new salt, active key, same family", () => {
  const { machine, zero } = createIssued();
  machine.now += 100;
  const context = machine.context();
  machine.context = () => ({ ...context, fresh: { ...context.fresh, keyId: "k2" } });
  const decision = refresh(machine, zero);
  assert.deepEqual(granted(decision), {
    ...zero,
    generation: 1,
    salt: context.fresh.salt,
    keyId: "k2",
    issuedAt: START + 100,
    accessExpiresAt: START + 3700,
  });
  assert.notEqual(context.fresh.salt, zero.salt);
  const family = {
    id: zero.family,
    connection: zero.connection,
    scope: zero.scope,
    startedAt: START,
    generation: 1,
    generationStartedAt: START + 100,
    previousGenerationStartedAt: START,
    salt: context.fresh.salt,
    keyId: "k2",
  };
  assert.deepEqual(decision.changes, [{ type: "family-rotated", family }]);
});

test("T4, RF-01: another client's attempt is invalid_grant and harms nobody, even with a spent token", () => {
  const { machine, zero } = createIssued();
  const [, , three] = rotate(machine, zero, [100, 100, 100]);
  for (const token of [zero, three as TokenGrant]) {
    const foreign = refresh(machine, { ...token, client: "rival" });
    assertRefused(foreign, "invalid_grant", "foreign_client");
  }
  assert.equal(granted(refresh(machine, three as TokenGrant)).generation, 4);
});

test("T4: an unknown family is invalid_grant, whatever it is called", () => {
  const { machine, zero } = createIssued();
  for (const family of ["", "f".repeat(32), "__proto__"]) {
    assertRefused(refresh(machine, { ...zero, family }), "invalid_grant", "family_unknown");
  }
});

test("T5, RF-03: the token before is answered with the current one as long as that is current", () => {
  const { machine, zero } = createIssued();
  const [one] = rotate(machine, zero, [100]);
  const before = machine.state;
  for (const seconds of [0, 1, 31, 3600, 89 * DAY]) {
    machine.now = START + 100 + seconds;
    const again = granted(refresh(machine, zero));
    const { now } = machine;
    const accessExpiresAt = now + 3600;
    assert.deepEqual(again, { ...one, issuedAt: now, accessExpiresAt, repeated: true });
    assert.equal(machine.state, before, "a repeated answer stores nothing");
  }
  machine.now = START + 100 + 90 * DAY - 1;
  assert.equal(granted(refresh(machine, zero)).accessExpiresAt, machine.now + 1);
  machine.now += 1;
  assertRefused(refresh(machine, zero), "invalid_grant", "family_expired");
});

test("T5: the one before that is answered for 10 s after it was spent, to the second", () => {
  // Generation 0 is spent at START + 100, when 1 begins; 2 begins 3 s later.
  for (const seconds of [3, 8, 9]) {
    const { machine, zero } = createIssued();
    const [, two] = rotate(machine, zero, [100, 3]);
    machine.now = START + 100 + seconds;
    const again = granted(refresh(machine, zero));
    assert.deepEqual([again.generation, again.salt, again.repeated], [2, two?.salt, true]);
  }
  for (const seconds of [10, 11, 3600]) {
    const { machine, zero } = createIssued();
    rotate(machine, zero, [100, 3]);
    machine.now = START + 100 + seconds;
    assertReuseEnds(machine, zero);
  }
});

test("T5: the window counts from when the token was spent, not from when its successor was", () => {
  const { machine, zero } = createIssued();
  const [one] = rotate(machine, zero, [100, 50]);
  assertReuseEnds(machine, zero);
  const second = createIssued();
  const [, two] = rotate(second.machine, second.zero, [100, 3]);
  rotate(second.machine, two as TokenGrant, [4]);
  assert.equal(granted(refresh(second.machine, one as TokenGrant)).generation, 3, "6 s after");
});

test("T5, A5, SY-07: a clock that is set back does not keep the window open", () => {
  const { machine, zero } = createIssued();
  rotate(machine, zero, [100, 3]);
  machine.now = START + 100 - 9; // another node, whose clock is behind
  assert.equal(granted(refresh(machine, zero)).generation, 2);
  machine.now = START + 100 - 10;
  assertReuseEnds(machine, zero);
});

test("T5: refreshDuplicateSeconds 0 leaves no window", () => {
  const { machine, zero } = createIssued({ refreshDuplicateSeconds: 0 });
  rotate(machine, zero, [0, 0]);
  assertReuseEnds(machine, zero);
});

test("T5, RF-05: anything older is reuse at once, and ends that family only", () => {
  const { machine, zero, connection } = createIssued();
  const other = granted(fetchByPublicId(machine, "partner", "ann"));
  const [, , three] = rotate(machine, zero, [0, 0, 0]);
  assertReuseEnds(machine, zero);
  assertRefused(refresh(machine, three as TokenGrant), "invalid_grant", "family_unknown");
  const use = { type: "use", caller: null, token: accessTokenOf(three as TokenGrant) } as const;
  assertRefused(machine.run(use), "invalid_token", "family_unknown");
  assert.equal(granted(refresh(machine, other)).generation, 1);
  assert.equal(machine.state.connections.get(connection.id), connection);
});

test("T5: a token ahead of the store, or of a lost time line, is invalid_grant and changes nothing", () => {
  const { machine, zero } = createIssued();
  const [one] = rotate(machine, zero, [100]);
  for (const lost of [{ generation: 2 }, { generation: 2 ** 53 - 1 }, { salt: "other" }]) {
    const ahead = refresh(machine, { ...one as TokenGrant, ...lost });
    assertRefused(ahead, "invalid_grant", "ahead_of_store");
  }
  assert.equal(granted(refresh(machine, one as TokenGrant)).generation, 2);
});

test("T5, RF-06: two holders that leapfrog for 100 rounds never have two live generations", () => {
  const { machine, zero } = createIssued();
  const holders = [zero, zero];
  const seen = [zero];
  for (let round = 0; round < 100; round += 1) {
    const turn = round % 2;
    machine.now += 60;
    holders[turn] = granted(refresh(machine, holders[turn] as TokenGrant));
    seen.push(holders[turn] as TokenGrant);
    const live = seen.filter((grant) => {
      const token = refreshTokenOf(grant);
      return machine.run({ type: "use", caller: null, token }).outcome === "granted";
    });
    assert.equal(new Set(live.map(({ generation }) => generation)).size, 1);
  }
  assert.equal(machine.state.families.get(zero.family)?.generation, 50);
});

test("T5: after expiry a reused token is just invalid_grant, and nothing changes", () => {
  const { machine, zero } = createIssued();
  rotate(machine, zero, [1, 1, 1]);
  machine.now += 90 * DAY;
  assertRefused(refresh(machine, zero), "invalid_grant", "family_expired");
});

test("T1, RF-15: a refresh token idles out 90 days after its generation began, to the second", () => {
  for (const [wait, alive] of [[90 * DAY - 1, true], [90 * DAY, false]] as const) {
    const { machine, zero } = createIssued();
    const [one] = rotate(machine, zero, [10 * DAY]);
    machine.now += wait;
    const decision = refresh(machine, one as TokenGrant);
    if (alive) assert.equal(granted(decision).generation, 2);
    else assertRefused(decision, "invalid_grant", "family_expired");
  }
});

test("T1, RF-15, SC-14: no refresh goes past the absolute end, to the second, nor do access tokens", () => {
  const { machine, zero } = createIssued();
  const grants = rotate(machine, zero, [80 * DAY, 80 * DAY, 80 * DAY, 80 * DAY]);
  const end = START + 365 * DAY;
  machine.now = end - 3601;
  const before = granted(refresh(machine, grants.at(-1) as TokenGrant));
  assert.equal(before.accessExpiresAt, end - 1);
  machine.now = end - 3599;
  const last = granted(refresh(machine, before));
  assert.equal(last.accessExpiresAt, end);
  machine.now = end - 1;
  const final = granted(refresh(machine, last));
  assert.equal(final.accessExpiresAt - final.issuedAt, 1, "expiresIn is at least 1");
  machine.now = end;
  assertRefused(refresh(machine, final), "invalid_grant", "family_expired");
});

test("T6, SC-07: a wider scope is invalid_scope and the token unharmed", () => {
  const { machine, zero } = createIssued();
  for (const scope of ["profile", "email profile", "email orders profile", "__proto__"]) {
    assertRefused(refresh(machine, zero, scope), "invalid_scope", "scope_widened");
  }
  assert.equal(granted(refresh(machine, zero)).generation, 1);
});

test("T6: a narrower scope is given and does not stick", () => {
  const { machine, zero } = createIssued();
  const one = granted(refresh(machine, zero, "orders"));
  assert.deepEqual(one.scope, ["orders"]);
  assert.deepEqual(granted(refresh(machine, zero, "email")).scope, ["email"], "repeated");
  assert.deepEqual(granted(refresh(machine, one)).scope, ["email", "orders"]);
});

test("T6, SC-09: what is issued is requested ∩ effective now", () => {
  const { machine, zero, connection } = createIssued();
  machine.run({ type: "narrow", connection: connection.id, scope: ["email"] });
  assert.deepEqual(granted(refresh(machine, zero, "email orders")).scope, ["email"]);
  const gone = refresh(machine, zero, "orders");
  assertRefused(gone, "invalid_scope", "scope_not_effective");
  machine.run({ type: "narrow", connection: connection.id, scope: [] });
  for (const scope of [null, "orders", "email"]) {
    assertRefused(refresh(machine, zero, scope), "invalid_grant", "no_effective_scope");
  }
});

test("T6, A1: no scope at all, asked for as a list, is invalid_scope", () => {
  const { machine, zero } = createIssued();
  assertRefused(refresh(machine, zero, ""), "invalid_scope", "scope_not_effective");
});

test("T6: a refresh never exceeds the family's scope, though the connection was widened", () => {
  const { machine, zero } = createIssued();
  connect(machine, "ann", "partner", "email orders profile");
  assert.deepEqual(granted(refresh(machine, zero)).scope, ["email", "orders"]);
  assertRefused(refresh(machine, zero, "profile"), "invalid_scope", "scope_widened");
});

test("R1, RF-13: suspending and disabling stop a refresh, change nothing, and are reversible", () => {
  const { machine, zero } = createIssued();
  const [one, two, three] = rotate(machine, zero, [1, 1, 1]);
  const toggle = (user: "active" | "suspended", client: "enabled" | "disabled") => {
    machine.run({ type: "set-user-status", user: "ann", status: user });
    machine.run({ type: "set-client-status", client: "partner", status: client });
  };
  for (const [user, client] of [["suspended", "enabled"], ["active", "disabled"]] as const) {
    toggle(user, client);
    for (const token of [zero, one, two, three] as TokenGrant[]) {
      assertRefused(refresh(machine, token), "invalid_grant", "no_effective_scope");
    }
  }
  toggle("active", "enabled");
  assert.equal(granted(refresh(machine, three as TokenGrant)).generation, 4);
});

test("R1, R3: a revoked connection and a deleted user end refreshing forever", () => {
  const revoked = createIssued();
  revoked.machine.run({ type: "revoke-connection", connection: revoked.connection.id });
  connect(revoked.machine, "ann", "partner", "email orders");
  assertRefused(refresh(revoked.machine, revoked.zero), "invalid_grant", "no_effective_scope");
  const deleted = createIssued();
  deleted.machine.run({ type: "delete-user", user: "ann", digest: "d" });
  assertRefused(refresh(deleted.machine, deleted.zero), "invalid_grant", "family_unknown");
});

test("T5, RF-09: a rotation whose answer was lost leaves the old token able to go on", () => {
  const { machine, zero } = createIssued();
  granted(refresh(machine, zero)); // the answer is lost
  const again = granted(refresh(machine, zero));
  assert.deepEqual(again.scope, scopeOf("email orders"));
  assert.equal(granted(refresh(machine, again)).generation, 2);
});
