/**
 * A schema that is not the vendor's (G1–G4).
 * @module
 */
import type { Fault } from "../fault.ts";
import { MUTATION, receivingJson } from "../hooks/http.ts";

const SDL = "adapters/graphql.ts";

/** The faults. */
export const CONTRACT: readonly Fault[] = [
  {
    id: "payload-renamed",
    title: "The payload type has another name.",
    edits: [
      [SDL, "): FetchTokensForUserPayload }", "): FetchTokensForUserResult }"],
      [SDL, "type FetchTokensForUserPayload {", "type FetchTokensForUserResult {"],
    ],
    caughtBy: ["contract/payload", "contract/typename", "contract/fragment"],
  },
  {
    id: "payload-not-null",
    title: "The payload is declared non-null, which leaves no place for top-level errors.",
    edits: [[SDL, "): FetchTokensForUserPayload }", "): FetchTokensForUserPayload! }"]],
    caughtBy: ["contract/payload"],
  },
  {
    id: "access-token-not-null",
    title: "accessToken is declared non-null.",
    edits: [[SDL, "accessToken: String", "accessToken: String!"]],
    caughtBy: ["contract/payload-access-token", "scope-delegation/unknown-user"],
  },
  {
    id: "expires-in-float",
    title: "expiresIn is declared as a Float.",
    edits: [[SDL, "expiresIn: Int", "expiresIn: Float"]],
    caughtBy: ["contract/payload-expires-in"],
  },
  {
    id: "expires-in-text",
    title: "expiresIn is declared as a String.",
    edits: [[SDL, "expiresIn: Int", "expiresIn: String"]],
    caughtBy: ["contract/payload-expires-in", "tokens-refresh/expires-in"],
  },
  {
    id: "refresh-token-left-out",
    title: "The payload has no field refreshToken.",
    edits: [[SDL, "refreshToken: String", "refresh: String"]],
    caughtBy: ["contract/payload-refresh-token", "client-authentication/credentials"],
  },
  {
    id: "payload-has-more",
    title: "The payload also has a field idToken.",
    edits: [[SDL, "tokenType: String", "tokenType: String idToken: String"]],
    caughtBy: ["contract/payload-nothing-else"],
  },
  {
    id: "user-errors-nullable",
    title: "userErrors is declared as a nullable list of nullable errors.",
    edits: [[SDL, "[FetchTokensForUserUserError!]!", "[FetchTokensForUserUserError]"]],
    caughtBy: ["contract/payload-user-errors"],
  },
  {
    id: "error-code-text",
    title: "The code of a user error is declared as a String.",
    edits: [[SDL, "code: FetchTokensForUserUserErrorErrorCode!", "code: String!"]],
    caughtBy: ["contract/user-error-code"],
  },
  {
    id: "error-code-renamed",
    title: 'The enum of codes is named without the doubled "Error".',
    edits: [
      [
        SDL,
        "code: FetchTokensForUserUserErrorErrorCode!",
        "code: FetchTokensForUserUserErrorCode!",
      ],
      [SDL, "enum FetchTokensForUserUserErrorErrorCode", "enum FetchTokensForUserUserErrorCode"],
    ],
    caughtBy: ["contract/error-code-enum", "contract/user-error-code"],
  },
  {
    id: "fourth-error-code",
    title: "There is a fourth error code.",
    edits: [[SDL, "NO_USER }", "NO_USER TOO_MANY_REQUESTS }"]],
    caughtBy: ["contract/error-codes"],
  },
  {
    id: "field-one-text",
    title: "The field of a user error is a string, not a path.",
    edits: [
      [SDL, "field: [String!]!", "field: String!"],
      ["adapters/direct.ts", "field: [field],", "field,"],
    ],
    caughtBy: ["contract/user-error-field", "tokens-refresh/user-error-field"],
  },
  {
    id: "argument-required",
    title: "The argument publicId has a default.",
    edits: [[
      SDL,
      'calling client. """ publicId: String',
      'calling client. """ publicId: String = ""',
    ]],
    caughtBy: ["contract/argument-public-id", "consent-token/redeem"],
  },
  {
    id: "argument-id",
    title: "The argument publicId is an ID, so numbers are accepted.",
    edits: [[SDL, 'calling client. """ publicId: String', 'calling client. """ publicId: ID']],
    caughtBy: ["contract/argument-public-id", "input/type-number-literal"],
  },
  {
    id: "third-argument",
    title: "The mutation has a third argument.",
    edits: [[
      SDL,
      'calling client. """ publicId: String',
      'calling client. """ publicId: String userId: String',
    ]],
    caughtBy: ["contract/arguments", "input/type-unknown-argument"],
  },
  {
    id: "not-validated",
    title: "Documents are executed without validation.",
    edits: [[
      "adapters/http/graphql-endpoint.ts",
      "const errors = documents.check(query, parsed);",
      "const errors: GraphQLError[] = [];",
    ]],
    caughtBy: ["contract/unknown-field"],
  },
  {
    id: "operation-name-ignored",
    title: "operationName is ignored: the first operation is executed.",
    options: () =>
      receivingJson(MUTATION, (body) => {
        const [, name] = /\b(?:query|mutation)\s+(\w+)/.exec(String(body["query"])) ?? [];
        return name === undefined ? body : { ...body, operationName: name };
      }),
    caughtBy: ["contract/operation-name"],
  },
];
