/** R1–R3, P3, C14: how connections begin, change and end. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  assertRefused,
  connect,
  consentOf,
  createSeededMachine,
  fetchByPublicId,
  granted,
  redeem,
  START,
} from "../support/machine.ts";

test("R3: connecting establishes one direct connection, and connecting again replaces its scope", () => {
  const { machine } = createSeededMachine();
  const { fresh } = machine.context();
  const first = connect(machine, "ann", "partner", "orders email");
  assert.deepEqual(first, {
    status: "active",
    id: fresh.connection,
    user: "ann",
    client: "partner",
    source: null,
    scope: ["email", "orders"],
    consentedAt: START,
  });
  machine.now += 5;
  const command = { type: "connect", user: "ann", client: "partner", scope: ["profile"] } as const;
  const decision = machine.run(command);
  const connection = { ...first, scope: ["profile"], consentedAt: START + 5 };
  const changed = { type: "connection-changed", cause: "consented", connection };
  assert.deepEqual(decision, { outcome: "granted", grant: connection, changes: [changed] });
});

test("R3: a direct connection stands beside a delegated one of the same parties", () => {
  const { machine } = createSeededMachine();
  const { connection } = granted(redeem(machine, consentOf(machine)));
  assert.notEqual(connect(machine, "ann", "partner", "email").id, connection);
});

test("R1: connecting needs a known, enabled client, a known, active user, and a scope", () => {
  const { machine } = createSeededMachine();
  const attempt = (user: string, client: string, scope: readonly string[] = ["email"]) =>
    machine.run({ type: "connect", user, client, scope });
  assertRefused(attempt("ann", "nobody"), "UNKNOWN_CLIENT", "client_unknown");
  assertRefused(attempt("eve", "partner"), "UNKNOWN_USER", "user_unknown");
  assertRefused(attempt("ann", "partner", []), "INVALID_ARGUMENT", "scope_empty");
  machine.run({ type: "set-user-status", user: "ann", status: "suspended" });
  assertRefused(attempt("ann", "partner"), "UNKNOWN_USER", "user_suspended");
  machine.run({ type: "set-client-status", client: "partner", status: "disabled" });
  assertRefused(attempt("ann", "partner"), "UNKNOWN_CLIENT", "client_disabled");
});

test("R1, SC-09: narrowing takes scope back, never adds any, and a new consent undoes it", () => {
  const { machine } = createSeededMachine();
  const connection = connect(machine, "ann", "partner", "email orders");
  machine.now += 5;
  const scope = ["email", "profile"];
  const narrowed = granted(machine.run({ type: "narrow", connection: connection.id, scope }));
  assert.deepEqual(narrowed, { ...connection, scope: ["email"], consentedAt: START + 36 });
  const none = granted(machine.run({ type: "narrow", connection: connection.id, scope: [] }));
  assert.deepEqual(none.scope, []);
  assertRefused(fetchByPublicId(machine, "partner", "ann"), "NO_CONSENT", "no_effective_scope");
  assert.equal(connect(machine, "ann", "partner", "orders").id, connection.id);
  assert.deepEqual(granted(fetchByPublicId(machine, "partner", "ann")).scope, ["orders"]);
});

test("C10: narrowing never moves the time of the consent back", () => {
  const { machine } = createSeededMachine();
  const ahead = consentOf(machine, { issuedAt: START + 30 });
  const { connection } = granted(redeem(machine, ahead));
  machine.now -= 5; // another node, whose clock is behind
  const narrowed = granted(machine.run({ type: "narrow", connection, scope: ["email"] }));
  assert.equal(narrowed.consentedAt, START + 30);
});

test("R3: an unknown and a revoked connection cannot be narrowed", () => {
  const { machine, source } = createSeededMachine();
  const narrow = (connection: string) =>
    machine.run({ type: "narrow", connection, scope: ["email"] });
  for (const unknown of ["", "__proto__", "c".repeat(32)]) {
    assertRefused(narrow(unknown), "UNKNOWN_CONNECTION", "connection_unknown");
  }
  machine.run({ type: "revoke-connection", connection: source.id });
  assertRefused(narrow(source.id), "UNKNOWN_CONNECTION", "connection_revoked");
});

test("R3, C14: revoking leaves a connection without scope, and remembers the withdrawal", () => {
  const { machine, source } = createSeededMachine();
  machine.now += 5;
  const decision = machine.run({ type: "revoke-connection", connection: source.id });
  const { id, user, client } = source;
  const at = START + 5;
  const connection = { status: "revoked", id, user, client, source: null, revokedAt: at };
  assert.deepEqual(decision.changes, [
    { type: "connection-revoked", connection },
    { type: "withdrawn", withdrawal: { user, client, directAt: at, at } },
  ]);
});

test("C14: revoking a delegated connection does not revoke a direct one", () => {
  const { machine, source } = createSeededMachine();
  const { connection } = granted(redeem(machine, consentOf(machine)));
  const decision = machine.run({ type: "revoke-connection", connection });
  const [revoked, withdrawn] = decision.changes;
  assert.equal(
    revoked?.type === "connection-revoked" && revoked.connection.source,
    source.id,
  );
  const withdrawal = { user: "ann", client: "partner", directAt: null, at: START };
  assert.deepEqual(withdrawn, { type: "withdrawn", withdrawal });
});

test("R3: revoking twice is revoking once, and an unknown connection is an error", () => {
  const { machine, source } = createSeededMachine();
  const command = { type: "revoke-connection", connection: source.id } as const;
  machine.run(command);
  const before = machine.state;
  assert.deepEqual(machine.run(command), { outcome: "granted", grant: null, changes: [] });
  assert.equal(machine.state, before);
  for (const connection of ["", "__proto__"]) {
    const unknown = machine.run({ type: "revoke-connection", connection });
    assertRefused(unknown, "UNKNOWN_CONNECTION", "connection_unknown");
  }
});

test("P3: revoking one connection leaves the others", () => {
  const { machine } = createSeededMachine();
  const direct = connect(machine, "ann", "partner", "email");
  const { connection } = granted(redeem(machine, consentOf(machine)));
  machine.run({ type: "revoke-connection", connection });
  assert.equal(machine.state.connections.get(direct.id), direct);
});

test("P3: disconnecting revokes all connections of user and client in one step, and no other", () => {
  const { machine, source } = createSeededMachine();
  const direct = connect(machine, "ann", "partner", "email");
  const { connection } = granted(redeem(machine, consentOf(machine)));
  const others = [
    connect(machine, "bob", "partner", "email"),
    connect(machine, "ann", "rival", "email"),
  ];
  machine.now += 5;
  const decision = machine.run({ type: "disconnect", user: "ann", client: "partner" });
  const at = START + 5;
  const withdrawal = { user: "ann", client: "partner", directAt: at, at };
  assert.deepEqual(decision.changes.at(-1), { type: "withdrawn", withdrawal });
  for (const id of [direct.id, connection]) {
    assert.equal(machine.state.connections.get(id)?.status, "revoked");
  }
  for (const { id } of [...others, source]) {
    assert.equal(machine.state.connections.get(id)?.status, "active");
  }
  assertRefused(fetchByPublicId(machine, "partner", "ann"), "NO_CONSENT", "no_connection");
});

test("SC-11, C14: disconnecting without a connection succeeds and is remembered", () => {
  const { machine } = createSeededMachine();
  const pending = consentOf(machine);
  granted(machine.run({ type: "disconnect", user: "ann", client: "partner" }));
  assertRefused(redeem(machine, pending), "NO_CONSENT", "withdrawn_after_consent");
});

test("P3: disconnecting needs a known client and a known user; suspended and disabled ones will do", () => {
  const { machine, source } = createSeededMachine();
  const attempt = (user: string, client: string) =>
    machine.run({ type: "disconnect", user, client });
  assertRefused(attempt("ann", "nobody"), "UNKNOWN_CLIENT", "client_unknown");
  assertRefused(attempt("eve", "shop"), "UNKNOWN_USER", "user_unknown");
  machine.run({ type: "set-user-status", user: "ann", status: "suspended" });
  machine.run({ type: "set-client-status", client: "shop", status: "disabled" });
  granted(attempt("ann", "shop"));
  assert.equal(machine.state.connections.get(source.id)?.status, "revoked");
});

test("R3: a new consent after a revocation makes a new connection with a new id", () => {
  const { machine, source } = createSeededMachine();
  machine.run({ type: "revoke-connection", connection: source.id });
  assert.notEqual(connect(machine, "ann", "shop", "email").id, source.id);
  assert.equal(machine.state.connections.get(source.id)?.status, "revoked");
});
