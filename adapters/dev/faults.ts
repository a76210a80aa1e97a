/**
 * Faults of the network and of a server under stress, injected around the real server: what a client
 * must survive, on demand. They sit outside the router and know nothing of tokens.
 * @module
 */
import type { ServerResponse } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { StoreFault } from "../ports.ts";
import { errorGraphql, type HttpHandler, type HttpResponse, json } from "../http/exchange.ts";
import { graphqlFault } from "../http/graphql-endpoint.ts";
import { tooManyRequests } from "../http/limits.ts";
import { PATHS } from "../http/metadata.ts";
import { oauthFault } from "../http/oauth.ts";

/** The name of a fault. */
export type Fault =
  | "lost-response"
  | "truncated"
  | "slow-body"
  | "garbage"
  | "latency"
  | "reset"
  | "500"
  | "502"
  | "503"
  | "504"
  | "429";

/** What a fault does. */
export interface FaultEntry {
  /** One line for people. */
  readonly text: string;
  /** Whether the server carries out the request all the same. */
  readonly carriedOut: boolean;
}

/** What each fault does, and whether the request is carried out. */
export const FAULTS: Readonly<Record<Fault, FaultEntry>> = {
  "lost-response": done("The connection is closed without an answer."),
  "truncated": done("The connection is closed in the middle of the body."),
  "slow-body": done("The body trickles in for `milliseconds`."),
  "garbage": done("The body is not JSON, though its type says so."),
  "latency": done("The answer comes after `milliseconds`."),
  "reset": undone("The connection is reset."),
  "500": undone("An internal error."),
  "502": undone("A page of HTML, as from a proxy."),
  "503": undone("Unavailable for now, with Retry-After."),
  "504": undone("A page of HTML, as from a proxy."),
  "429": undone("Too many requests, with Retry-After."),
};

function done(text: string): FaultEntry {
  return { text, carriedOut: true };
}

function undone(text: string): FaultEntry {
  return { text, carriedOut: false };
}

/** How a fault strikes. */
export interface FaultOptions {
  /** How many requests it strikes. Default 1. */
  readonly times?: number;
  /** The path that it strikes, such as `/oauth/token`. Default: every endpoint of the API. */
  readonly path?: string;
  /** For `latency` and `slow-body`. Default 1000. */
  readonly milliseconds?: number;
  /** The `Retry-After` of `429` and `503`. Default 1. */
  readonly retryAfterSeconds?: number;
}

/** A fault that is yet to strike. */
export interface PendingFault extends Required<Omit<FaultOptions, "path">> {
  readonly fault: Fault;
  /** `null`: every endpoint of the API. */
  readonly path: string | null;
}

/** Faults to come. */
export interface Faults {
  /**
   * Lets the next request, or the next few, meet a fault. Faults strike in the order they are given. Where
   * a connection fails without an answer, Deno's `fetch` repeats the request once by itself: there, let
   * `lost-response` and `reset` strike 2 times, or call the shop's own `fetch`.
   * @throws {RangeError} if there is no such fault, or an option is out of range
   */
  next(fault: Fault, options?: FaultOptions): void;
  /** What is yet to strike. */
  readonly pending: readonly PendingFault[];
  /** Forgets what is yet to strike. */
  clear(): void;
}

/** A response, and the fault it meets on its way out. */
export interface FaultyResponse extends HttpResponse {
  readonly fault?: PendingFault;
}

/** Faults, and the layer around a server that lets them strike. */
export interface FaultLayer extends Faults {
  /** A handler whose requests meet the faults. */
  wrap(handler: HttpHandler): (request: Parameters<HttpHandler>[0]) => Promise<FaultyResponse>;
}

/** Where faults strike: not at health checks and the harness, which others than the client call. */
export const STRUCK: readonly string[] = [
  PATHS.partners,
  PATHS.users,
  PATHS.token,
  PATHS.revoke,
  PATHS.introspect,
  PATHS.metadata,
  PATHS.jwks,
];

/** Creates the layer; nothing is to strike yet. */
export function createFaults(): FaultLayer {
  let pending: readonly PendingFault[] = [];
  /** The first one for this path, of which one time is used up. */
  const take = (path: string): PendingFault | undefined => {
    if (!STRUCK.includes(path)) return undefined;
    const found = pending.find((fault) => (fault.path ?? path) === path);
    pending = pending.flatMap((fault) => {
      if (fault !== found) return fault;
      return fault.times > 1 ? { ...fault, times: fault.times - 1 } : [];
    });
    return found;
  };
  return {
    get pending() {
      return pending;
    },
    next(fault, options = {}) {
      pending = [...pending, readFault(fault, options)];
    },
    clear() {
      pending = [];
    },
    wrap: (handler) => async (request) => {
      const path = request.target.split("?", 1)[0] ?? "";
      const fault = take(path);
      if (fault === undefined) return await handler(request);
      if (!FAULTS[fault.fault].carriedOut) return { ...refusalOf(fault, path), fault };
      const response = await handler(request);
      if (fault.fault === "latency") await pause(fault.milliseconds);
      return { ...response, ...(fault.fault === "garbage" && { body: GARBAGE }), fault };
    },
  };
}

const GARBAGE = '{"data":{"fetchTokensForUser":{"acc\u0000\ufffd<html>';

function readFault(fault: Fault, options: FaultOptions): PendingFault {
  if (!Object.hasOwn(FAULTS, fault)) {
    throw new RangeError(`There is no fault "${fault}": use ${Object.keys(FAULTS).join(", ")}`);
  }
  const { times = 1, path = null, milliseconds = 1000, retryAfterSeconds = 1 } = options;
  if (path !== null && !STRUCK.includes(path)) {
    throw new RangeError(`No fault strikes "${path}": use ${STRUCK.join(", ")}`);
  }
  const numbers = { times, milliseconds, retryAfterSeconds };
  for (const [name, value] of Object.entries(numbers)) {
    if (Number.isSafeInteger(value) && value >= (name === "times" ? 1 : 0)) continue;
    throw new RangeError(`"${name}" must be a whole number, found ${value}`);
  }
  return { fault, path, ...numbers };
}

/** The answer where nothing is carried out: the server's own wherever it has one. */
function refusalOf({ fault, retryAfterSeconds }: PendingFault, path: string): HttpResponse {
  const isGraphql = path === PATHS.partners || path === PATHS.users;
  const retryAfter = { "retry-after": String(retryAfterSeconds) };
  if (fault === "429") {
    const text = `Too many fields in a short time. Try again in ${retryAfterSeconds} s.`;
    return isGraphql
      ? errorGraphql(429, "TOO_MANY_REQUESTS", text, retryAfter)
      : tooManyRequests(retryAfterSeconds);
  }
  if (fault === "500" || fault === "503") {
    const error = fault === "500" ? new Error("injected") : new StoreFault("injected");
    const response = isGraphql ? graphqlFault(error, "injected") : oauthFault(error);
    return {
      ...response,
      headers: { ...response.headers, ...(fault === "503" && retryAfter) },
    };
  }
  if (fault === "reset") return { status: 0, headers: {}, body: "" };
  const body = `<html><body><h1>${fault} Bad Gateway</h1></body></html>`;
  return { ...json(Number(fault), null, { "content-type": "text/html" }), body };
}

const CUT: readonly Fault[] = ["reset", "lost-response"];
const PIECES = 10;

/** Sends a response that a fault meets on its way. `false`: there is none, send it as usual. */
export function deliver(response: FaultyResponse, outgoing: ServerResponse): boolean {
  const { fault } = response;
  if (fault === undefined) return false;
  if (CUT.includes(fault.fault)) {
    if (fault.fault === "reset") outgoing.socket?.resetAndDestroy();
    else outgoing.destroy();
    return true;
  }
  if (fault.fault !== "truncated" && fault.fault !== "slow-body") return false;
  const bytes = new TextEncoder().encode(response.body);
  outgoing.writeHead(response.status, { ...response.headers, "content-length": bytes.length });
  if (fault.fault === "truncated") {
    outgoing.write(bytes.subarray(0, bytes.length >> 1), () => outgoing.destroy());
  } else {void trickle(bytes, fault, (piece) => void outgoing.write(piece)).then(() =>
      outgoing.end()
    );}
  return true;
}

/** The same without a network, as `fetch` would show it. */
export function toFetchResponse(response: FaultyResponse, method: string): Response {
  const { fault, status, headers, body } = response;
  if (fault !== undefined && CUT.includes(fault.fault)) throw connectionFailed();
  const init = { status, headers };
  if (body === "" || method === "HEAD") return new Response(null, init);
  if (fault?.fault !== "truncated" && fault?.fault !== "slow-body") return new Response(body, init);
  const bytes = new TextEncoder().encode(body);
  const stream = new ReadableStream<Uint8Array>({
    async start(controller) {
      if (fault.fault === "truncated") {
        controller.enqueue(bytes.subarray(0, bytes.length >> 1));
        return controller.error(connectionFailed());
      }
      await trickle(bytes, fault, (piece) => controller.enqueue(piece));
      controller.close();
    },
  });
  return new Response(stream, init);
}

function connectionFailed(): TypeError {
  const cause = Object.assign(new Error("The connection was closed"), { code: "ECONNRESET" });
  return new TypeError("fetch failed", { cause });
}

async function trickle(
  bytes: Uint8Array,
  { milliseconds }: PendingFault,
  write: (piece: Uint8Array) => void,
): Promise<void> {
  const size = Math.ceil(bytes.length / PIECES);
  for (let at = 0; at < bytes.length; at += size) {
    await pause(milliseconds / PIECES);
    write(bytes.subarray(at, at + size));
  }
}
