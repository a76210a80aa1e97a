/**
 * The server log: bounded in memory, rate-limited for unauthenticated callers, and never blocking
 * (A3).
 * @module
 */
import { systemClock } from "../entropy.ts";
import { type LogRecord, writeJson, writeText } from "../log.ts";
import type { Clock } from "../ports.ts";
import { createLogQuota } from "./log-quota.ts";
import { createLineSink, standardError, type Write } from "./log-sink.ts";

/** Records by kind, and an end. */
export interface ServerLog {
  /** Takes records of one kind. Never throws, never waits. */
  of(kind: string): (record: LogRecord) => void;
  /** Writes what can still be written within this time; resolves to whether that was everything. */
  close(milliseconds: number): Promise<boolean>;
}

/** How lines are written. */
export interface ServerLogOptions {
  /** Lines of JSON, or lines for people. */
  readonly json: boolean;
  /** Default: standard error, for standard output holds the start record alone. */
  readonly write?: Write;
  readonly clock?: Clock;
}

const SECOND = 1_000;

/** Opens the log. */
export function openServerLog(
  { json, write = standardError(), clock = systemClock }: ServerLogOptions,
): ServerLog {
  const formatter = (kind: string, take: (line: string) => void) =>
    json ? writeJson(kind, take) : writeText(kind, take, clock.now);
  const seconds = () => Math.floor(clock.now() / 1000);
  const sink = createLineSink(write, (lost) => {
    let line = "";
    formatter("log", (text) => line = text)({ at: seconds(), lost });
    return line;
  });
  const quota = createLogQuota();
  const logLeftOut = formatter("log", sink.write);
  const endSecond = () => {
    const sum = quota.endSecond();
    if (sum !== null) logLeftOut({ at: seconds(), ...sum });
  };
  const timer = setInterval(endSecond, SECOND);
  timer.unref();
  return {
    of(kind) {
      const log = formatter(kind, sink.write);
      return (record) => {
        if (quota.admit(kind, record)) log(record);
      };
    },
    close(milliseconds) {
      clearInterval(timer);
      endSecond();
      return sink.close(milliseconds);
    },
  };
}
