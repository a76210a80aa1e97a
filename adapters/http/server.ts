/**
 * A listener on node:http, for Node and Deno, with bounds on time and size and a graceful stop.
 * @module
 */
import { Buffer } from "node:buffer";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { BodyError, type HttpHandler, type HttpRequest } from "./exchange.ts";

/** What to serve, and where. */
export interface ServerOptions {
  readonly handler: HttpHandler;
  /** 0 takes a free port. */
  readonly port: number;
  /** A host name or an address; `127.0.0.1` reaches this machine alone. */
  readonly host: string;
  /** Overrides of {@link BOUNDS}. */
  readonly bounds?: Partial<ServerBounds>;
}

/** A server that listens. */
export interface RunningServer {
  /** Without a trailing slash. */
  readonly url: string;
  readonly port: number;
  /**
   * Takes no new connections, lets requests under way finish, and closes the rest. After the grace
   * (default 10 s) whatever is left is cut off.
   */
  stop(graceMilliseconds?: number): Promise<void>;
}

/** What a peer may take: times in milliseconds, sizes in bytes. */
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
  /** Beyond that, new connections are closed at once. */
  readonly maxConnections: number;
  /** How much of an unwanted body is read and dropped, so that the peer gets to read the answer. */
  readonly unreadBytes: number;
}

/** The bounds, unless told otherwise. */
export const BOUNDS: ServerBounds = {
  maxHeaderSize: 16_384,
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 5_000,
  keepAliveTimeout: 65_000, // longer than the usual minute of a proxy in front
  maxConnections: 10_000,
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
  const { handler, port, host } = options;
  const bounds = { ...BOUNDS, ...options.bounds };
  let stopping = false;
  const server = createServer(
    { ...bounds, joinDuplicateHeaders: true },
    (incoming, outgoing) => {
      serve(handler, incoming, outgoing, () => stopping, bounds.unreadBytes)
        .catch(() => outgoing.destroy()); // a handler that breaks its word costs its own connection
    },
  );
  server.maxConnections = bounds.maxConnections;
  const sockets = trackSockets(server);
  await listen(server, port, host);
  const address = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${address.port}`,
    port: address.port,
    stop(graceMilliseconds = 10_000) {
      stopping = true;
      return close(server, sockets, graceMilliseconds);
    },
  };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    // Stays there: later errors, of single connections, are none of the server's.
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

function trackSockets(server: Server): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  return sockets;
}

function close(
  server: Server,
  sockets: ReadonlySet<Socket>,
  graceMilliseconds: number,
): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), graceMilliseconds);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
    // To node:http a connection that never sent a byte is not idle.
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  });
}

async function serve(
  handler: HttpHandler,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  isStopping: () => boolean,
  unreadBytes: number,
): Promise<void> {
  incoming.on("error", () => {}); // the peer went away; reading the body says so
  outgoing.on("error", () => {});
  const { status, headers, body } = await handler(toHttpRequest(incoming, isStopping()));
  const length = Buffer.byteLength(body);
  outgoing.writeHead(status, {
    ...headers,
    ...(status !== 204 && { "content-length": length }),
    ...(isStopping() && { connection: "close" }),
  });
  finish(incoming, outgoing, body, unreadBytes);
}

/**
 * Sends the body. Where the request's own body has not been read to its end, that is done first, up to a
 * limit: closing a connection with unread data on it is a reset, in which the answer would be lost.
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

function toHttpRequest(incoming: IncomingMessage, stopping: boolean): HttpRequest {
  const { method = "", url = "", headers } = incoming;
  return {
    method,
    target: url,
    stopping,
    ...(incoming.socket.remoteAddress !== undefined && { peer: incoming.socket.remoteAddress }),
    header: (name) => (headers[name] as string | undefined) ?? null,
    body: (limitBytes) => readBody(incoming, limitBytes),
  };
}

function readBody(incoming: IncomingMessage, limitBytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    if (incoming.destroyed) return reject(new BodyError(400));
    const chunks: Uint8Array[] = [];
    let length = 0;
    const take = (chunk: Uint8Array) => {
      length += chunk.length;
      if (length <= limitBytes) chunks.push(chunk);
      else {
        incoming.off("data", take);
        incoming.pause();
        reject(new BodyError(413));
      }
    };
    incoming.on("data", take);
    incoming.once("end", () => {
      const text = decode(Buffer.concat(chunks));
      if (text === null) reject(new BodyError(400));
      else resolve(text);
    });
    incoming.once("close", () => {
      if (!incoming.complete) reject(new BodyError(400));
    });
  });
}

const decoder = new TextDecoder("utf-8", { fatal: true });

function decode(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}
