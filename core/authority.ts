/**
 * Who may act now, and with which scope. Computed at every use from client, user, connection and
 * source (R1), so that revoking writes one row and no cascade can be forgotten.
 * @module
 */
import type { Standing } from "./decision.ts";
import type { Client, Connection, User } from "./model.ts";
import { intersect, NO_SCOPE, type Scope } from "./scope.ts";

/**
 * The effective scope of a connection (P4): connection ∩ client's registration ∩ (delegated) the
 * source's effective scope. An empty scope means that the connection is not alive.
 */
export function effectiveScope({ connection, client, user, source, merchant }: Standing): Scope {
  if (connection.source === null) return directScope(connection, client, user);
  if (source === null || source.source !== null) return NO_SCOPE; // R4: depth is 1
  return intersect(
    directScope(connection, client, user),
    directScope(source, merchant, user),
  );
}

/** The effective scope of a connection on its own, ignoring its source. */
export function directScope(
  connection: Connection,
  client: Client | null,
  user: User | null,
): Scope {
  if (connection.status === "revoked") return NO_SCOPE;
  if (user?.status !== "active" || client?.status !== "enabled") return NO_SCOPE;
  return intersect(connection.scope, client.scope);
}
