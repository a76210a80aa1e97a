/**
 * Access tokens as signed JWTs (T3, RFC 9068), and the keys that sign them. Needs the package `jose`.
 * @module
 */
export * from "./at-jwt.ts";
export * from "./signing-keys.ts";
