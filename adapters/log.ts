/**
 * Log lines for operators: audit events and requests, one line each, as JSON or as text. Records
 * never contain secrets (G9), so nothing is masked here.
 * @module
 */
import type { AuditEvent } from "./ports.ts";

/** One answered request. It contains caller input only after verification (G9). */
export interface RequestRecord {
  /** Whole Unix seconds. */
  readonly at: number;
  readonly requestId: string;
  /** `OTHER` for an uncommon method. */
  readonly method: string;
  /** `null` for an unknown path, which could contain anything. */
  readonly path: string | null;
  readonly status: number;
  readonly milliseconds: number;
  /** The authenticated client. */
  readonly client?: string;
  /** The outcome of each mutation field (`granted`, `NO_USER` …), or an error code. */
  readonly outcome: string;
  /** Internal faults, with their stacks. */
  readonly faults?: readonly string[];
}

/** A log record: an audit event, an answered request, or a message from the server itself. */
export type LogRecord = Readonly<Record<string, unknown>> | AuditEvent | RequestRecord;

/** Writes lines somewhere. */
export type LineWriter = (line: string) => void;

/** One JSON object per line, with `kind` first. */
export function writeJson(
  kind: string,
  write: LineWriter,
): (record: LogRecord) => void {
  const start = `{"kind":${toJson(kind)}`;
  return (record) => {
    const fields = toJson(record).slice(1);
    write(`${start}${fields === "}" ? "" : ","}${fields}\n`);
  };
}

/** One short text line: time, kind, and the fields as `name=value`. */
export function writeText(
  kind: string,
  write: LineWriter,
  now: () => number,
): (record: LogRecord) => void {
  return (record) => {
    const time = new Date(now()).toISOString().slice(11, 19);
    const fields = Object.entries(record)
      .filter(([name, value]) => name !== "at" && value !== undefined)
      .map(([name, value]) => `${name}=${show(value)}`);
    write(`${time} ${kind.padEnd(7)} ${fields.join(" ")}\n`);
  };
}

/** Quotes values unless they are harmless, so that a line has no line breaks or escape codes. */
function show(value: unknown): string {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return toJson(value);
  const text = Array.isArray(value) ? value.join(",") : String(value);
  return /^[\w.,:/@~+-]+$/.test(text) ? text : toJson(text);
}

/**
 * JSON in ASCII. Control characters could move a cursor or end a line, marks for bidirectional text
 * reorder what is shown, and other letters look like these.
 */
function toJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
