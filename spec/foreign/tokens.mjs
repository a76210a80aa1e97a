// Token families: one issuance and everything refreshed from it. No token is stored: each one is an
// authenticated string that names its family.
import { createHmac, randomBytes, randomUUID } from "node:crypto";
import { common, effectiveScope, POLICY, world } from "./world.mjs";

const KEY = randomBytes(32);

function seal(contents) {
  const text = Buffer.from(JSON.stringify(contents)).toString("base64url");
  return `${text}.${createHmac("sha256", KEY).update(text).digest("base64url")}`;
}

/** The contents of a token and its family, if its MAC is valid and the family still exists; else empty. */
function open(token) {
  try {
    const contents = JSON.parse(Buffer.from(token.split(".")[0], "base64url").toString());
    const family = world.families.get(contents.family);
    return family !== undefined && seal(contents) === token ? { ...contents, family } : {};
  } catch {
    return {};
  }
}

/** Starts a family. If the connection has too many, the least recently used one is evicted. */
export function beginFamily(connection, scope) {
  const siblings = [...world.families.values()]
    .filter((family) => family.connection === connection)
    .sort((one, other) => lastUse(one) - lastUse(other));
  const live = siblings.filter((family) => world.now() < endOf(family));
  const ended = live.length < POLICY.maxFamilies ? [] : live.slice(0, 1);
  for (const family of siblings) {
    if (!live.includes(family) || ended.includes(family)) world.families.delete(family.id);
  }
  const family = { id: randomUUID(), connection, scope, began: world.now(), spent: [] };
  world.families.set(family.id, family);
  return family;
}

const lastUse = ({ began, spent }) => spent.at(-1) ?? began;

const endOf = (family) =>
  Math.min(
    lastUse(family) + POLICY.refreshIdleSeconds,
    family.began + POLICY.refreshAbsoluteSeconds,
  );

/** The effective scope of a family now; empty if the family has ended. */
export function liveScope(family) {
  const alive = world.families.has(family.id) && world.now() < endOf(family);
  return alive ? common(family.scope, effectiveScope(family.connection)) : [];
}

/** A new access token and the current refresh token. */
export function issue(family, wanted = family.scope) {
  const { id, connection, spent } = family;
  const scope = common(liveScope(family), wanted);
  const iat = world.now();
  const exp = Math.min(iat + POLICY.accessTokenSeconds, endOf(family));
  return {
    publicId: connection.user,
    scope: scope.join(" "),
    expiresIn: exp - iat,
    accessToken: seal({ kind: "access", family: id, scope, iat, exp, nonce: randomUUID() }),
    refreshToken: seal({ kind: "refresh", family: id, generation: spent.length }),
  };
}

/** What an active token allows now; undefined if the token is not active. */
export function inspect(token) {
  const { kind, family, generation, scope, iat, exp } = open(token);
  if (family === undefined) return undefined;
  const current = kind === "access" ? world.now() < exp : generation === family.spent.length;
  const worth = common(liveScope(family), scope ?? family.scope).join(" ");
  if (!current || worth === "") return undefined;
  const { user, client } = family.connection;
  const times = { iat: iat ?? family.began, exp: exp ?? endOf(family) };
  return { kind, user, client, scope: worth, ...times };
}

/** Ends the family of any genuine token of this client, even if the token is spent or expired. */
export function revokeToken(token, client) {
  const { family } = open(token);
  if (family?.connection.client === client) world.families.delete(family.id);
}

/**
 * The next tokens, or an RFC 6749 error. A client that lost the response gets the current tokens again:
 * with the previous generation at any time, with the one before that for a few seconds. Anything older
 * is reuse and ends the family.
 */
export function refresh(token, client, wanted) {
  const { kind, family, generation } = open(token);
  const own = kind === "refresh" && family.connection.client === client;
  const live = own ? liveScope(family) : [];
  if (live.length === 0) return { error: "invalid_grant" };
  const age = family.spent.length - generation;
  const late = Math.abs(world.now() - family.spent[generation]) >= POLICY.refreshDuplicateSeconds;
  if (age > 2 || (age === 2 && late)) {
    world.families.delete(family.id);
    return { error: "invalid_grant" };
  }
  const tooMuch = wanted?.some((one) => !family.scope.includes(one));
  if (tooMuch || (wanted && common(live, wanted).length === 0)) return { error: "invalid_scope" };
  if (age === 0) family.spent.push(world.now());
  return issue(family, wanted);
}
