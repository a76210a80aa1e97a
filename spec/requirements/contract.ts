/**
 * The contract (G) and the two inputs (E).
 * @module
 */
import { decided, documented, type Requirement, rule, standard } from "./model.ts";

/** Schema, payload, errors, transport. */
export const CONTRACT: readonly Requirement[] = [
  rule(
    "G1",
    "The mutation",
    documented(
      "mutation",
      "`Mutation` has the field `fetchTokensForUser(consentToken: String, publicId: String): " +
        "FetchTokensForUserPayload`: two flat nullable arguments and a nullable payload.",
    ),
  ),
  rule(
    "G2",
    "The payload",
    documented(
      "payload",
      "`FetchTokensForUserPayload` has the fields `accessToken: String`, `expiresIn: Int`, " +
        "`publicId: String`, `refreshToken: String`, `scope: String`, `tokenType: String` and " +
        "`userErrors: [FetchTokensForUserUserError!]!`.",
    ),
  ),
  rule(
    "G3",
    "The user error",
    documented(
      "error",
      "`FetchTokensForUserUserError` has the fields `code: FetchTokensForUserUserErrorErrorCode!`, " +
        "`field: [String!]!` and `message: String!`.",
    ),
  ),
  rule(
    "G4",
    "The error codes",
    documented(
      "codes",
      "`FetchTokensForUserUserErrorErrorCode` (the doubled “Error” is intentional) has three " +
        "values: `INVALID_TOKEN`, the consent token is invalid; `NO_CONSENT`, the user has not " +
        "consented to the requested scope; `NO_USER`, no user was found.",
    ),
  ),
  rule(
    "G5",
    "All or nothing",
    documented("payload", "`tokenType` of issued tokens is always `Bearer`."),
    documented("error", "`field` of a user error is the path to the argument that caused it."),
    decided(
      "SHOULD",
      "On success all six token fields are non-null and `userErrors` is the empty list.",
    ),
    decided(
      "SHOULD",
      "On failure all six token fields are null and there is exactly one user error, whose `field` " +
        "is a list of one name: `publicId` or `consentToken`.",
    ),
    decided(
      "SHOULD",
      "A user error is answered with HTTP status 200: many callers discard the body of other " +
        "responses.",
    ),
  ),
  rule(
    "G6",
    "Lifetime and scope in the answer",
    documented("payload", "`expiresIn` is the time to live of the access token, in seconds."),
    documented("payload", "`scope` is the scope of the access token as issued."),
    standard(
      "MUST",
      "RFC 6749",
      "3.3",
      "A scope is a list of case-sensitive tokens separated by single spaces.",
    ),
    decided(
      "SHOULD",
      "`expiresIn` counts from the moment of the decision and is at least 1; `scope` contains " +
        "no duplicates.",
    ),
    decided("MAY", "The tokens of `scope` are sorted by code unit."),
  ),
  rule(
    "G7",
    "GraphQL over HTTP",
    documented(
      "Partners API",
      "The endpoint is `POST /api/partners/graphql.json` with `Content-Type: application/json` and a " +
        "JSON body whose `query` holds the document.",
    ),
    documented(
      "Partners API",
      "Every request is authenticated by HTTP Basic: client id as user name, client secret as " +
        "password.",
    ),
    standard(
      "MUST",
      "GraphQL over HTTP",
      "GET",
      "A mutation sent by `GET` is not executed; the answer is 405.",
    ),
    standard(
      "SHOULD",
      "GraphQL over HTTP",
      "application/json",
      "A body that is not JSON is answered with 400.",
    ),
    standard("SHOULD", "RFC 9110", "15.5.16", "Another content type is answered with 415."),
    standard(
      "SHOULD",
      "GraphQL over HTTP",
      "Media Types",
      "A caller that accepts only `application/graphql-response+json` gets it.",
    ),
    decided(
      "SHOULD",
      "Form and multipart bodies are refused: web pages can send them without a CORS preflight.",
    ),
    decided("MAY", "A JSON array of operations (a batch) is refused whole."),
  ),
  rule(
    "G8",
    "Client authentication at the mutation",
    documented("Partners API", "A request without valid client credentials gets no tokens."),
    standard(
      "SHOULD",
      "RFC 9110",
      "11.4",
      "Missing or wrong credentials are answered with status 401.",
    ),
    standard(
      "MUST",
      "RFC 9110",
      "15.5.2",
      "An answer with status 401 has a `WWW-Authenticate` header field with a challenge.",
    ),
    standard("MUST", "RFC 7617", "2", "The `Basic` challenge names a realm."),
    decided("MAY", 'The challenge adds `charset="UTF-8"`.'),
    decided(
      "SHOULD",
      "Missing credentials, wrong credentials and a disabled client get the same body after " +
        "the same work, before anything else in the request is examined.",
    ),
    decided(
      "SHOULD",
      "The test harness of a server serves loopback peers, recognised by their address, and others only " +
        "with its secret.",
    ),
    decided("SHOULD", "A malformed `Authorization` header never leads to a status of 500 or more."),
  ),
  rule(
    "G9",
    "Secrets stay secret",
    standard(
      "MUST",
      "RFC 6749",
      "5.1",
      "A response of the token endpoint that carries tokens has `Cache-Control: no-store`.",
    ),
    decided("SHOULD", "So does a response of the mutation that carries tokens."),
    decided(
      "SHOULD",
      "Tokens, consent tokens, client secrets and query documents (callers write secrets into them) " +
        "reach no log, trace, metric or error.",
    ),
  ),
  rule(
    "G10",
    "Identifiers",
    decided(
      "SHOULD",
      "Public ids, client ids, `jti` and `kid` have 1 to 255 printable ASCII characters " +
        "without spaces. Anything else is refused without a lookup: as an argument with " +
        "`NO_USER`, as a claim with `INVALID_TOKEN`. It cannot be registered.",
    ),
    decided(
      "MAY",
      "Client ids and secrets contain only letters, digits and `-._~`, so that HTTP Basic " +
        "reads the same with and without form encoding.",
    ),
  ),
];

/** Exactly one of the two inputs. */
export const INPUT: readonly Requirement[] = [
  rule(
    "E1",
    "Exactly one input",
    documented("mutation", "Exactly one of `publicId` and `consentToken` must be provided."),
    decided("SHOULD", "An explicit `null` means the same as an absent argument: not provided."),
    decided(
      "SHOULD",
      "The empty string counts as provided: alone it is an unknown user or an invalid token; " +
        "next to the other argument it makes two inputs.",
    ),
  ),
  rule(
    "E2",
    "Both or neither",
    documented("mutation", "If both inputs or neither are provided, no tokens are issued."),
    decided("SHOULD", "In that case, nothing is looked up, consumed or written."),
    decided(
      "MAY",
      "The answer is a top-level GraphQL error with `extensions.code` `BAD_USER_INPUT`, " +
        "`data.fetchTokensForUser` null and HTTP status 200: the enumeration has no code for it, and " +
        "the caller is at fault, not the user.",
    ),
  ),
  rule(
    "E3",
    "Independent of notation",
    decided(
      "SHOULD",
      "What counts as provided is the same for literals, variables, omitted variables and default " +
        "values of variables, and for a call of the library.",
    ),
  ),
];
