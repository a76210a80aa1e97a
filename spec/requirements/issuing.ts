/**
 * Tokens by public id (P) and by consent token (C).
 * @module
 */
import { decided, documented, type Requirement, rule, standard } from "./model.ts";

/** Tokens for a user whom the partner knows by public id. */
export const PUBLIC_ID: readonly Requirement[] = [
  rule(
    "P1",
    "No user",
    documented("codes", "An unknown public id is answered with `NO_USER`."),
    decided("SHOULD", "A deleted or suspended user is answered like an unknown one."),
  ),
  rule(
    "P2",
    "No consent",
    documented(
      "mutation",
      "Tokens are issued only if the user has a connection with the calling client; the connection " +
        "of another client never counts.",
    ),
    documented("codes", "Without one the answer is `NO_CONSENT`."),
    decided(
      "SHOULD",
      "A connection that was revoked, or whose effective scope is empty, is answered with the same " +
        "bytes as a missing one.",
    ),
  ),
  rule(
    "P3",
    "One connection is used",
    decided(
      "SHOULD",
      "If several connections are usable, one of them is used: scopes are never combined.",
    ),
    decided(
      "MAY",
      "The direct connection is preferred, then the delegated one with the latest consent (a " +
        "renewed consent counts), then the lowest id.",
    ),
    decided(
      "SHOULD",
      "Revoking one connection leaves the others; disconnecting a user from a client revokes all of " +
        "them in one step.",
    ),
  ),
  rule(
    "P4",
    "Effective scope",
    documented("mutation", "Tokens by public id are issued for the consented scope, never more."),
    decided(
      "SHOULD",
      "The effective scope of a connection is the intersection of its own scope, the client's " +
        "registered scope and, for a delegated connection, the effective scope of its source.",
    ),
  ),
  rule(
    "P5",
    "Bounded families",
    decided("MAY", "Each success starts a new token family."),
    decided(
      "SHOULD",
      "The live families of a connection are limited in number and ended ones are removed, so " +
        "the state of a connection stays bounded however often tokens are issued.",
    ),
    decided(
      "MAY",
      "The default limit is 50. Beyond it, the least recently issued or refreshed family is " +
        "evicted with its access tokens (expired ones first; ties by lowest id), and an audit " +
        "event records it.",
    ),
  ),
];

/** Tokens for a consent token. */
export const CONSENT_TOKEN: readonly Requirement[] = [
  rule(
    "C1",
    "One code for every defect",
    documented("codes", "An invalid consent token is answered with `INVALID_TOKEN`."),
    decided(
      "SHOULD",
      "Whatever the defect (form, signature, trust, audience, time, binding, replay), the " +
        "message is the same; only the audit event contains the precise reason.",
    ),
  ),
  rule(
    "C2",
    "Form and signature",
    documented("mutation", "A consent token is a signed JWT, and it is verified."),
    standard(
      "MUST",
      "RFC 8725",
      "3.1",
      "The algorithm is one of an allow-list, and each key is used with exactly one algorithm.",
    ),
    standard("MUST", "RFC 8725", "3.8", "The key belongs to the issuer that `iss` names."),
    standard("MUST", "RFC 7515", "4.1.11", "A token with an unsupported `crit` is refused."),
    standard("MUST", "RFC 7518", "3.3", "An RSA key has at least 2048 bits."),
    decided("SHOULD", "RSA keys of the ROCA class (CVE-2017-15361) are refused."),
    decided(
      "SHOULD",
      "Keys and addresses inside the token (`jwk`, `jku`, `x5u`, `x5c`) are never used and never " +
        "fetched.",
    ),
    decided(
      "SHOULD",
      "Symmetric algorithms, `b64` and `zip`, duplicate JSON keys, base64url with padding or " +
        "nonzero trailing bits, and tokens above 16 KiB are refused.",
    ),
    decided(
      "MAY",
      "The allow-list is ES256, RS256 and EdDSA (Ed25519); `kid` is required; the key is found by " +
        "exact `iss`, then `kid`.",
    ),
  ),
  rule(
    "C3",
    "No other kind of token",
    standard(
      "MUST",
      "RFC 8725",
      "3.12",
      "A JWT of another kind (an id token, an access token, a client assertion) is never " +
        "accepted as a consent token.",
    ),
    decided(
      "MAY",
      "They are told apart by `typ`: `consent+jwt`, in any case, with or without `application/`.",
    ),
  ),
  rule(
    "C4",
    "Issuer, audience and parties",
    documented(
      "mutation",
      "A consent token is bound to one partner: any other client that presents it gets no tokens.",
    ),
    standard(
      "MUST",
      "RFC 7519",
      "4.1.3",
      "A token whose `aud` does not name this server is refused.",
    ),
    decided(
      "SHOULD",
      "`iss` equals a trusted issuer byte for byte, and each trusted issuer may only name the " +
        "merchants listed for it. The merchant must not be the partner itself.",
    ),
    decided(
      "MAY",
      "These claims are required: `iss`; `aud`, a string or a list of one; `sub`, the user's public " +
        "id; `client_id`, the partner that may redeem; `azp`, the merchant whose buyer connection is " +
        "the source; `iat`, `exp` and `jti`.",
    ),
  ),
  rule(
    "C5",
    "Time",
    standard("MUST", "RFC 7519", "4.1.4", "A token is refused at and after its `exp`."),
    standard("MUST", "RFC 7519", "4.1.5", "A token is refused before its `nbf`, if it has one."),
    decided(
      "SHOULD",
      "Both checks tolerate a small clock skew. `iat` must not be in the future, `iat` and " +
        "`nbf` must be before `exp`, and neither the total nor the remaining lifetime may exceed" +
        " a maximum.",
    ),
    decided(
      "MAY",
      "The tolerated skew `s` is 30 s and the maximum 300 s. A token is valid while `now < exp" +
        " + s`; `iat` and `nbf` at most `now + s`; `exp − iat` at most the maximum; `exp − now` " +
        "at most the maximum `+ s`.",
    ),
  ),
  rule(
    "C6",
    "A refusal consumes nothing",
    decided(
      "SHOULD",
      "A consent token that is presented by the wrong client can still be redeemed by the right one.",
    ),
    decided("SHOULD", "A forged token never uses up the `jti` of a genuine one."),
  ),
  rule(
    "C7",
    "Keys of issuers",
    decided(
      "SHOULD",
      "Keys come from a configured key set. A remote key set is fetched once for concurrent " +
        "callers, limited in size and time, never through a redirect to another host, and " +
        "refetched for an unknown `kid`, but at most once per cool-down.",
    ),
    decided(
      "SHOULD",
      "If the keys are unavailable, the token is not reported as invalid: the answer is a " +
        "retryable top-level error, and nothing is consumed.",
    ),
    decided(
      "MAY",
      "The cool-down is 10 s; cached keys are used for at most twice their lifetime while " +
        "fetching fails; the error's `extensions.code` is `SERVICE_UNAVAILABLE`; a `kid` that is" +
        " unknown after a fetch, or within the cool-down, is `INVALID_TOKEN`.",
    ),
  ),
  rule(
    "C8",
    "What can be delegated",
    documented("mutation", "Tokens by consent token are issued for the delegated scope."),
    decided(
      "SHOULD",
      "A consent token for a user who no longer exists is answered with `NO_USER`.",
    ),
    decided(
      "SHOULD",
      "The source is the user's active direct connection with the merchant; without one, or with the " +
        "merchant disabled, the answer is `NO_CONSENT`.",
    ),
    decided(
      "SHOULD",
      "The delegated scope is the intersection of the token's scope, the source's effective " +
        "scope and the partner's registered scope. A missing `scope` means the empty scope, " +
        "never all; an empty intersection is `NO_CONSENT`.",
    ),
    decided(
      "MAY",
      "`INVALID_TOKEN` takes precedence over `NO_USER`, which takes precedence over " +
        "`NO_CONSENT`.",
    ),
  ),
  rule(
    "C9",
    "One step",
    documented(
      "mutation",
      "A verified consent token establishes a delegated connection of the user with the partner, and " +
        "tokens are issued.",
    ),
    decided(
      "SHOULD",
      "Consuming the `jti`, establishing the connection and starting the family is one atomic " +
        "step, durable before the response leaves: all or nothing.",
    ),
  ),
  rule(
    "C10",
    "The newest consent applies",
    decided(
      "SHOULD",
      "A consent token with the same or a later `iat` than the consent of a connection " +
        "replaces the connection's scope. It never widens an older family.",
    ),
    decided(
      "MAY",
      "One with an earlier `iat` leaves the connection as it is; its family gets the " +
        "intersection of the delegated scope and the connection's scope; if that is empty, the " +
        "answer is `NO_CONSENT`. Narrowing a connection counts as consent to the remaining scope" +
        " at that moment.",
    ),
  ),
  rule(
    "C11",
    "Used once, safe to retry",
    decided(
      "SHOULD",
      "A `jti` starts at most one family and at most one connection; used again it is `INVALID_TOKEN`.",
    ),
    decided(
      "MAY",
      "A lost response does not cost a consent: the same partner with the same token bytes, " +
        "within 60 s of the first redemption (0 turns this off) and before `exp` plus the " +
        "tolerated skew (C5), while the family is live and was not refreshed and all other " +
        "conditions still hold, gets the same refresh token and a new access token with the " +
        "scope effective now. Within that time a retry and an injected token look alike, so a " +
        "partner has to bind the consent token to the browser session that asked for it.",
    ),
  ),
  rule(
    "C12",
    "The public id works afterwards",
    decided(
      "SHOULD",
      "While a delegated connection is active, the partner can also get tokens by the user's " +
        "public id.",
    ),
  ),
  rule(
    "C13",
    "Redemptions are remembered",
    decided(
      "SHOULD",
      "The record of a used `jti` is stored per issuer, contains ids and a digest but no " +
        "token, survives the deletion of the user, and is kept for as long as any clock could " +
        "consider the token valid.",
    ),
    decided("MAY", "It is kept for one hour after the last second in which the token is valid."),
  ),
  rule(
    "C14",
    "A withdrawal stands",
    decided(
      "SHOULD",
      "A consent token that was issued no later than the clock skew after the user's last withdrawal " +
        "from the merchant, or from this partner, gets `NO_CONSENT`: old consent never undoes a " +
        "withdrawal, even if the clock of the issuer or of another node is off by that much.",
    ),
    decided(
      "SHOULD",
      "Consent issued no later than the clock skew after a narrowing does not widen the connection " +
        "again. New consent counts after twice the skew at the latest.",
    ),
    decided(
      "MAY",
      "Withdrawals are remembered for the maximum lifetime of a consent token, three times the clock " +
        "skew, and one hour.",
    ),
  ),
  rule(
    "C15",
    "Consent from before a restore",
    decided(
      "MAY",
      "After the database was restored from a backup, a consent token issued no later than the clock " +
        "skew after the restore is `INVALID_TOKEN`: it may have been redeemed or withdrawn since the " +
        "backup.",
    ),
  ),
];
