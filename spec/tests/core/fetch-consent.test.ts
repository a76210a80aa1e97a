/** C6, C8–C10, C12–C14: redeeming a consent token, and whose consent governs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TokenGrant } from "../../../core/decision.ts";
import {
  accessTokenOf,
  assertRefused,
  connect,
  consentOf,
  createSeededMachine,
  fetchByPublicId,
  granted,
  ISSUER,
  type Machine,
  redeem,
  refresh,
  START,
} from "../support/machine.ts";

test("C9, C8, C13: a redemption consumes the token, delegates and issues, all in one step", () => {
  const { machine, source } = createSeededMachine();
  const { fresh } = machine.context();
  const decision = redeem(machine, consentOf(machine, { issuedAt: START - 7 }));
  const connection = {
    status: "active",
    id: fresh.connection,
    user: "ann",
    client: "partner",
    source: source.id,
    scope: ["email", "orders"],
    consentedAt: START - 7,
  };
  const use = {
    issuer: ISSUER,
    jti: "jti-1",
    digest: "digest of jti-1",
    client: "partner",
    family: fresh.family,
    redeemedAt: START,
    keepUntil: START - 7 + 300 + 30 + 3600,
  };
  const [redeemed, established, started, ...rest] = decision.changes;
  assert.deepEqual(redeemed, { type: "consent-redeemed", use });
  assert.deepEqual(established, { type: "connection-established", connection });
  assert.equal(started?.type, "family-started");
  assert.deepEqual(rest, []);
  assert.equal(granted(decision).family, fresh.family);
  assert.equal(granted(decision).connection, fresh.connection);
});

test("C8: the precedence is INVALID_TOKEN, then NO_USER, then NO_CONSENT", () => {
  const { machine } = createSeededMachine();
  const consent = consentOf(machine, { user: "eve", merchant: "nobody", scope: [] });
  const foreign = { ...consent, client: "rival" };
  assertRefused(redeem(machine, foreign), "INVALID_TOKEN", "consent_other_client");
  assertRefused(redeem(machine, consent), "NO_USER", "user_unknown");
  const known = { ...consent, user: "bob" };
  assertRefused(redeem(machine, known), "NO_CONSENT", "merchant_unknown");
  machine.run({ type: "set-user-status", user: "bob", status: "suspended" });
  assertRefused(redeem(machine, known), "NO_USER", "user_suspended");
});

test("C8, RF-13: a user who is suspended or deleted is NO_USER", () => {
  const { machine } = createSeededMachine();
  machine.run({ type: "set-user-status", user: "ann", status: "suspended" });
  assertRefused(redeem(machine, consentOf(machine)), "NO_USER", "user_suspended");
  machine.run({ type: "delete-user", user: "ann", digest: "digest of ann" });
  assertRefused(redeem(machine, consentOf(machine)), "NO_USER", "user_unknown");
});

test("C8, CT-13: without a buyer connection to the merchant, or with it disabled, NO_CONSENT", () => {
  const { machine } = createSeededMachine();
  const elsewhere = consentOf(machine, { merchant: "store" });
  assertRefused(redeem(machine, elsewhere), "NO_CONSENT", "no_source_connection");
  const nobody = consentOf(machine, { merchant: "nobody" });
  assertRefused(redeem(machine, nobody), "NO_CONSENT", "merchant_unknown");
  machine.run({ type: "set-client-status", client: "shop", status: "disabled" });
  assertRefused(redeem(machine, consentOf(machine)), "NO_CONSENT", "merchant_disabled");
  machine.run({ type: "set-client-status", client: "shop", status: "enabled" });
  granted(redeem(machine, consentOf(machine)));
});

test("C8, P2: another user's connection to the merchant is not a source", () => {
  const { machine } = createSeededMachine();
  connect(machine, "bob", "store", "email");
  const consent = consentOf(machine, { merchant: "store" });
  assertRefused(redeem(machine, consent), "NO_CONSENT", "no_source_connection");
});

test("C8, SC-01, SC-02, SC-03: the scope is token ∩ source ∩ merchant ∩ partner, else NO_CONSENT", () => {
  const { machine } = createSeededMachine();
  connect(machine, "ann", "shop", "email extra orders unregistered");
  const scope = ["email", "extra", "profile", "unregistered"];
  const first = granted(redeem(machine, consentOf(machine, { scope })));
  assert.deepEqual(first.scope, ["email"]);
  const stored = machine.state.connections.get(first.connection);
  assert.deepEqual(stored?.status === "active" && stored.scope, ["email"]);
  machine.run({ type: "set-client-scope", client: "shop", scope: ["orders"] });
  for (const none of [[], ["extra"], ["profile"], ["email"]]) {
    const consent = consentOf(machine, { jti: "jti-2", scope: none });
    assertRefused(redeem(machine, consent), "NO_CONSENT", "no_effective_scope");
  }
});

test("R4, SC-13: a delegated connection is not a source", () => {
  const { machine } = createSeededMachine();
  granted(redeem(machine, consentOf(machine)));
  const onward = consentOf(machine, { jti: "jti-2", client: "rival", merchant: "partner" });
  const decision = redeem(machine, onward, "rival");
  assertRefused(decision, "NO_CONSENT", "no_source_connection");
});

test("C12, SC-10: the public id works while the delegated connection lives", () => {
  const { machine } = createSeededMachine();
  assertRefused(fetchByPublicId(machine, "partner", "ann"), "NO_CONSENT", "no_connection");
  const { connection } = granted(redeem(machine, consentOf(machine)));
  const grant = granted(fetchByPublicId(machine, "partner", "ann"));
  assert.equal(grant.connection, connection);
  machine.run({ type: "revoke-connection", connection });
  assertRefused(fetchByPublicId(machine, "partner", "ann"), "NO_CONSENT", "no_connection");
  assertRefused(refresh(machine, grant), "invalid_grant", "no_effective_scope");
});

/** What an access token is worth now. */
function worth(machine: Machine, grant: TokenGrant): readonly string[] {
  const use = machine.run({ type: "use", caller: null, token: accessTokenOf(grant) });
  return use.outcome === "granted" ? use.grant.scope : [];
}

test("C10: a later consent replaces the scope, and older families are cut to it", () => {
  const { machine } = createSeededMachine();
  const old = granted(redeem(machine, consentOf(machine)));
  machine.now += 1;
  const narrower = consentOf(machine, { jti: "jti-2", scope: ["orders"] });
  const { connection, scope, family } = granted(redeem(machine, narrower));
  assert.deepEqual([connection, scope], [old.connection, ["orders"]]);
  assert.notEqual(family, old.family);
  assert.deepEqual(worth(machine, old), ["orders"]);
});

test("C10: no family is ever widened by a later consent", () => {
  const { machine } = createSeededMachine();
  const old = granted(redeem(machine, consentOf(machine, { scope: ["orders"] })));
  machine.now += 1;
  const wider = granted(redeem(machine, consentOf(machine, { jti: "jti-2" })));
  assert.deepEqual(wider.scope, ["email", "orders"]);
  assert.deepEqual(worth(machine, old), ["orders"]);
  assert.deepEqual(granted(refresh(machine, old)).scope, ["orders"]);
});

test("C10: with the same iat the token redeemed last governs", () => {
  const { machine } = createSeededMachine();
  granted(redeem(machine, consentOf(machine)));
  const tie = granted(redeem(machine, consentOf(machine, { jti: "jti-2", scope: ["email"] })));
  const connection = machine.state.connections.get(tie.connection);
  assert.deepEqual(connection?.status === "active" && connection.scope, ["email"]);
});

test("C10: an earlier consent leaves the connection as it is and is cut to it", () => {
  const { machine } = createSeededMachine();
  const newer = consentOf(machine, { scope: ["orders"], issuedAt: START + 1 });
  const { connection } = granted(redeem(machine, newer));
  const before = machine.state.connections.get(connection);
  const older = granted(redeem(machine, consentOf(machine, { jti: "jti-2" })));
  assert.deepEqual([older.connection, older.scope], [connection, ["orders"]]);
  assert.equal(machine.state.connections.get(connection), before);
  const apart = consentOf(machine, { jti: "jti-3", scope: ["email"] });
  assertRefused(redeem(machine, apart), "NO_CONSENT", "no_effective_scope");
  assert.equal(machine.state.consentUses.size, 2, "the refused token is not consumed");
});

test("C10, C14, SC-09, CT-32: consent dated up to the skew after a narrowing does not undo it", () => {
  const { machine } = createSeededMachine();
  const { connection } = granted(redeem(machine, consentOf(machine)));
  const pending = consentOf(machine, { jti: "jti-2" });
  machine.now += 5;
  machine.run({ type: "narrow", connection, scope: ["email"] });
  assert.deepEqual(granted(redeem(machine, pending)).scope, ["email"]);
  const within = consentOf(machine, { jti: "jti-3", issuedAt: machine.now + 30 });
  assert.deepEqual(granted(redeem(machine, within)).scope, ["email"]);
  machine.now += 1;
  const newer = consentOf(machine, { jti: "jti-4", issuedAt: machine.now + 30 });
  assert.deepEqual(granted(redeem(machine, newer)).scope, ["email", "orders"]);
});

test("C13: a jti is remembered by issuer, and another issuer's jti is another", () => {
  const issuers = ["https://a.example", "https://b.example"];
  const { machine } = createSeededMachine({
    issuers: issuers.map((issuer) => ({ issuer, merchants: ["shop"] })),
  });
  const families = issuers.map((issuer) =>
    granted(redeem(machine, consentOf(machine, { issuer }))).family
  );
  assert.equal(new Set(families).size, 2);
});

test("C13: names of object prototypes are jtis like any other", () => {
  const { machine } = createSeededMachine();
  for (const jti of ["__proto__", "constructor", "toString"]) {
    assert.equal(granted(redeem(machine, consentOf(machine, { jti }))).repeated, false);
    const again = consentOf(machine, { jti, digest: "another token" });
    assertRefused(redeem(machine, again), "INVALID_TOKEN", "consent_redeemed");
  }
});

test("C13, G9: a redeemed token survives its user, and its row names no user", () => {
  const { machine } = createSeededMachine();
  granted(redeem(machine, consentOf(machine)));
  machine.run({ type: "delete-user", user: "ann", digest: "digest of ann" });
  assert.equal(machine.state.consentUses.size, 1);
  assert.ok(!JSON.stringify([...machine.state.consentUses]).includes('"ann"'));
  assertRefused(redeem(machine, consentOf(machine)), "INVALID_TOKEN", "consent_redeemed");
});

test("C14, CT-30, CT-32: consent dated up to the skew after a withdrawal is NO_CONSENT", () => {
  const withdraw: Record<string, (machine: Machine, source: string) => void> = {
    "the buyer connection is revoked": (machine, connection) => {
      machine.run({ type: "revoke-connection", connection });
      machine.now += 1;
      connect(machine, "ann", "shop", "email orders");
    },
    "the buyer leaves the merchant": (machine) => {
      machine.run({ type: "disconnect", user: "ann", client: "shop" });
      machine.now += 1;
      connect(machine, "ann", "shop", "email orders");
    },
    "a direct connection to the partner is revoked": (machine) => {
      const { id: connection } = connect(machine, "ann", "partner", "email");
      machine.run({ type: "revoke-connection", connection });
    },
    "a delegated connection to the partner is revoked": (machine) => {
      const consent = consentOf(machine, { jti: "jti-0", issuedAt: START });
      const { connection } = granted(redeem(machine, consent));
      machine.run({ type: "revoke-connection", connection });
    },
    "the user leaves the partner": (machine) => {
      connect(machine, "ann", "partner", "email");
      machine.run({ type: "disconnect", user: "ann", client: "partner" });
    },
    "the user leaves a partner that was not connected yet": (machine) => {
      machine.run({ type: "disconnect", user: "ann", client: "partner" });
    },
  };
  for (const [name, make] of Object.entries(withdraw)) {
    const { machine, source } = createSeededMachine();
    machine.now = START + 10;
    make(machine, source.id);
    machine.now = START + 20;
    for (const issuedAt of [START, START + 9, START + 10, START + 40]) {
      const stale = redeem(machine, consentOf(machine, { issuedAt }));
      assertRefused(stale, "NO_CONSENT", "withdrawn_after_consent");
    }
    const later = consentOf(machine, { issuedAt: START + 41 });
    assert.equal(granted(redeem(machine, later)).repeated, false, name);
  }
});

test("C14: what another user or another pair withdrew does not count", () => {
  const { machine } = createSeededMachine();
  connect(machine, "bob", "partner", "email");
  connect(machine, "bob", "shop", "email");
  connect(machine, "ann", "rival", "email");
  connect(machine, "ann", "store", "email");
  machine.run({ type: "disconnect", user: "bob", client: "partner" });
  machine.run({ type: "disconnect", user: "bob", client: "shop" });
  machine.run({ type: "disconnect", user: "ann", client: "rival" });
  machine.run({ type: "disconnect", user: "ann", client: "store" });
  granted(redeem(machine, consentOf(machine)));
});

test("C14: revoking a delegated connection at the merchant leaves its buyer connection a source", () => {
  const { machine } = createSeededMachine();
  connect(machine, "ann", "store", "email");
  const atShop = consentOf(machine, { client: "shop", merchant: "store", jti: "jti-0" });
  const { connection } = granted(redeem(machine, atShop, "shop"));
  machine.run({ type: "revoke-connection", connection });
  granted(redeem(machine, consentOf(machine)));
});

test("C14: the later of two withdrawals counts, also when the clock steps back between them", () => {
  const { machine } = createSeededMachine();
  for (const now of [START + 10, START + 5]) {
    machine.now = now;
    const { id: connection } = connect(machine, "ann", "partner", "email");
    machine.run({ type: "revoke-connection", connection });
  }
  const issuedAt = START + 10;
  const stale = redeem(machine, consentOf(machine, { issuedAt }));
  assertRefused(stale, "NO_CONSENT", "withdrawn_after_consent");
});
