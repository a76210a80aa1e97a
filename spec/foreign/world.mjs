// All state, in memory. The effective scope of a connection is computed at every use, never stored.

export const AUDIENCE = "https://foreign.example";
export const POLICY = {
  accessTokenSeconds: 900,
  refreshIdleSeconds: 30 * 86400,
  refreshAbsoluteSeconds: 180 * 86400,
  refreshDuplicateSeconds: 5,
  maxFamilies: 10,
  consentSkewSeconds: 5,
  consentMaxLifetimeSeconds: 600,
  consentRetrySeconds: 30,
  secretOverlapSeconds: 3600,
};

/** The harness writes to this directly. */
export const world = {
  clients: new Map(), // id → { role, secrets: [{ secret, until }], scope: [token], enabled }
  users: new Map(), // public id → "active" | "suspended" | "deleted"
  connections: new Set(), // { user, client, scope: [token], source?: connection, iat }
  families: new Map(), // id → { id, connection, scope: [token], began, spent: [time of each rotation] }
  withdrawals: new Map(), // "user client" → time
  issuers: new Map(), // iss → { keys: [jwk], merchants: [client id] }
  redeemed: new Map(), // "iss jti" → { token, family, at }
  now: () => Math.floor(Date.now() / 1000),
};

/** A scope is a sorted list without duplicates. */
export const toScope = (text) => [...new Set(text.match(/[^ ]+/g))].sort();
export const common = (one, other) => one.filter((token) => other.includes(token));

export const isActive = (user) => world.users.get(user) === "active";

/** `iat` is when the user consented; a direct connection ranks as the latest. */
export function connect(user, client, scope, basis = { iat: Infinity }) {
  const connection = { user, client, scope, ...basis };
  world.connections.add(connection);
  return connection;
}

export const connectionsOf = ({ user, client }) =>
  [...world.connections].filter((one) => one.user === user && one.client === client);

/** The direct connection, or the one delegated through a merchant. */
export const connectionOf = ({ via, ...pair }) =>
  connectionsOf(pair).find(({ source }) => source?.client === via);

/** The scope that a connection grants now; empty if the user or client is not active. */
export function effectiveScope({ user, client, scope, source }) {
  const { enabled, scope: registered } = world.clients.get(client);
  if (!enabled || !isActive(user)) return [];
  const own = common(scope, registered);
  return source === undefined ? own : common(own, effectiveScope(source));
}

/** Narrows the scope. Consent dated up to the skew after it does not widen it again. */
export function narrow(connection, scope) {
  connection.scope = common(connection.scope, scope);
  connection.iat = Math.max(connection.iat, world.now() + POLICY.consentSkewSeconds + 1);
}

/** Revokes a connection and everything based on it: delegations and token families. */
export function revoke(connection) {
  for (const one of world.connections) {
    if (one === connection || one.source === connection) world.connections.delete(one);
  }
  for (const [id, family] of world.families) {
    if (!world.connections.has(family.connection)) world.families.delete(id);
  }
  withdraw(connection);
}

export function disconnect(pair) {
  connectionsOf(pair).forEach(revoke);
  withdraw(pair);
}

/** Voids consent dated up to the skew after the current second: clocks may differ by that much. */
const withdraw = ({ user, client }) => world.withdrawals.set(`${user} ${client}`, world.now());

export const hasWithdrawn = (user, client, since) =>
  world.withdrawals.get(`${user} ${client}`) + POLICY.consentSkewSeconds >= since;
