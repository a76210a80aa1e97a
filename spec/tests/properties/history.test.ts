/** What holds at every step of every history. Each law is checked by itself, so that each can fail. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { TokenGrant } from "../../../core/decision.ts";
import { standingOf, type State } from "../../../core/evolve.ts";
import { familyEndsAt } from "../../../core/family.ts";
import type { Connection } from "../../../core/model.ts";
import { isWithin, readScope, writeScope } from "../../../core/scope.ts";
import { runs } from "../support/generators.ts";
import { accessTokenOf, refreshTokenOf } from "../support/machine.ts";
import { createPlayer, moves, play, type Player, type Step } from "../support/moves.ts";

/** Plays many short histories and a long one, and checks a law after each command. */
function onEveryStep(law: (step: Step, player: Player) => void): void {
  const playAll = (player: Player, history: readonly Parameters<typeof play>[1][]) => {
    for (const move of history) {
      const step = play(player, move);
      if (step !== null) law(step, player);
    }
  };
  const histories = fc.array(moves, { maxLength: 60, size: "+1" });
  fc.assert(fc.property(histories, (history) => playAll(createPlayer(), history)), runs(100));
  playAll(createPlayer(), fc.sample(moves, { ...runs(2500) }));
}

/** The tokens that a step granted, or `null`. */
function tokensOf({ command, decision }: Step): TokenGrant | null {
  const issues = command.type === "fetch" || command.type === "refresh";
  return issues && decision.outcome === "granted" ? decision.grant as TokenGrant : null;
}

function connectionOf(state: State, id: string): Connection {
  return state.connections.get(id) ?? assert.fail(`no connection ${id}`);
}

test("A1, R1, C6: a refusal changes nothing, but that reuse ends the family it was of", () => {
  onEveryStep(({ command, decision, before, after }) => {
    if (decision.outcome === "granted") return;
    if (decision.reason !== "reused") return assert.equal(after, before);
    assert.equal(command.type, "refresh");
    assert.equal(decision.code, "invalid_grant");
    const { families, familiesOfConnection, ...rest } = after;
    assert.ok(familiesOfConnection.size <= before.familiesOfConnection.size);
    const gone = [...before.families.keys()].filter((id) => !families.has(id));
    assert.deepEqual(gone, [command.type === "refresh" && command.family]);
    for (const [name, table] of Object.entries(rest)) {
      assert.deepEqual(table, before[name as keyof State], name);
    }
  });
});

test("P4, C8, SC-02, SC-03: issued ⊆ consented ∩ registered ∩ source ∩ what the merchant may, and not empty", () => {
  onEveryStep((step) => {
    const tokens = tokensOf(step);
    if (tokens === null) return;
    const { scope } = tokens;
    const standing = standingOf(step.after, connectionOf(step.after, tokens.connection));
    const { connection, client, source, merchant } = standing;
    assert.ok(scope.length > 0);
    assert.ok(connection.status === "active" && isWithin(scope, connection.scope));
    assert.ok(client !== null && isWithin(scope, client.scope));
    if (connection.source === null) return;
    assert.ok(source?.status === "active" && isWithin(scope, source.scope));
    assert.ok(merchant !== null && isWithin(scope, merchant.scope));
  });
});

test("C8, SC-02: what is issued for a consent token is within the token's scope", () => {
  onEveryStep((step) => {
    const tokens = tokensOf(step);
    const { command } = step;
    if (tokens === null || command.type !== "fetch" || command.by !== "consentToken") return;
    assert.ok(isWithin(tokens.scope, command.consent.scope));
    assert.equal(tokens.user, command.consent.user);
  });
});

test("R4, SC-13: a source is a direct connection of the same user with another client", () => {
  onEveryStep(({ after }) => {
    for (const connection of after.connections.values()) {
      if (connection.source === null) continue;
      const source = connectionOf(after, connection.source);
      assert.equal(source.source, null);
      assert.equal(source.user, connection.user);
      assert.notEqual(source.client, connection.client);
    }
  });
});

test("P2, RF-01: tokens are for the client that asked and the user it asked for, who are both in good standing", () => {
  onEveryStep((step) => {
    const tokens = tokensOf(step);
    if (tokens === null || !("client" in step.command)) return;
    assert.equal(tokens.client, step.command.client);
    const { user, client } = connectionOf(step.after, tokens.connection);
    assert.deepEqual([user, client], [tokens.user, tokens.client]);
    assert.equal(step.after.users.get(user)?.status, "active");
    assert.equal(step.after.clients.get(client)?.status, "enabled");
    const { command } = step;
    if (command.type === "fetch" && command.by === "publicId") {
      assert.equal(user, command.publicId);
    }
  });
});

test("C9, C11, CT-21: a consent token never gives a second family", () => {
  const families = new WeakMap<Player, Map<string, string>>();
  onEveryStep((step, player) => {
    const { command } = step;
    const tokens = tokensOf(step);
    if (tokens === null || command.type !== "fetch" || command.by !== "consentToken") return;
    const seen = families.get(player) ?? new Map<string, string>();
    families.set(player, seen);
    const { issuer, jti } = command.consent;
    const first = seen.get(`${issuer} ${jti}`);
    if (first !== undefined) assert.equal(tokens.family, first);
    assert.equal(tokens.repeated, first !== undefined);
    seen.set(`${issuer} ${jti}`, tokens.family);
  });
});

test("C6, C9: only a redemption consumes a token, and it consumes that one, for good", () => {
  onEveryStep((step) => {
    const { command, before, after } = step;
    for (const [key, use] of before.consentUses) assert.equal(after.consentUses.get(key), use);
    const added = [...after.consentUses.values()].slice(before.consentUses.size);
    const tokens = tokensOf(step);
    if (command.type !== "fetch" || command.by !== "consentToken" || tokens?.repeated !== false) {
      return assert.deepEqual(added, []);
    }
    const { issuer, jti } = command.consent;
    assert.equal(added.length, 1);
    assert.deepEqual([added[0]?.issuer, added[0]?.jti, added[0]?.family], [
      issuer,
      jti,
      tokens.family,
    ]);
  });
});

test("C14, CT-30: no connection is established or renewed by a consent of a withdrawal's second or before", () => {
  onEveryStep(({ command, decision, facts }) => {
    if (command.type !== "fetch" || command.by !== "consentToken") return;
    const begins = decision.changes.some(({ type }) => type === "family-started");
    if (!begins) return;
    const { issuedAt } = command.consent;
    assert.ok(issuedAt > (facts.clientWithdrawal?.at ?? -1));
    assert.ok(issuedAt > (facts.merchantWithdrawal?.directAt ?? -1));
  });
});

test("R3: at most one connection lives for each user, client and source", () => {
  onEveryStep(({ after }) => {
    const parties = [...after.connections.values()]
      .filter(({ status }) => status === "active")
      .map(({ user, client, source }) => JSON.stringify([user, client, source]));
    assert.equal(new Set(parties).size, parties.length);
  });
});

test("R1, R3: a revoked connection stays as it is or is deleted, and no ended family comes back", () => {
  const ended = new WeakMap<Player, Set<string>>();
  onEveryStep(({ before, after }, player) => {
    for (const connection of before.connections.values()) {
      if (connection.status === "active") continue;
      const later = after.connections.get(connection.id) ?? connection;
      assert.equal(later, connection);
    }
    const gone = ended.get(player) ?? new Set<string>();
    ended.set(player, gone);
    for (const id of before.families.keys()) if (!after.families.has(id)) gone.add(id);
    for (const id of after.families.keys()) assert.ok(!gone.has(id));
  });
});

test("T5, T7, RF-02: of all refresh tokens ever issued one of each family is live at most", () => {
  onEveryStep((_step, player) => {
    const live = new Map<string, number>();
    for (const grant of player.grants.slice(-12)) {
      const token = refreshTokenOf(grant);
      const { machine } = player;
      if (machine.run({ type: "use", caller: null, token }).outcome === "refused") continue;
      assert.equal(live.get(grant.family) ?? grant.generation, grant.generation);
      live.set(grant.family, grant.generation);
    }
  });
});

test("T5: every answer of a family carries its current generation, salt and key", () => {
  onEveryStep((step) => {
    const tokens = tokensOf(step);
    if (tokens === null) return;
    const family = step.after.families.get(tokens.family) ?? assert.fail("no family");
    const { generation, salt, keyId, connection } = family;
    assert.deepEqual(
      { ...tokens, generation, salt, keyId, connection },
      tokens,
    );
    if (tokens.repeated) assert.equal(step.after, step.before);
  });
});

test("T1, G6, SC-14: access tokens live a second or more, never longer than set nor past their family", () => {
  onEveryStep((step) => {
    const tokens = tokensOf(step);
    if (tokens === null) return;
    const { settings, now } = step.context;
    const family = step.after.families.get(tokens.family) ?? assert.fail("no family");
    const seconds = tokens.accessExpiresAt - now;
    assert.equal(tokens.issuedAt, now);
    assert.ok(Number.isSafeInteger(seconds) && seconds >= 1);
    assert.ok(seconds <= settings.accessTokenSeconds);
    assert.ok(tokens.accessExpiresAt <= familyEndsAt(family, settings));
    assert.ok(tokens.accessExpiresAt <= family.startedAt + settings.refreshAbsoluteSeconds);
  });
});

test("T6, C10: a family's scope never changes, and no refresh exceeds it", () => {
  onEveryStep((step) => {
    for (const [id, family] of step.before.families) {
      assert.equal((step.after.families.get(id) ?? family).scope, family.scope);
    }
    const tokens = tokensOf(step);
    const family = step.after.families.get(tokens?.family ?? "");
    if (tokens !== null && family) assert.ok(isWithin(tokens.scope, family.scope));
  });
});

test("P5: no connection ever has more families than are allowed", () => {
  onEveryStep(({ after, context }) => {
    for (const families of after.familiesOfConnection.values()) {
      assert.ok(families.length <= context.settings.maxFamilies);
    }
  });
});

test("R1, R2: what was granted works at once, and nothing works of what is revoked, off or gone", () => {
  onEveryStep((step, player) => {
    const { machine } = player;
    const worth = (grant: TokenGrant) =>
      machine.run({ type: "use", caller: null, token: accessTokenOf(grant) });
    const tokens = tokensOf(step);
    if (tokens !== null) {
      const use = worth(tokens);
      assert.deepEqual(use.outcome === "granted" && use.grant.scope, tokens.scope);
    }
    for (const grant of player.grants.slice(-12)) {
      if (worth(grant).outcome === "refused") continue;
      const { clients, users } = machine.state;
      const { connection, source } = standingOf(
        machine.state,
        connectionOf(machine.state, grant.connection),
      );
      assert.ok(machine.state.families.has(grant.family));
      assert.equal(connection.status, "active");
      assert.equal(users.get(grant.user)?.status, "active");
      assert.equal(clients.get(grant.client)?.status, "enabled");
      if (connection.source === null) continue;
      assert.equal(source?.status, "active");
      assert.equal(clients.get(source?.client ?? "")?.status, "enabled");
    }
  });
});

test("T7: asking what a token is worth changes nothing", () => {
  onEveryStep(({ command, before, after }) => {
    if (command.type === "use") assert.equal(after, before);
  });
});

test("P2, R3: what one user does leaves every row of another as it is", () => {
  onEveryStep(({ command, before, after, facts }) => {
    const user = facts.user?.publicId ?? facts.standing?.connection.user ?? null;
    for (const [id, connection] of before.connections) {
      if (connection.user === user) continue;
      assert.equal(after.connections.get(id), connection, command.type);
      const families = after.familiesOfConnection.get(id);
      assert.deepEqual(families, before.familiesOfConnection.get(id));
      for (const family of families ?? []) {
        assert.equal(after.families.get(family), before.families.get(family));
      }
    }
    for (const [id, row] of before.users) if (id !== user) assert.equal(after.users.get(id), row);
    for (const [key, row] of before.withdrawals) {
      if (row.user !== user) assert.equal(after.withdrawals.get(key), row);
    }
  });
});

test("R3, P5: the indexes say what the tables say", () => {
  onEveryStep(({ after }) => {
    const connections = [...after.connections.values()].map(({ user, id }) => `${user} ${id}`);
    const families = [...after.families.values()].map(({ connection, id }) =>
      `${connection} ${id}`
    );
    const flat = (index: Map<string, readonly string[]>) =>
      [...index].flatMap(([key, ids]) => ids.map((id) => `${key} ${id}`));
    assert.deepEqual(flat(after.connectionsOfUser).sort(), connections.sort());
    assert.deepEqual(flat(after.familiesOfConnection).sort(), families.sort());
    assert.ok([...after.familiesOfConnection.values()].every((ids) => ids.length > 0));
    for (const { connection } of after.families.values()) connectionOf(after, connection);
  });
});

test("G6: every stored and every issued scope is in its one form", () => {
  onEveryStep((step) => {
    const scopes = [
      tokensOf(step)?.scope ?? [],
      ...[...step.after.families.values()].map(({ scope }) => scope),
      ...[...step.after.connections.values()].map((connection) =>
        connection.status === "active" ? connection.scope : []
      ),
    ];
    for (const scope of scopes) assert.deepEqual(readScope(writeScope(scope)), scope);
  });
});
