/**
 * Background work of a server: reloading changed files, sweeping, and signals.
 * @module
 */
import process from "node:process";
import type { ReadinessCheck } from "../http/health.ts";
import type { LogRecord } from "../log.ts";
import { RELOAD_MILLISECONDS, stateOfFiles } from "./data.ts";

const SWEEP_MILLISECONDS = 60_000;
const SWEEP_BATCH = 1000;

/** What a server watches. */
export interface Watched {
  /** Their change calls for `configure`. */
  readonly files: readonly string[];
  /** What is wrong though no file changed, if anything. */
  check(): Promise<string | null>;
  /** Takes the files up as they are now, or leaves everything as it was and rejects. */
  configure(): Promise<unknown>;
  readonly log: (record: LogRecord) => void;
}

/** A watch that goes on until it is stopped. */
export interface Watch {
  /** What is wrong now, without what is in the log: anyone may read it. The server goes on. */
  readonly checks: readonly ReadinessCheck[];
  stop(): void;
}

/**
 * Takes up changed files. While that fails, the server keeps what it has, tries again, and says so: in
 * the log when the reason changes, and as a problem all the time.
 */
export async function watchFiles({ files, check, configure, log }: Watched): Promise<Watch> {
  let known = await stateOfFiles(files);
  let failure: string | null = null;
  let problem: string | null = null;

  const reload = async () => {
    const state = await stateOfFiles(files);
    if (state === known && failure === null) return;
    known = state;
    const message = await configure().then(() => null, messageOf);
    if (message === null) log({ outcome: "reloaded", files });
    else if (message !== failure) log({ outcome: "refused", message });
    failure = message;
  };
  const look = async () => {
    const message = await check().catch(messageOf);
    if (message !== problem) {
      log(message === null ? { outcome: "resolved" } : { outcome: "problem", message });
    }
    problem = message;
  };
  let busy = false;
  const timer = setInterval(async () => {
    if (busy) return;
    busy = true;
    await reload();
    await look();
    busy = false;
  }, RELOAD_MILLISECONDS);
  timer.unref();
  return {
    checks: [
      {
        name: "configuration",
        essential: false,
        problem: () => failure && "A changed file cannot be used; the log says which and why.",
      },
      {
        name: "keys",
        essential: false,
        problem: () => problem && "A key that tokens need is missing; the log says which.",
      },
    ],
    stop: () => clearInterval(timer),
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Removes dead rows in batches, yielding to the event loop in between (R5). */
export function sweepNowAndThen(
  sweep: (limit: number) => Promise<number>,
  log: (record: LogRecord) => void,
): () => void {
  let stopped = false;
  const run = async () => {
    let removed = 0;
    for (let batch = SWEEP_BATCH; batch >= SWEEP_BATCH && !stopped; removed += batch) {
      batch = await sweep(SWEEP_BATCH);
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

/** Resolves at the first SIGINT or SIGTERM; a second one ends the process as usual. */
export function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => {
      process.off("SIGINT", stop);
      process.off("SIGTERM", stop);
      clearInterval(watch);
      resolve();
    };
    process.on("SIGINT", stop);
    process.on("SIGTERM", stop);
    // npm passes a signal on to its shell, but many shells do not pass it on: we would run on, orphaned.
    const parent = process.ppid;
    const watch = setInterval(() => {
      if (process.env["npm_lifecycle_event"] && process.ppid !== parent) stop();
    }, 250);
    watch.unref();
  });
}
