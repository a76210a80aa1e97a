/**
 * All HTTP endpoints of the server, in one table.
 * @module
 */
import type { Service } from "../direct.ts";
import { systemClock, systemEntropy, timeOrderedId } from "../entropy.ts";
import type { Jwks } from "../jws/jwk.ts";
import type { RequestRecord } from "../log.ts";
import type { Clock, Entropy } from "../ports.ts";
import { createAdmission, overloaded } from "./admission.ts";
import {
  errorJson,
  type Exchange,
  type HttpHandler,
  type HttpRequest,
  type HttpResponse,
} from "./exchange.ts";
import { graphqlFault } from "./graphql-endpoint.ts";
import { createReadyEndpoint, live, type ReadinessCheck } from "./health.ts";
import { createLimits, type LimitOptions } from "./limits.ts";
import { checkOrigin, jwks, metadata, PATHS } from "./metadata.ts";
import {
  createIntrospectionEndpoint,
  createRevocationEndpoint,
  createTokenEndpoint,
  oauthFault,
} from "./oauth.ts";
import { createPartnersEndpoint } from "./partners.ts";
import { createUsersEndpoint } from "./users.ts";

/** How the server is set up. */
export interface HttpOptions extends LimitOptions {
  /**
   * Scheme, host and port under which callers reach the server, without a trailing slash: the `issuer`
   * of its metadata. A function if the port is known only once the server listens.
   */
  readonly publicUrl: string | (() => string);
  /** The public keys of JWT access tokens; absent if access tokens are opaque. */
  readonly jwks?: () => Jwks;
  /** Called for every request once it is answered. Must not throw. */
  readonly log?: (record: RequestRecord) => void;
  readonly clock?: Clock;
  readonly entropy?: Entropy;
  /**
   * Maximum requests that are worked on at the same time; beyond that, 503. Health checks and requests
   * whose body is awaited do not count. Default 1000.
   */
  readonly maxRequests?: number;
  /** What `/readyz` checks. Default: nothing, so it is 200 until the server stops. */
  readonly readiness?: readonly ReadinessCheck[];
  /** Further routes by path; one that ends in `/` serves every path below it, except `/` itself. */
  readonly routes?: Readonly<Record<string, HttpHandler>>;
}

/** One endpoint. */
interface Route {
  /** `null`: it checks the method itself, after authentication. */
  readonly methods: readonly string[] | null;
  /** Whether it is exempt from limits. */
  readonly free?: boolean;
  readonly handle: (exchange: Exchange) => Promise<HttpResponse> | HttpResponse;
  /** The response if `handle` throws. */
  readonly fault: (error: unknown, requestId: string) => HttpResponse;
}

/**
 * Creates the handler of all requests. Bind it to a server with `startServer`, or `toFetchHandler`.
 * @throws {RangeError} when an option is out of its range.
 *
 * @example
 * ```ts
 * import { createMemoryStore, createService } from "fetch-tokens-for-user";
 * import { createOpaqueTokens, generateTokenKeys } from "fetch-tokens-for-user/tokens";
 * import { createHttpHandler } from "fetch-tokens-for-user/http";
 *
 * const audience = "https://shop.example";
 * const tokens = createOpaqueTokens({ serverId: audience, keys: generateTokenKeys() });
 * const service = createService({ store: createMemoryStore(), tokens }, { audience });
 *
 * const handler = createHttpHandler(service, { publicUrl: audience });
 * console.assert(typeof handler === "function"); // startServer({ handler, port, host })
 * ```
 */
export function createHttpHandler(service: Service, options: HttpOptions): HttpHandler {
  const { publicUrl, clock = systemClock, entropy = systemEntropy, log = () => {} } = options;
  const issuer = typeof publicUrl === "string" ? constant(checkOrigin(publicUrl)) : publicUrl;
  const graphql = (handle: Route["handle"]): Route => ({
    methods: null,
    handle,
    fault: graphqlFault,
  });
  const oauth = (handle: Route["handle"]): Route => ({
    methods: ["POST"],
    handle,
    fault: oauthFault,
  });
  const get = (handle: Route["handle"]): Route => ({ methods: ["GET"], handle, fault: oauthFault });
  const limits = createLimits(options, clock);
  const admission = createAdmission(options.maxRequests ?? 1000);
  const ready = createReadyEndpoint(options.readiness ?? []);
  const further = Object.entries(options.routes ?? {}).map(([path, handler]) =>
    [path, { ...graphql(({ request }) => handler(request)), free: true }] as const
  );
  const routes: ReadonlyMap<string, Route> = new Map([
    ...further,
    [PATHS.partners, graphql(createPartnersEndpoint(service, limits))],
    [PATHS.users, graphql(createUsersEndpoint(service, limits))],
    [PATHS.token, oauth(createTokenEndpoint(service, limits))],
    [PATHS.revoke, oauth(createRevocationEndpoint(service, limits))],
    [PATHS.introspect, oauth(createIntrospectionEndpoint(service, limits, issuer))],
    [PATHS.metadata, get(() => metadata(issuer()))],
    [PATHS.jwks, get(() => jwks(options.jwks?.() ?? { keys: [] }))],
    [PATHS.live, { ...get(live), free: true }],
    [PATHS.ready, { ...get(ready), free: true }],
    [PATHS.health, { ...get(ready), free: true }],
  ]);
  const prefixes = [...routes.keys()].filter((path) => /.\/$/.test(path));
  return async (request) => {
    const start = clock.now();
    const path = request.target.split("?", 1)[0] ?? "";
    const known = routes.has(path) ? path : prefixes.find((prefix) => path.startsWith(prefix));
    const route = known === undefined ? undefined : routes.get(known);
    const admitted = route?.free ? { request, leave() {} } : admission.enter(request);
    const exchange: Exchange = {
      request: admitted?.request ?? request,
      requestId: timeOrderedId(start, entropy),
      trace: { client: null, claimed: null, outcomes: [], faults: [] },
    };
    const answered = admitted === null ? overloaded() : await answer(route, exchange);
    admitted?.leave();
    const response = route?.free ? answered : limits.settle(exchange, answered);
    const { status, headers, body } = response;
    log(describe(exchange, known ?? null, response, start, clock.now()));
    return { status, headers: { ...headers, "x-request-id": exchange.requestId }, body };
  };
}

async function answer(route: Route | undefined, exchange: Exchange): Promise<HttpResponse> {
  if (route === undefined) return notFound();
  const { request, requestId, trace } = exchange;
  try {
    return refuseMethod(request, route.methods) ?? await route.handle(exchange);
  } catch (error) {
    trace.faults.push(error);
    return route.fault(error, requestId);
  }
}

/** The response to a method that a route does not serve. GET includes HEAD; servers leave out the body. */
function refuseMethod({ method }: HttpRequest, methods: Route["methods"]): HttpResponse | null {
  if (methods === null || methods.includes(method)) return null;
  if (method === "HEAD" && methods.includes("GET")) return null;
  const allow = [...methods, ...(methods.includes("GET") ? ["HEAD"] : []), "OPTIONS"].join(", ");
  if (method === "OPTIONS") return { status: 204, headers: { allow }, body: "" };
  return errorJson(405, "method_not_allowed", `Use one of: ${allow}.`, { allow });
}

function notFound(): HttpResponse {
  return errorJson(404, "not_found", `There is nothing here. The API is at ${PATHS.partners}.`);
}

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

function describe(
  { request, requestId, trace }: Exchange,
  path: string | null,
  { status, outcome = "ok" }: HttpResponse,
  start: number,
  end: number,
): RequestRecord {
  return {
    at: Math.floor(end / 1000),
    requestId,
    method: METHODS.includes(request.method) ? request.method : "OTHER",
    path,
    status,
    milliseconds: end - start,
    ...(trace.client !== null && { client: trace.client }),
    outcome: trace.outcomes.join(",") || outcome,
    ...(trace.faults.length > 0 && { faults: trace.faults.map(describeFault) }),
  };
}

function describeFault(fault: unknown): string {
  if (!(fault instanceof Error)) return String(fault);
  const cause = fault.cause === undefined ? "" : `\ncaused by ${describeFault(fault.cause)}`;
  return (fault.stack ?? fault.message) + cause;
}

function constant<Value>(value: Value): () => Value {
  return () => value;
}
