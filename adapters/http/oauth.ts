/**
 * The OAuth endpoints: token (RFC 6749 §6), revocation (RFC 7009), introspection (RFC 7662). Each
 * reads a form, authenticates the client, and asks the service (T4–T7).
 * @module
 */
import { MESSAGES } from "../../core/message.ts";
import type { Client, ClientId } from "../../core/model.ts";
import { writeScope } from "../../core/scope.ts";
import type { LiveToken } from "../../core/use.ts";
import type { Service } from "../direct.ts";
import { isRetryable } from "../graphql.ts";
import { authenticate, BASIC_CHALLENGE, isBasic, readBasic } from "./credentials.ts";
import {
  errorJson,
  type Exchange,
  type HttpResponse,
  json,
  NO_STORE,
  RETRY_AFTER,
} from "./exchange.ts";
import { type Form, invalidRequest, readForm } from "./form.ts";
import { type Limits, tooManyRequests } from "./limits.ts";

/** What an endpoint does for an authenticated client. */
type Work = (form: Form, client: ClientId, exchange: Exchange) => Promise<HttpResponse>;

/** An OAuth endpoint. */
export type OAuthEndpoint = (exchange: Exchange) => Promise<HttpResponse>;

/** `POST /oauth/token`: only `grant_type=refresh_token` (T4–T6). */
export function createTokenEndpoint(service: Service, limits: Limits): OAuthEndpoint {
  return createEndpoint(service, limits, 1, async (form, client, exchange) => {
    const grantType = form.get("grant_type");
    const refreshToken = form.get("refresh_token");
    if (grantType === undefined) return invalidRequest("Missing parameter: grant_type.");
    if (grantType !== "refresh_token") {
      return errorJson(400, "unsupported_grant_type", "The only grant type is refresh_token.");
    }
    if (refreshToken === undefined) return invalidRequest("Missing parameter: refresh_token.");
    const request = { refreshToken, scope: form.get("scope") };
    const tokens = await service.refresh(client, request, exchange);
    if ("error" in tokens) return errorJson(400, tokens.error, tokens.message);
    const body = {
      access_token: tokens.accessToken,
      token_type: tokens.tokenType,
      expires_in: tokens.expiresIn,
      refresh_token: tokens.refreshToken,
      scope: tokens.scope,
    };
    return json(200, body, { ...NO_STORE, pragma: "no-cache" });
  });
}

/** `POST /oauth/revoke`: 200 whatever the token is; `token_type_hint` is not needed and ignored (T7). */
export function createRevocationEndpoint(service: Service, limits: Limits): OAuthEndpoint {
  return createEndpoint(service, limits, 1, async (form, client, exchange) => {
    const token = form.get("token");
    if (token === undefined) return invalidRequest("Missing parameter: token.");
    await service.revokeToken(client, token, exchange);
    return { status: 200, headers: NO_STORE, body: "" };
  });
}

/** `POST /oauth/introspect`: the state of a token for this client, otherwise `{"active":false}` (T7). */
export function createIntrospectionEndpoint(
  service: Service,
  limits: Limits,
  issuer: () => string,
): OAuthEndpoint {
  return createEndpoint(service, limits, 0.1, async (form, client, exchange) => {
    const token = form.get("token");
    if (token === undefined) return invalidRequest("Missing parameter: token.");
    const live = await service.introspect(client, token, exchange);
    const body = live === null ? { active: false } : describe(live, issuer());
    return json(200, body, NO_STORE);
  });
}

/** RFC 7662 §2.2. A refresh token is not a bearer token: `N_A` as in RFC 8693 §2.2.1. */
function describe(live: LiveToken, issuer: string): Readonly<Record<string, unknown>> {
  return {
    active: true,
    scope: writeScope(live.scope),
    client_id: live.client,
    sub: live.user,
    token_type: live.kind === "access" ? "Bearer" : "N_A",
    exp: live.expiresAt,
    iat: live.issuedAt,
    iss: issuer,
  };
}

function createEndpoint(
  service: Service,
  limits: Limits,
  weight: number,
  work: Work,
): OAuthEndpoint {
  return async (exchange) => {
    const { trace } = exchange;
    const form = await readForm(exchange);
    if ("status" in form) return form;
    const client = await authenticateClient(service, exchange, form);
    if ("status" in client && "body" in client) return client;
    trace.client = client.id;
    const seconds = limits.charge(client.id, weight);
    if (seconds > 0) return tooManyRequests(seconds);
    return work(form, client.id, exchange);
  };
}

/** By Basic or by parameters, but not both (RFC 6749 §2.3). */
async function authenticateClient(
  service: Service,
  exchange: Exchange,
  form: Form,
): Promise<Client | HttpResponse> {
  const authorization = exchange.request.header("authorization");
  const id = form.get("client_id");
  const secret = form.get("client_secret");
  const methods = [authorization, secret, form.get("client_assertion")]
    .filter((method) => method !== null && method !== undefined);
  if (methods.length > 1) return invalidRequest("Authenticate in one way only.");
  const basic = readBasic(authorization);
  if (basic !== null && id !== undefined && id !== basic.id) {
    return invalidRequest("client_id and the Authorization header name different clients.");
  }
  const posted = id !== undefined && secret !== undefined ? { id, secret } : null;
  return await authenticate(service, isBasic(authorization) ? basic : posted, exchange) ??
    errorJson(401, "invalid_client", MESSAGES.invalid_client, {
      "www-authenticate": BASIC_CHALLENGE,
    });
}

/** The answer to an internal fault: never a false success, and retryable or not (A3). */
export function oauthFault(error: unknown): HttpResponse {
  return isRetryable(error)
    ? errorJson(503, "temporarily_unavailable", "Try again.", RETRY_AFTER)
    : errorJson(500, "server_error", "Internal server error.");
}
