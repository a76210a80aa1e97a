/**
 * A small proxy that sends requests only to servers whose `/readyz` is 200, and never retries: of HTTP
 * requests over kept connections, or of TCP connections.
 * @module
 */
import { Agent, createServer as createHttpServer, get, request } from "node:http";
import { type AddressInfo, connect, createServer as createTcpServer, type Server } from "node:net";
import { setTimeout } from "node:timers/promises";

/** What a proxy forwards. */
export type Layer = "http" | "tcp";

/** A proxy that runs. */
export interface Proxy {
  readonly port: number;
  /** Replaces the servers behind it; resolves once it has checked them. */
  use(ports: readonly number[]): Promise<void>;
  close(): void;
}

const HOST = "127.0.0.1";
const CHECK_MILLISECONDS = 200;

/** Starts a proxy without servers behind it. */
export async function startProxy(layer: Layer): Promise<Proxy> {
  let known: readonly number[] = [];
  let ready: readonly number[] = [];
  let [turn, open] = [0, true];
  const check = async () => {
    const ports = known;
    const states = await Promise.all(ports.map(isReady));
    if (ports === known) ready = ports.filter((_, index) => states[index]);
  };
  const next = () => ready[turn++ % ready.length] ?? 0;
  const agent = new Agent({ keepAlive: true });
  const server = layer === "http" ? forwardRequests(next, agent) : forwardConnections(next);
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  (async () => {
    for (; open; await setTimeout(CHECK_MILLISECONDS, null, { ref: false })) await check();
  })();
  return {
    port: (server.address() as AddressInfo).port,
    async use(ports) {
      known = ports;
      while (open && ready !== known && ready.length < ports.length) await check();
    },
    close() {
      open = false;
      agent.destroy();
      server.close();
    },
  };
}

function isReady(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    get({ port, host: HOST, path: "/readyz", agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    }).once("error", () => resolve(false));
  });
}

function forwardRequests(next: () => number, agent: Agent): Server {
  return createHttpServer((incoming, outgoing) => {
    const { method, url: path, headers } = incoming;
    const options = { host: HOST, port: next(), method, path, headers, agent };
    const forwarded = request(options, (answer) => {
      const { connection: _, "keep-alive": __, ...kept } = answer.headers;
      outgoing.writeHead(answer.statusCode ?? 502, kept);
      answer.pipe(outgoing);
    });
    forwarded.once("error", () => outgoing.destroy());
    incoming.pipe(forwarded);
  });
}

function forwardConnections(next: () => number): Server {
  return createTcpServer((client) => {
    const server = connect(next(), HOST);
    client.pipe(server).pipe(client);
    client.once("error", () => server.destroy());
    server.once("error", () => client.destroy());
  });
}
