/**
 * Health checks: `/livez` says that the process answers, `/readyz` whether to send
 * requests here, and why not (A3). `/healthz` is `/readyz`.
 * @module
 */
import { systemClock } from "../entropy.ts";
import { type Store, StoreFault } from "../ports.ts";
import { type Exchange, type HttpResponse, json, NO_STORE, RETRY_AFTER } from "./exchange.ts";

/** Something that the server needs. */
export interface ReadinessCheck {
  /** Such as `store`, `keys`, `issuers`. */
  readonly name: string;
  /** Whether a problem makes the server not ready; otherwise it is only reported. */
  readonly essential: boolean;
  /**
   * Why it does not work now, or `null`. Anyone can read the reason, so it must not contain secrets. A
   * check that throws, or does not answer within a second, has a problem too.
   */
  problem(): Promise<string | null> | string | null;
}

/** One check as `/readyz` shows it. */
interface Checked {
  readonly name: string;
  readonly ok: boolean;
  readonly reason?: string;
}

/** The results of the checks. */
interface Findings {
  readonly status: "ok" | "degraded" | "unavailable";
  readonly checks: readonly Checked[];
}

const PATIENCE_MILLISECONDS = 1000;
/** How long results are reused, so that a flood of probes costs as much as one. */
const REUSE_MILLISECONDS = 1000;

/** `/livez`: the process answers. */
export function live(): HttpResponse {
  return json(200, { status: "ok" }, NO_STORE);
}

/** Creates `/readyz`: 200, or 503 while the server is stopping or an essential check has a problem. */
export function createReadyEndpoint(
  checks: readonly ReadinessCheck[],
): (exchange: Exchange) => Promise<HttpResponse> {
  const probes = checks.map(createProbe);
  let latest: { readonly at: number; readonly findings: Promise<Findings> } | null = null;
  return async ({ request }) => {
    const now = systemClock.now(); // the service's clock may be stopped, for tests
    if (latest === null || Math.abs(now - latest.at) >= REUSE_MILLISECONDS) {
      latest = { at: now, findings: runChecks(checks, probes) };
    }
    const findings = await latest.findings;
    const status = request.stopping ? "stopping" : findings.status;
    const body = { status, checks: findings.checks };
    if (status === "ok" || status === "degraded") return json(200, body, NO_STORE);
    return json(503, body, { ...NO_STORE, ...RETRY_AFTER });
  };
}

/** The check of a store: it can be read and written now. */
export function checkStore(store: Pick<Store, "updateMeta">): ReadinessCheck {
  return {
    name: "store",
    essential: true,
    async problem() {
      try {
        // A full disk still reads.
        await store.updateMeta(PROBE, (count) => String((Number(count) + 1) % 1_000_000));
        return null;
      } catch (error) {
        if (error instanceof StoreFault) return error.message;
        throw error;
      }
    },
  };
}

/** The value that a probe writes. */
const PROBE = "readiness";

async function runChecks(
  checks: readonly ReadinessCheck[],
  probes: readonly (() => Promise<Checked>)[],
): Promise<Findings> {
  const checked = await Promise.all(probes.map((probe) => probe()));
  const failed = checks.filter((_, index) => checked[index]?.ok === false);
  const status = failed.length === 0
    ? "ok"
    : failed.some(({ essential }) => essential)
    ? "unavailable"
    : "degraded";
  return { status, checks: checked };
}

/**
 * Runs one check, never twice at the same time. If it takes too long, the reason is what it last found:
 * a store that is locked answers only after the caller has lost patience.
 */
function createProbe({ name, problem }: ReadinessCheck): () => Promise<Checked> {
  let running: Promise<string | null> | null = null;
  let last: string | null = null;
  const run = async () => {
    last = await Promise.resolve().then(problem).catch(() => "The check failed.");
    running = null;
    return last;
  };
  return async () => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const timeout = new Promise<string>((resolve) => {
      timer = setTimeout(() => resolve(last ?? "No answer within 1 s."), PATIENCE_MILLISECONDS);
    });
    const reason = await Promise.race([running ??= run(), timeout]);
    clearTimeout(timer);
    return { name, ok: reason === null, ...(reason !== null && { reason }) };
  };
}
