/**
 * Faults of authority, connections and parties, and of what is stored.
 * @module
 */
import { type Fault, fault } from "./fault.ts";

/** Faults of authority, connections and parties, and of what is stored. */
export const AUTHORITY: readonly Fault[] = [
  fault("authority.ts", "source-forgotten", "a delegated connection does not ask its source", [
    "return intersect(\n    directScope(connection, client, user),\n    directScope(source, merchant, user),\n  );",
    "return directScope(connection, client, user);",
  ]),
  fault("authority.ts", "suspension-forgotten", "a suspended user's tokens go on working", [
    'user?.status !== "active" || client?.status',
    "user === null || client?.status",
  ]),
  fault(
    "authority.ts",
    "registration-forgotten",
    "a client's registered scope is not asked at use",
    [
      "return intersect(connection.scope, client.scope);",
      "return connection.scope;",
    ],
  ),
  fault(
    "evolve.ts",
    "another-clients-connection",
    "any client's connection counts for a public id",
    [
      "connections.filter((found) => found.client === client)",
      "connections.filter((found) => found.client !== null)",
    ],
  ),
  fault("evolve.ts", "delegated-source", "a delegated connection can be a source", [
    "found.client === merchant && found.source === null",
    "found.client === merchant",
  ]),
  fault("evolve.ts", "deletion-leaves-families", "a deleted user's families are left behind", [
    "for (const family of state.familiesOfConnection.get(id) ?? []) state.families.delete(family);",
    "",
  ]),
  fault(
    "evolve.ts",
    "withdrawal-overwritten",
    "a later withdrawal from a delegation forgets that from the merchant",
    [
      "directAt: directAt < 0 ? null : directAt,",
      "",
    ],
  ),
  fault("evolve.ts", "jti-of-any-issuer", "two issuers' tokens with one jti are taken for one", [
    "state.consentUses.set(pair(change.use.issuer, change.use.jti), change.use);",
    'for (const issuer of ["shop", "other"]) state.consentUses.set(pair(issuer, change.use.jti), change.use);',
  ]),
  fault("evolve.ts", "evolve-in-place", "the state before is changed together with the one after", [
    "[name, new Map(table)]",
    "[name, table]",
  ]),
  fault(
    "connection.ts",
    "withdrawal-not-remembered",
    "revoking leaves no trace for older consents",
    [
      "return grant(null, revoke(standing.connection, context));",
      "return grant(null, [revoke(standing.connection, context)[0]]);",
    ],
  ),
  fault(
    "connection.ts",
    "disconnect-ends-one",
    "withdrawing from a client ends one connection only",
    [
      "facts.candidates.map(",
      "facts.candidates.slice(0, 1).map(",
    ],
  ),
  fault("connection.ts", "narrowing-widens", "narrowing sets the scope that was sent", [
    "scope: intersect(connection.scope, scope),",
    "scope,",
  ]),
  fault("connection.ts", "narrowing-leaves-the-consent-time", "older consent undoes a narrowing", [
    "consentedAt: Math.max(connection.consentedAt, now),",
    "consentedAt: connection.consentedAt,",
  ]),
  fault(
    "connection.ts",
    "revoked-connection-revived",
    "a new consent takes up the id of the revoked connection",
    [
      'return { status: "active", id: fresh.connection, user, client, source, scope, consentedAt };',
      'return { status: "active", id: `c-${user}-${client}-${source}`, user, client, source, scope, consentedAt };',
    ],
  ),
  fault("registry.ts", "deleted-id-reused", "the id of a deleted user can be registered again", [
    'if (userRetired) return refuse("ALREADY_EXISTS", "user_id_retired");',
    "",
  ]),
  fault("registry.ts", "old-secret-kept", "a rotated secret works without end", [
    "expiresAt: Math.min(expiresAt ?? end, end)",
    "expiresAt: end * 1000 + 1e9",
  ]),
  fault("registry.ts", "disabling-is-final", "a disabled client loses its scope for good", [
    ": write(client, { status: command.status });",
    ': write(client, { status: command.status, scope: command.status === "disabled" ? [] : client.scope });',
  ]),
  fault("sweep.ts", "families-swept-early", "a family is swept a second before its end", [
    "generationStartedAt: now - settings.refreshIdleSeconds,",
    "generationStartedAt: now - settings.refreshIdleSeconds + 1,",
  ]),
  fault(
    "sweep.ts",
    "withdrawals-swept-early",
    "a withdrawal is forgotten while a consent it refuses lives",
    [
      "withdrawnAt: now - withdrawalSeconds,",
      "withdrawnAt: now,",
    ],
  ),
  fault(
    "evolve.ts",
    "deletion-takes-all-withdrawals",
    "deleting a user forgets everybody's withdrawals",
    [
      "if (withdrawal.user === user) state.withdrawals.delete(key);",
      'if (withdrawal.user !== "") state.withdrawals.delete(key);',
    ],
  ),
  fault("evolve.ts", "deletion-forgets-consents", "deleting a user forgets the redeemed tokens", [
    "  state.users.delete(user);\n",
    "  state.users.delete(user);\n  state.consentUses.clear();\n",
  ]),
  fault("evolve.ts", "index-not-kept", "an ended family stays in the index", [
    "  state.families.delete(id);\n  removeFrom(state.familiesOfConnection, connection, id);",
    '  state.families.delete(id);\n  if (connection === "") removeFrom(state.familiesOfConnection, connection, id);',
  ]),
  fault(
    "evolve.ts",
    "anybodys-source",
    "any user's connection with the merchant can be the source",
    [
      "const source = connections.find((found) => found.client === merchant && found.source === null);",
      "const source = connectionsOf(state, [...state.users.keys()].find((id) => connectionsOf(state, id)\n    .some((found) => found.client === merchant))).find((found) => found.client === merchant);",
    ],
  ),
  fault(
    "connection.ts",
    "connect-makes-another",
    "signing in again makes a second direct connection",
    [
      "if (direct === undefined) {",
      "if (direct === undefined || scope.length > 0) {",
    ],
  ),
  fault("connection.ts", "connect-adds-nothing", "signing in again leaves the scope as it was", [
    "const changed = reconsent(direct.connection, scope, context.now);",
    "const changed = reconsent(direct.connection, direct.connection.scope, context.now);",
  ]),
  fault("sweep.ts", "families-swept-late", "a sweep leaves families that are over", [
    "familyStartedAt: now - settings.refreshAbsoluteSeconds,",
    "familyStartedAt: now - settings.refreshAbsoluteSeconds - 1,",
  ], [
    "generationStartedAt: now - settings.refreshIdleSeconds,",
    "generationStartedAt: now - settings.refreshIdleSeconds - 1,",
  ]),
];
