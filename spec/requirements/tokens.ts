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
    documented("Users API", "Access tokens expire after a set time."),
    decided(
      "SHOULD",
      "A family ends when it was not refreshed for a set time, and at the latest a set time after it " +
        "began. No access token outlives its family.",
    ),
    decided(
      "MAY",
      "An access token lives 3600 s, a family 90 days without a refresh and one year at most; each can " +
        "be set within a checked range.",
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
    decided("SHOULD", "Nothing that is stored yields a token: a stolen database holds none."),
    decided(
      "SHOULD",
      "One generation of a family has one refresh token, and no token string ever arises twice, not " +
        "even after a database was restored. Tokens are compared in constant time.",
    ),
    decided(
      "MAY",
      "Tokens are derived, not stored: a keyed MAC over purpose, server, key id and all fields, under " +
        "keys kept outside the database, one for each purpose. To remove a key ends its tokens at " +
        "once. A prefix makes leaked tokens recognisable.",
    ),
  ),
  rule(
    "T3",
    "Kinds of access token",
    decided("MAY", "Access tokens are opaque unless JWTs are chosen."),
    standard(
      "MUST",
      "RFC 9068",
      "2",
      "JWT access tokens have `typ` `at+jwt` and the claims `iss`, `exp`, `aud`, `sub`, `client_id`, " +
        "`iat` and `jti`, and are signed.",
    ),
    decided(
      "SHOULD",
      "Their keys rotate and are published as a key set; an old key stays published until the last " +
        "token it signed has expired. The server's own endpoints judge the family besides the " +
        "signature.",
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
      "A refresh token that another client presents is `invalid_grant`, and nothing happens to the " +
        "family.",
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
        "nothing.",
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
      "A scope beyond the family's is `invalid_scope` and does the family no harm. Otherwise what is " +
        "issued is what the request and the scope effective now have in common; nothing in common is " +
        "`invalid_scope`, and nothing effective at all is `invalid_grant`.",
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
      "That answer says nothing more: inactive, unknown and not-yours are the same bytes.",
    ),
    decided(
      "SHOULD",
      "A partner sees its own tokens, a resource server all; of refresh tokens only the current " +
        "generation is active; to ask never changes anything.",
    ),
    standard("MUST", "RFC 7009", "2.1", "A client cannot revoke another client's token."),
    standard("MUST", "RFC 7009", "2.1", "A wrong `token_type_hint` does not hide a token."),
    standard("MUST", "RFC 7009", "2.2", "Revoking an unknown or dead token is answered with 200."),
    decided("MAY", "So is the attempt to revoke another client's token, and nothing happens."),
    decided(
      "SHOULD",
      "To revoke any genuine token of a family, spent or expired ones too, ends the family with its " +
        "access tokens. The connection and other families stay.",
    ),
    standard(
      "MUST",
      "RFC 8414",
      "3",
      "Server metadata, where offered, names the issuer and the endpoints that there are.",
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
      "A dead token is `invalid_token` with status 401, a scope too small `insufficient_scope` with " +
        "403.",
    ),
    decided(
      "MAY",
      "It returns the public id, client and effective scope: enough to prove that a token works.",
    ),
  ),
];
