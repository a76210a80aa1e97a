/**
 * `POST /api/users/graphql.json`: shows what an access token may do (T8, RFC 6750).
 * @module
 */
import { makeExecutableSchema } from "@graphql-tools/schema";
import { GraphQLError, type GraphQLSchema } from "graphql";
import { MESSAGES } from "../../core/message.ts";
import { writeScope } from "../../core/scope.ts";
import type { LiveToken } from "../../core/use.ts";
import type { Service } from "../direct.ts";
import { readBearer } from "./credentials.ts";
import { errorGraphql, type Exchange, type HttpResponse } from "./exchange.ts";
import { createEndpoint } from "./graphql-endpoint.ts";
import type { Limits } from "./limits.ts";

/** The scope required to read the user's id, as in OpenID Connect. */
export const USER_SCOPE = "openid";

/** The schema of the Users API, as text. It is our own, not the vendor's. */
export const usersTypeDefs: string = `
type Query {
  """
  What the token may do now: space-delimited, sorted, without duplicates. Every live token may ask.
  """
  scope: String!

  """
  The user who consented. Requires the scope ${USER_SCOPE}; without it the answer is 403.
  """
  user: User
}

"""
The user whose token it is.
"""
type User {
  """
  The id of the client that acts for the user.
  """
  clientId: String!

  """
  The user's public id.
  """
  publicId: String!

  """
  What the client may do for the user now: space-delimited, sorted, without duplicates.
  """
  scope: String!
}
`;

/** The context of the resolvers. */
interface UsersContext {
  readonly token: LiveToken;
}

/** Creates the endpoint. */
export function createUsersEndpoint(
  service: Pick<Service, "authorize">,
  limits: Limits,
): (exchange: Exchange) => Promise<HttpResponse> {
  const endpoint = createEndpoint<UsersContext>({
    schema: createUsersSchema(),
    maxMutationFields: Infinity, // there are none in the schema
    // Not the client's own budget: its users hold tokens, too.
    charge: ({ context: { token } }, weight) =>
      limits.charge(`${token.client} ${token.user}`, weight),
    replace: (code) => code === "INSUFFICIENT_SCOPE" ? insufficientScope() : null,
  });
  return async (exchange) => {
    const { request, trace } = exchange;
    const bearer = readBearer(request.header("authorization"));
    const token = bearer === null ? null : await service.authorize(bearer, exchange);
    if (token === null) return unauthorized(bearer !== null);
    trace.client = token.client;
    return endpoint({ exchange, context: { token } });
  };
}

function createUsersSchema(): GraphQLSchema {
  return makeExecutableSchema({
    typeDefs: usersTypeDefs,
    resolvers: {
      Query: {
        scope: (_root: unknown, _args: unknown, { token }: UsersContext) => writeScope(token.scope),
        user: (_root: unknown, _args: unknown, { token }: UsersContext) => {
          if (!token.scope.includes(USER_SCOPE)) {
            throw new GraphQLError("", { extensions: { code: "INSUFFICIENT_SCOPE" } });
          }
          const { user, client, scope } = token;
          return { publicId: user, clientId: client, scope: writeScope(scope) };
        },
      },
    },
  });
}

const REALM = 'Bearer realm="fetch-tokens-for-user"';

/** RFC 6750 §3: an error code only where there was a token; it may have been any string. */
function unauthorized(presented: boolean): HttpResponse {
  const challenge = presented ? `${REALM}, error="invalid_token"` : REALM;
  const text = presented ? MESSAGES.invalid_token : "Send an access token: Authorization: Bearer …";
  return errorGraphql(401, "UNAUTHENTICATED", text, { "www-authenticate": challenge });
}

function insufficientScope(): HttpResponse {
  const challenge = `${REALM}, error="insufficient_scope", scope="${USER_SCOPE}"`;
  const text = `This needs a token with the scope ${USER_SCOPE}.`;
  return errorGraphql(403, "INSUFFICIENT_SCOPE", text, { "www-authenticate": challenge });
}
