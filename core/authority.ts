/**
 * Who may act now, and with which scope. Computed at every use from client, user, connection and
 * source (R1), so that revoking writes one row and there is no cascade to forget.
 * @module
 */
import type { Standing } from "./decision.ts";
import type { Client, Connection, User } from "./model.ts";
import { intersect, NO_SCOPE, type Scope } from "./scope.ts";

/**
 * The effective scope of a connection (P4): connection ∩ client's registration ∩ (delegated) the
 * source's effective scope. Empty means: not alive.
 */
export function effectiveScope({ connection, client, user, source, merchant }: Standing): Scope {
  if (connection.source === null) return directScope(connection, client, user);
  if (source === null || source.source !== null) return NO_SCOPE; // R4: depth is 1
  return intersect(
    directScope(connection, client, user),
    directScope(source, merchant, user),
  );
}

/** The effective scope of a connection taken by itself, as if nothing stood behind it. */
export function directScope(
  connection: Connection,
  client: Client | null,
  user: User | null,
): Scope {
  if (connection.status === "revoked") return NO_SCOPE;
  if (user?.status !== "active" || client?.status !== "enabled") return NO_SCOPE;
  return intersect(connection.scope, client.scope);
}
