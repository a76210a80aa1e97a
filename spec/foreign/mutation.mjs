// Decides fetchTokensForUser: returns the token family to issue from, or a user error code.
import { isIdentifier, readConsent } from "./consent.mjs";
import { beginFamily, liveScope } from "./tokens.mjs";
import * as connections from "./world.mjs";
import { AUDIENCE, common, effectiveScope, isActive, POLICY, toScope, world } from "./world.mjs";

export function byPublicId(publicId, client) {
  if (!isIdentifier(publicId) || !isActive(publicId)) return { code: "NO_USER" };
  const usable = connections.connectionsOf({ user: publicId, client })
    .filter((connection) => effectiveScope(connection).length > 0);
  if (usable.length === 0) return { code: "NO_CONSENT" };
  const latest = usable.reduce((best, one) => one.iat > best.iat ? one : best);
  return { family: beginFamily(latest, effectiveScope(latest)) };
}

export function byConsentToken(token, client) {
  const { issuers } = world;
  const now = world.now();
  const consent = readConsent(token, { client, issuers, now, audience: AUDIENCE, policy: POLICY });
  if (consent === undefined) return { code: "INVALID_TOKEN" };
  const redemption = `${consent.iss} ${consent.jti}`;
  const earlier = world.redeemed.get(redemption);
  if (earlier !== undefined) {
    const again = token === earlier.token && mayRetry(earlier) && !isWithdrawn(consent);
    return again ? { family: earlier.family } : { code: "INVALID_TOKEN" };
  }
  if (!isActive(consent.sub)) return { code: "NO_USER" };
  const { connection, scope } = delegate(consent);
  if (connection === undefined) return { code: "NO_CONSENT" };
  const family = beginFamily(connection, scope);
  world.redeemed.set(redemption, { token, family, at: now });
  return { family };
}

/** The response may have been lost, and the client cannot get another token. Soon, and before any refresh. */
const mayRetry = ({ family, at }) =>
  Math.abs(world.now() - at) < POLICY.consentRetrySeconds && family.spent.length === 0 &&
  liveScope(family).length > 0;

const isWithdrawn = ({ sub, azp, client_id, iat }) =>
  [azp, client_id].some((client) => connections.hasWithdrawn(sub, client, iat));

/** The connection that this consent establishes, and its scope; empty if no scope is left. */
function delegate(consent) {
  const { sub: user, azp: merchant, client_id: client, iat, scope: text = "" } = consent;
  const source = connections.connectionOf({ user, client: merchant });
  if (source === undefined || isWithdrawn(consent)) return {};
  const delegated = effectiveScope({ user, client, source, scope: toScope(text) });
  const known = connections.connectionOf({ user, client, via: merchant });
  const late = iat < known?.iat;
  const scope = late ? common(delegated, effectiveScope(known)) : delegated;
  if (scope.length === 0) return {};
  if (known === undefined) {
    return { connection: connections.connect(user, client, scope, { source, iat }), scope };
  }
  if (!late) Object.assign(known, { scope, iat }); // the newest consent governs
  return { connection: known, scope };
}
