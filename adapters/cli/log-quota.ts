/**
 * Limits log lines caused by unauthenticated callers: a quota per second, and one line that counts
 * the rest (A3).
 * @module
 */
import type { LogRecord } from "../log.ts";

/** Lets records of strangers through until the quota of the second is used up, and counts the rest. */
export interface LogQuota {
  /** Whether to write this record. */
  admit(kind: string, record: LogRecord): boolean;
  /** Ends the second; resolves to what was left out in it, or `null`. */
  endSecond(): LeftOut | null;
}

/** Records that were not written. */
export interface LeftOut {
  readonly leftOut: number;
  /** How many of each sort: `"request 404 ok"`, `"audit authenticate secret_wrong"`. */
  readonly sorts: Readonly<Record<string, number>>;
}

/** Lines of each kind per second for unauthenticated callers. */
const LINES_PER_SECOND = 20;

/** Creates a quota. It reads no clock: the caller marks the end of each second. */
export function createLogQuota(linesPerSecond: number = LINES_PER_SECOND): LogQuota {
  const admitted = new Map<string, number>();
  const leftOut = new Map<string, number>();
  return {
    admit(kind, record) {
      if (!isOfStranger(kind, record)) return true;
      if (count(admitted, kind) <= linesPerSecond) return true;
      count(leftOut, sortOf(kind, record));
      return false;
    },
    endSecond() {
      const sorts = Object.fromEntries(leftOut);
      const sum = Object.values(sorts).reduce((total, lines) => total + lines, 0);
      admitted.clear();
      leftOut.clear();
      return sum === 0 ? null : { leftOut: sum, sorts };
    },
  };
}

function count(counts: Map<string, number>, name: string): number {
  const next = (counts.get(name) ?? 0) + 1;
  counts.set(name, next);
  return next;
}

/** Whether it comes from an unauthenticated caller. */
function isOfStranger(kind: string, record: LogRecord): boolean {
  const { client, outcome, action } = record as Readonly<Record<string, unknown>>;
  if (kind === "request") return client === undefined;
  return kind === "audit" && outcome === "refused" &&
    (client === undefined || action === "authenticate");
}

/** What records have in common. Every part is one of a few words, so there are only a few sorts. */
function sortOf(kind: string, record: LogRecord): string {
  const { status, outcome, action, reason } = record as Readonly<Record<string, unknown>>;
  return [kind, ...(kind === "request" ? [status, outcome] : [action, reason])].join(" ");
}
