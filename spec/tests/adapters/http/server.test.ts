/** The listener: bytes on a socket in, bytes out, and a stop that loses nothing. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { get } from "node:http";
import { connect, type Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { test } from "node:test";
import type { HttpHandler, HttpRequest } from "../../../../adapters/http/exchange.ts";
import { createHttpHandler } from "../../../../adapters/http/router.ts";
import type { RequestRecord } from "../../../../adapters/log.ts";
import {
  type RunningServer,
  type ServerBounds,
  startServer,
} from "../../../../adapters/http/server.ts";
import { createWorld, type World } from "../../support/world.ts";
import { basic, jsonBy, MUTATION } from "../../support/http-face.ts";

interface Listening extends RunningServer {
  readonly world: World;
  readonly records: RequestRecord[];
}

/** Serves a world on a free port for as long as `work` takes. */
async function withServer(
  work: (server: Listening) => Promise<void>,
  wrap: (handler: HttpHandler) => HttpHandler = (handler) => handler,
  bounds: Partial<ServerBounds> = {},
): Promise<void> {
  const world = await createWorld();
  const records: RequestRecord[] = [];
  const { clock, service } = world;
  const log = (record: RequestRecord) => void records.push(record);
  const handler = wrap(createHttpHandler(service, { publicUrl: () => running.url, clock, log }));
  const running: RunningServer = await startServer({ handler, port: 0, host: "127.0.0.1", bounds });
  try {
    await work({ ...running, world, records });
  } finally {
    await running.stop(200);
  }
}

/** Sends bytes as they are, and collects what comes back until the peer closes or `milliseconds` pass. */
async function exchange(
  port: number,
  parts: readonly (string | Uint8Array)[],
  milliseconds = 400,
): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  socket.on("data", (data) => text += data);
  socket.on("error", () => {});
  const closed = closing(socket);
  for (const part of parts) {
    socket.write(part);
    await wait(5);
  }
  await Promise.race([closed, wait(milliseconds)]);
  socket.destroy();
  return text;
}

/** Makes sure that the server has read what was written to it before: it answers others in between. */
async function settle({ url }: RunningServer): Promise<void> {
  for (let count = 0; count < 5; count++) {
    await (await fetch(`${url}/healthz`)).text();
    await wait(20);
  }
}

/** Waits until something holds, within a limit. */
async function until(holds: () => boolean): Promise<void> {
  for (let count = 0; count < 1000 && !holds(); count++) await wait(5);
  assert.ok(holds(), "it never came to hold");
}

/** Resolves once a socket is closed, by an error or not. */
function closing(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once("close", () => resolve()));
}

function requestText(headers: Record<string, string>, body: string): string {
  const lines = Object.entries({
    host: "localhost",
    connection: "close",
    "content-length": String(Buffer.byteLength(body)),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST /api/partners/graphql.json HTTP/1.1\r\n${lines.join("")}\r\n${body}`;
}

function mutationText({ world }: Listening, headers: Record<string, string> = {}): string {
  const body = JSON.stringify({
    query: MUTATION,
    variables: { publicId: world.users.connected },
  });
  return requestText({ ...jsonBy(world.partner), ...headers }, body);
}

test("G7, G9: the mutation over a socket, in one piece and byte by byte", async () => {
  await withServer(async (server) => {
    const text = mutationText(server);
    for (const parts of [[text], text.match(/[^]{1,40}/g) ?? []]) {
      const answer = await exchange(server.port, parts, 3000);
      assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
      assert.match(answer, /cache-control: no-store\r\n/i);
      assert.match(answer, /"accessToken":"\w/);
    }
  });
});

test("G8, IN-10, IN-13: malformed HTTP is answered 4xx, and the server lives on", async () => {
  await withServer(async (server) => {
    const { authorization } = basic(server.world.partner);
    const host = "host: localhost\r\n";
    const path = "/api/partners/graphql.json";
    const headers = jsonBy(server.world.partner);
    const notUtf8 = '{"query":"{apiVersion}","extensions":{"a":"\xff"}}';
    const cases: readonly [RegExp, string][] = [
      [/^HTTP\/1\.1 400/, "\x16\x03\x01\x02\x00\x01\x00"],
      [/^HTTP\/1\.1 400/, "GET\r\n\r\n"],
      [/^HTTP\/1\.1 400/, `GET ${path} HTTP/9.9\r\n${host}\r\n`],
      [/^HTTP\/1\.1 400/, `GET ${path} HTTP/1.1\r\n\r\n`],
      [/^HTTP\/1\.1 400/, `GET ${path} HTTP/1.1\r\n${host}bad header\r\n\r\n`],
      [/^HTTP\/1\.1 400/, `GET ${path} HTTP/1.1\r\n${host}x: a\u0000b\r\n\r\n`],
      [/^HTTP\/1\.1 400/, `POST ${path} HTTP/1.1\r\n${host}content-length: x\r\n\r\n`],
      [
        /^HTTP\/1\.1 400/,
        `POST ${path} HTTP/1.1\r\n${host}content-length: 1\r\ncontent-length: 2\r\n\r\nxx`,
      ],
      [
        /^HTTP\/1\.1 400/,
        `POST ${path} HTTP/1.1\r\n${host}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
      ],
      [/^HTTP\/1\.1 431/, `GET ${path} HTTP/1.1\r\n${host}x: ${"x".repeat(20_000)}\r\n\r\n`],
      [/^HTTP\/1\.1 401/, `GET ${path} HTTP/1.1\r\n${host}authorization: \xff\xfe\r\n\r\n`],
      [/^HTTP\/1\.1 401/, `GET ${path} HTTP/1.1\r\n${host}authorization:\r\n\r\n`],
      [
        /^HTTP\/1\.1 401/,
        `GET ${path} HTTP/1.1\r\n${host}authorization: ${authorization}\r\nAuthorization: ${authorization}\r\n\r\n`,
      ],
      [
        /^HTTP\/1\.1 400/,
        requestText({ ...headers, "content-length": String(notUtf8.length) }, notUtf8),
      ],
      [/^HTTP\/1\.1 401/, `GET http://localhost${path} HTTP/1.1\r\n${host}\r\n`],
      [/^HTTP\/1\.1 401/, `GET HTTPS://other.example:1${path}?a=b HTTP/1.1\r\n${host}\r\n`],
      [/^HTTP\/1\.1 404/, `GET http://localhost?a HTTP/1.1\r\n${host}\r\n`],
      [/^HTTP\/1\.1 400/, `GET ${path} HTTP/1.1\r\n${host}${host}\r\n`],
      [/^HTTP\/1\.1 400/, `GET ${path} HTTP/1.1\r\nhost: a b\r\n\r\n`],
      [/^HTTP\/1\.1 400/, `GET ${path}#a HTTP/1.1\r\n${host}\r\n`],
      [
        /^HTTP\/1\.1 (?:400|501)[^]*connection: close/i,
        `POST ${path} HTTP/1.1\r\n${host}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
      ],
      [/^HTTP\/1\.1 404/, `OPTIONS * HTTP/1.1\r\n${host}\r\n`],
      [/^HTTP\/1\.1 404/, `GET /../..${path} HTTP/1.1\r\n${host}\r\n`],
    ];
    await Promise.all(cases.map(async ([expected, text]) => {
      const bytes = Buffer.from(text, "latin1");
      assert.match(
        await exchange(server.port, [bytes]),
        expected,
        JSON.stringify(text.slice(0, 99)),
      );
    }));
    assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
    assert.ok(server.records.every(({ status }) => status < 500));
  });
});

test("A2, IN-10: a body that is too large is 413, with or without its length, and is not kept", async () => {
  await withServer(async (server) => {
    const headers = jsonBy(server.world.partner);
    const large = "x".repeat(200_000);
    const sized = await exchange(server.port, [requestText(headers, large)], 2000);
    assert.match(sized, /^HTTP\/1\.1 413/);
    const chunked = { ...headers, "content-length": "", "transfer-encoding": "chunked" };
    const head = requestText(chunked, "").replace("content-length: \r\n", "");
    const chunk = `${large.length.toString(16)}\r\n${large}\r\n`;
    assert.match(await exchange(server.port, [head, chunk, "0\r\n\r\n"], 2000), /^HTTP\/1\.1 413/);
    const endless = requestText({ ...headers, "content-length": "1000000000" }, "");
    const megabytes = Array.from({ length: 12 }, () => large);
    const socketText = await exchange(server.port, [endless, ...megabytes], 5000);
    assert.match(socketText, /^HTTP\/1\.1 413/);
  });
});

test("A2: an endless body is cut off soon after the refusal, also where nobody asked for it", async () => {
  await withServer(async (server) => {
    for (const headers of [jsonBy(server.world.partner), {}]) {
      const socket = connect(server.port, "127.0.0.1");
      socket.on("error", () => {});
      socket.on("data", () => {});
      const closed = closing(socket);
      socket.write(
        requestText({ ...headers, "content-length": "1000000000", connection: "keep-alive" }, ""),
      );
      let sent = 0;
      const block = Buffer.alloc(65_536, "x");
      while (!socket.destroyed && sent < 50_000_000) {
        sent += block.length;
        if (socket.write(block)) continue;
        await Promise.race([new Promise<void>((resolve) => socket.once("drain", resolve)), closed]);
      }
      await closed;
      assert.ok(sent < 50_000_000, `${sent} bytes were taken`);
    }
  });
});

test("A2: who sends too slowly is answered 408, and who stays idle is hung up on", async () => {
  const bounds = {
    headersTimeout: 100,
    requestTimeout: 200,
    connectionsCheckingInterval: 50,
    keepAliveTimeout: 100,
  };
  await withServer(
    async (server) => {
      const text = mutationText(server);
      const head = text.slice(0, text.indexOf("\r\n\r\n") + 4);
      const slow = [text.slice(0, 50), `${head}{`, ""];
      const answers = await Promise.all(slow.map((part) => exchange(server.port, [part], 5000)));
      for (const answer of answers) assert.match(answer, /^HTTP\/1\.1 408/);
      const idle = await open(server.port);
      idle.socket.write("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n");
      await idle.closed;
      assert.match(idle.read(), /^HTTP\/1\.1 200/);
    },
    undefined,
    bounds,
  );
});

test("A2, SY-40: who holds idle connections keeps nobody out, and a busy one stays", async () => {
  const { wrap, entered, release } = held();
  await withServer(
    async (server) => {
      const busy = await open(server.port);
      busy.socket.write(mutationText(server));
      await entered;
      const idle = await open(server.port);
      const newer = await open(server.port);
      await until(() => newer.socket.readyState === "open");
      assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
      await idle.closed;
      assert.equal(idle.read(), "", "not by a timeout, which is answered 408");
      release();
      await busy.closed;
      assert.match(busy.read(), /^HTTP\/1\.1 200/);
    },
    wrap,
    { maxConnections: 3 },
  );
});

test("A2, SY-40: where no connection of an address is idle, its next one is closed", async () => {
  const { wrap, entered, release } = held();
  await withServer(
    async (server) => {
      const busy = await open(server.port);
      busy.socket.write(mutationText(server));
      await entered;
      const next = await open(server.port);
      await next.closed;
      assert.equal(next.read(), "", "not by a timeout, which is answered 408");
      release();
      await busy.closed;
      assert.match(busy.read(), /^HTTP\/1\.1 200/);
    },
    wrap,
    { maxConnectionsPerPeer: 1 },
  );
});

/** One request on a connection of its own, without a retry. */
function getOnce(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false }, (response) => {
      response.resume().once("end", () => resolve(response.statusCode ?? 0));
    }).once("error", reject);
  });
}

test("A3, SY-41: a drain fails no request of a proxy that goes by readiness and never retries", async () => {
  await withServer(async (server) => {
    let ready = true;
    const statuses: number[] = [];
    const proxy = async () => {
      while (ready) statuses.push(await getOnce(`${server.url}/.well-known/jwks.json`));
    };
    const probe = async () => {
      while (ready) {
        ready = await getOnce(`${server.url}/readyz`) === 200;
        await wait(10);
      }
    };
    const working = Promise.all([probe(), ...Array.from({ length: 8 }, proxy)]);
    await wait(100);
    const stopped = server.drain(500).then(() => server.stop(1000));
    await working;
    await stopped;
    assert.ok(statuses.length > 20 && statuses.every((status) => status === 200));
  });
});

test("A3, SY-41: a connection that has sent nothing yet is answered when the server stops", async () => {
  await withServer(async (server) => {
    const fresh = await Promise.all(Array.from({ length: 8 }, () => open(server.port)));
    await settle(server);
    const stopped = server.stop(2000);
    await wait(50);
    for (const { socket } of fresh) socket.write("GET /readyz HTTP/1.1\r\nhost: x\r\n\r\n");
    await Promise.all(fresh.map(({ closed }) => closed));
    for (const { read } of fresh) assert.match(read(), /^HTTP\/1\.1 503/);
    await stopped;
  });
});

test("G8: a peer that goes away at any moment does no harm", async () => {
  await withServer(async (server) => {
    const text = mutationText(server);
    const moments = [1, 40, text.indexOf("\r\n\r\n") + 4, text.length - 1, text.length];
    const sockets = moments.map((length) => {
      const socket = connect(server.port, "127.0.0.1");
      socket.on("error", () => {});
      socket.write(text.slice(0, length));
      return socket;
    });
    await settle(server);
    for (const socket of sockets) socket.resetAndDestroy();
    const answered = () => server.records.filter(({ method }) => method === "POST");
    await until(() => answered().length === 3); // those whose headers were whole
    assert.deepEqual(answered().map(({ status }) => status).sort(), [200, 400, 400]);
    assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
    assert.ok(server.records.every(({ faults }) => faults === undefined));
  });
});

test("G7: requests on one connection are answered in order, and a HEAD has no body", async () => {
  await withServer(async ({ port }) => {
    const get = (path: string, method = "GET", close = false) =>
      `${method} ${path} HTTP/1.1\r\nhost: x\r\n${close ? "connection: close\r\n" : ""}\r\n`;
    const pipelined = get("/healthz", "HEAD") + get("/nowhere") + get("/healthz", "GET", true);
    const answer = await exchange(port, [pipelined], 2000);
    const statuses = [...answer.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1]);
    assert.deepEqual(statuses, ["200", "404", "200"]);
    assert.equal(answer.split('{"status":"ok"').length, 2);
  });
});

/** A handler that waits inside until it is let go. */
function held(): {
  wrap: (handler: HttpHandler) => HttpHandler;
  entered: Promise<void>;
  release: () => void;
} {
  let enter = () => {};
  let release = () => {};
  const entered = new Promise<void>((resolve) => enter = resolve);
  const released = new Promise<void>((resolve) => release = resolve);
  const wrap = (handler: HttpHandler) => async (request: HttpRequest) => {
    if (request.target.includes("healthz")) return handler(request);
    enter();
    await released;
    return handler(request);
  };
  return { wrap, entered, release: () => release() };
}

/** A connection that is open, and what was read on it. */
async function open(
  port: number,
): Promise<{ socket: Socket; read: () => string; closed: Promise<void> }> {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  socket.on("data", (data) => text += data);
  socket.on("error", () => {});
  const closed = closing(socket);
  await once(socket, "connect");
  return { socket, read: () => text, closed };
}

test("G7, A3: a stop lets requests under way finish, and closes every other connection", async () => {
  const { wrap, entered, release } = held();
  await withServer(async (server) => {
    const busy = await open(server.port);
    const idle = await open(server.port);
    const fresh = await open(server.port);
    idle.socket.write("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n");
    busy.socket.write(mutationText(server, { connection: "keep-alive" }));
    await entered;
    await until(() => idle.read().includes('"ok"'));
    const stopped = server.stop(5000);
    await Promise.all([idle.closed, fresh.closed]);
    await assert.rejects(fetch(`${server.url}/healthz`));
    assert.equal(busy.read(), "");
    release();
    await Promise.all([busy.closed, stopped]);
    assert.match(busy.read(), /^HTTP\/1\.1 200/);
    assert.match(busy.read(), /connection: close\r\n/i);
    assert.match(busy.read(), /"accessToken":"\w/);
  }, wrap);
});

test("G7: a request that was on its way when the stop began learns it from /healthz", async () => {
  await withServer(async (server) => {
    const { socket, read, closed } = await open(server.port);
    socket.write("GET /healthz HT");
    await settle(server);
    const stopped = server.stop(5000);
    socket.write("TP/1.1\r\nhost: x\r\n\r\n");
    await Promise.all([closed, stopped]);
    assert.match(
      read(),
      /^HTTP\/1\.1 503 [^]*connection: close\r\n[^]*\{"status":"stopping","checks":\[\]\}$/i,
    );
  });
});

test("G7: after the grace what hangs is cut off", async () => {
  const { wrap, entered, release } = held();
  await withServer(async (server) => {
    const busy = await open(server.port);
    busy.socket.write(mutationText(server));
    await entered;
    await server.stop(50);
    await busy.closed;
    assert.equal(busy.read(), "");
    release();
    await wait(20);
  }, wrap);
});

test("A3: a handler that rejects costs its own connection and no more", async () => {
  const wrap = (handler: HttpHandler) => (request: HttpRequest) =>
    request.target === "/healthz" ? handler(request) : Promise.reject(new Error("broken"));
  await withServer(async ({ url }) => {
    await assert.rejects(fetch(`${url}/nowhere`));
    assert.equal((await fetch(`${url}/healthz`)).status, 200);
  }, wrap);
});

test("G7: a port in use is an error that names the cure", async () => {
  await withServer(async ({ port }) => {
    const handler: HttpHandler = () => Promise.resolve({ status: 200, headers: {}, body: "" });
    await assert.rejects(
      startServer({ handler, port, host: "127.0.0.1" }),
      /Cannot listen on 127\.0\.0\.1 port \d+: the port is in use\. Stop .* or choose another port/,
    );
  });
});

test("G7: an IPv6 address stands in brackets in the URL", async (t) => {
  const handler: HttpHandler = () => Promise.resolve({ status: 200, headers: {}, body: "six" });
  const server = await startServer({ handler, port: 0, host: "::1" }).catch(() => null);
  if (server === null) return t.diagnostic("this machine has no IPv6");
  try {
    assert.equal(server.url, `http://[::1]:${server.port}`);
    assert.equal(await (await fetch(server.url)).text(), "six");
  } finally {
    await server.stop(100);
  }
});
