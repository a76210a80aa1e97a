/**
 * Consent tokens: verifying them against the keys of trusted issuers (C2-C5, C7), and signing them as an
 * issuer would, also with named defects, for tests of an integration. Needs the package `jose`.
 * @module
 */
export * from "./defects.ts";
export * from "./draft.ts";
export * from "./mint.ts";
export type { RemoteKeysOptions } from "./remote-keys.ts";
export * from "./verifier.ts";
export type { Jwks } from "../jose/jwk.ts";
