/** P4, R1, R4: what a connection is worth, from what stands around it now. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { directScope, effectiveScope } from "../../../core/authority.ts";
import { type Command, decide, keysOf } from "../../../core/decide.ts";
import type { Standing } from "../../../core/decision.ts";
import { factsOf } from "../../../core/evolve.ts";
import type { ActiveConnection, Client, User } from "../../../core/model.ts";
import { NO_SCOPE } from "../../../core/scope.ts";
import {
  accessTokenOf,
  consentOf,
  createSeededMachine,
  granted,
  redeem,
} from "../support/machine.ts";

const user: User = { publicId: "ann", status: "active" };

function clientOf(id: string, scope: Client["scope"]): Client {
  return { id, role: "app", status: "enabled", scope, secrets: [] };
}

function connectionOf(
  id: string,
  client: Client,
  source: string | null,
  scope: ActiveConnection["scope"],
): ActiveConnection {
  return { status: "active", id, user: "ann", client: client.id, source, scope, consentedAt: 1 };
}

const client = clientOf("partner", ["a", "b", "c", "d"]);
const merchant = clientOf("shop", ["a", "b", "e"]);
const source = connectionOf("c1", merchant, null, ["a", "c", "e"]);
const connection = connectionOf("c2", client, "c1", ["a", "b", "c", "e"]);
const delegated: Standing = { connection, client, user, source, merchant };

test("P4: a delegation is worth what itself, its source and both registrations hold", () => {
  assert.deepEqual(effectiveScope(delegated), ["a"]);
  const direct = { ...delegated, connection: { ...connection, source: null } };
  assert.deepEqual(effectiveScope(direct), ["a", "b", "c"]);
  assert.deepEqual(directScope(connection, client, user), ["a", "b", "c"]);
});

test("R1, R4: without user, client, merchant or source there is no scope, and no fault", () => {
  for (const gone of ["user", "client", "merchant", "source"]) {
    assert.deepEqual(effectiveScope({ ...delegated, [gone]: null }), NO_SCOPE, gone);
  }
  assert.deepEqual(directScope(connection, client, null), NO_SCOPE);
  assert.deepEqual(directScope(connection, null, user), NO_SCOPE);
});

test("A1, R5: a family or its connection that is gone is refused, not stumbled over", () => {
  const { machine } = createSeededMachine();
  const consent = consentOf(machine);
  const grant = granted(redeem(machine, consent));
  const { client, family, generation, salt } = grant;
  const commands: readonly (readonly [Command, string | null])[] = [
    [{ type: "fetch", by: "consentToken", client, consent }, "consent_redeemed"],
    [{ type: "refresh", client, family, generation, salt, scope: null }, "family_unknown"],
    [{ type: "use", caller: null, token: accessTokenOf(grant) }, "family_unknown"],
    [{ type: "revoke-token", client, family }, null],
  ];
  for (const [command, reason] of commands) {
    const facts = factsOf(machine.state, keysOf(command, machine.settings));
    for (const gone of ["family", "standing"]) {
      const decision = decide(command, { ...facts, [gone]: null }, machine.context());
      assert.equal(decision.outcome === "refused" ? decision.reason : null, reason, gone);
      assert.deepEqual(decision.changes, []);
    }
  }
});
