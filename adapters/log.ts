/**
 * What operators read: audit events and requests, one line each, as JSON or for people. No record ever
 * holds a secret (G9), so nothing needs to be masked here.
 * @module
 */
import type { AuditEvent } from "./ports.ts";

/** One answered request. It holds nothing that a caller wrote, but for what proved to be true (G9). */
export interface RequestRecord {
  /** Whole Unix seconds. */
  readonly at: number;
  readonly requestId: string;
  /** `OTHER` where it is none of the usual ones. */
  readonly method: string;
  /** `null` where there is nothing at the path, which may then be anything. */
  readonly path: string | null;
  readonly status: number;
  readonly milliseconds: number;
  /** The authenticated client. */
  readonly client?: string;
  /** What came of it: a word for each mutation field (`granted`, `NO_USER` …), or an error code. */
  readonly outcome: string;
  /** What failed here, with its stack. */
  readonly faults?: readonly string[];
}

/** One thing that happened: an audit event, an answered request, or a few words of the server's own. */
export type LogRecord = Readonly<Record<string, unknown>> | AuditEvent | RequestRecord;

/** Writes lines somewhere. */
export type LineWriter = (line: string) => void;

/** One JSON object a line, with `kind` first. */
export function writeJson(
  kind: string,
  write: LineWriter,
): (record: LogRecord) => void {
  return (record) => write(`${toJson({ kind, ...record })}\n`);
}

/** One short line for people: time, what, and `name=value` for the rest. */
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

/** Values from outside are quoted unless they are plainly harmless: no line breaks, no escape codes. */
function show(value: unknown): string {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return toJson(value);
  const text = Array.isArray(value) ? value.join(",") : String(value);
  return /^[\w.,:/@~+-]+$/.test(text) ? text : toJson(text);
}

/** JSON in which nothing is left that a terminal or a reader of lines would obey. */
function toJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
