/**
 * A connection: absent → active → revoked. Each transition is one function; the commands that
 * trigger them follow.
 * @module
 */
import {
  type Change,
  type ConnectionChanged,
  type ConnectionRevoked,
  type Context,
  type Decision,
  type Facts,
  grant,
  type Keys,
  refuse,
  type Withdrawn,
} from "./decision.ts";
import type {
  ActiveConnection,
  ClientId,
  ConnectionId,
  PublicId,
  RevokedConnection,
  Seconds,
} from "./model.ts";
import { intersect, type Scope } from "./scope.ts";

/** Who is connected, and through which source. */
export interface Parties {
  readonly user: PublicId;
  readonly client: ClientId;
  readonly source: ConnectionId | null;
}

/** Absent → active. */
export function establish(
  { user, client, source }: Parties,
  scope: Scope,
  consentedAt: Seconds,
  { fresh }: Context,
): ActiveConnection {
  return { status: "active", id: fresh.connection, user, client, source, scope, consentedAt };
}

/** Active → active: a newer consent replaces the scope (C10). */
export function reconsent(
  connection: ActiveConnection,
  scope: Scope,
  consentedAt: Seconds,
): ConnectionChanged {
  return {
    type: "connection-changed",
    cause: "consented",
    connection: { ...connection, scope, consentedAt },
  };
}

/**
 * Active → active with less scope. Consent dated within the clock skew afterwards does not widen it
 * again, because the clocks of the issuer and of this node may differ by that much (C14).
 */
export function narrow(
  connection: ActiveConnection,
  scope: Scope,
  { now, settings }: Context,
): ConnectionChanged {
  return {
    type: "connection-changed",
    cause: "narrowed",
    connection: {
      ...connection,
      scope: intersect(connection.scope, scope),
      consentedAt: Math.max(connection.consentedAt, now + settings.consentSkewSeconds + 1),
    },
  };
}

/**
 * Active → revoked, forever (R3). Also records the withdrawal, so that older consent cannot undo it
 * (C14).
 */
export function revoke(
  { id, user, client, source }: ActiveConnection,
  { now }: Context,
): readonly [ConnectionRevoked, Withdrawn] {
  const connection: RevokedConnection = {
    status: "revoked",
    id,
    user,
    client,
    source,
    revokedAt: now,
  };
  const withdrawal = { user, client, directAt: source === null ? now : null, at: now };
  return [{ type: "connection-revoked", connection }, { type: "withdrawn", withdrawal }];
}

/** The user signs in to a client and consents to a scope; a later consent replaces an earlier one. */
export interface Connect {
  readonly type: "connect";
  readonly user: PublicId;
  readonly client: ClientId;
  readonly scope: Scope;
}

/** The user takes scope back from a connection; reversible by a new consent (R1). */
export interface Narrow {
  readonly type: "narrow";
  readonly connection: ConnectionId;
  /** The scope that may remain. */
  readonly scope: Scope;
}

/** The user revokes one connection, forever (R3). */
export interface RevokeConnection {
  readonly type: "revoke-connection";
  readonly connection: ConnectionId;
}

/** The user disconnects from a client: every connection is revoked in one step (P3). */
export interface Disconnect {
  readonly type: "disconnect";
  readonly user: PublicId;
  readonly client: ClientId;
}

/** A command about connections. */
export type ConnectionCommand = Connect | Narrow | RevokeConnection | Disconnect;

/** The facts that the commands about connections need. */
export function connectionKeys(command: ConnectionCommand): Keys {
  return "connection" in command
    ? { connection: command.connection }
    : { client: command.client, user: command.user };
}

/** Decides {@link Connect}. */
export function decideConnect(
  { user, client, scope }: Connect,
  facts: Facts,
  context: Context,
): Decision<ActiveConnection> {
  if (facts.client === null) return refuse("UNKNOWN_CLIENT", "client_unknown");
  if (facts.client.status === "disabled") return refuse("UNKNOWN_CLIENT", "client_disabled");
  if (facts.user === null) return refuse("UNKNOWN_USER", "user_unknown");
  if (facts.user.status === "suspended") return refuse("UNKNOWN_USER", "user_suspended");
  if (scope.length === 0) return refuse("INVALID_ARGUMENT", "scope_empty");
  const direct = facts.candidates.find(({ connection }) => connection.source === null);
  if (direct === undefined) {
    const connection = establish({ user, client, source: null }, scope, context.now, context);
    return grant(connection, [{ type: "connection-established", connection }]);
  }
  const changed = reconsent(direct.connection, scope, context.now);
  return grant(changed.connection, [changed]);
}

/** Decides {@link Narrow}. */
export function decideNarrow(
  { scope }: Narrow,
  { standing }: Facts,
  context: Context,
): Decision<ActiveConnection> {
  if (standing === null) return refuse("UNKNOWN_CONNECTION", "connection_unknown");
  if (standing.connection.status === "revoked") {
    return refuse("UNKNOWN_CONNECTION", "connection_revoked");
  }
  const changed = narrow(standing.connection, scope, context);
  return grant(changed.connection, [changed]);
}

/** Decides {@link RevokeConnection}. Idempotent. */
export function decideRevokeConnection(
  _command: RevokeConnection,
  { standing }: Facts,
  context: Context,
): Decision<null> {
  if (standing === null) return refuse("UNKNOWN_CONNECTION", "connection_unknown");
  if (standing.connection.status === "revoked") return grant(null, []);
  return grant(null, revoke(standing.connection, context));
}

/**
 * Decides {@link Disconnect}. Succeeds even if there is no connection, and records the withdrawal,
 * so that a consent token still in flight cannot reconnect the user (C14, SC-11).
 */
export function decideDisconnect(
  { user, client }: Disconnect,
  facts: Facts,
  context: Context,
): Decision<null> {
  if (facts.client === null) return refuse("UNKNOWN_CLIENT", "client_unknown");
  if (facts.user === null) return refuse("UNKNOWN_USER", "user_unknown");
  const revoked: Change[] = facts.candidates.map(({ connection }) =>
    revoke(connection, context)[0]
  );
  const withdrawal = { user, client, directAt: context.now, at: context.now };
  return grant(null, [...revoked, { type: "withdrawn", withdrawal }]);
}
