/**
 * The state and how changes apply to it. This is the reference model for every store, and the
 * implementation of the memory store.
 * @module
 */
import {
  type Candidate,
  type Change,
  type Facts,
  type Families,
  type Keys,
  NO_FAMILIES,
  type Standing,
} from "./decision.ts";
import { countSurplus, selectEvictable } from "./family.ts";
import type {
  ActiveConnection,
  Client,
  ClientId,
  Connection,
  ConnectionId,
  ConsentUse,
  FamilyId,
  PublicId,
  TokenFamily,
  User,
  Withdrawal,
} from "./model.ts";

/** The complete state. The last two tables are indexes over the others. */
export interface State {
  readonly clients: Map<ClientId, Client>;
  readonly users: Map<PublicId, User>;
  /** Digests of the public ids of deleted users (R1). */
  readonly retired: Map<string, true>;
  readonly connections: Map<ConnectionId, Connection>;
  readonly families: Map<FamilyId, TokenFamily>;
  /** Keyed by issuer and jti, joined by a space. */
  readonly consentUses: Map<string, ConsentUse>;
  /** Keyed by user and client, joined by a space. */
  readonly withdrawals: Map<string, Withdrawal>;
  readonly connectionsOfUser: Map<PublicId, readonly ConnectionId[]>;
  readonly familiesOfConnection: Map<ConnectionId, readonly FamilyId[]>;
}

/** Joins two identifiers into one key; identifiers contain no spaces (G10). */
export function pair(a: string, b: string): string {
  return `${a} ${b}`;
}

/** Stands in for an absent key. It matches no row, because identifiers are never empty (G10). */
const NO_KEY = "";

/** The empty state. */
export function initialState(): State {
  return {
    clients: new Map(),
    users: new Map(),
    retired: new Map(),
    connections: new Map(),
    families: new Map(),
    consentUses: new Map(),
    withdrawals: new Map(),
    connectionsOfUser: new Map(),
    familiesOfConnection: new Map(),
  };
}

/**
 * Returns the state after these changes; does not modify its argument.
 *
 * @example
 * ```ts
 * import { decide, evolve, factsOf, initialState } from "fetch-tokens-for-user/core";
 * import { keysOf, readSettings } from "fetch-tokens-for-user/core";
 *
 * const command = { type: "register-user", user: "user-1", digest: "00".repeat(32) } as const;
 * const fresh = { connection: "connection-1", family: "family-1", salt: "00".repeat(16), keyId: "k" };
 * const context = { now: 0, fresh, settings: readSettings({ audience: "https://shop.example" }) };
 *
 * const before = initialState();
 * const facts = factsOf(before, keysOf(command, context.settings));
 * const decision = decide(command, facts, context);
 * const after = evolve(before, decision.changes);
 * console.assert(after.users.has("user-1") && !before.users.has("user-1"));
 * ```
 */
export function evolve(state: State, changes: readonly Change[]): State {
  if (changes.length === 0) return state;
  const next = Object.fromEntries(
    Object.entries(state).map(([name, table]) => [name, new Map(table)]),
  ) as unknown as State;
  for (const change of changes) applyChange(next, change);
  return next;
}

/** Applies one change in place; {@link evolve} is the pure version. */
export function applyChange(state: State, change: Change): void {
  switch (change.type) {
    case "client-written":
      state.clients.set(change.client.id, change.client);
      return;
    case "user-written":
      state.users.set(change.user.publicId, change.user);
      return;
    case "user-deleted":
      deleteUser(state, change.publicId);
      state.retired.set(change.digest, true);
      return;
    case "connection-established":
      addTo(state.connectionsOfUser, change.connection.user, change.connection.id);
      state.connections.set(change.connection.id, change.connection);
      return;
    case "connection-changed":
    case "connection-revoked":
      state.connections.set(change.connection.id, change.connection);
      return;
    case "withdrawn":
      withdraw(state, change.withdrawal);
      return;
    case "consent-redeemed":
      state.consentUses.set(pair(change.use.issuer, change.use.jti), change.use);
      return;
    case "family-started":
      addTo(state.familiesOfConnection, change.family.connection, change.family.id);
      state.families.set(change.family.id, change.family);
      return;
    case "family-rotated":
      state.families.set(change.family.id, change.family);
      return;
    case "family-ended":
      removeFamily(state, change.family, change.connection);
      return;
  }
}

/** Loads the facts for a decision. */
export function factsOf(state: State, keys: Keys): Facts {
  const { client, user, merchant } = keys;
  const use = keys.consent
    ? state.consentUses.get(pair(keys.consent.issuer, keys.consent.jti)) ?? null
    : null;
  const family = state.families.get(keys.family ?? use?.family ?? NO_KEY) ?? null;
  const connection = state.connections.get(keys.connection ?? family?.connection ?? NO_KEY);
  const connections = connectionsOf(state, user);
  const source = connections.find((found) => found.client === merchant && found.source === null);
  return {
    client: state.clients.get(client ?? NO_KEY) ?? null,
    user: state.users.get(user ?? NO_KEY) ?? null,
    userRetired: state.retired.has(keys.userDigest ?? NO_KEY),
    candidates: connections.filter((found) => found.client === client)
      .map((found) => candidateOf(state, found, keys.maxFamilies)),
    merchant: state.clients.get(merchant ?? NO_KEY) ?? null,
    source: source ?? null,
    clientWithdrawal: state.withdrawals.get(pair(user ?? NO_KEY, client ?? NO_KEY)) ?? null,
    merchantWithdrawal: state.withdrawals.get(pair(user ?? NO_KEY, merchant ?? NO_KEY)) ?? null,
    consentUse: use,
    family,
    standing: connection === undefined ? null : standingOf(state, connection),
  };
}

/** Loads what a connection's effective scope is computed from. */
export function standingOf(state: State, connection: Connection): Standing {
  const source = state.connections.get(connection.source ?? NO_KEY) ?? null;
  return {
    connection,
    client: state.clients.get(connection.client) ?? null,
    user: state.users.get(connection.user) ?? null,
    source,
    merchant: state.clients.get(source?.client ?? NO_KEY) ?? null,
  };
}

function candidateOf(
  state: State,
  connection: ActiveConnection,
  maxFamilies: number | undefined,
): Candidate {
  const families = maxFamilies === undefined
    ? NO_FAMILIES
    : familiesOf(state, connection.id, maxFamilies);
  return { ...standingOf(state, connection), connection, families };
}

function familiesOf(state: State, connection: ConnectionId, maxFamilies: number): Families {
  const ids = state.familiesOfConnection.get(connection) ?? [];
  const count = ids.length;
  const surplus = countSurplus(count, maxFamilies);
  if (surplus === 0) return { count, evictable: [] };
  const families = ids.flatMap((id) => state.families.get(id) ?? []);
  return { count, evictable: selectEvictable(families, surplus) };
}

function connectionsOf(state: State, user: PublicId | undefined): readonly ActiveConnection[] {
  return (state.connectionsOfUser.get(user ?? NO_KEY) ?? []).flatMap((id) => {
    const connection = state.connections.get(id);
    return connection?.status === "active" ? connection : [];
  });
}

function withdraw(state: State, withdrawal: Withdrawal): void {
  const key = pair(withdrawal.user, withdrawal.client);
  const before = state.withdrawals.get(key);
  const directAt = Math.max(before?.directAt ?? -1, withdrawal.directAt ?? -1);
  state.withdrawals.set(key, {
    ...withdrawal,
    directAt: directAt < 0 ? null : directAt,
    at: Math.max(before?.at ?? 0, withdrawal.at),
  });
}

function deleteUser(state: State, user: PublicId): void {
  state.users.delete(user);
  for (const id of state.connectionsOfUser.get(user) ?? []) removeConnection(state, id);
  for (const [key, withdrawal] of state.withdrawals) {
    if (withdrawal.user === user) state.withdrawals.delete(key);
  }
}

/** Removes a connection and its families in place, when a user is deleted or rows are swept (R5). */
export function removeConnection(state: State, id: ConnectionId): void {
  const connection = state.connections.get(id);
  if (connection === undefined) return;
  for (const family of state.familiesOfConnection.get(id) ?? []) state.families.delete(family);
  state.familiesOfConnection.delete(id);
  removeFrom(state.connectionsOfUser, connection.user, id);
  state.connections.delete(id);
}

/** Removes a family in place, when it ends or rows are swept (R5). */
export function removeFamily(state: State, id: FamilyId, connection: ConnectionId): void {
  state.families.delete(id);
  removeFrom(state.familiesOfConnection, connection, id);
}

function addTo<Key>(index: Map<Key, readonly string[]>, key: Key, id: string): void {
  index.set(key, [...(index.get(key) ?? []), id]);
}

function removeFrom<Key>(index: Map<Key, readonly string[]>, key: Key, id: string): void {
  const rest = (index.get(key) ?? []).filter((other) => other !== id);
  if (rest.length === 0) index.delete(key);
  else index.set(key, rest);
}
