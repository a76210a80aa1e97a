/**
 * What a careful server does with a consent token, in memory: signature and claims with jose, single
 * use, the buyer's connection with the merchant, and a connection with the partner.
 * @module
 */
import { importJWK, jwtVerify } from "jose";
import { OPTIONS, USERS } from "./common.mjs";

/** The issuers' keys are imported once. */
export async function createConsents() {
  const keys = new Map();
  for (const { issuer, jwks } of OPTIONS.issuers ?? []) {
    for (const jwk of jwks.keys) keys.set(`${issuer} ${jwk.kid}`, await importJWK(jwk, jwk.alg));
  }
  const used = new Set();
  const keyOf = ({ kid }) => keys.get(`${OPTIONS.issuers[0].issuer} ${kid}`);

  /** The claims of a valid token for this client, or `null`. */
  async function verify(token, client) {
    try {
      const { payload } = await jwtVerify(token, keyOf, {
        issuer: OPTIONS.issuers[0].issuer,
        audience: OPTIONS.audience,
        typ: "consent+jwt",
        clockTolerance: 30,
        requiredClaims: ["exp", "iat", "jti", "sub", "azp", "scope"],
      });
      return payload.client_id === client ? payload : null;
    } catch {
      return null;
    }
  }

  return {
    verify,
    async redeem(token, client) {
      const claims = await verify(token, client);
      if (claims === null || used.has(claims.jti)) return null;
      const connections = USERS.get(claims.sub);
      if (connections?.get(claims.azp) === undefined) return null;
      used.add(claims.jti);
      connections.set(client, claims.scope);
      return { publicId: claims.sub, scope: claims.scope };
    },
  };
}
