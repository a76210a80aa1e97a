/**
 * What clients sent, what they were told, and why: a journal for tests. It is the one place where secrets
 * are kept, and only a development server has it.
 * @module
 */
import { Buffer } from "node:buffer";
import type { HttpRequest } from "../http/exchange.ts";
import { decodeBase64url } from "../jws/base64url.ts";
import type { AuditEvent, AuditLog, Clock } from "../ports.ts";
import type { Fault, FaultyResponse } from "./faults.ts";

/** One request, decoded, and its answer. Contains secrets. */
export interface RequestEntry {
  /** Unix seconds by the server's clock. */
  readonly at: number;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The client id as presented, proved or not; `null` if none was. */
  readonly client: string | null;
  /** JSON as a value, a form as an object of strings, anything else as text; `null` if it was not read. */
  readonly body: unknown;
  /** The first consent token in the body, decoded; `null` if there is none that can be. */
  readonly consent: DecodedJws | null;
  /** `null` if the server did not answer. It may never have arrived: see `fault`. */
  readonly answer: Answer | null;
  /** The fault that it met. */
  readonly fault: Fault | null;
  /** What the server decided, with the reasons that no caller sees (A4). */
  readonly events: readonly AuditEvent[];
}

/** What the server answered. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON as a value, anything else as text. */
  readonly body: unknown;
}

/** The readable parts of a JWS; nothing is verified. */
export interface DecodedJws {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** A journal of requests. */
export interface Ledger {
  /** The latest requests, oldest first. */
  readonly entries: readonly RequestEntry[];
  /** Forgets them. */
  clear(): void;
  /** The latest decisions, also those that no request asked for, oldest first. */
  readonly events: readonly AuditEvent[];
  /** To be told what the service decides. */
  readonly audit: AuditLog;
  /** A handler whose requests are written down. */
  wrap(handler: Handler): Handler;
}

type Handler = (request: HttpRequest) => Promise<FaultyResponse>;

/** How many requests are kept; older ones are forgotten. */
export const LEDGER_SIZE = 1000;

const HEADERS = ["accept", "authorization", "content-type", "host", "user-agent"];

/**
 * Creates an empty ledger.
 * @param isKept whether requests to a path are written down; default: all
 */
export function createLedger(
  clock: Clock,
  isKept: (path: string) => boolean = () => true,
): Ledger {
  let entries: readonly RequestEntry[] = [];
  let events: readonly AuditEvent[] = [];
  const eventsOf = (requestId: string | undefined) =>
    requestId === undefined ? [] : events.filter((event) => event.requestId === requestId);
  return {
    get entries() {
      return entries;
    },
    get events() {
      return events;
    },
    clear() {
      entries = [];
      events = [];
    },
    audit: {
      record(event) {
        events = [...events.slice(1 - LEDGER_SIZE), event];
      },
    },
    wrap: (handler) => async (request) => {
      const path = request.target.split("?", 1)[0] ?? "";
      if (!isKept(path)) return await handler(request);
      let text: string | null = null;
      const response = await handler({
        ...request,
        body: async (limitBytes) => text = await request.body(limitBytes),
      });
      const headers = readHeaders(request);
      entries = [...entries.slice(1 - LEDGER_SIZE), {
        at: Math.floor(clock.now() / 1000),
        method: request.method,
        path,
        headers,
        client: clientOf(headers["authorization"], text),
        body: text === null ? null : decodeBody(text, headers["content-type"]),
        consent: text === null ? null : findConsent(text),
        answer: response.fault?.fault === "reset" ? null : {
          status: response.status,
          headers: response.headers,
          body: decodeBody(response.body, response.headers["content-type"]),
        },
        fault: response.fault?.fault ?? null,
        events: eventsOf(response.headers["x-request-id"]),
      }];
      return response;
    },
  };
}

function readHeaders(request: HttpRequest): Readonly<Record<string, string>> {
  return Object.fromEntries(HEADERS.flatMap((name) => {
    const value = request.header(name);
    return value === null ? [] : [[name, value]];
  }));
}

function clientOf(authorization = "", body: string | null): string | null {
  const basic = /^basic +([A-Za-z0-9+/=]+)$/i.exec(authorization)?.[1];
  if (basic !== undefined) {
    return Buffer.from(basic, "base64").toString("utf8").split(":")[0] ?? null;
  }
  return new URLSearchParams(body ?? "").get("client_id");
}

function decodeBody(text: string, type = ""): unknown {
  if (/^application\/x-www-form-urlencoded\b/i.test(type)) {
    return Object.fromEntries(new URLSearchParams(text));
  }
  return /\bjson\b/i.test(type) ? parsed(text) ?? text : text;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function findConsent(text: string): DecodedJws | null {
  const found = /\b(ey[\w-]+)\.(ey[\w-]*)\.[\w-]*/.exec(text);
  return found === null ? null : decodeJws(found[0]);
}

/** The header and claims of a compact JWS; `null` if they are not JSON objects. Verifies nothing. */
export function decodeJws(token: string): DecodedJws | null {
  const [header, claims] = token.split(".").slice(0, 2).map((part) => {
    const bytes = decodeBase64url(part);
    const value = bytes === null ? null : parsed(Buffer.from(bytes).toString("utf8"));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : null;
  });
  return header && claims ? { header: { ...header }, claims: { ...claims } } : null;
}
