// The two schemas, served by GraphQL over HTTP.
import { buildSchema, execute, GraphQLError, parse, validate } from "graphql";
import { byConsentToken, byPublicId } from "./mutation.mjs";
import { issue } from "./tokens.mjs";
import { toScope } from "./world.mjs";

const PARTNERS = buildSchema(`
  type Query { version: String! }
  type Mutation {
    fetchTokensForUser(consentToken: String, publicId: String): FetchTokensForUserPayload
  }
  type FetchTokensForUserPayload {
    accessToken: String expiresIn: Int publicId: String refreshToken: String scope: String
    tokenType: String userErrors: [FetchTokensForUserUserError!]!
  }
  type FetchTokensForUserUserError {
    code: FetchTokensForUserUserErrorErrorCode! field: [String!]! message: String!
  }
  enum FetchTokensForUserUserErrorErrorCode { INVALID_TOKEN NO_CONSENT NO_USER }
`);
const USERS = buildSchema(`
  type Query { user: User scope: String! }
  type User { publicId: String! clientId: String! scope: String! }
`);
const MESSAGES = {
  INVALID_TOKEN: "The consent token is invalid.",
  NO_CONSENT: "The user has not consented to the requested scope.",
  NO_USER: "No user was found.",
};

export const failure = (status, message, headers) => ({
  status,
  headers,
  body: { errors: [{ message }] },
});

/** The Partners API for an authenticated client. */
export const answerPartner = (clientId, headers, body) =>
  answer(headers, body, PARTNERS, {
    version: "unstable",
    fetchTokensForUser: (input) => fetchTokensForUser(input, clientId),
  });

function fetchTokensForUser({ publicId, consentToken }, clientId) {
  if ((publicId == null) === (consentToken == null)) {
    throw new GraphQLError("Provide exactly one of publicId and consentToken.", {
      extensions: { code: "BAD_USER_INPUT" },
    });
  }
  const field = publicId == null ? "consentToken" : "publicId";
  const { code, family } = publicId == null
    ? byConsentToken(consentToken, clientId)
    : byPublicId(publicId, clientId);
  return code === undefined
    ? { ...issue(family), tokenType: "Bearer", userErrors: [] }
    : { userErrors: [{ code, field: [field], message: MESSAGES[code] }] };
}

/** The Users API for the bearer of a live access token. */
export async function answerUser({ user: publicId, client: clientId, scope }, headers, body) {
  let insufficient = false;
  const result = await answer(headers, body, USERS, {
    scope,
    user() {
      insufficient = !toScope(scope).includes("openid");
      return insufficient ? null : { publicId, clientId, scope };
    },
  });
  return !insufficient ? result : failure(403, "The token needs the scope openid.", {
    "www-authenticate": 'Bearer realm="users", error="insufficient_scope", scope="openid"',
  });
}

async function answer(headers, body, schema, rootValue) {
  if (!/^application\/json *(;|$)/i.test(headers["content-type"] ?? "")) {
    return failure(415, "Unsupported content type: use application/json.");
  }
  const operation = readOperation(body, schema);
  const result = operation && await execute({ schema, rootValue, ...operation });
  // Without data, nothing was executed. The library's own message could quote a secret from the request.
  if (result?.data === undefined) return failure(400, "Invalid GraphQL request.");
  const type = "application/graphql-response+json";
  return {
    status: 200,
    headers: headers.accept === type && { "content-type": type },
    body: result,
  };
}

function readOperation(body, schema) {
  const fits = (value, type) => value == null || (typeof value === type && !Array.isArray(value));
  try {
    const { query, variables: variableValues, operationName } = JSON.parse(body);
    const document = parse(query, { maxTokens: 2000 });
    const valid = fits(variableValues, "object") && fits(operationName, "string") &&
      validate(schema, document).length === 0;
    return valid ? { document, variableValues, operationName } : undefined;
  } catch {
    return undefined; // not JSON, not an object or not a document
  }
}
