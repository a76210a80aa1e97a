/** C11: a redeemed consent token presented again. Each case is the good retry less one condition. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Consent } from "../../../core/consent.ts";
import type { TokenGrant } from "../../../core/decision.ts";
import {
  accessTokenOf,
  assertRefused,
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

const EXPIRES = START + 300 + 30;

/** A machine where a consent was redeemed just now. */
function createRedeemed(input: Parameters<typeof createSeededMachine>[0] = {}) {
  const { machine, source } = createSeededMachine(input);
  const consent = consentOf(machine);
  return { machine, source, consent, first: granted(redeem(machine, consent)) };
}

function assertSpent(machine: Machine, consent: Consent, client?: string): void {
  const before = machine.state;
  const decision = redeem(machine, consent, client);
  assertRefused(decision, "INVALID_TOKEN", "consent_redeemed");
  assert.equal(machine.state, before);
}

function assertRepeated(machine: Machine, consent: Consent, first: TokenGrant): TokenGrant {
  const before = machine.state;
  const grant = granted(redeem(machine, consent));
  const { generation, salt, keyId, family, connection } = first;
  assert.deepEqual({ ...grant, generation, salt, keyId, family, connection }, grant);
  assert.equal(grant.repeated, true);
  assert.equal(machine.state, before, "a repeated answer stores nothing");
  return grant;
}

test("C11, CT-21: a retry gets the same refresh token and a new access token of the same family", () => {
  const { machine, consent, first } = createRedeemed();
  machine.now += 7;
  const again = assertRepeated(machine, consent, first);
  assert.deepEqual(again, {
    ...first,
    issuedAt: START + 7,
    accessExpiresAt: START + 7 + 3600,
    repeated: true,
  });
  const use = machine.run({ type: "use", caller: null, token: accessTokenOf(again) });
  assert.deepEqual(granted(use).scope, first.scope);
});

test("C11: the retry window is half open, to the second", () => {
  const { machine, consent, first } = createRedeemed();
  for (const seconds of [0, 1, 58, 59]) {
    machine.now = START + seconds;
    assertRepeated(machine, consent, first);
  }
  for (const seconds of [60, 61, 300]) {
    machine.now = START + seconds;
    assertSpent(machine, consent);
  }
});

test("C11, CT-21: consentRetrySeconds 0 is strict single use", () => {
  const { machine, consent } = createRedeemed({ consentRetrySeconds: 0 });
  assertSpent(machine, consent);
});

test("C11, CT-23: a retry window longer than the token ends with the token, to the second", () => {
  const { machine, consent, first } = createRedeemed({ consentRetrySeconds: 3600 });
  machine.now = EXPIRES - 1;
  assertRepeated(machine, consent, first);
  for (const now of [EXPIRES, EXPIRES + 1, EXPIRES + 3600]) {
    machine.now = now;
    assertRefused(redeem(machine, consent), "INVALID_TOKEN", "consent_expired");
  }
});

test("C11, C13, CT-23: no replay in the skew after exp, nor after a clock step of an hour", () => {
  const { machine, consent } = createRedeemed();
  for (const now of [START + 299, START + 300, EXPIRES - 1]) {
    machine.now = now;
    assertSpent(machine, consent);
  }
  machine.now = EXPIRES - 3600; // the clock steps back an hour: not yet valid
  assertRefused(redeem(machine, consent), "INVALID_TOKEN", "consent_not_yet_valid");
});

test("C11: other bytes with the same jti are not a retry", () => {
  const { machine, consent, first } = createRedeemed();
  assertSpent(machine, { ...consent, digest: "resigned" });
  assertRepeated(machine, consent, first);
});

test("C11, C6: another partner never gets a retry, though its token names the same jti", () => {
  const { machine, consent, first } = createRedeemed();
  const foreign = redeem(machine, consent, "rival");
  assertRefused(foreign, "INVALID_TOKEN", "consent_other_client");
  assertSpent(machine, { ...consent, client: "rival" }, "rival");
  assertRepeated(machine, consent, first);
});

test("C11: a family that was refreshed once is past its first generation", () => {
  const { machine, consent, first } = createRedeemed();
  granted(refresh(machine, first));
  assertSpent(machine, consent);
});

test("C11, R2: a family that was revoked, evicted or has expired gives no retry", () => {
  const revoked = createRedeemed();
  const { client, family } = revoked.first;
  revoked.machine.run({ type: "revoke-token", client, family });
  assertSpent(revoked.machine, revoked.consent);

  const evicted = createRedeemed({ maxFamilies: 1 });
  granted(fetchByPublicId(evicted.machine, "partner", "ann"));
  assertSpent(evicted.machine, evicted.consent);

  const limits = { refreshIdleSeconds: 60, accessTokenSeconds: 60, consentRetrySeconds: 300 };
  for (const limit of [limits, { refreshAbsoluteSeconds: 60, consentRetrySeconds: 300 }]) {
    const expired = createRedeemed(limit);
    expired.machine.now = START + 59;
    const last = assertRepeated(expired.machine, expired.consent, expired.first);
    assert.equal(last.accessExpiresAt, START + 60, "never past the end of the family");
    expired.machine.now = START + 60;
    assertSpent(expired.machine, expired.consent);
  }
});

test("C11: every condition of a first redemption still holds, else the used jti is INVALID_TOKEN", () => {
  const spoil: Record<string, (machine: Machine, first: TokenGrant, source: string) => void> = {
    "user suspended": (machine) =>
      machine.run({ type: "set-user-status", user: "ann", status: "suspended" }),
    "user deleted": (machine) => machine.run({ type: "delete-user", user: "ann", digest: "d" }),
    "merchant disabled": (machine) =>
      machine.run({ type: "set-client-status", client: "shop", status: "disabled" }),
    "source revoked": (machine, _first, connection) =>
      machine.run({ type: "revoke-connection", connection }),
    "source revoked and made anew": (machine, _first, connection) => {
      machine.run({ type: "revoke-connection", connection });
      connect(machine, "ann", "shop", "email orders");
    },
    "connection revoked": (machine, { connection }) =>
      machine.run({ type: "revoke-connection", connection }),
    "partner left": (machine) =>
      machine.run({ type: "disconnect", user: "ann", client: "partner" }),
    "another connection to the partner revoked": (machine) => {
      const { id: connection } = connect(machine, "ann", "partner", "email");
      machine.run({ type: "revoke-connection", connection });
    },
    "connection narrowed to nothing": (machine, { connection }) =>
      machine.run({ type: "narrow", connection, scope: [] }),
    "source narrowed to nothing": (machine, _first, connection) =>
      machine.run({ type: "narrow", connection, scope: [] }),
    "nothing registered": (machine) =>
      machine.run({ type: "set-client-scope", client: "partner", scope: [] }),
  };
  for (const [name, change] of Object.entries(spoil)) {
    const { machine, source, consent, first } = createRedeemed();
    machine.now += 1;
    change(machine, first, source.id);
    const decision = redeem(machine, consent);
    assert.equal(decision.outcome, "refused", name);
    assertRefused(decision, "INVALID_TOKEN", "consent_redeemed");
  }
});

test("C11, R3: a new connection of the same parties does not bring the old family back", () => {
  const { machine, source, consent } = createRedeemed();
  const ahead = consentOf(machine, { jti: "jti-2", issuedAt: START + 30 });
  const second = granted(redeem(machine, ahead));
  machine.now += 1;
  machine.run({ type: "revoke-connection", connection: second.connection });
  machine.now += 31;
  const newer = consentOf(machine, { jti: "jti-3" });
  assert.notEqual(granted(redeem(machine, newer)).connection, second.connection);
  assertSpent(machine, consent);
  assertSpent(machine, ahead);
  assert.equal(machine.state.connections.get(source.id)?.status, "active");
});

test("C11, G8: a partner that was disabled gets no retry, and one that is enabled again does", () => {
  const { machine, consent, first } = createRedeemed();
  machine.run({ type: "set-client-status", client: "partner", status: "disabled" });
  assertRefused(redeem(machine, consent), "invalid_client", "client_disabled");
  machine.run({ type: "set-client-status", client: "partner", status: "enabled" });
  assertRepeated(machine, consent, first);
});

test("C11, R1: a suspension that ended inside the window leaves the retry good", () => {
  const { machine, consent, first } = createRedeemed();
  machine.run({ type: "set-user-status", user: "ann", status: "suspended" });
  assertSpent(machine, consent);
  machine.run({ type: "set-user-status", user: "ann", status: "active" });
  assertRepeated(machine, consent, first);
});

test("C11, C10: the retry has the scope that is effective now", () => {
  const { machine, consent, first } = createRedeemed();
  machine.run({ type: "narrow", connection: first.connection, scope: ["email"] });
  assert.deepEqual(assertRepeated(machine, consent, first).scope, ["email"]);
  machine.now += 31;
  const other = consentOf(machine, { jti: "jti-2", scope: ["orders"] });
  granted(redeem(machine, other));
  assert.deepEqual(assertRepeated(machine, consent, first).scope, ["orders"]);
});

test("C11, C10: a retry whose scope a later consent took away is refused", () => {
  const { machine } = createSeededMachine();
  const consent = consentOf(machine, { scope: ["email"] });
  granted(redeem(machine, consent));
  granted(redeem(machine, consentOf(machine, { jti: "jti-2", scope: ["orders"] })));
  assertSpent(machine, consent);
});

test("C11: the window starts at the first redemption and a retry does not prolong it", () => {
  const { machine, consent, first } = createRedeemed();
  machine.now = START + 59;
  assertRepeated(machine, consent, first);
  machine.now = START + 60;
  assertSpent(machine, consent);
});

test("C11, A5, SY-07: a clock that is set back does not keep the window open", () => {
  const { machine, consent, first } = createRedeemed({ consentRetrySeconds: 20 });
  machine.now = START - 19; // another node, whose clock is behind
  assertRepeated(machine, consent, first);
  machine.now = START - 20;
  assertSpent(machine, consent);
});
