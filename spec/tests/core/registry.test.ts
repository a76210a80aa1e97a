/** G10, R1, CA-09: clients and users as an operator keeps them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { decide, keysOf } from "../../../core/decide.ts";
import { factsOf } from "../../../core/evolve.ts";
import type { Client } from "../../../core/model.ts";
import { liveSecrets } from "../../../core/registry.ts";
import {
  assertRefused,
  connect,
  consentOf,
  createMachine,
  createSeededMachine,
  fetchByPublicId,
  granted,
  type Machine,
  redeem,
  START,
} from "../support/machine.ts";

function registerClient(machine: Machine, client: string) {
  const command = { type: "register-client", client, role: "app", scope: ["email"] } as const;
  return machine.run({ ...command, secretDigest: "d0" });
}

function registerUser(machine: Machine, user: string) {
  return machine.run({ type: "register-user", user, digest: `digest of ${user}` });
}

test("G10: a client id is 1 to 255 unreserved characters, and each other character is refused", () => {
  const machine = createMachine();
  for (let code = 0; code <= 0x100; code += 1) {
    const id = String.fromCharCode(code);
    const decision = registerClient(machine, id);
    if (/^[A-Za-z0-9._~-]$/.test(id)) assert.equal(granted(decision).id, id);
    else assertRefused(decision, "INVALID_ARGUMENT", "id_malformed");
  }
  granted(registerClient(machine, "a".repeat(255)));
  granted(registerClient(machine, "__proto__"));
  for (const id of ["", "a".repeat(256), "a\n", "a b", "\ud800", "%41"]) {
    assertRefused(registerClient(machine, id), "INVALID_ARGUMENT", "id_malformed");
  }
});

test("G10: a public id is 1 to 255 characters of %x21–7E", () => {
  const machine = createMachine();
  for (let code = 0; code <= 0x100; code += 1) {
    const decision = registerUser(machine, String.fromCharCode(code));
    if (code >= 0x21 && code <= 0x7e) granted(decision);
    else assertRefused(decision, "INVALID_ARGUMENT", "id_malformed");
  }
  granted(registerUser(machine, "a".repeat(255)));
  for (const id of ["", "a".repeat(256), "a\n", "a b"]) {
    assertRefused(registerUser(machine, id), "INVALID_ARGUMENT", "id_malformed");
  }
});

test("G10: a value that is not a string is not an id, even if it prints like one", () => {
  const machine = createMachine();
  for (const id of [5, true, null, undefined, ["ann"], { toString: () => "ann" }]) {
    const asId = id as unknown as string;
    assertRefused(registerClient(machine, asId), "INVALID_ARGUMENT", "id_malformed");
    assertRefused(registerUser(machine, asId), "INVALID_ARGUMENT", "id_malformed");
  }
});

test("R1: ids of clients and users are given once", () => {
  const machine = createMachine();
  const expected: Client = {
    id: "app",
    role: "app",
    status: "enabled",
    scope: ["email"],
    secrets: [{ digest: "d0", expiresAt: null }],
  };
  assert.deepEqual(granted(registerClient(machine, "app")), expected);
  assertRefused(registerClient(machine, "app"), "ALREADY_EXISTS", "client_exists");
  granted(registerUser(machine, "ann"));
  assertRefused(registerUser(machine, "ann"), "ALREADY_EXISTS", "user_exists");
});

test("R1: the id of a deleted user is never given again, and only its digest is kept", () => {
  const { machine } = createSeededMachine();
  connect(machine, "ann", "partner", "email");
  granted(fetchByPublicId(machine, "partner", "ann"));
  granted(redeem(machine, consentOf(machine)));
  granted(machine.run({ type: "disconnect", user: "ann", client: "partner" }));
  granted(machine.run({ type: "delete-user", user: "ann", digest: "digest of ann" }));
  const { retired, ...rest } = machine.state;
  const kept = JSON.stringify(
    Object.values(rest).map((table) => [...table as Map<string, unknown>]),
  );
  assert.ok(!/\bann\b/.test(kept), "no row names the user");
  assert.deepEqual([...retired.keys()], ["digest of ann"]);
  assertRefused(registerUser(machine, "ann"), "ALREADY_EXISTS", "user_id_retired");
  granted(registerUser(machine, "eve"));
});

test("R1: unknown clients and users cannot be changed", () => {
  const { machine } = createSeededMachine();
  const clients = [
    { type: "set-client-scope", client: "nobody", scope: [] },
    { type: "set-client-status", client: "__proto__", status: "disabled" },
    { type: "rotate-secret", client: "nobody", secretDigest: "d1" },
  ] as const;
  for (const command of clients) {
    assertRefused(machine.run(command), "UNKNOWN_CLIENT", "client_unknown");
  }
  const users = [
    { type: "set-user-status", user: "eve", status: "suspended" },
    { type: "delete-user", user: "__proto__", digest: "d" },
  ] as const;
  for (const command of users) {
    assertRefused(machine.run(command), "UNKNOWN_USER", "user_unknown");
  }
});

test("R1, A4: setting a status that holds already changes nothing", () => {
  const { machine } = createSeededMachine();
  const before = machine.state;
  machine.run({ type: "set-user-status", user: "ann", status: "active" });
  machine.run({ type: "set-client-status", client: "partner", status: "enabled" });
  assert.equal(machine.state, before);
});

test("R1: a change of a client leaves the rest of its row", () => {
  const { machine } = createSeededMachine();
  const before = machine.state.clients.get("partner");
  machine.run({ type: "set-client-scope", client: "partner", scope: ["orders"] });
  machine.run({ type: "set-client-status", client: "partner", status: "disabled" });
  const after = { ...before, scope: ["orders"], status: "disabled" };
  assert.deepEqual(machine.state.clients.get("partner"), after);
});

/** The digests of the secrets that authenticate `partner` so many seconds after the start. */
function digestsAt(machine: Machine, seconds: number): readonly string[] {
  const client = machine.state.clients.get("partner") ?? assert.fail("no client");
  return liveSecrets(client, START + seconds).map(({ digest }) => digest);
}

test("CA-09: old and new secret work until the overlap ends, to the second, then only the new", () => {
  const { machine } = createSeededMachine({ secretOverlapSeconds: 100 });
  assert.deepEqual(digestsAt(machine, 0), ["00"]);
  machine.run({ type: "rotate-secret", client: "partner", secretDigest: "d1" });
  for (const seconds of [0, 1, 99]) assert.deepEqual(digestsAt(machine, seconds), ["d1", "00"]);
  for (const seconds of [100, 101]) assert.deepEqual(digestsAt(machine, seconds), ["d1"]);
});

test("CA-09: after a second rotation each old secret works until its own overlap ends", () => {
  const { machine } = createSeededMachine({ secretOverlapSeconds: 100 });
  machine.run({ type: "rotate-secret", client: "partner", secretDigest: "d1" });
  machine.now += 1;
  machine.run({ type: "rotate-secret", client: "partner", secretDigest: "d2" });
  for (const seconds of [1, 99]) assert.deepEqual(digestsAt(machine, seconds), ["d2", "d1", "00"]);
  assert.deepEqual(digestsAt(machine, 100), ["d2", "d1"]);
  assert.deepEqual(digestsAt(machine, 101), ["d2"]);
});

test("CA-09: four secrets work at most, and what is over is forgotten", () => {
  const { machine } = createSeededMachine({ secretOverlapSeconds: 100 });
  const rotate = (secretDigest: string) =>
    machine.run({ type: "rotate-secret", client: "partner", secretDigest });
  for (const digest of ["d1", "d2", "d3", "d4"]) rotate(digest);
  assert.deepEqual(digestsAt(machine, 0), ["d4", "d3", "d2", "d1"]);
  machine.now += 100;
  rotate("d5");
  assert.equal(machine.state.clients.get("partner")?.secrets.length, 2);
});

test("CA-09: a rotation with less overlap shortens that of the secrets before", () => {
  const { machine } = createSeededMachine({ secretOverlapSeconds: 100 });
  machine.run({ type: "rotate-secret", client: "partner", secretDigest: "d1" });
  const settings = { ...machine.settings, secretOverlapSeconds: 0 };
  const command = { type: "rotate-secret", client: "partner", secretDigest: "d2" } as const;
  const facts = factsOf(machine.state, keysOf(command, machine.settings));
  const written = granted(decide(command, facts, { ...machine.context(), settings }));
  assert.deepEqual(liveSecrets(written, machine.now).map(({ digest }) => digest), ["d2"]);
});

test("CA-09: old secrets can be ended at once, and the current one works on", () => {
  const { machine } = createSeededMachine({ secretOverlapSeconds: 100 });
  for (const secretDigest of ["d1", "d2"]) {
    machine.run({ type: "rotate-secret", client: "partner", secretDigest });
  }
  granted(machine.run({ type: "end-old-secrets", client: "partner" }));
  assert.deepEqual(digestsAt(machine, 0), ["d2"]);
  const unknown = machine.run({ type: "end-old-secrets", client: "nobody" });
  assertRefused(unknown, "UNKNOWN_CLIENT", "client_unknown");
});

test("CA-09: without overlap the old secret ends at once", () => {
  const { machine } = createSeededMachine({ secretOverlapSeconds: 0 });
  machine.run({ type: "rotate-secret", client: "partner", secretDigest: "d1" });
  assert.deepEqual(digestsAt(machine, 0), ["d1"]);
});

test("R1: only who registers a user asks whether the id was used before", () => {
  const user = "ann";
  const digest = "digest of ann";
  const { settings } = createMachine();
  const registered = keysOf({ type: "register-user", user, digest }, settings);
  assert.deepEqual(registered, { user, userDigest: digest });
  const suspended = keysOf({ type: "set-user-status", user, status: "suspended" }, settings);
  assert.deepEqual(suspended, { user });
  assert.deepEqual(keysOf({ type: "delete-user", user, digest }, settings), { user });
});
