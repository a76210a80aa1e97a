/**
 * Tokens, refresh, revocation and introspection (T).
 * @module
 */
import { decided, documented, type Requirement, rule, standard } from "./model.ts";

/** What becomes of issued tokens. */
export const TOKENS: readonly Requirement[] = [
  rule(
    "T1",
    "Lifetimes",
    documented("Users API", "Access tokens expire after a fixed time."),
    decided(
      "SHOULD",
      "A family expires when it is not refreshed for a fixed time, and at the latest a fixed " +
        "time after it started. No access token outlives its family.",
    ),
    decided(
      "MAY",
      "An access token lives 3600 s, a family 90 days without a refresh and one year at most; " +
        "each is configurable within a range.",
    ),
  ),
  rule(
    "T2",
    "Token strings",
    standard(
      "MUST",
      "RFC 6749",
      "10.10",
      "The probability of guessing a token is at most 2^−128.",
    ),
    decided("SHOULD", "No token can be derived from stored data: a stolen database contains none."),
    decided(
      "SHOULD",
      "One generation of a family has one refresh token, and no token string ever occurs " +
        "twice, not even after a database is restored. Tokens are compared in constant time.",
    ),
    decided(
      "MAY",
      "Tokens are derived, not stored: a keyed MAC over purpose, server, key id and all " +
        "fields, under keys stored outside the database, one for each purpose. Removing a key " +
        "invalidates its tokens immediately. A prefix makes leaked tokens recognizable.",
    ),
  ),
  rule(
    "T3",
    "Kinds of access token",
    decided("MAY", "Access tokens are opaque unless JWTs are configured."),
    standard(
      "MUST",
      "RFC 9068",
      "2",
      "JWT access tokens have `typ` `at+jwt` and the claims `iss`, `exp`, `aud`, `sub`, `client_id`, " +
        "`iat` and `jti`, and are signed.",
    ),
    decided(
      "SHOULD",
      "Their keys rotate and are published as a key set; an old key stays published until the " +
        "last token it signed has expired. The server's own endpoints also check the family, not" +
        " only the signature.",
    ),
    decided(
      "SHOULD",
      "The Partners API and the Users API never accept each other's credentials.",
    ),
  ),
  rule(
    "T4",
    "Refresh",
    documented("payload", "The refresh token gets new access tokens."),
    decided("MAY", "The token endpoint is `POST /oauth/token`."),
    standard(
      "MUST",
      "RFC 6749",
      "6",
      "The request is a form with `grant_type=refresh_token`; the client is authenticated, and the " +
        "refresh token must have been issued to it.",
    ),
    standard(
      "MUST",
      "RFC 6749",
      "5",
      "Responses and error codes are those of the standard, as JSON: `access_token`, `token_type`; or " +
        "`error` with status 400, or 401 for `invalid_client`.",
    ),
    standard(
      "SHOULD",
      "RFC 6749",
      "2.3",
      "A client authenticates by Basic or in the body; both at once are refused.",
    ),
    decided(
      "SHOULD",
      "A refresh token that another client presents is `invalid_grant`, and the family is " +
        "unaffected.",
    ),
  ),
  rule(
    "T5",
    "Rotation",
    decided(
      "SHOULD",
      "A lost response is recoverable: the refresh token before the current one is answered with the " +
        "current one, again and again. A repeated answer brings a new access token and changes " +
        "nothing.",
    ),
    decided(
      "SHOULD",
      "The reuse of an old refresh token is `invalid_grant` and ends that family, with an audit event. " +
        "Other families are never touched.",
    ),
    decided(
      "MAY",
      "Each refresh with the current token begins a new generation. The token two generations old is " +
        "still answered with the current one within 10 s of being spent; anything older is reuse. A " +
        "generation that the store does not know yet (after a restore) is `invalid_grant` and changes " +
        "nothing. So is an old token from a time that a restore took back: it is no sign of a thief.",
    ),
  ),
  rule(
    "T6",
    "Scope at refresh",
    standard(
      "MUST",
      "RFC 6749",
      "6",
      "More scope than was granted is never issued, and a narrower request does not narrow the refresh " +
        "token.",
    ),
    standard(
      "MUST",
      "RFC 6749",
      "3.2",
      "A parameter without a value counts as omitted; a repeated one is `invalid_request`.",
    ),
    decided(
      "SHOULD",
      "A scope beyond the family's is `invalid_scope` and does not affect the family. " +
        "Otherwise the issued scope is the intersection of the request and the current effective" +
        " scope; if that is empty, the answer is `invalid_scope`, and if the effective scope " +
        "itself is empty, `invalid_grant`.",
    ),
  ),
  rule(
    "T7",
    "Introspection, revocation, metadata",
    standard("MUST", "RFC 7662", "2.1", "Introspection answers authenticated callers only."),
    standard(
      "MUST",
      "RFC 7662",
      "2.2",
      "A token that is unknown, expired, revoked or not the caller's is answered with " +
        '`{"active": false}`.',
    ),
    standard(
      "SHOULD",
      "RFC 7662",
      "2.2",
      "That answer contains nothing else: inactive, unknown and foreign tokens get the same " +
        "bytes.",
    ),
    decided(
      "SHOULD",
      "A partner sees its own tokens, a resource server all; of refresh tokens only the " +
        "current generation is active; introspection never changes anything.",
    ),
    standard("MUST", "RFC 7009", "2.1", "A client cannot revoke another client's token."),
    standard("MUST", "RFC 7009", "2.1", "A wrong `token_type_hint` does not hide a token."),
    standard("MUST", "RFC 7009", "2.2", "Revoking an unknown or dead token is answered with 200."),
    decided("MAY", "So is the attempt to revoke another client's token, and nothing happens."),
    decided(
      "SHOULD",
      "Revoking any genuine token of a family, even a spent or expired one, ends the family " +
        "with its access tokens. The connection and other families stay.",
    ),
    standard(
      "MUST",
      "RFC 8414",
      "3",
      "Server metadata, if offered, names the issuer and the available endpoints.",
    ),
  ),
  rule(
    "T8",
    "Users API",
    documented(
      "Users API",
      "The Users API is `POST /api/users/graphql.json` with the access token as bearer token.",
    ),
    standard(
      "MUST",
      "RFC 6750",
      "3",
      "A request without a usable token is answered with a `WWW-Authenticate: Bearer` challenge.",
    ),
    standard(
      "SHOULD",
      "RFC 6750",
      "3.1",
      "A dead token is `invalid_token` with status 401, an insufficient scope is " +
        "`insufficient_scope` with 403.",
    ),
    decided(
      "MAY",
      "It returns the public id, client and effective scope: enough to prove that a token works.",
    ),
  ),
];
