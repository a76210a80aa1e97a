import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import test from "node:test";
import { command } from "../../conformance/wire/protocol.ts";
import { createSecrets } from "../../conformance/wire/secrets.ts";
import { createWire, Unanswered } from "../../conformance/wire/wire.ts";

const OK = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
const TOO_LARGE = "HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\n\r\n";

/** Answers each request by hand; what a request is, is told by its first line. */
async function serve<Result>(
  answer: (head: string, socket: Socket, count: number) => void,
  use: (url: string) => Promise<Result>,
): Promise<Result> {
  let count = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).on("data", (data) => {
      const text = data.toString();
      if (text.startsWith("POST ")) answer(text, socket, ++count);
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

const newWire = () => createWire({ timeoutMilliseconds: 2000, requests: 0 }, createSecrets());

test("tool: a connection that is reset over a large request takes no other request with it", async () => {
  const statuses: number[] = [];
  await serve((head, socket) => {
    if (!head.startsWith("POST /large")) return void socket.write(OK);
    socket.write(TOO_LARGE);
    setTimeout(() => socket.resetAndDestroy(), 5); // the body is never read
  }, async (url) => {
    const wire = newWire();
    for (let time = 0; time < 10; time++) {
      const large = { label: "large", url: `${url}/large`, body: "x".repeat(20_000) };
      // Whether its own answer is read in time is a race.
      const said = await wire.send(large).catch((error) => error);
      if (said instanceof Unanswered) assert.ok(said.cutShort);
      for (let after = 0; after < 10; after++) {
        statuses.push((await wire.send({ label: "small", url, body: "x" })).status);
      }
    }
  });
  assert.deepEqual(statuses, Array(100).fill(200));
});

test("tool: a harness command whose connection breaks is sent once more, and only once", async () => {
  const ask = (failures: number) =>
    serve((_head, socket, count) => {
      if (count <= failures) socket.resetAndDestroy();
      else socket.write(OK);
    }, async (url) => {
      const wire = newWire();
      const found = await command(wire, { url, secret: null }, "reset", {}).catch((error) => error);
      return { found, sent: wire.exchanges.length };
    });
  assert.deepEqual(await ask(0), { found: {}, sent: 1 });
  assert.deepEqual((await ask(1)).found, {}); // Deno sends it again by itself
  const { found, sent } = await ask(Infinity);
  assert.ok(found instanceof Unanswered);
  assert.equal(sent, 2);
});

test("tool: a harness that does not answer in time is not asked again", async () => {
  await serve(() => {}, async (url) => {
    const wire = createWire({ timeoutMilliseconds: 100, requests: 0 }, createSecrets());
    await assert.rejects(command(wire, { url, secret: null }, "reset", {}), /no answer within/);
    assert.equal(wire.exchanges.length, 1);
  });
});
