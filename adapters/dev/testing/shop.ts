/**
 * A shop for tests: starts in a few milliseconds, needs nothing, leaves nothing behind. Many can run in one
 * process.
 * @module
 */
import { Buffer } from "node:buffer";
import type { ClientId, PublicId } from "../../../core/model.ts";
import { type Numbers, readSettings } from "../../../core/settings.ts";
import { createConsentVerifier } from "../../consent/verifier.ts";
import { createService, type Service } from "../../direct.ts";
import { systemClock } from "../../entropy.ts";
import type { HttpRequest } from "../../http/exchange.ts";
import { toHttpRequest } from "../../http/fetch.ts";
import { PATHS } from "../../http/metadata.ts";
import { createHttpHandler } from "../../http/router.ts";
import { startServer } from "../../http/server.ts";
import { publicJwk } from "../../jws/private-jwk.ts";
import type { AuditLog, Clock } from "../../ports.ts";
import { createMemoryStore } from "../../store/memory.ts";
import { readOnly } from "../../store/read-only.ts";
import { createOpaqueTokens } from "../../tokens/opaque.ts";
import { generateTokenKeys } from "../../tokens/token-keys.ts";
import { createAdjustableClock } from "../clock.ts";
import { answerOf, type Defect, type DefectAnswer, DEFECTS } from "../defects.ts";
import {
  DEMO_AUDIENCE,
  DEMO_CLIENTS,
  DEMO_ISSUER,
  DEMO_ISSUER_KEY,
  DEMO_MERCHANTS,
  DEMO_SCOPE,
} from "../demo.ts";
import {
  createFaults,
  deliver,
  type Faults,
  type FaultyResponse,
  toFetchResponse,
} from "../faults.ts";
import { type Inspection, type InspectOptions, inspectToken } from "../inspect.ts";
import { createLedger, type RequestEntry } from "../ledger.ts";
import { mintConsentToken } from "../mint.ts";
import { createPeople, type UserKind } from "./people.ts";

/** How a test shop differs from the ordinary one. */
export interface TestShopOptions {
  /** The port on 127.0.0.1. Default: a free one. `null`: none; call {@link TestShop.fetch}. */
  readonly port?: number | null;
  /** Lifetimes and other policy settings that differ from the defaults. */
  readonly settings?: Partial<Numbers>;
}

/** A client of the shop, with its credentials. */
export interface TestClient {
  readonly id: ClientId;
  readonly secret: string;
  /** The `Authorization` header with both. */
  readonly authorization: string;
}

/** What a consent token says, where that differs from an ordinary one. */
export interface ConsentTokenOptions {
  /** See {@link TestShop.defects}. */
  readonly defect?: Defect;
  /** Default: a new buyer of the merchant. */
  readonly user?: PublicId;
  /** Default: the partner. */
  readonly client?: ClientId;
  /** Space-delimited. Default: everything that the partner may have. */
  readonly scope?: string;
  /** Default 300. */
  readonly lifetimeSeconds?: number;
}

/** A length of time; its parts are added. */
export interface TimeSpan {
  readonly days?: number;
  readonly hours?: number;
  readonly minutes?: number;
  readonly seconds?: number;
}

/** The shop's clock: real time until it is moved or stopped. */
export interface TestClock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Moves it ahead, whether it runs or not. */
  advance(span: TimeSpan): void;
  /** Stops it here. */
  stop(): void;
}

/** A shop that runs. */
export interface TestShop extends AsyncDisposable {
  /** Without a slash at the end. */
  readonly url: string;
  /** The mutation's URL. */
  readonly endpoint: string;
  /** The URLs of the other endpoints. */
  readonly endpoints: Readonly<Record<"token" | "revocation" | "introspection" | "users", string>>;
  readonly partner: TestClient;
  /** Another partner, whose tokens and consents are none of the first one's business. */
  readonly otherPartner: TestClient;
  readonly merchant: TestClient;
  /** May introspect every token. */
  readonly resourceServer: TestClient;
  /** The public id of a new user. Default: one who is connected to the partner. */
  user(kind?: UserKind): PublicId;
  /** A fresh consent token, valid unless a defect is asked for. */
  consentToken(options?: ConsentTokenOptions): Promise<string>;
  /** Every defect of a consent token, and the answer that it gets from this shop. */
  readonly defects: Readonly<Record<Defect, DefectAnswer & { readonly text: string }>>;
  /**
   * Explains a consent token, access token or refresh token, rule by rule. Uses nothing up.
   * @param client who would redeem it; default: the partner
   */
  inspect(token: string, client?: ClientId): Promise<Inspection>;
  readonly clock: TestClock;
  readonly faults: Faults;
  /** What was sent so far and what was answered, decoded, oldest first. Holds secrets. */
  readonly requests: readonly RequestEntry[];
  /** Everything else that can happen to users, clients and connections. */
  readonly service: Service;
  /** Like the global `fetch`, but straight to the shop, whatever the host. Needs no port. */
  readonly fetch: typeof fetch;
  /** Ends it. */
  close(): Promise<void>;
}

/**
 * Starts a shop for tests.
 * @throws {RangeError} if a setting is out of range
 *
 * @example
 * ```ts
 * import { startTestShop } from "fetch-tokens-for-user/testing";
 *
 * const shop = await startTestShop({ port: null });
 * const refresh = (token: string) =>
 *   shop.fetch(shop.endpoints.token, {
 *     method: "POST",
 *     headers: { authorization: shop.partner.authorization },
 *     body: new URLSearchParams({ grant_type: "refresh_token", refresh_token: token }),
 *   });
 * const user = shop.user();
 * const { refreshToken } = await shop.service.fetchTokensForUser(shop.partner.id, {
 *   publicId: user,
 * });
 * shop.clock.advance({ days: 89 });
 * console.assert((await refresh(refreshToken ?? "")).status === 200);
 * await shop.close();
 * ```
 */
export async function startTestShop(options: TestShopOptions = {}): Promise<TestShop> {
  const clock = createAdjustableClock(systemClock);
  const faults = createFaults();
  const ledger = createLedger(clock);
  const { service, inspecting } = await createShopService(
    clock,
    ledger.audit,
    options.settings ?? {},
  );
  const { partner, otherPartner, merchant, usersApi } = DEMO_CLIENTS;
  const people = createPeople({
    service,
    partner: partner.id,
    merchant: merchant.id,
    scope: DEMO_SCOPE,
  });
  let url = "http://shop.invalid";
  const product = createHttpHandler(service, {
    publicUrl: () => url,
    rateLimit: null,
    failureLimit: null,
    clock,
  });
  const recorded = ledger.wrap(faults.wrap(product));
  const handler = async (request: HttpRequest): Promise<FaultyResponse> => {
    await people.ready();
    return await recorded(request);
  };
  const server = options.port === null ? null : await startServer({
    handler,
    deliver,
    port: options.port ?? 0,
    host: "127.0.0.1",
    unref: true,
  });
  if (server !== null) url = server.url;
  const close = async () => {
    await server?.stop(0);
    await service.close();
  };
  return {
    url,
    endpoint: url + PATHS.partners,
    endpoints: {
      token: url + PATHS.token,
      revocation: url + PATHS.revoke,
      introspection: url + PATHS.introspect,
      users: url + PATHS.users,
    },
    partner: present(partner),
    otherPartner: present(otherPartner),
    merchant: present(merchant),
    resourceServer: present(usersApi),
    user: people.make,
    consentToken: ({ defect, ...claims } = {}) =>
      mintConsentToken({
        key: DEMO_ISSUER_KEY,
        issuer: DEMO_ISSUER,
        audience: DEMO_AUDIENCE,
        user: people.make("buyer"),
        client: partner.id,
        merchant: merchant.id,
        scope: DEMO_SCOPE,
        now: Math.floor(clock.now() / 1000),
        ...claims,
      }, defect),
    defects: DEFECT_ANSWERS,
    async inspect(token, client = partner.id) {
      await people.ready();
      return await inspectToken(token, { ...inspecting(), client });
    },
    clock: {
      now: clock.now,
      advance: (span) => clock.advance(secondsOf(span)),
      stop: () => clock.stopAt(clock.now() / 1000),
    },
    faults,
    get requests() {
      return ledger.entries;
    },
    service: after(people.ready, service),
    fetch: async (input, init) => {
      const request = new Request(input, init);
      return toFetchResponse(await handler(toHttpRequest(request)), request.method);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

const DEFECT_ANSWERS = Object.fromEntries(
  Object.entries(DEFECTS).map(([name, { text }]) => [name, { text, ...answerOf(name as Defect) }]),
) as unknown as TestShop["defects"];

/** A service with the demo clients, and what is needed to inspect tokens of it. */
async function createShopService(
  clock: Clock,
  audit: AuditLog,
  numbers: Partial<Numbers>,
): Promise<{
  readonly service: Service;
  readonly inspecting: () => Omit<InspectOptions, "client">;
}> {
  const jwks = { keys: [publicJwk(DEMO_ISSUER_KEY)] };
  const issuers = [{ issuer: DEMO_ISSUER, merchants: DEMO_MERCHANTS, jwks }];
  const settings = { ...numbers, audience: DEMO_AUDIENCE, issuers };
  const ports = {
    store: createMemoryStore(),
    tokens: createOpaqueTokens({ serverId: DEMO_AUDIENCE, keys: generateTokenKeys() }),
    consents: await createConsentVerifier(issuers),
    clock,
  };
  const service = createService({ ...ports, audit }, settings);
  for (const client of Object.values(DEMO_CLIENTS)) {
    await service.registerClient({ ...client, weakSecret: true });
  }
  const inspecting = () => ({
    resourceServer: DEMO_CLIENTS.usersApi.id,
    audience: DEMO_AUDIENCE,
    issuers,
    policy: readSettings(settings),
    now: Math.floor(clock.now() / 1000),
    rehearse: (heard: AuditLog) =>
      createService({ ...ports, store: readOnly(ports.store), audit: heard }, settings),
  });
  return { service, inspecting };
}

/** The same service, whose every call first waits for something. */
function after(ready: () => Promise<void>, service: Service): Service {
  const calls = Object.entries(
    service as unknown as Record<string, (...args: unknown[]) => unknown>,
  );
  return Object.fromEntries(calls.map(([name, call]) => [
    name,
    async (...args: unknown[]) => {
      await ready();
      return await call(...args);
    },
  ])) as unknown as Service;
}

function present({ id, secret }: Pick<TestClient, "id" | "secret">): TestClient {
  const authorization = `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`;
  return { id, secret, authorization };
}

function secondsOf({ days = 0, hours = 0, minutes = 0, seconds = 0 }: TimeSpan): number {
  const total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
  if (total >= 0 && Number.isFinite(total)) return total;
  throw new RangeError(`Cannot advance the clock by ${total} s: it only moves ahead`);
}
