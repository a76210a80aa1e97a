/**
 * `serve`: the reference server, for real users, or with demo data for those who integrate (`--dev`).
 * @module
 */
import process from "node:process";
import { createDevMode, type DevMode } from "../dev/dev-mode.ts";
import { isLoopback } from "../dev/harness.ts";
import { followService } from "../direct.ts";
import { systemClock } from "../entropy.ts";
import type { HttpHandler } from "../http/exchange.ts";
import { checkStore } from "../http/health.ts";
import { PATHS } from "../http/metadata.ts";
import { createHttpHandler } from "../http/router.ts";
import { startServer } from "../http/server.ts";
import type { LogRecord } from "../log.ts";
import type { AuditLog } from "../ports.ts";
import { printDemo, printStart } from "./banner.ts";
import {
  type Command,
  defineCommand,
  readNumber,
  readNumbers,
  UsageError,
  type Values,
} from "./options.ts";
import { type Configured, openRuntime, type Runtime, RUNTIME_OPTIONS } from "./runtime.ts";
import { openServerLog, type ServerLog } from "./server-log.ts";
import { stopSignal, sweepNowAndThen, type Watch, watchFiles } from "./upkeep.ts";

/** The command. */
export const serve: Command = defineCommand({
  name: "serve",
  summary: "Run the reference server; with --dev, on demo data.",
  options: [
    {
      name: "port",
      value: "N",
      env: "FTFU_PORT",
      default: "8787",
      text: "The TCP port; 0 picks a free one.",
    },
    {
      name: "host",
      value: "ADDRESS",
      env: "FTFU_HOST",
      default: "127.0.0.1",
      text: "The address to listen on; 0.0.0.0 accepts connections from other machines.",
    },
    {
      name: "harness-secret",
      value: "SECRET",
      env: "FTFU_HARNESS_SECRET",
      text:
        "With --dev: what callers of the harness must send as a bearer token. Default: none, and " +
        "the harness serves this machine only.",
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
      text: "What each client may ask for per minute, in fields and calls; 0 means no limit.",
    },
    {
      name: "drain-seconds",
      value: "N",
      env: "FTFU_DRAIN_SECONDS",
      text:
        "How long to go on serving, with /readyz at 503, after SIGTERM. Default: 5; 0 with --dev.",
    },
    ...RUNTIME_OPTIONS,
  ],
  async run(values) {
    if (values["dev"] !== true && values["public-url"] === undefined) {
      throw new UsageError(
        "--public-url is required: the origin by which clients reach this server. For a demo use --dev",
      );
    }
    const port = readNumber(values, "port");
    if (port > 65_535) throw new UsageError(`--port must be 0 to 65535, found ${port}`);
    if (drainSeconds(values) > 3600) throw new UsageError("--drain-seconds must be 0 to 3600");
    const server: Serving = { configured: null, configure: () => Promise.resolve() };
    const harnessSecret = readHarnessSecret(values);
    const dev = values["dev"] === true
      ? createDevMode({
        ...(harnessSecret !== null && { harnessSecret }),
        serving: () => current(server),
        reconfigure: () => server.configure(),
        policy: readNumbers(values),
      })
      : null;
    const log = openServerLog({ json: values["json"] === true });
    const warn = (message: string) => log.of("config")({ outcome: "warning", message });
    const host = String(values["host"]);
    if (dev !== null && !isLoopback(host)) warn(exposure(host, harnessSecret !== null));
    try {
      const runtime = await openRuntime(values, dev?.clock ?? systemClock, warn);
      try {
        return await serveRuntime(runtime, dev, server, values, port, log);
      } finally {
        await runtime.store.close();
      }
    } finally {
      // Whoever reads the log may have stalled; a write under way would keep the process alive.
      if (!await log.close(LOG_PATIENCE_MILLISECONDS)) {
        setTimeout(() => process.exit(), 100).unref();
      }
    }
  },
});

function drainSeconds(values: Values): number {
  if (values["drain-seconds"] !== undefined) return readNumber(values, "drain-seconds");
  return values["dev"] === true ? 0 : 5;
}

const MIN_HARNESS_SECRET = 16;

function readHarnessSecret(values: Values): string | null {
  const secret = values["harness-secret"];
  if (typeof secret !== "string") return null;
  if (secret.length >= MIN_HARNESS_SECRET) return secret;
  throw new UsageError(`--harness-secret must have at least ${MIN_HARNESS_SECRET} characters`);
}

/** What a demo server that other machines can reach says at start. */
function exposure(host: string, hasSecret: boolean): string {
  const harness = hasSecret
    ? "The harness serves whoever has the harness secret."
    : "The harness serves this machine only; --harness-secret opens it to others.";
  return `Other machines can reach this demo server (--host ${host}); its credentials are public. ` +
    `They use this machine's name in place of 127.0.0.1. ${harness}`;
}

/** For the last lines, when a server stops. */
const LOG_PATIENCE_MILLISECONDS = 500;

/** What serves now. It changes when keys or issuers do. */
interface Serving {
  configured: Configured | null;
  configure(): Promise<void>;
}

function current({ configured }: Serving): Configured {
  if (configured === null) throw new Error("The server is not configured yet");
  return configured;
}

async function serveRuntime(
  runtime: Runtime,
  dev: DevMode | null,
  serving: Serving,
  values: Values,
  port: number,
  log: ServerLog,
): Promise<number> {
  const stopped = stopSignal(); // heard from the first moment on
  const json = values["json"] === true;
  let handler: HttpHandler = () => Promise.resolve({ status: 503, headers: {}, body: "" });
  const server = await startServer({
    handler: (request) => handler(request),
    port,
    host: String(values["host"]),
    ...(dev !== null && { deliver: dev.deliver }),
  });
  const auditLog = { record: log.of("audit") };
  serving.configure = async () => {
    serving.configured = await runtime.configure({
      origin: server.url,
      audit: dev === null ? auditLog : both(auditLog, dev.audit),
      ...(dev !== null && { audience: dev.audience, issuers: dev.issuers() }),
    });
  };
  try {
    const { configure } = serving;
    await configure();
    const watch = await watchFiles({ ...runtime, configure, log: log.of("config") });
    const product = createHandler(runtime, dev, serving, watch, values, log.of("request"));
    handler = dev?.wrap(product) ?? product;
    const { database } = runtime;
    const printed = dev !== null
      ? printDemo(await dev.demo(server.url), { json, database })
      : printStart({ endpoint: server.url + PATHS.partners }, { json, database });
    // Nobody may read it, which is not a reason to stop.
    printed.catch(({ message }: Error) => log.of("config")({ outcome: "warning", message }));
    const sweep = (limit: number) => current(serving).service.sweep(limit);
    const stopSweeping = sweepNowAndThen(sweep, log.of("sweep"));
    await stopped;
    await server.drain(drainSeconds(values) * 1000);
    watch.stop();
    stopSweeping();
    return 0;
  } finally {
    await server.stop();
  }
}

function both(first: AuditLog, second: AuditLog): AuditLog {
  return {
    record(event) {
      first.record(event);
      second.record(event);
    },
  };
}

/** The handler outlives a change of keys or issuers, and with it rate limits and parsed documents. */
function createHandler(
  { clock, store }: Runtime,
  dev: DevMode | null,
  serving: Serving,
  watch: Watch,
  values: Values,
  log: (record: LogRecord) => void,
): HttpHandler {
  const perMinute = readNumber(values, "rate-limit");
  return createHttpHandler(followService(() => current(serving).service), {
    publicUrl: current(serving).publicUrl,
    jwks: () => current(serving).jwks(),
    ...(dev !== null && { failureLimit: null }), // a conformance run fails hundreds of times
    rateLimit: perMinute === 0 ? null : { fieldsPerMinute: perMinute },
    readiness: [checkStore(store), ...watch.checks],
    log: dev === null ? log : (record) => {
      if (!dev.isOwn(record.path)) log(record);
    },
    clock,
    ...(dev !== null && { routes: dev.routes }),
  });
}
