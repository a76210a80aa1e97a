/** P1–P4: which connection serves a public id, and with which scope. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  assertRefused,
  connect,
  consentOf,
  createSeededMachine,
  fetchByPublicId,
  granted,
  type Machine,
  redeem,
} from "../support/machine.ts";

test("P1: an unknown and a deleted user are NO_USER, and so is a malformed id, without a look-up", () => {
  const { machine } = createSeededMachine();
  assertRefused(fetchByPublicId(machine, "partner", "eve"), "NO_USER", "user_unknown");
  connect(machine, "ann", "partner", "email");
  machine.run({ type: "delete-user", user: "ann", digest: "digest of ann" });
  assertRefused(fetchByPublicId(machine, "partner", "ann"), "NO_USER", "user_unknown");
  const malformed = ["", " ", "a b", "é", "\ud800", "a\u0000", "a".repeat(256), "ann\n"];
  for (const publicId of malformed) {
    assertRefused(fetchByPublicId(machine, "partner", publicId), "NO_USER", "id_malformed");
  }
});

test("P1, R1: a suspended user is NO_USER and a resumed one has tokens again", () => {
  const { machine } = createSeededMachine();
  connect(machine, "ann", "partner", "email");
  machine.run({ type: "set-user-status", user: "ann", status: "suspended" });
  assertRefused(fetchByPublicId(machine, "partner", "ann"), "NO_USER", "user_suspended");
  machine.run({ type: "set-user-status", user: "ann", status: "active" });
  assert.equal(granted(fetchByPublicId(machine, "partner", "ann")).user, "ann");
});

test("P1, P2: names of object prototypes are unknown users and unknown clients", () => {
  const { machine } = createSeededMachine();
  for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
    assertRefused(fetchByPublicId(machine, "partner", name), "NO_USER", "user_unknown");
    assertRefused(fetchByPublicId(machine, name, "ann"), "invalid_client", "client_unknown");
  }
});

test("G10: an id of 255 characters and one named __proto__ work like any other", () => {
  const { machine } = createSeededMachine();
  for (const user of ["a".repeat(255), "__proto__"]) {
    granted(machine.run({ type: "register-user", user, digest: user }));
    connect(machine, user, "partner", "email");
    assert.equal(granted(fetchByPublicId(machine, "partner", user)).user, user);
  }
});

test("P1: public ids are compared byte for byte", () => {
  const { machine } = createSeededMachine();
  connect(machine, "ann", "partner", "email");
  assertRefused(fetchByPublicId(machine, "partner", "Ann"), "NO_USER", "user_unknown");
});

test("G8: an unknown or disabled client is told nothing about users", () => {
  const { machine } = createSeededMachine();
  machine.run({ type: "set-client-status", client: "partner", status: "disabled" });
  for (const user of ["ann", "eve", ""]) {
    const disabled = fetchByPublicId(machine, "partner", user);
    assertRefused(disabled, "invalid_client", "client_disabled");
    const unknown = fetchByPublicId(machine, "nobody", user);
    assertRefused(unknown, "invalid_client", "client_unknown");
  }
});

test("P2, SC-06: no connection, a withdrawn one and another client's only are NO_CONSENT", () => {
  const { machine } = createSeededMachine();
  assertRefused(fetchByPublicId(machine, "partner", "ann"), "NO_CONSENT", "no_connection");
  connect(machine, "ann", "rival", "email");
  assertRefused(fetchByPublicId(machine, "partner", "ann"), "NO_CONSENT", "no_connection");
  const { id: connection } = connect(machine, "ann", "partner", "email");
  machine.run({ type: "revoke-connection", connection });
  assertRefused(fetchByPublicId(machine, "partner", "ann"), "NO_CONSENT", "no_connection");
});

test("P2: another user's connection never counts", () => {
  const { machine } = createSeededMachine();
  connect(machine, "bob", "partner", "email");
  assertRefused(fetchByPublicId(machine, "partner", "ann"), "NO_CONSENT", "no_connection");
});

test("P4, SC-03: the scope issued is consented ∩ registered, and empty is NO_CONSENT", () => {
  const { machine } = createSeededMachine();
  connect(machine, "ann", "partner", "orders unregistered email");
  assert.deepEqual(granted(fetchByPublicId(machine, "partner", "ann")).scope, ["email", "orders"]);
  machine.run({ type: "set-client-scope", client: "partner", scope: ["profile"] });
  assertRefused(fetchByPublicId(machine, "partner", "ann"), "NO_CONSENT", "no_effective_scope");
});

test("P3: the direct connection serves before a delegated one with a later consent", () => {
  const { machine } = createSeededMachine();
  const direct = connect(machine, "ann", "partner", "profile");
  machine.now += 10;
  const delegated = granted(redeem(machine, consentOf(machine)));
  const grant = granted(fetchByPublicId(machine, "partner", "ann"));
  assert.equal(grant.connection, direct.id);
  assert.deepEqual(grant.scope, ["profile"], "scopes of two connections are never merged");
  machine.run({ type: "revoke-connection", connection: direct.id });
  const next = granted(fetchByPublicId(machine, "partner", "ann"));
  assert.equal(next.connection, delegated.connection);
});

test("P3: an unusable direct connection makes way for a delegated one, and comes back", () => {
  const { machine } = createSeededMachine();
  const direct = connect(machine, "ann", "partner", "profile");
  const delegated = granted(redeem(machine, consentOf(machine)));
  machine.run({ type: "set-client-scope", client: "partner", scope: ["email"] });
  const now = granted(fetchByPublicId(machine, "partner", "ann"));
  assert.equal(now.connection, delegated.connection);
  machine.run({ type: "set-client-scope", client: "partner", scope: ["email", "profile"] });
  assert.equal(granted(fetchByPublicId(machine, "partner", "ann")).connection, direct.id);
});

/** Two delegated connections of ann to `partner`, with these consent times, through shop and store. */
function delegateTwice(machine: Machine, viaShop: number, viaStore: number) {
  connect(machine, "ann", "store", "email");
  const shop = consentOf(machine, { jti: "a", issuedAt: machine.now + viaShop });
  const store = { jti: "b", merchant: "store", issuedAt: machine.now + viaStore };
  return [
    granted(redeem(machine, shop)).connection,
    granted(redeem(machine, consentOf(machine, store))).connection,
  ] as const;
}

test("P3: of two delegated connections the one with the latest consent serves", () => {
  for (const [viaShop, viaStore] of [[0, 1], [1, 0]] as const) {
    const { machine } = createSeededMachine();
    const [shop, store] = delegateTwice(machine, viaShop, viaStore);
    const { connection } = granted(fetchByPublicId(machine, "partner", "ann"));
    assert.equal(connection, viaShop > viaStore ? shop : store);
  }
});

test("P3: with equal consent times the smaller id serves, in whatever order facts come", () => {
  const { machine } = createSeededMachine();
  const [shop, store] = delegateTwice(machine, 0, 0);
  const smaller = shop < store ? shop : store;
  assert.equal(granted(fetchByPublicId(machine, "partner", "ann")).connection, smaller);
  const ids = machine.state.connectionsOfUser.get("ann") ?? [];
  const connectionsOfUser = new Map([["ann", [...ids].reverse()]]);
  machine.state = { ...machine.state, connectionsOfUser };
  assert.equal(granted(fetchByPublicId(machine, "partner", "ann")).connection, smaller);
});

test("P3, C10: re-establishing a delegated connection makes it the latest", () => {
  const { machine } = createSeededMachine();
  const [shop, store] = delegateTwice(machine, 0, 1);
  assert.equal(granted(fetchByPublicId(machine, "partner", "ann")).connection, store);
  granted(redeem(machine, consentOf(machine, { jti: "c", issuedAt: machine.now + 2 })));
  assert.equal(granted(fetchByPublicId(machine, "partner", "ann")).connection, shop);
});

test("P3, SC-10: a delegated connection whose source was revoked makes way for another", () => {
  const { machine } = createSeededMachine();
  const [shop, store] = delegateTwice(machine, 0, 1);
  machine.run({ type: "disconnect", user: "ann", client: "store" });
  assert.equal(granted(fetchByPublicId(machine, "partner", "ann")).connection, shop);
  machine.run({ type: "disconnect", user: "ann", client: "shop" });
  assertRefused(fetchByPublicId(machine, "partner", "ann"), "NO_CONSENT", "no_effective_scope");
  assert.notEqual(shop, store);
});
