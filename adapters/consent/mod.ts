/**
 * Verifies consent tokens against the keys of trusted issuers (C2–C5, C7). Needs the package `jose`.
 * @module
 */
export type { RemoteKeysOptions } from "./remote-keys.ts";
export * from "./verifier.ts";
export type { Jwks } from "../jws/jwk.ts";
