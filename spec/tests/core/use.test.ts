/** T7, T8, R1–R2: what a token is worth now, and revoking one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TokenGrant } from "../../../core/decision.ts";
import type { SettingsInput } from "../../../core/settings.ts";
import type { GenuineToken } from "../../../core/use.ts";
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
  refreshTokenOf,
  START,
} from "../support/machine.ts";

const DAY = 86_400;

function createIssued(input: Partial<SettingsInput> = {}) {
  const { machine, source } = createSeededMachine(input);
  return { machine, source, grant: granted(redeem(machine, consentOf(machine))) };
}

function use(machine: Machine, token: GenuineToken, caller: string | null = null) {
  return machine.run({ type: "use", caller, token });
}

test("T7, T8: a live access token says user, client, family, scope and its times", () => {
  const { machine, grant } = createIssued();
  machine.now += 5;
  const { user, client, family } = grant;
  assert.deepEqual(granted(use(machine, accessTokenOf(grant))), {
    kind: "access",
    user,
    client,
    family,
    scope: ["email", "orders"],
    issuedAt: START,
    expiresAt: START + 3600,
  });
  assert.deepEqual(granted(use(machine, refreshTokenOf(grant))), {
    kind: "refresh",
    user,
    client,
    family,
    scope: ["email", "orders"],
    issuedAt: START,
    expiresAt: START + 90 * DAY,
  });
});

test("T1: an access token lives 3600 s, to the second", () => {
  const { machine, grant } = createIssued();
  machine.now = START + 3599;
  granted(use(machine, accessTokenOf(grant)));
  machine.now = START + 3600;
  assertRefused(use(machine, accessTokenOf(grant)), "invalid_token", "token_expired");
});

test("T1: tokens end with their family, idle or absolute, to the second", () => {
  const idle = { refreshIdleSeconds: 600, accessTokenSeconds: 600 };
  for (const limits of [idle, { refreshAbsoluteSeconds: 600 }]) {
    const { machine, grant } = createIssued(limits);
    machine.now = START + 599;
    granted(use(machine, accessTokenOf(grant)));
    granted(use(machine, refreshTokenOf(grant)));
    machine.now = START + 600;
    assertRefused(use(machine, accessTokenOf(grant)), "invalid_token", "family_expired");
    assertRefused(use(machine, refreshTokenOf(grant)), "invalid_token", "family_expired");
  }
});

test("T7: only the current generation of a refresh token is active, in its own time line", () => {
  const { machine, grant } = createIssued();
  const one = granted(refresh(machine, grant));
  assertRefused(use(machine, refreshTokenOf(grant)), "invalid_token", "not_current");
  granted(use(machine, refreshTokenOf(one)));
  const ahead = { ...refreshTokenOf(one), generation: 2 };
  assertRefused(use(machine, ahead), "invalid_token", "not_current");
  const elsewhere = { ...refreshTokenOf(one), salt: "other" };
  assertRefused(use(machine, elsewhere), "invalid_token", "not_current");
  granted(use(machine, accessTokenOf(grant)));
});

test("T7: a partner sees its own tokens, a resource server all, nobody else any", () => {
  const { machine, grant } = createIssued();
  const credential = { client: "api", role: "resource-server", scope: [] } as const;
  machine.run({ type: "register-client", ...credential, secretDigest: "00" });
  for (const token of [accessTokenOf(grant), refreshTokenOf(grant)]) {
    granted(use(machine, token, "partner"));
    granted(use(machine, token, "api"));
    for (const other of ["rival", "shop"]) {
      const foreign = use(machine, token, other);
      assertRefused(foreign, "invalid_token", "foreign_client");
    }
  }
  machine.run({ type: "set-client-status", client: "api", status: "disabled" });
  const disabled = use(machine, accessTokenOf(grant), "api");
  assertRefused(disabled, "invalid_token", "foreign_client");
});

test("T7: introspection changes nothing, not even for a spent token", () => {
  const { machine, grant } = createIssued();
  [1, 2, 3].reduce((token) => granted(refresh(machine, token)), grant);
  const before = machine.state;
  use(machine, refreshTokenOf(grant));
  use(machine, accessTokenOf(grant));
  assert.equal(machine.state, before);
});

test("R1, SC-09: an access token is worth what is effective now, and at most its own scope", () => {
  const { machine, source, grant } = createIssued();
  const scopeNow = () => {
    const decision = use(machine, accessTokenOf(grant));
    return decision.outcome === "granted" ? decision.grant.scope : null;
  };
  machine.run({ type: "narrow", connection: source.id, scope: ["orders"] });
  assert.deepEqual(scopeNow(), ["orders"], "the source was narrowed");
  machine.run({ type: "set-client-scope", client: "partner", scope: ["email"] });
  assert.equal(scopeNow(), null, "nothing is left");
  connect(machine, "ann", "shop", "email orders profile");
  assert.deepEqual(scopeNow(), ["email"], "the source was widened");
  machine.run({ type: "set-client-scope", client: "shop", scope: ["orders"] });
  assert.equal(scopeNow(), null, "the merchant is registered for less");
  machine.run({ type: "set-client-scope", client: "shop", scope: ["email", "orders", "profile"] });
  machine.run({
    type: "set-client-scope",
    client: "partner",
    scope: ["email", "orders", "profile"],
  });
  assert.deepEqual(scopeNow(), ["email", "orders"]);
});

test("T6, T7: an access token that was asked for less is worth no more", () => {
  const { machine, grant } = createIssued();
  const narrow = granted(refresh(machine, grant, "orders"));
  assert.deepEqual(granted(use(machine, accessTokenOf(narrow))).scope, ["orders"]);
  assert.deepEqual(granted(use(machine, refreshTokenOf(narrow))).scope, ["email", "orders"]);
  assert.deepEqual(granted(use(machine, accessTokenOf(grant))).scope, ["email", "orders"]);
});

test("R1, CT-13, RF-13: suspended and disabled are dead now, and live again", () => {
  const { machine, grant } = createIssued();
  const tokens = [accessTokenOf(grant), refreshTokenOf(grant)];
  const dead = () => {
    for (const token of tokens) {
      assertRefused(use(machine, token), "invalid_token", "no_effective_scope");
    }
  };
  const alive = () => tokens.forEach((token) => granted(use(machine, token)));
  machine.run({ type: "set-user-status", user: "ann", status: "suspended" });
  dead();
  machine.run({ type: "set-user-status", user: "ann", status: "active" });
  alive();
  for (const client of ["partner", "shop"]) {
    machine.run({ type: "set-client-status", client, status: "disabled" });
    dead();
    machine.run({ type: "set-client-status", client, status: "enabled" });
    alive();
  }
});

test("R2, R3, SC-10: revoking connection or source ends every token of it forever", () => {
  for (const end of ["connection", "source"] as const) {
    const { machine, source, grant } = createIssued();
    const connection = end === "source" ? source.id : grant.connection;
    machine.run({ type: "revoke-connection", connection });
    machine.now += 31;
    connect(machine, "ann", "shop", "email orders");
    granted(redeem(machine, consentOf(machine, { jti: "jti-2" })));
    for (const token of [accessTokenOf(grant), refreshTokenOf(grant)]) {
      assertRefused(use(machine, token), "invalid_token", "no_effective_scope");
    }
  }
});

test("R4, SC-13: a delegated connection behind a delegated one gives nothing", () => {
  const { machine, source, grant } = createIssued();
  const connections = new Map(machine.state.connections);
  connections.set(source.id, { ...source, source: grant.connection });
  machine.state = { ...machine.state, connections };
  assertRefused(use(machine, accessTokenOf(grant)), "invalid_token", "no_effective_scope");
});

function revoke(machine: Machine, { client, family }: Pick<TokenGrant, "client" | "family">) {
  return machine.run({ type: "revoke-token", client, family });
}

test("T7, RF-19: revoking a token ends its family; other families and the connection stay", () => {
  const { machine, grant } = createIssued();
  const other = granted(fetchByPublicId(machine, "partner", "ann"));
  const { connection, family } = grant;
  const decision = revoke(machine, grant);
  const ended = { type: "family-ended", family, connection, cause: "revoked" };
  assert.deepEqual(decision, { outcome: "granted", grant: null, changes: [ended] });
  assertRefused(use(machine, accessTokenOf(grant)), "invalid_token", "family_unknown");
  assertRefused(refresh(machine, grant), "invalid_grant", "family_unknown");
  granted(use(machine, accessTokenOf(other)));
  granted(fetchByPublicId(machine, "partner", "ann"));
});

test("T7, RF-18: revoking twice, an unknown family or another client's succeeds and changes nothing", () => {
  const { machine, grant } = createIssued();
  const nothing = { outcome: "granted", grant: null, changes: [] };
  assert.deepEqual(revoke(machine, { ...grant, client: "rival" }), nothing);
  assert.deepEqual(revoke(machine, { ...grant, family: "__proto__" }), nothing);
  granted(use(machine, accessTokenOf(grant)));
  revoke(machine, grant);
  assert.deepEqual(revoke(machine, grant), nothing);
});

test("T7, R1: a family that is expired, or whose user is suspended, can be revoked forever", () => {
  const { machine, grant } = createIssued();
  machine.run({ type: "set-user-status", user: "ann", status: "suspended" });
  assert.equal(revoke(machine, grant).changes.length, 1);
  machine.run({ type: "set-user-status", user: "ann", status: "active" });
  assertRefused(refresh(machine, grant), "invalid_grant", "family_unknown");
  const second = createIssued();
  second.machine.now += 90 * DAY;
  assert.equal(revoke(second.machine, second.grant).changes.length, 1);
});
