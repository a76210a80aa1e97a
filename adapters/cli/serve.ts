/**
 * `serve`: the reference server, with demo data for those who integrate (`--dev`) or for real.
 * @module
 */
import process from "node:process";
import { mintConsentToken } from "../dev/mint.ts";
import { DEMO_ISSUER, DEMO_ISSUER_KEY, DEMO_SCOPE, seedDemo } from "../dev/demo.ts";
import { systemClock } from "../entropy.ts";
import {
  type AdjustableClock,
  createAdjustableClock,
  createHarness,
  createTrustRegister,
  type TrustRegister,
} from "../dev/harness.ts";
import type { HttpHandler } from "../http/exchange.ts";
import { PATHS } from "../http/metadata.ts";
import { createHttpHandler } from "../http/router.ts";
import { type RunningServer, startServer } from "../http/server.ts";
import { type LogRecord, writeJson, writeText } from "../log.ts";
import { VERSION } from "../version.ts";
import { printStart, type StartRecord } from "./banner.ts";
import { type Command, readNumber, readNumbers, UsageError, type Values } from "./options.ts";
import {
  type Configured,
  openRuntime,
  RELOAD_MILLISECONDS,
  type Runtime,
  RUNTIME_OPTIONS,
  stateOfFiles,
} from "./runtime.ts";

const SWEEP_MILLISECONDS = 60_000;
const SWEEP_BATCH = 1000;
const CONSENT_SECONDS = 300;
const HARNESS_PATH = "/harness";

/** The command. */
export const serve: Command = {
  name: "serve",
  summary: "Run the reference server; with --dev on demo data.",
  options: [
    { name: "port", value: "N", env: "FTFU_PORT", default: "8787", text: "0 takes a free port." },
    {
      name: "host",
      value: "ADDRESS",
      env: "FTFU_HOST",
      default: "127.0.0.1",
      text: "0.0.0.0 listens to other machines too.",
    },
    {
      name: "json",
      text: "Print one line of JSON once it listens, and log lines of JSON on standard error.",
    },
    {
      name: "rate-limit",
      value: "N",
      env: "FTFU_RATE_LIMIT",
      default: "6000",
      text: "Mutation fields a minute that a client may ask for; 0 is no limit.",
    },
    ...RUNTIME_OPTIONS,
  ],
  async run(values) {
    if (values["dev"] !== true && values["public-url"] === undefined) {
      throw new UsageError(
        "give --public-url, the origin by which clients reach this server, or --dev for a demo",
      );
    }
    const port = readNumber(values, "port");
    if (port > 65_535) throw new UsageError(`--port takes 0 to 65535, found ${port}`);
    const clock = createAdjustableClock(systemClock);
    const runtime = await openRuntime(values, clock);
    try {
      return await serveRuntime(runtime, clock, values, port);
    } finally {
      await runtime.store.close();
    }
  },
};

async function serveRuntime(
  runtime: Runtime,
  clock: AdjustableClock,
  values: Values,
  port: number,
): Promise<number> {
  const stopped = stopSignal(); // heard from the first moment on
  const json = values["json"] === true;
  const log = logger(json);
  const perMinute = readNumber(values, "rate-limit");
  let current: Configured;
  let handler: HttpHandler = () => Promise.resolve({ status: 503, headers: {}, body: "" });
  const harness = runtime.dev ? devHarness(runtime, clock, values, () => current) : null;
  const server = await startServer({
    handler: (request) =>
      harness !== null && request.target.startsWith(HARNESS_PATH)
        ? harness.handler(request)
        : handler(request),
    port,
    host: String(values["host"]),
  });
  const configure = async () => {
    current = await runtime.configure({
      origin: server.url,
      audit: { record: log("audit") },
      ...(harness !== null && { trust: harness.trust }),
    });
    handler = createHttpHandler(current.service, {
      publicUrl: current.publicUrl,
      jwks: current.jwks,
      rateLimit: perMinute === 0 ? null : { fieldsPerMinute: perMinute },
      log: log("request"),
      clock: runtime.clock,
    });
    return current;
  };
  try {
    const configured = await configure();
    const record = runtime.dev ? await demoRecord(runtime, configured, server) : {
      endpoint: server.url + PATHS.partners,
    };
    printStart(record, { json, database: runtime.database, dev: runtime.dev });
    const stopReloading = reloadOnChange(runtime, configure, log("config"));
    const stopSweeping = sweepNowAndThen(() => current.service.sweep(SWEEP_BATCH), log("sweep"));
    await stopped;
    stopReloading();
    stopSweeping();
    return 0;
  } finally {
    await server.stop();
  }
}

async function demoRecord(
  { store, clock }: Runtime,
  { service, audience }: Configured,
  server: RunningServer,
): Promise<StartRecord> {
  const { clients, users } = await seedDemo(service, store);
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
  const endpoint = server.url + PATHS.partners;
  return { endpoint, clients, users, consentToken, harness: server.url + HARNESS_PATH };
}

/** The control plane that the conformance suite drives: on demo data only. */
function devHarness(
  { store }: Runtime,
  clock: AdjustableClock,
  values: Values,
  current: () => Configured,
): { readonly handler: HttpHandler; readonly trust: TrustRegister } {
  const trust = createTrustRegister();
  const handler = createHarness({
    service: () => current().service,
    store,
    clock,
    trust,
    key: DEMO_ISSUER_KEY,
    description() {
      const { audience, publicUrl } = current();
      return {
        version: VERSION,
        audience,
        policy: readNumbers(values),
        endpoints: {
          token: publicUrl + PATHS.token,
          revocation: publicUrl + PATHS.revoke,
          introspection: publicUrl + PATHS.introspect,
          users: publicUrl + PATHS.users,
        },
      };
    },
  });
  return { handler, trust };
}

/** Log lines go to standard error, so that standard output holds what the start has to say and no more. */
function logger(json: boolean): (kind: string) => (record: LogRecord) => void {
  const write = (line: string) => void process.stderr.write(line);
  return (kind) => json ? writeJson(kind, write) : writeText(kind, write, systemClock.now);
}

/** Takes up changed keys and issuers. What cannot be read is logged, and the old ones serve on. */
function reloadOnChange(
  { files }: Runtime,
  configure: () => Promise<unknown>,
  log: (record: LogRecord) => void,
): () => void {
  let known = stateOfFiles(files);
  const timer = setInterval(async () => {
    const [before, now] = [await known, await stateOfFiles(files)];
    if (before === now) return;
    known = Promise.resolve(now);
    await configure().then(
      () => log({ outcome: "reloaded", files }),
      (error: Error) => log({ outcome: "refused", message: error.message }),
    );
  }, RELOAD_MILLISECONDS);
  timer.unref();
  return () => clearInterval(timer);
}

/** Forgets what can never live again, a batch at a time, with the event loop free in between (R5). */
function sweepNowAndThen(
  sweep: () => Promise<number>,
  log: (record: LogRecord) => void,
): () => void {
  let stopped = false;
  const run = async () => {
    let removed = 0;
    for (let batch = SWEEP_BATCH; batch >= SWEEP_BATCH && !stopped; removed += batch) {
      batch = await sweep();
    }
    if (removed > 0) log({ removed });
  };
  const timer = setInterval(() => {
    run().catch((error: Error) => log({ outcome: "failed", message: error.message }));
  }, SWEEP_MILLISECONDS);
  timer.unref();
  return () => {
    stopped = true;
    clearInterval(timer);
  };
}

/** The first signal asks for a graceful stop; a second one ends the process as signals do. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => {
      process.off("SIGINT", stop);
      process.off("SIGTERM", stop);
      clearInterval(watch);
      resolve();
    };
    process.on("SIGINT", stop);
    process.on("SIGTERM", stop);
    // npm passes a signal on to its shell, and many shells do not pass it on to us: we would go on alone.
    const parent = process.ppid;
    const watch = setInterval(() => {
      if (process.env["npm_lifecycle_event"] && process.ppid !== parent) stop();
    }, 250);
    watch.unref();
  });
}
