/**
 * What `serve --dev` adds to the server: demo data, the harness, and a page to start from.
 * @module
 */
import type { Numbers } from "../../core/settings.ts";
import { systemClock } from "../entropy.ts";
import type { HttpHandler } from "../http/exchange.ts";
import type { AuditLog } from "../ports.ts";
import type { ServerOptions } from "../http/server.ts";
import { PATHS } from "../http/metadata.ts";
import { publicJwk } from "../jws/private-jwk.ts";
import { VERSION } from "../version.ts";
import { type AdjustableClock, createAdjustableClock } from "./clock.ts";
import {
  DEMO_AUDIENCE,
  DEMO_ISSUER,
  DEMO_ISSUER_KEY,
  DEMO_MERCHANTS,
  DEMO_SCOPE,
  type DemoClients,
  type DemoUsers,
  isConnected,
  seedDemo,
} from "./demo.ts";
import { CONSOLE_PATHS, CONSOLE_ROUTES } from "./console/routes.ts";
import { createFaults, deliver } from "./faults.ts";
import { createHarness } from "./harness.ts";
import { createDevIssuers, type DevIssuer } from "./issuers.ts";
import { createLedger } from "./ledger.ts";
import { mintConsentToken } from "./mint.ts";
import { createShopCommands, type Serving } from "./shop-commands.ts";

const HARNESS_PATH = "/harness";
const CONSENT_SECONDS = 300;

/** What a dev server prints once it listens. Scripts rely on it: fields are added, never changed. */
export interface DemoRecord {
  readonly endpoint: string;
  readonly clients: DemoClients;
  readonly users: DemoUsers;
  /** Whether an earlier run has connected `users.merchantOnly` to `clients.partner`. */
  readonly redeemed: boolean;
  /** For `users.merchantOnly` and `clients.partner`, fresh. */
  readonly consentToken: string;
  /** The URL of the harness, which the conformance suite drives. */
  readonly harness: string;
}

/** Development only: never for real users. */
export interface DevMode {
  readonly clock: AdjustableClock;
  /** The default of `--audience`. */
  readonly audience: string;
  /** The issuers that are trusted in addition to the configured ones. */
  issuers(): readonly DevIssuer[];
  /** The routes to mount. */
  readonly routes: Readonly<Record<string, HttpHandler>>;
  /** Whether a path is of the harness or the console, whose requests are not worth a line in a log. */
  isOwn(path: string | null): boolean;
  /** Hears of every decision. */
  readonly audit: AuditLog;
  /** The handler with what a test wants to happen to its requests, and a ledger of them. */
  wrap(handler: HttpHandler): HttpHandler;
  /** How responses are sent that a fault meets on their way. */
  readonly deliver: NonNullable<ServerOptions["deliver"]>;
  /** Makes sure the demo data exists, and describes it. */
  demo(url: string): Promise<DemoRecord>;
}

/** What dev mode works on. */
export interface DevModeOptions {
  readonly serving: () => Serving;
  /** Puts the current issuers into effect. */
  readonly reconfigure: () => Promise<unknown>;
  readonly policy: Numbers;
  /** The bearer secret of the harness; without it, the harness serves loopback peers only. */
  readonly harnessSecret?: string;
}

const DEMO_TRUST: DevIssuer = {
  issuer: DEMO_ISSUER,
  merchants: DEMO_MERCHANTS,
  jwks: { keys: [publicJwk(DEMO_ISSUER_KEY)] },
};

/** Creates dev mode. */
export function createDevMode(options: DevModeOptions): DevMode {
  const { serving, reconfigure, policy, harnessSecret } = options;
  const clock = createAdjustableClock(systemClock);
  let added: readonly DevIssuer[] = [];
  const issuers = createDevIssuers(async (next) => {
    const before = added;
    added = next;
    try {
      await reconfigure();
    } catch (error) {
      added = before;
      throw error;
    }
  });
  const faults = createFaults();
  const ledger = createLedger(clock, isOfClients);
  const harness = createHarness({
    service: () => serving().service,
    clock,
    issuers,
    key: DEMO_ISSUER_KEY,
    ...(harnessSecret !== undefined && { secret: harnessSecret }),
    description: () => ({ version: VERSION, policy, ...endpointsOf(serving()) }),
    more: createShopCommands({ serving, clock, faults, ledger, policy }),
  });
  return {
    clock,
    audience: DEMO_AUDIENCE,
    issuers: () => [DEMO_TRUST, ...added],
    routes: { ...CONSOLE_ROUTES, [`${HARNESS_PATH}/`]: harness },
    isOwn: (path) => path !== null && isOwn(path),
    audit: ledger.audit,
    wrap: (handler) => ledger.wrap(faults.wrap(handler)),
    deliver,
    async demo(url) {
      const { service, audience } = serving();
      const { clients, users } = await seedDemo(service);
      const consentToken = await mintConsentToken({
        key: DEMO_ISSUER_KEY,
        issuer: DEMO_ISSUER,
        audience,
        user: users.merchantOnly,
        client: clients.partner.id,
        merchant: clients.merchant.id,
        scope: DEMO_SCOPE,
        now: Math.floor(clock.now() / 1000),
        lifetimeSeconds: CONSENT_SECONDS,
      });
      const redeemed = await isConnected(service, users.merchantOnly, clients.partner.id);
      const [endpoint, harness] = [url + PATHS.partners, url + HARNESS_PATH];
      return { endpoint, clients, users, consentToken, harness, redeemed };
    },
  };
}

function isOwn(path: string): boolean {
  return path.startsWith(`${HARNESS_PATH}/`) || CONSOLE_PATHS.includes(path);
}

/** Whether a path belongs to the clients under test, even one that leads nowhere. */
function isOfClients(path: string): boolean {
  const probes: readonly string[] = [PATHS.live, PATHS.ready, PATHS.health];
  return !isOwn(path) && !probes.includes(path);
}

function endpointsOf({ audience, publicUrl }: Serving) {
  return {
    audience,
    endpoints: {
      token: publicUrl + PATHS.token,
      revocation: publicUrl + PATHS.revoke,
      introspection: publicUrl + PATHS.introspect,
      users: publicUrl + PATHS.users,
    },
  };
}
