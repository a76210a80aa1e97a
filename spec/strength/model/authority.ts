/**
 * Faults of authority, connections and parties, and of what is stored.
 * @module
 */
import { type CoreFault, coreFault } from "./fault.ts";

/** Faults of authority, connections and parties, and of what is stored. */
export const AUTHORITY: readonly CoreFault[] = [
  coreFault("authority.ts", "source-forgotten", "A delegated connection ignores its source.", [
    "return intersect(\n    directScope(connection, client, user),\n    directScope(source, merchant, user),\n  );",
    "return directScope(connection, client, user);",
  ]),
  coreFault("authority.ts", "suspension-forgotten", "A suspended user's tokens keep working.", [
    'user?.status !== "active" || client?.status',
    "user === null || client?.status",
  ]),
  coreFault(
    "authority.ts",
    "registration-forgotten",
    "The client's registered scope is not checked at use.",
    [
      "return intersect(connection.scope, client.scope);",
      "return connection.scope;",
    ],
  ),
  coreFault(
    "evolve.ts",
    "another-clients-connection",
    "Any client's connection counts for a public ID.",
    [
      "connections.filter((found) => found.client === client)",
      "connections.filter((found) => found.client !== null)",
    ],
  ),
  coreFault(
    "evolve.ts",
    "delegated-source",
    "A delegated connection can be the source of another.",
    [
      "found.client === merchant && found.source === null",
      "found.client === merchant",
    ],
  ),
  coreFault(
    "evolve.ts",
    "deletion-leaves-families",
    "The families of a deleted user stay behind.",
    [
      "for (const family of state.familiesOfConnection.get(id) ?? []) state.families.delete(family);",
      "",
    ],
  ),
  coreFault(
    "evolve.ts",
    "withdrawal-overwritten",
    "A later withdrawal from a delegation erases an earlier one from the merchant.",
    [
      "directAt: directAt < 0 ? null : directAt,",
      "",
    ],
  ),
  coreFault("evolve.ts", "jti-of-any-issuer", "The same jti of two issuers counts as one.", [
    "state.consentUses.set(pair(change.use.issuer, change.use.jti), change.use);",
    'for (const issuer of ["shop", "other"]) state.consentUses.set(pair(issuer, change.use.jti), change.use);',
  ]),
  coreFault(
    "evolve.ts",
    "evolve-in-place",
    "The previous state is changed together with the next one.",
    [
      "[name, new Map(table)]",
      "[name, table]",
    ],
  ),
  coreFault(
    "connection.ts",
    "withdrawal-not-remembered",
    "A revocation is not recorded, so older consents stay valid.",
    [
      "return grant(null, revoke(standing.connection, context));",
      "return grant(null, [revoke(standing.connection, context)[0]]);",
    ],
  ),
  coreFault(
    "connection.ts",
    "disconnect-ends-one",
    "Withdrawing from a client ends only one of its connections.",
    [
      "facts.candidates.map(",
      "facts.candidates.slice(0, 1).map(",
    ],
  ),
  coreFault("connection.ts", "narrowing-widens", "Narrowing sets whatever scope is sent.", [
    "scope: intersect(connection.scope, scope),",
    "scope,",
  ]),
  coreFault(
    "connection.ts",
    "narrowing-leaves-the-consent-time",
    "An older consent undoes a narrowing.",
    [
      "consentedAt: Math.max(connection.consentedAt, now + settings.consentSkewSeconds + 1),",
      "consentedAt: connection.consentedAt,",
    ],
  ),
  coreFault(
    "connection.ts",
    "revoked-connection-revived",
    "A new consent reuses the id of the revoked connection.",
    [
      'return { status: "active", id: fresh.connection, user, client, source, scope, consentedAt };',
      'return { status: "active", id: `c-${user}-${client}-${source}`, user, client, source, scope, consentedAt };',
    ],
  ),
  coreFault(
    "registry.ts",
    "deleted-id-reused",
    "The public ID of a deleted user can be registered again.",
    [
      'if (userRetired) return refuse("ALREADY_EXISTS", "user_id_retired");',
      "",
    ],
  ),
  coreFault("registry.ts", "old-secret-kept", "A rotated secret never expires.", [
    "expiresAt: Math.min(expiresAt ?? end, end)",
    "expiresAt: end * 1000 + 1e9",
  ]),
  coreFault("registry.ts", "disabling-is-final", "A disabled client permanently loses its scope.", [
    ": write(client, { status: command.status });",
    ': write(client, { status: command.status, scope: command.status === "disabled" ? [] : client.scope });',
  ]),
  coreFault("sweep.ts", "families-swept-early", "A family is swept one second before it ends.", [
    "generationStartedAt: now - settings.refreshIdleSeconds,",
    "generationStartedAt: now - settings.refreshIdleSeconds + 1,",
  ]),
  coreFault(
    "sweep.ts",
    "withdrawals-swept-early",
    "A withdrawal is swept while a consent that it voids is still alive.",
    [
      "withdrawnAt: now - withdrawalSeconds,",
      "withdrawnAt: now,",
    ],
  ),
  coreFault(
    "evolve.ts",
    "deletion-takes-all-withdrawals",
    "Deleting a user erases everyone's withdrawals.",
    [
      "if (withdrawal.user === user) state.withdrawals.delete(key);",
      'if (withdrawal.user !== "") state.withdrawals.delete(key);',
    ],
  ),
  coreFault(
    "evolve.ts",
    "deletion-forgets-consents",
    "Deleting a user erases the record of redeemed consent tokens.",
    [
      "  state.users.delete(user);\n",
      "  state.users.delete(user);\n  state.consentUses.clear();\n",
    ],
  ),
  coreFault("evolve.ts", "index-not-kept", "An ended family stays in the index.", [
    "  state.families.delete(id);\n  removeFrom(state.familiesOfConnection, connection, id);",
    '  state.families.delete(id);\n  if (connection === "") removeFrom(state.familiesOfConnection, connection, id);',
  ]),
  coreFault(
    "evolve.ts",
    "anybodys-source",
    "Any user's connection with the merchant can be the source.",
    [
      "const source = connections.find((found) => found.client === merchant && found.source === null);",
      "const source = connectionsOf(state, [...state.users.keys()].find((id) => connectionsOf(state, id)\n    .some((found) => found.client === merchant))).find((found) => found.client === merchant);",
    ],
  ),
  coreFault(
    "connection.ts",
    "connect-makes-another",
    "Signing in again creates a second direct connection.",
    [
      "if (direct === undefined) {",
      "if (direct === undefined || scope.length > 0) {",
    ],
  ),
  coreFault(
    "connection.ts",
    "connect-adds-nothing",
    "Signing in again does not change the scope.",
    [
      "const changed = reconsent(direct.connection, scope, context.now);",
      "const changed = reconsent(direct.connection, direct.connection.scope, context.now);",
    ],
  ),
  coreFault("sweep.ts", "families-swept-late", "A sweep leaves families that have ended.", [
    "familyStartedAt: now - settings.refreshAbsoluteSeconds,",
    "familyStartedAt: now - settings.refreshAbsoluteSeconds - 1,",
  ], [
    "generationStartedAt: now - settings.refreshIdleSeconds,",
    "generationStartedAt: now - settings.refreshIdleSeconds - 1,",
  ]),
];
