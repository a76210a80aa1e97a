/**
 * What a server does beside serving: reload changed files, sweep, and hear signals.
 * @module
 */
import process from "node:process";
import type { LogRecord } from "../log.ts";
import { RELOAD_MILLISECONDS, stateOfFiles } from "./data.ts";

const SWEEP_MILLISECONDS = 60_000;
const SWEEP_BATCH = 1000;

/** Reloads keys and issuers when their files change. If that fails, it is logged, and the old ones stay. */
export function reloadOnChange(
  files: readonly string[],
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

/** Removes what can never live again, a batch at a time, with the event loop free in between (R5). */
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
