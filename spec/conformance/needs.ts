/**
 * What cases need, and how to provide it: the explanation of a skipped case.
 * @module
 */
import type { NumericSetting } from "../../core/settings.ts";

/** Something that a case needs; `policy:NAME` is a number that the implementation declares. */
export type Need = NeedName | `policy:${NumericSetting}`;
/** Everything that a case may need, except numbers of the policy. */
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
    "a user who is connected only to a merchant: harness command seed, or users.merchantOnly in the subjects file",
  "unconnected-user":
    "a user without any connection: harness command seed, or users.unconnected in the subjects file",
  "consent-token":
    "a consent token: harness command trust or mint, or consentTokens.valid in the subjects file",
  "sign":
    "consent tokens with any header and claims: harness command trust or mint, or issuer with a private key in the subjects file",
  "issuer-key":
    "an issuer whose private key the suite has: harness command trust, or issuer with a private key in the subjects file",
  "issuers": "issuers that the suite creates: harness command trust",
  "seed": "new clients, users and connections: harness command seed",
  "clock": "a clock that the suite can set: harness command clock",
  "revoke": "a user who withdraws a connection: harness command revoke",
  "narrow": "a user who narrows a connection: harness command narrow",
  "disconnect": "a user who disconnects from a client: harness command disconnect",
  "user-status": "users that the suite can suspend and delete: harness command user-status",
  "client-status": "clients that the suite can disable and enable: harness command client-status",
  "client-scope":
    "clients whose registered scope the suite can change: harness command client-scope",
  "client-secret":
    "clients to which the suite can give a new secret: harness command client-secret",
  "token-endpoint":
    "a token endpoint: endpoints.token in the description by the harness or in the subjects file, or RFC 8414 metadata",
  "revocation-endpoint": "a revocation endpoint: endpoints.revocation, or RFC 8414 metadata",
  "introspection-endpoint":
    "an introspection endpoint: endpoints.introspection, or RFC 8414 metadata",
  "users-endpoint":
    "a Users API: endpoints.users, or POST /api/users/graphql.json beside the endpoint",
  "probe":
    "a way to check whether an access token is live: an introspection endpoint or a Users API",
  "metadata": "server metadata: GET /.well-known/oauth-authorization-server (RFC 8414)",
  "schema": "GraphQL introspection of the schema by the client",
  "retry": "retries of consent tokens: policy.consentRetrySeconds is not declared as 0",
  "loopback": "an implementation on this machine, so that it can reach a listener of the suite",
  "histories": "random histories: --histories above 0",
  "ES256": "ES256 among the declared algorithms",
  "RS256": "RS256 among the declared algorithms",
  "EdDSA": "EdDSA among the declared algorithms",
};

/** How to provide what is needed. */
export function describeNeed(need: Need): string {
  if (!need.startsWith("policy:")) return NEEDS[need as NeedName];
  const name = need.slice("policy:".length);
  return `the number ${name}: policy.${name} in the answer to the harness command describe, or in the subjects file`;
}
