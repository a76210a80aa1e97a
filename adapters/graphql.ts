/**
 * The GraphQL interface: schema (G1–G4) and resolvers. Arguments go to the service unchanged. The
 * response is the payload, or an error whose message never depends on the caller's input.
 *
 * @example
 * ```ts
 * import { graphql } from "graphql";
 * import { createSchema } from "fetch-tokens-for-user/graphql";
 * import { createMemoryStore, createService } from "fetch-tokens-for-user";
 * import { createOpaqueTokens, generateTokenKeys } from "fetch-tokens-for-user/tokens";
 *
 * const audience = "https://shop.example";
 * const tokens = createOpaqueTokens({ serverId: audience, keys: generateTokenKeys() });
 * const service = createService({ store: createMemoryStore(), tokens }, { audience });
 *
 * const { id } = await service.registerClient({ scope: "openid" });
 * const answer = await graphql({
 *   schema: createSchema(service),
 *   source: `mutation { fetchTokensForUser(publicId: "nobody") { userErrors { code } } }`,
 *   contextValue: { client: { id }, requestId: "request-1" },
 * });
 * console.assert(JSON.stringify(answer.data).includes("NO_USER"));
 * ```
 * @module
 */
import { makeExecutableSchema } from "@graphql-tools/schema";
import { GraphQLError, type GraphQLSchema } from "graphql";
import { MESSAGES } from "../core/message.ts";
import type { Client } from "../core/model.ts";
import type { Arguments } from "../core/request.ts";
import { ClientError, type FetchTokensForUserPayload, InputError, type Service } from "./direct.ts";
import { KeysUnavailable, StoreFault } from "./ports.ts";

/**
 * The schema, as text. Names, types and nullability come from the vendor (G1–G4); the descriptions
 * are ours.
 */
export const typeDefs: string = `
type Query {
  """
  The version of this API. GraphQL requires a query root; this one field is a decision of this
  implementation and no part of the vendor's contract.
  """
  apiVersion: String!
}

type Mutation {
  """
  Gets an access token and a refresh token for a user. Provide exactly one of consentToken and
  publicId: both or neither is an error of the caller with the code BAD_USER_INPUT.
  """
  fetchTokensForUser(
    """
    A consent token: signed, short-lived and redeemable once. It delegates the user's consent at a
    merchant to the calling client, and connects the two from then on.
    """
    consentToken: String

    """
    The public id of a user who is connected to the calling client.
    """
    publicId: String
  ): FetchTokensForUserPayload
}

"""
Either all six token fields and no user error, or none of them and exactly one user error.
"""
type FetchTokensForUserPayload {
  """
  The access token: a bearer credential. Keep it secret.
  """
  accessToken: String

  """
  The remaining lifetime of the access token, in whole seconds.
  """
  expiresIn: Int

  """
  The public id of the user the tokens are for.
  """
  publicId: String

  """
  The refresh token: the calling client swaps it for new tokens. Keep it secret.
  """
  refreshToken: String

  """
  The scope of the access token as issued: space-delimited, sorted, without duplicates.
  """
  scope: String

  """
  The type of the access token. Always Bearer.
  """
  tokenType: String

  """
  Why there are no tokens; empty on success.
  """
  userErrors: [FetchTokensForUserUserError!]!
}

"""
Why a user did not get tokens.
"""
type FetchTokensForUserUserError {
  """
  The error code, for programs.
  """
  code: FetchTokensForUserUserErrorErrorCode!

  """
  The path to the argument that caused the error.
  """
  field: [String!]!

  """
  The error message, for people.
  """
  message: String!
}

"""
The codes of FetchTokensForUserUserError.
"""
enum FetchTokensForUserUserErrorErrorCode {
  """
  The consent token is invalid.
  """
  INVALID_TOKEN

  """
  The user has not consented to the requested scope.
  """
  NO_CONSENT

  """
  No user was found.
  """
  NO_USER
}
`;

/** The request context for the resolvers. */
export interface PartnerContext {
  /** The authenticated client. */
  readonly client: Pick<Client, "id">;
  /** Shown to the caller with a masked fault, and recorded in audit events and the request log. */
  readonly requestId: string;
  /**
   * Called with the outcome of each mutation field, and with the error if it was a fault. For logs
   * only.
   */
  note?(outcome: string, fault?: unknown): void;
}

/**
 * Builds the executable schema of the Partners API; `contextValue` must be a {@link PartnerContext}.
 *
 * @example
 * ```ts
 * import { graphql } from "graphql";
 * import { createSchema } from "fetch-tokens-for-user/graphql";
 * import { createMemoryStore, createService } from "fetch-tokens-for-user";
 * import { createOpaqueTokens, generateTokenKeys } from "fetch-tokens-for-user/tokens";
 *
 * const audience = "https://shop.example";
 * const tokens = createOpaqueTokens({ serverId: audience, keys: generateTokenKeys() });
 * const service = createService({ store: createMemoryStore(), tokens }, { audience });
 *
 * const { id } = await service.registerClient({ scope: "openid" });
 * const answer = await graphql({
 *   schema: createSchema(service),
 *   source: `mutation { fetchTokensForUser(publicId: "nobody") { userErrors { code } } }`,
 *   contextValue: { client: { id }, requestId: "request-1" },
 * });
 * console.assert(JSON.stringify(answer.data).includes("NO_USER"));
 * ```
 */
export function createSchema(service: Pick<Service, "fetchTokensForUser">): GraphQLSchema {
  return makeExecutableSchema({
    typeDefs,
    resolvers: {
      Query: { apiVersion: () => "unstable" },
      Mutation: {
        fetchTokensForUser: (_root: unknown, args: Arguments, context: PartnerContext) =>
          fetchTokensForUser(service, args, context),
      },
    },
  });
}

async function fetchTokensForUser(
  service: Pick<Service, "fetchTokensForUser">,
  args: Arguments,
  context: PartnerContext,
): Promise<FetchTokensForUserPayload> {
  try {
    const payload = await service.fetchTokensForUser(context.client.id, args, context);
    context.note?.(payload.userErrors[0]?.code ?? "granted");
    return payload;
  } catch (error) {
    const shown = present(error, context.requestId);
    const isFault = !(error instanceof InputError || error instanceof ClientError);
    context.note?.(String(shown.extensions["code"]), isFault ? error : undefined);
    throw shown;
  }
}

/**
 * Presents an error to the caller: its own mistake (E2), or a masked fault, which is
 * `SERVICE_UNAVAILABLE` if a retry may succeed (A3).
 */
function present(error: unknown, requestId: string): GraphQLError {
  if (error instanceof InputError) {
    return new GraphQLError(error.message, { extensions: { code: error.code } });
  }
  if (error instanceof ClientError) {
    return new GraphQLError(MESSAGES.invalid_client, { extensions: { code: "UNAUTHENTICATED" } });
  }
  return maskFault(error, requestId);
}

/** Masks a fault: the caller sees whether it is retryable, and a request id for support (A3, G9). */
export function maskFault(error: unknown, requestId: string): GraphQLError {
  if (isRetryable(error)) {
    return new GraphQLError("The service is temporarily unavailable. Try again.", {
      extensions: { code: "SERVICE_UNAVAILABLE", requestId },
    });
  }
  return new GraphQLError("Internal server error.", {
    extensions: { code: "INTERNAL_SERVER_ERROR", requestId },
  });
}

/** Whether the same call may succeed later (A3, C7). */
export function isRetryable(error: unknown): boolean {
  return error instanceof StoreFault || error instanceof KeysUnavailable;
}
