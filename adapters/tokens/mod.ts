/**
 * Opaque tokens, derived from keys stored outside the database (T2), and key management. No npm
 * packages.
 *
 * @example
 * ```ts
 * import { createOpaqueTokens, generateTokenKeys } from "fetch-tokens-for-user/tokens";
 *
 * const keys = generateTokenKeys(); // keep them: loadOrCreateTokenKeys("keys.json")
 * const tokens = createOpaqueTokens({ serverId: "https://shop.example", keys });
 * console.assert((await tokens.open("not one of ours")) === null);
 * ```
 * @module
 */
export * from "./opaque.ts";
export * from "./token-keys.ts";
export { KeyFileError, type Warn } from "./key-file.ts";
