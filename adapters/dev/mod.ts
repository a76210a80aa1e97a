/**
 * For development and tests only: signing consent tokens as an issuer would, also with named
 * defects. Never use it in a process that serves real users. Requires the package `jose`.
 *
 * @example
 * ```ts
 * import { DEFECTS, mintConsentToken } from "fetch-tokens-for-user/dev";
 * import { exportJWK, generateKeyPair } from "jose";
 *
 * const { privateKey } = await generateKeyPair("ES256", { extractable: true });
 * const request = {
 *   key: { ...await exportJWK(privateKey), kid: "key-1", alg: "ES256" },
 *   issuer: "https://consents.example",
 *   audience: "https://shop.example",
 *   user: "some-user",
 *   client: "some-partner",
 *   merchant: "some-storefront",
 *   scope: "openid",
 *   now: Math.floor(Date.now() / 1000),
 * };
 * const valid = await mintConsentToken(request);
 * const expired = await mintConsentToken(request, "expired");
 * console.assert(valid !== expired && DEFECTS.expired.outcome === "INVALID_TOKEN");
 * ```
 * @module
 */
export * from "./defects.ts";
export * from "./draft.ts";
export * from "./mint.ts";
