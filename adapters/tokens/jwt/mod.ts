/**
 * Access tokens as signed JWTs (T3, RFC 9068), and the keys that sign them. Requires the package
 * `jose`.
 *
 * @example
 * ```ts
 * import { createJwtTokens, newSigningKeys } from "fetch-tokens-for-user/jwt-tokens";
 * import { createOpaqueTokens, generateTokenKeys } from "fetch-tokens-for-user/tokens";
 *
 * const issuer = "https://shop.example";
 * const tokens = await createJwtTokens({
 *   issuer,
 *   audience: "https://users.example",
 *   keys: await newSigningKeys("ES256"),
 *   opaque: createOpaqueTokens({ serverId: issuer, keys: generateTokenKeys() }),
 * });
 * console.assert(typeof tokens.activeKeyId === "string");
 * ```
 * @module
 */
export * from "./at-jwt.ts";
export * from "./signing-keys.ts";
export { KeyFileError, type Warn } from "../key-file.ts";
