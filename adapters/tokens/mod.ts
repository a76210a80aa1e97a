/**
 * Opaque tokens, derived from keys that stand outside the database (T2), and the keys. No npm package.
 * @module
 */
export * from "./opaque.ts";
export * from "./token-keys.ts";
