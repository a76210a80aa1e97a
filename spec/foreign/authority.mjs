// Who may do what: clients, users, connections, token families. In memory, and judged at every use.
import { createHmac, randomBytes, randomUUID } from "node:crypto";
import { isIdentifier, readConsent } from "./consent.mjs";

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

/** All there is to remember. The harness sets the stage in here. */
export const world = {
  clients: new Map(), // id → { role, secrets: [{ secret, until }], scope: [token], enabled }
  users: new Map(), // public id → "active" | "suspended" | "deleted"
  connections: [], // { user, client, scope: [token], source?: connection, iat?, families: [] }
  families: new Map(), // id → { id, connection, scope: [token], began, spent: [when each generation was] }
  withdrawals: new Map(), // "user client" → when
  issuers: new Map(), // iss → { keys: [jwk], merchants: [client id] }
  redeemed: new Map(), // "iss jti" → { token, family, at }
  now: () => Math.floor(Date.now() / 1000),
};

export const toScope = (text) =>
  [...new Set(text.split(" "))].filter((token) => token !== "").sort();
const common = (one, other) => one.filter((token) => other.includes(token));

// Connections

export const connectionsOf = ({ user, client }) =>
  world.connections.filter((one) => one.user === user && one.client === client);

/** The direct connection, or the one delegated through a merchant. */
export const connectionOf = ({ user, client, via }) =>
  connectionsOf({ user, client }).find(({ source }) => source?.client === via);

/** What a connection is worth now. */
function effectiveScope({ user, client, scope, source }) {
  const { enabled, scope: registered } = world.clients.get(client);
  if (!enabled || world.users.get(user) !== "active") return [];
  const own = common(scope, registered);
  return source === undefined ? own : common(own, effectiveScope(source));
}

export function connect(user, client, scope, basis = {}) {
  const connection = { user, client, scope, families: [], ...basis };
  world.connections.push(connection);
  return connection;
}

/** Ends a connection, all that rests on it, and their tokens. */
export function revoke(connection) {
  const ends = (one) => one === connection || one.source === connection;
  world.connections.filter(ends).flatMap(({ families }) => families).forEach(endFamily);
  world.connections = world.connections.filter((one) => !ends(one));
  withdraw(connection);
}

export function disconnect(pair) {
  connectionsOf(pair).forEach(revoke);
  withdraw(pair);
}

/** Consent from before this moment is void. */
const withdraw = ({ user, client }) => world.withdrawals.set(`${user} ${client}`, world.now());

export function narrow(connection, scope) {
  connection.scope = common(connection.scope, scope);
  connection.iat = Math.max(connection.iat, world.now()); // as if the user had consented anew
}

// The mutation

export function byPublicId(publicId, client) {
  if (!isIdentifier(publicId) || world.users.get(publicId) !== "active") return { code: "NO_USER" };
  // The direct connection serves first, then the one that was consented to last.
  const [connection] = connectionsOf({ user: publicId, client })
    .filter((candidate) => effectiveScope(candidate).length > 0)
    .sort((one, other) => (other.iat ?? Infinity) - (one.iat ?? Infinity) || 0);
  return connection === undefined
    ? { code: "NO_CONSENT" }
    : { family: beginFamily(connection, effectiveScope(connection)) };
}

export function byConsentToken(token, client) {
  const consent = readGood(token, client);
  if (consent === undefined) return { code: "INVALID_TOKEN" };
  const redemption = `${consent.iss} ${consent.jti}`;
  const earlier = world.redeemed.get(redemption);
  if (earlier !== undefined) {
    return isRetry(earlier, token, consent)
      ? { family: earlier.family }
      : { code: "INVALID_TOKEN" };
  }
  if (world.users.get(consent.sub) !== "active") return { code: "NO_USER" };
  const { connection, scope } = delegate(consent) ?? {};
  if (connection === undefined) return { code: "NO_CONSENT" };
  const family = beginFamily(connection, scope);
  world.redeemed.set(redemption, { token, family, at: world.now() });
  return { family };
}

function readGood(token, clientId) {
  try {
    return readConsent(token, {
      clientId,
      issuers: world.issuers,
      audience: AUDIENCE,
      now: world.now(),
      skew: POLICY.consentSkewSeconds,
      longest: POLICY.consentMaxLifetimeSeconds,
    });
  } catch {
    return undefined;
  }
}

/** The answer may have been lost: the same bytes again, soon, and the family was not used yet. */
const isRetry = ({ token, family, at }, presented, consent) =>
  token === presented && world.now() < at + POLICY.consentRetrySeconds &&
  family.spent.length === 0 && liveScope(family).length > 0 && !isWithdrawn(consent);

/** Did the user withdraw from the merchant or the partner after this? */
const isWithdrawn = ({ sub, azp, client_id, iat }) =>
  [azp, client_id].some((from) => world.withdrawals.get(`${sub} ${from}`) >= iat);

/** The connection that this consent establishes, and what it is worth; none where nothing is left of it. */
function delegate(consent) {
  const { sub: user, azp: merchant, client_id: client, iat, scope: text = "" } = consent;
  const source = connectionOf({ user, client: merchant });
  if (source === undefined || isWithdrawn(consent)) return undefined;
  const delegated = effectiveScope({ user, client, source, scope: toScope(text) });
  const known = connectionsOf({ user, client }).find((candidate) => candidate.source === source);
  const late = known !== undefined && iat < known.iat;
  const scope = late ? common(delegated, effectiveScope(known)) : delegated;
  if (scope.length === 0) return undefined;
  if (known === undefined) {
    return { connection: connect(user, client, scope, { source, iat }), scope };
  }
  if (!late) Object.assign(known, { scope, iat });
  return { connection: known, scope };
}

// Token families: one issuance and everything refreshed from it. No token is kept: each is a sealed
// text that names its family.

const KEY = randomBytes(32);

function seal(contents) {
  const text = Buffer.from(JSON.stringify(contents)).toString("base64url");
  return `${text}.${createHmac("sha256", KEY).update(text).digest("base64url")}`;
}

function unseal(token) {
  try {
    const contents = JSON.parse(Buffer.from(token.split(".")[0], "base64url").toString());
    return seal(contents) === token ? contents : undefined;
  } catch {
    return undefined;
  }
}

function beginFamily(connection, scope) {
  const family = { id: randomUUID(), connection, scope, began: world.now(), spent: [] };
  const { families } = connection;
  families.filter((one) => world.now() >= endOf(one)).forEach(endFamily);
  const lastUsed = ({ began, spent }) => spent.at(-1) ?? began;
  if (families.length >= POLICY.maxFamilies) {
    endFamily(families.reduce((oldest, one) => lastUsed(one) < lastUsed(oldest) ? one : oldest));
  }
  families.push(family);
  world.families.set(family.id, family);
  return family;
}

function endFamily(family) {
  world.families.delete(family.id);
  const { connection } = family;
  connection.families = connection.families.filter((one) => one !== family);
}

const endOf = ({ began, spent }) =>
  Math.min(
    (spent.at(-1) ?? began) + POLICY.refreshIdleSeconds,
    began + POLICY.refreshAbsoluteSeconds,
  );

/** What the tokens of a family are worth now; empty when it is dead. */
function liveScope(family) {
  const alive = world.families.has(family.id) && world.now() < endOf(family);
  return alive ? common(family.scope, effectiveScope(family.connection)) : [];
}

/** A new access token and the current refresh token. */
export function issue(family, wanted = family.scope) {
  const scope = common(liveScope(family), wanted);
  const iat = world.now();
  const exp = Math.min(iat + POLICY.accessTokenSeconds, endOf(family));
  return {
    user: family.connection.user,
    scope: scope.join(" "),
    expiresIn: exp - iat,
    accessToken: seal({ kind: "access", family: family.id, scope, iat, exp, nonce: randomUUID() }),
    refreshToken: seal({ kind: "refresh", family: family.id, generation: family.spent.length }),
  };
}

/** What a token of this server is worth now; nothing if it is no live one. */
export function inspect(token) {
  const { kind, family: id, generation, scope, iat, exp } = unseal(token) ?? {};
  const family = world.families.get(id);
  if (family === undefined) return undefined;
  const { connection: { user, client }, began, spent } = family;
  const current = kind === "access" ? world.now() < exp : generation === spent.length;
  const worth = common(liveScope(family), scope ?? family.scope);
  if (!current || worth.length === 0) return undefined;
  return {
    kind,
    user,
    client,
    scope: worth.join(" "),
    iat: iat ?? began,
    exp: exp ?? endOf(family),
  };
}

/** Ends the family of any genuine token of this client. */
export function revokeToken(token, client) {
  const family = world.families.get(unseal(token)?.family);
  if (family?.connection.client === client) endFamily(family);
}

export function refresh(token, client, wanted) {
  const { kind, family: id, generation } = unseal(token) ?? {};
  const family = world.families.get(id);
  if (kind !== "refresh" || family?.connection.client !== client) return { error: "invalid_grant" };
  const live = liveScope(family);
  if (live.length === 0) return { error: "invalid_grant" };
  const age = family.spent.length - generation;
  const duplicate = age === 2 &&
    world.now() < family.spent[generation] + POLICY.refreshDuplicateSeconds;
  if (age > 1 && !duplicate) {
    endFamily(family); // it was stolen, or lost beyond recovery
    return { error: "invalid_grant" };
  }
  const tooMuch = wanted?.some((one) => !family.scope.includes(one));
  if (tooMuch || (wanted && common(live, wanted).length === 0)) return { error: "invalid_scope" };
  if (age === 0) family.spent.push(world.now());
  return issue(family, wanted);
}
