/**
 * A listener on node:http, for Node and Deno, with bounds on time and size and a graceful stop.
 * @module
 */
import { Buffer } from "node:buffer";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Connections, limitConnections } from "./connections.ts";
import { errorJson, type HttpHandler, type HttpResponse } from "./exchange.ts";
import { headFault, toHttpRequest } from "./incoming.ts";

/** What to serve, and where. */
export interface ServerOptions {
  readonly handler: HttpHandler;
  /** 0 takes a free port. */
  readonly port: number;
  /** A host name or an address; `127.0.0.1` accepts connections from this machine only. */
  readonly host: string;
  /** Overrides of {@link BOUNDS}. */
  readonly bounds?: Partial<ServerBounds>;
  /** Whether the process may end while the server still listens. Default: it may not. For tests. */
  readonly unref?: boolean;
  /** Sends a response in its own way and returns `true`, or leaves it to the server. For tests. */
  readonly deliver?: (response: HttpResponse, outgoing: ServerResponse) => boolean;
}

/** A server that listens. */
export interface RunningServer {
  /** A URL that this machine can call, even if the server listens on all addresses. No trailing slash. */
  readonly url: string;
  readonly port: number;
  /**
   * Reports that it is not ready, but keeps serving, so that a load balancer moves on. Connections are
   * closed after their next response. Resolves after `milliseconds`.
   */
  drain(milliseconds: number): Promise<void>;
  /**
   * Accepts no new connections, lets requests in progress finish, and closes the rest. After the grace
   * period (default 10 s), whatever is left is cut off.
   */
  stop(graceMilliseconds?: number): Promise<void>;
}

/** Limits for a peer: times in milliseconds, sizes in bytes. */
export interface ServerBounds {
  /** All headers of a request; beyond that, 431. */
  readonly maxHeaderSize: number;
  /** Until the headers are complete; beyond that, 408. */
  readonly headersTimeout: number;
  /** Until the whole request is there; beyond that, 408. */
  readonly requestTimeout: number;
  /** How often the two are checked. */
  readonly connectionsCheckingInterval: number;
  /** Until an idle connection is closed. */
  readonly keepAliveTimeout: number;
  /** Beyond that, an idle connection of the address with the most is closed, else the new one. */
  readonly maxConnections: number;
  /** The same for one address. A proxy in front is one. */
  readonly maxConnectionsPerPeer: number;
  /** How much of an unwanted body is read and discarded, so that the peer can read the response. */
  readonly unreadBytes: number;
}

/** The default bounds. */
export const BOUNDS: ServerBounds = {
  maxHeaderSize: 16_384,
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 5_000,
  keepAliveTimeout: 65_000, // longer than the usual minute of a proxy in front
  maxConnections: 10_000,
  maxConnectionsPerPeer: 5_000,
  unreadBytes: 1_048_576,
};

/**
 * Starts listening.
 * @throws {Error} if the address is unavailable; the message says what to do.
 *
 * @example
 * ```ts
 * import { createMemoryStore, createService } from "fetch-tokens-for-user";
 * import { createOpaqueTokens, generateTokenKeys } from "fetch-tokens-for-user/tokens";
 * import { createHttpHandler, startServer } from "fetch-tokens-for-user/http";
 *
 * const audience = "https://shop.example";
 * const tokens = createOpaqueTokens({ serverId: audience, keys: generateTokenKeys() });
 * const service = createService({ store: createMemoryStore(), tokens }, { audience });
 *
 * const handler = createHttpHandler(service, { publicUrl: audience });
 * const server = await startServer({ handler, port: 0, host: "127.0.0.1" });
 * const health = await fetch(`http://127.0.0.1:${server.port}/healthz`);
 * console.assert(health.status === 200);
 * await health.text();
 * await server.stop();
 * ```
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { handler, deliver, port, host } = options;
  const bounds = { ...BOUNDS, ...options.bounds };
  let stopping = false;
  const atEndOfTurn = createTurnEnd();
  const server = createServer(
    { ...bounds, joinDuplicateHeaders: true, insecureHTTPParser: false },
    (incoming, outgoing) => {
      incoming.on("error", ignore); // the peer went away; reading the body says so
      outgoing.on("error", ignore);
      const fault = headFault(incoming);
      // node:http ignores an Upgrade, but also loses the bytes behind it: the caller must not wait.
      const isLast = fault !== null || incoming.headers.upgrade !== undefined;
      const responded = fault === null
        ? handler(toHttpRequest(incoming, stopping))
        : Promise.resolve(
          errorJson(fault, "invalid_request", "The request is not valid HTTP/1.1."),
        );
      const cutOff = () => outgoing.destroy(); // a handler that breaks its word costs its own connection
      responded.then((response) => {
        atEndOfTurn(() => {
          if (deliver?.(response, outgoing)) return;
          writeHead(outgoing, response, stopping || isLast);
          finish(incoming, outgoing, response.body, bounds.unreadBytes);
        }, cutOff);
      }, cutOff);
    },
  );
  server.maxHeadersCount = 0; // all of them: node:http drops those beyond a number, framing or not
  const connections = limitConnections(server, bounds);
  if (options.unref) server.on("connection", (socket) => socket.unref()).unref();
  await listen(server, port, host);
  const address = server.address() as AddressInfo;
  return {
    url: `http://${callable(host)}:${address.port}`,
    port: address.port,
    drain(milliseconds) {
      stopping = true;
      return new Promise((resolve) => setTimeout(resolve, milliseconds));
    },
    stop(graceMilliseconds = 10_000) {
      stopping = true;
      return close(server, connections, graceMilliseconds);
    },
  };
}

/** Nobody can connect to the address that means all addresses. */
function callable(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (/^[0:]+$/.test(host)) return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    // Stays attached: later errors concern single connections, not the server.
    server.on("error", (error: Error & { readonly code?: string }) => {
      const cures: Readonly<Record<string, string>> = {
        EADDRINUSE:
          "the port is in use. Stop the program that uses it, or choose another port; 0 " +
          "takes a free one",
        EACCES: "this needs more rights. Choose a port from 1024 on",
        EADDRNOTAVAIL: "this machine does not have that address. Use 127.0.0.1, or 0.0.0.0 for all",
        ENOTFOUND: "the host name is not known. Use 127.0.0.1, or 0.0.0.0 for all",
      };
      const cure = cures[error.code ?? ""] ?? error.message;
      reject(new Error(`Cannot listen on ${host} port ${port}: ${cure}`, { cause: error }));
    });
    server.listen(port, host, () => resolve());
  });
}

/** How long to wait for a connection that has sent nothing: its request may be on its way. */
const FRESH_MILLISECONDS = 500;

function close(server: Server, connections: Connections, graceMilliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), graceMilliseconds);
    const fresh = setTimeout(
      () => connections.closeFresh(), // to node:http these are not idle
      Math.min(FRESH_MILLISECONDS, graceMilliseconds),
    );
    server.close(() => {
      clearTimeout(timer);
      clearTimeout(fresh);
      resolve();
    });
    server.closeIdleConnections();
  });
}

function ignore(): void {}

/**
 * Runs what it is given at the end of this turn of the event loop. Responses written back to back cost
 * a third less than responses written between reads.
 */
function createTurnEnd(): (work: () => void, failed: () => void) => void {
  let waiting: { readonly work: () => void; readonly failed: () => void }[] = [];
  const run = () => {
    const together = waiting;
    waiting = [];
    for (const { work, failed } of together) {
      try {
        work();
      } catch {
        failed();
      }
    }
  };
  return (work, failed) => {
    if (waiting.push({ work, failed }) === 1) setImmediate(run);
  };
}

/** As a flat list of names and values, which node:http writes as it is. */
function writeHead(
  outgoing: ServerResponse,
  { status, headers, body }: HttpResponse,
  isLast: boolean,
): void {
  const head: string[] = [];
  for (const name in headers) head.push(name, headers[name] as string);
  if (status !== 204) head.push("content-length", String(Buffer.byteLength(body)));
  if (isLast) head.push("connection", "close");
  outgoing.writeHead(status, head);
}

/**
 * Sends the body. If the request's own body has not been read to its end, that is done first, up to a
 * limit: closing a connection with unread data resets it, and the response would be lost.
 */
function finish(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  body: string,
  limitBytes: number,
): void {
  if (incoming.complete) return void outgoing.end(body);
  outgoing.flushHeaders();
  outgoing.write(body);
  let length = 0;
  incoming.on("data", (chunk: Uint8Array) => {
    length += chunk.length;
    if (length > limitBytes) incoming.destroy();
  });
  incoming.once("end", () => outgoing.end());
  incoming.resume();
}
