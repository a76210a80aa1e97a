/**
 * Public information about this server: metadata (RFC 8414) and public keys (RFC 7517).
 * @module
 */
import { quote } from "../../core/model.ts";
import type { Jwks } from "../jws/jwk.ts";
import { type HttpResponse, json } from "./exchange.ts";

/** The paths of all endpoints. */
export const PATHS = {
  partners: "/api/partners/graphql.json",
  users: "/api/users/graphql.json",
  token: "/oauth/token",
  revoke: "/oauth/revoke",
  introspect: "/oauth/introspect",
  metadata: "/.well-known/oauth-authorization-server",
  jwks: "/.well-known/jwks.json",
  live: "/livez",
  ready: "/readyz",
  /** The earlier name of `ready`. */
  health: "/healthz",
} as const;

/** Shorter than a key is published before it signs. */
const CACHE: Readonly<Record<string, string>> = { "cache-control": "public, max-age=300" };

const CLIENT_AUTHENTICATION = ["client_secret_basic", "client_secret_post"];

/** Authorization server metadata (RFC 8414 §2). There is no authorization endpoint, so no response type. */
export function metadata(issuer: string): HttpResponse {
  return json(200, {
    issuer,
    token_endpoint: issuer + PATHS.token,
    token_endpoint_auth_methods_supported: CLIENT_AUTHENTICATION,
    revocation_endpoint: issuer + PATHS.revoke,
    revocation_endpoint_auth_methods_supported: CLIENT_AUTHENTICATION,
    introspection_endpoint: issuer + PATHS.introspect,
    introspection_endpoint_auth_methods_supported: CLIENT_AUTHENTICATION,
    jwks_uri: issuer + PATHS.jwks,
    grant_types_supported: ["refresh_token"],
    response_types_supported: [],
  }, CACHE);
}

/** The public keys of JWT access tokens; none if access tokens are opaque (T3). */
export function jwks(keys: Jwks): HttpResponse {
  return json(200, keys, CACHE);
}

/**
 * Checks that a public URL is an origin such as `https://tokens.example`: paths are appended to it, and
 * RFC 8414 §3 would put the metadata of an issuer with a path elsewhere.
 * @throws {RangeError} if it is not.
 */
export function checkOrigin(url: string): string {
  if (URL.canParse(url) && /^https?:/.test(url) && new URL(url).origin === url) return url;
  throw new RangeError(
    `Cannot use ${
      quote(url)
    } as public URL: give scheme, host and port only, such as https://tokens.example`,
  );
}
