/**
 * What cases need, and how to offer it: the text that a skipped case is explained with.
 * @module
 */
import type { NumericSetting } from "../../core/settings.ts";

/** The name of what a case needs; `policy:NAME` stands for a number that the implementation declares. */
export type Need = NeedName | `policy:${NumericSetting}`;
/** Everything that a case may need, but for numbers of the policy. */
export type NeedName =
  | "client"
  | "second-client"
  | "connected-user"
  | "merchant-user"
  | "unconnected-user"
  | "consent-token"
  | "sign"
  | "issuer-key"
  | "issuers"
  | "seed"
  | "clock"
  | "revoke"
  | "narrow"
  | "disconnect"
  | "user-status"
  | "client-status"
  | "client-scope"
  | "client-secret"
  | "token-endpoint"
  | "revocation-endpoint"
  | "introspection-endpoint"
  | "users-endpoint"
  | "probe"
  | "metadata"
  | "schema"
  | "retry"
  | "loopback"
  | "histories"
  | "ES256"
  | "RS256"
  | "EdDSA";

/** Every need by name. */
export const NEEDS: Readonly<Record<NeedName, string>> = {
  "client": "a client: harness command seed, or clients.partner in the subjects file",
  "second-client":
    "a second client: harness command seed, or clients.otherPartner in the subjects file",
  "connected-user":
    "a user who is connected to the client: harness command seed, or users.connected in the subjects file",
  "merchant-user":
    "a user who is connected to a merchant alone: harness command seed, or users.merchantOnly in the subjects file",
  "unconnected-user":
    "a user without any connection: harness command seed, or users.unconnected in the subjects file",
  "consent-token":
    "a consent token: harness command trust or mint, or consentTokens.valid in the subjects file",
  "sign":
    "consent tokens with any header and claims: harness command trust or mint, or issuer with a private key in the subjects file",
  "issuer-key":
    "an issuer whose private key the suite holds: harness command trust, or issuer with a private key in the subjects file",
  "issuers": "issuers of the suite's own: harness command trust",
  "seed": "fresh clients, users and connections: harness command seed",
  "clock": "a clock that the suite sets: harness command clock",
  "revoke": "a user who withdraws a connection: harness command revoke",
  "narrow": "a user who narrows a connection: harness command narrow",
  "disconnect": "a user who disconnects from a client: harness command disconnect",
  "user-status": "users who are suspended and deleted: harness command user-status",
  "client-status": "clients that are disabled and enabled: harness command client-status",
  "client-scope": "clients whose registered scope changes: harness command client-scope",
  "client-secret": "clients that get a new secret: harness command client-secret",
  "token-endpoint":
    "a token endpoint: endpoints.token in the harness's or subjects' description, or RFC 8414 metadata",
  "revocation-endpoint": "a revocation endpoint: endpoints.revocation, or RFC 8414 metadata",
  "introspection-endpoint":
    "an introspection endpoint: endpoints.introspection, or RFC 8414 metadata",
  "users-endpoint":
    "a Users API: endpoints.users, or POST /api/users/graphql.json beside the endpoint",
  "probe": "a way to ask whether an access token lives: an introspection endpoint or a Users API",
  "metadata": "server metadata: GET /.well-known/oauth-authorization-server (RFC 8414)",
  "schema": "GraphQL introspection of the schema by the client",
  "retry":
    "a consent token that may be presented again: a declared policy.consentRetrySeconds of 0 says there is none",
  "loopback": "an implementation on this machine, so that it could reach a listener of the suite",
  "histories": "random histories: --histories above 0",
  "ES256": "ES256 among the declared algorithms",
  "RS256": "RS256 among the declared algorithms",
  "EdDSA": "EdDSA among the declared algorithms",
};

/** How to offer what is needed, in words. */
export function describeNeed(need: Need): string {
  if (!need.startsWith("policy:")) return NEEDS[need as NeedName];
  const name = need.slice("policy:".length);
  return `the number ${name}: policy.${name} in the answer to the harness command describe, or in the subjects file`;
}
