/**
 * Verifies consent tokens with the keys of trusted issuers (C2–C5, C7). Requires the package
 * `jose`.
 *
 * @example
 * ```ts
 * import { createConsentVerifier } from "fetch-tokens-for-user/consent";
 * import { mintConsentToken } from "fetch-tokens-for-user/dev";
 * import { exportJWK, generateKeyPair } from "jose";
 *
 * const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
 * const named = { kid: "key-1", alg: "ES256" };
 * const issuer = "https://consents.example";
 * const jwks = { keys: [{ ...await exportJWK(publicKey), ...named }] };
 * const verifier = await createConsentVerifier([{ issuer, jwks }]);
 *
 * const token = await mintConsentToken({
 *   key: { ...await exportJWK(privateKey), ...named },
 *   issuer,
 *   audience: "https://shop.example",
 *   user: "some-user",
 *   client: "some-partner",
 *   merchant: "some-storefront",
 *   scope: "openid",
 *   now: Math.floor(Date.now() / 1000),
 * });
 * console.assert((await verifier.verify(token)) !== null);
 * ```
 * @module
 */
export type { RemoteKeysOptions } from "./remote-keys.ts";
export * from "./verifier.ts";
export type { Jwks } from "../jws/jwk.ts";
