/**
 * A schema that is not the vendor's (G1–G4).
 * @module
 */
import type { Fault } from "../fault.ts";

const SDL = "adapters/graphql.ts";

/** The faults. */
export const CONTRACT: readonly Fault[] = [
  {
    id: "payload-renamed",
    title: "The payload type has another name.",
    rules: ["G2"],
    attacks: [],
    edits: [
      [SDL, "): FetchTokensForUserPayload }", "): FetchTokensForUserResult }"],
      [SDL, "type FetchTokensForUserPayload {", "type FetchTokensForUserResult {"],
    ],
    caughtBy: ["contract/payload", "contract/typename", "contract/fragment"],
  },
  {
    id: "payload-not-null",
    title: "The payload is declared as never null, which leaves top-level errors no place.",
    rules: ["G1"],
    attacks: [],
    edits: [[SDL, "): FetchTokensForUserPayload }", "): FetchTokensForUserPayload! }"]],
    caughtBy: ["contract/payload"],
  },
  {
    id: "access-token-not-null",
    title: "accessToken is declared as never null.",
    rules: ["G2"],
    attacks: [],
    edits: [[SDL, "accessToken: String", "accessToken: String!"]],
    caughtBy: ["contract/payload-access-token", "scope-delegation/unknown-user"],
  },
  {
    id: "expires-in-float",
    title: "expiresIn is declared as a Float.",
    rules: ["G2"],
    attacks: [],
    edits: [[SDL, "expiresIn: Int", "expiresIn: Float"]],
    caughtBy: ["contract/payload-expires-in"],
  },
  {
    id: "expires-in-text",
    title: "expiresIn is a text.",
    rules: ["G2", "G6"],
    attacks: [],
    edits: [[SDL, "expiresIn: Int", "expiresIn: String"]],
    caughtBy: ["contract/payload-expires-in", "tokens-refresh/expires-in"],
  },
  {
    id: "refresh-token-left-out",
    title: "The payload has no field refreshToken.",
    rules: ["G2"],
    attacks: [],
    edits: [[SDL, "refreshToken: String", "refresh: String"]],
    caughtBy: ["contract/payload-refresh-token", "client-authentication/credentials"],
  },
  {
    id: "payload-has-more",
    title: "The payload has a field idToken besides.",
    rules: ["G2"],
    attacks: [],
    edits: [[SDL, "tokenType: String", "tokenType: String idToken: String"]],
    caughtBy: ["contract/payload-nothing-else"],
  },
  {
    id: "user-errors-nullable",
    title: "userErrors is declared as a nullable list of nullable errors.",
    rules: ["G2"],
    attacks: [],
    edits: [[SDL, "[FetchTokensForUserUserError!]!", "[FetchTokensForUserUserError]"]],
    caughtBy: ["contract/payload-user-errors"],
  },
  {
    id: "error-code-text",
    title: "The code of a user error is a text.",
    rules: ["G3"],
    attacks: [],
    edits: [[SDL, "code: FetchTokensForUserUserErrorErrorCode!", "code: String!"]],
    caughtBy: ["contract/user-error-code"],
  },
  {
    id: "error-code-renamed",
    title: 'The enumeration of codes is called what one would expect, without the doubled "Error".',
    rules: ["G4"],
    attacks: [],
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
    rules: ["G4"],
    attacks: [],
    edits: [[SDL, "NO_USER }", "NO_USER TOO_MANY_REQUESTS }"]],
    caughtBy: ["contract/error-codes"],
  },
  {
    id: "field-one-text",
    title: "The field of a user error is one text, not a path.",
    rules: ["G3"],
    attacks: [],
    edits: [
      [SDL, "field: [String!]!", "field: String!"],
      ["adapters/direct.ts", "field: [field],", "field,"],
    ],
    caughtBy: ["contract/user-error-field", "tokens-refresh/user-error-field"],
  },
  {
    id: "argument-required",
    title: "The argument publicId has a default.",
    rules: ["G1", "E1"],
    attacks: ["IN-03"],
    edits: [[
      SDL,
      'calling client. """ publicId: String',
      'calling client. """ publicId: String = ""',
    ]],
    caughtBy: ["contract/argument-public-id", "consent-token/redeem"],
  },
  {
    id: "argument-id",
    title: "The argument publicId is an ID, so numbers are taken for texts.",
    rules: ["G1"],
    attacks: [],
    edits: [[SDL, 'calling client. """ publicId: String', 'calling client. """ publicId: ID']],
    caughtBy: ["contract/argument-public-id", "input/type-number-literal"],
  },
  {
    id: "third-argument",
    title: "The mutation has a third argument.",
    rules: ["G1"],
    attacks: [],
    edits: [[
      SDL,
      'calling client. """ publicId: String',
      'calling client. """ publicId: String userId: String',
    ]],
    caughtBy: ["contract/arguments", "input/type-unknown-argument"],
  },
  {
    id: "not-validated",
    title: "Documents are executed without having been validated.",
    rules: ["G2", "A2"],
    attacks: [],
    edits: [[
      "adapters/http/graphql-endpoint.ts",
      "const errors = documents.check(query, document);",
      "const errors: GraphQLError[] = [];",
    ]],
    caughtBy: ["contract/unknown-field"],
  },
  {
    id: "operation-name-ignored",
    title: "operationName is ignored: the first operation is executed.",
    rules: ["G7"],
    attacks: [],
    edits: [
      [
        "adapters/http/graphql-endpoint.ts",
        "...(operationName && { operationName }),",
        "operationName: (document.definitions[0] as { name?: { value: string } }).name?.value,",
      ],
    ],
    caughtBy: ["contract/operation-name"],
  },
];
