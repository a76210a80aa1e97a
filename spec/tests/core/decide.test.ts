/** A4: whom and what each command names. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Command, keysOf, type Subject, subjectOf } from "../../../core/decide.ts";
import { consentOf, createSeededMachine } from "../support/machine.ts";

test("A4: every command says whom and what it names", () => {
  const { machine } = createSeededMachine();
  const consent = consentOf(machine);
  const [client, user, connection, family] = ["partner", "ann", "c1", "f1"] as const;
  const access = { kind: "access", family, scope: [], issuedAt: 0, expiresAt: 1 } as const;
  const refresh = { generation: 0, salt: "", scope: null };
  const rows: readonly (readonly [Command, Subject])[] = [
    [{ type: "fetch", by: "publicId", client, publicId: "bob" }, { client, user: "bob" }],
    [{ type: "fetch", by: "consentToken", client, consent }, { client, user }],
    [{ type: "refresh", client, family, ...refresh }, { client, family }],
    [{ type: "use", caller: null, token: access }, { family }],
    [{ type: "use", caller: client, token: access }, { client, family }],
    [{ type: "revoke-token", client, family }, { client, family }],
    [{ type: "connect", user, client, scope: [] }, { client, user }],
    [{ type: "disconnect", user, client }, { client, user }],
    [{ type: "narrow", connection, scope: [] }, { connection }],
    [{ type: "revoke-connection", connection }, { connection }],
    [{ type: "rotate-secret", client, secretDigest: "" }, { client }],
    [{ type: "end-old-secrets", client }, { client }],
    [{ type: "set-user-status", user, status: "active" }, { user }],
  ];
  for (const [command, subject] of rows) assert.deepEqual(subjectOf(command), subject);
});

test("T7: introspection loads its caller together with the token", () => {
  const { machine } = createSeededMachine();
  const token = { kind: "refresh", family: "f1", generation: 0, salt: "" } as const;
  const keys = (caller: string | null) => keysOf({ type: "use", caller, token }, machine.settings);
  assert.deepEqual(keys("api"), { family: "f1", client: "api" });
  assert.deepEqual(keys(null), { family: "f1" });
});
