/**
 * The reference server as `serve --dev` builds it, on a free port, with its harness. For tests of the
 * conformance suite and for those who break the server on purpose. No test runner in here.
 * @module
 */
import type { JWK } from "jose";
import { createConsentVerifier } from "../../../adapters/consent/verifier.ts";
import { DEMO_AUDIENCE, DEMO_ISSUER, DEMO_ISSUER_KEY } from "../../../adapters/dev/demo.ts";
import { createService, followService, type Service } from "../../../adapters/direct.ts";
import { systemClock } from "../../../adapters/entropy.ts";
import { type AdjustableClock, createAdjustableClock } from "../../../adapters/dev/clock.ts";
import { createHarness } from "../../../adapters/dev/harness.ts";
import { createDevIssuers, type DevIssuer } from "../../../adapters/dev/issuers.ts";
import type { HttpHandler } from "../../../adapters/http/exchange.ts";
import { PATHS } from "../../../adapters/http/metadata.ts";
import { createHttpHandler } from "../../../adapters/http/router.ts";
import { startServer } from "../../../adapters/http/server.ts";
import { publicJwk } from "../../../adapters/jws/private-jwk.ts";
import type { Ports, Store } from "../../../adapters/ports.ts";
import { createMemoryStore } from "../../../adapters/store/memory.ts";
import { createJwtTokens } from "../../../adapters/tokens/jwt/at-jwt.ts";
import { newSigningKeys, publicJwks } from "../../../adapters/tokens/jwt/signing-keys.ts";
import { createOpaqueTokens } from "../../../adapters/tokens/opaque.ts";
import { generateTokenKeys } from "../../../adapters/tokens/token-keys.ts";
import { type Numbers, RANGES } from "../../../core/settings.ts";

/** How a server differs from the ordinary one. */
export interface ReferenceOptions {
  /** Default: in memory. It is closed when the server stops. */
  readonly store?: Store;
  /** JWT access tokens instead of opaque ones. */
  readonly jwt?: boolean;
  readonly settings?: Partial<Numbers>;
  /** Settings that the server follows, while its harness declares other ones. */
  readonly undeclared?: Partial<Numbers>;
  /** The merchants that the demo issuer may speak for. */
  readonly merchants?: readonly string[];
  /** Replaces ports, each time that the service is built: whenever an issuer is trusted. */
  readonly ports?: (ports: Ports, clock: AdjustableClock, issuers: TrustedKeys) => Ports;
  /** Replaces the service, except for the harness. */
  readonly service?: (service: Service, ports: Ports) => Service;
  /** Endpoints that neither harness nor metadata mention; their paths answer 404. */
  readonly without?: readonly ("revocation" | "introspection" | "users")[];
  /** Replaces the handler of everything but the harness. */
  readonly handler?: (handler: HttpHandler, service: Service) => HttpHandler;
  /** Replaces the handler of the harness. */
  readonly harness?: (handler: HttpHandler) => HttpHandler;
}

/** The keys of every issuer, as they were handed in last, whether they were accepted or not. */
export type TrustedKeys = ReadonlyMap<string, readonly JWK[]>;

/** A server that runs. */
export interface Reference {
  /** The mutation. */
  readonly endpoint: string;
  readonly harness: string;
  stop(): Promise<void>;
}

/** Starts a server. */
export async function startReference(options: ReferenceOptions = {}): Promise<Reference> {
  const clock = createAdjustableClock(systemClock);
  const store = options.store ?? createMemoryStore();
  const policy = { ...defaults(), ...options.settings };
  let handler: HttpHandler = () => Promise.resolve({ status: 503, headers: {}, body: "" });
  const server = await startServer({
    handler: (request) => handler(request),
    port: 0,
    host: "127.0.0.1",
  });
  const keys = await newSigningKeys("ES256");
  const opaque = createOpaqueTokens({ serverId: DEMO_AUDIENCE, keys: generateTokenKeys() });
  const tokens = options.jwt
    ? await createJwtTokens({
      issuer: server.url,
      audience: server.url + PATHS.users,
      keys,
      opaque,
    })
    : opaque;
  const demo: DevIssuer = {
    issuer: DEMO_ISSUER,
    merchants: options.merchants ?? [],
    jwks: { keys: [publicJwk(DEMO_ISSUER_KEY)] },
  };
  const handedIn = new Map<string, readonly JWK[]>([[DEMO_ISSUER, demo.jwks.keys]]);
  let ports: Ports = { store, tokens, clock };
  const build = async (added: readonly DevIssuer[]) => {
    const issuers = [demo, ...added];
    const consents = await createConsentVerifier(issuers);
    const own = { store, tokens, consents, clock };
    ports = options.ports?.(own, clock, handedIn) ?? own;
    return createService(ports, {
      ...policy,
      ...options.undeclared,
      audience: DEMO_AUDIENCE,
      issuers,
    });
  };
  let built = await build([]);
  const current = followService(() => built);
  const service = options.service?.(current, ports) ?? current;
  const product = createHttpHandler(service, {
    publicUrl: server.url,
    rateLimit: null,
    ...(options.jwt && { jwks: () => publicJwks(keys, Math.floor(clock.now() / 1000)) }),
  });
  const all = {
    token: server.url + PATHS.token,
    revocation: server.url + PATHS.revoke,
    introspection: server.url + PATHS.introspect,
    users: server.url + PATHS.users,
  };
  const endpoints = Object.fromEntries(
    Object.entries(all).filter(([name]) => !options.without?.some((other) => other === name)),
  );
  const harness = createHarness({
    service: () => built,
    clock,
    issuers: createDevIssuers(async (added) => {
      built = await build(added);
    }),
    key: DEMO_ISSUER_KEY,
    description: () => ({ version: "0.1.0", audience: DEMO_AUDIENCE, policy, endpoints }),
  });
  const served = options.handler?.(product, service) ?? product;
  const controlled = notingKeys(options.harness?.(harness) ?? harness, handedIn);
  const pruned = withoutEndpoints(served, (options.without ?? []).map((name) => all[name]));
  handler = (request) => (request.target.startsWith("/harness/") ? controlled : pruned)(request);
  return {
    endpoint: server.url + PATHS.partners,
    harness: `${server.url}/harness`,
    async stop() {
      await server.stop(0);
      await store.close();
    },
  };
}

/** Keeps the keys that the harness is told to trust. */
function notingKeys(harness: HttpHandler, issuers: Map<string, readonly JWK[]>): HttpHandler {
  return async (request) => {
    if (request.target !== "/harness/trust") return harness(request);
    const text = await request.body(1_000_000);
    const { issuer, jwks } = JSON.parse(text);
    issuers.set(issuer, jwks.keys);
    return harness({ ...request, body: () => Promise.resolve(text) });
  };
}

/** Answers 404 at these URLs and leaves them out of the metadata. */
function withoutEndpoints(handler: HttpHandler, urls: readonly string[]): HttpHandler {
  const paths = urls.map((url) => new URL(url).pathname);
  return async (request) => {
    if (paths.includes(request.target)) return { status: 404, headers: {}, body: "" };
    const response = await handler(request);
    if (request.target !== PATHS.metadata) return response;
    const members = Object.entries(JSON.parse(response.body));
    const left = members.filter(([, value]) => !urls.includes(String(value)));
    return { ...response, body: JSON.stringify(Object.fromEntries(left)) };
  };
}

function defaults(): Numbers {
  const entries = Object.entries(RANGES).map(([name, range]) => [name, range.default]);
  return Object.fromEntries(entries) as Numbers;
}
