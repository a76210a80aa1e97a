import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import test from "node:test";
import { type Call, openLoad } from "../../bench/load.ts";
import { expecting, postJson } from "../../bench/wire.ts";

const HELLO = expecting(postJson("/", "", "{}"), 200, ["hello"]);

/** So many calls. */
function times(count: number, call: Call = HELLO) {
  let left = count;
  return () => left-- > 0 ? call : null;
}

async function against(
  listener: RequestListener,
  act: (port: number) => Promise<void>,
): Promise<void> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  try {
    await act((server.address() as AddressInfo).port);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

const hello: RequestListener = (_, response) => void response.end("hello");
const chunked: RequestListener = (_, response) => {
  response.write("hel");
  response.write("hello");
  response.end();
};

test("tool: the load counts every answer, whole or in chunks, in either loop", async () => {
  for (const listener of [hello, chunked]) {
    await against(listener, async (port) => {
      const load = await openLoad([port, port], 4);
      assert.equal((await load.closed(times(50))).answered, 50);
      const { answered, latencies } = await load.paced(times(50), 1_000);
      assert.deepEqual([answered, latencies.length], [50, 50]);
      load.close();
    });
  }
});

test("tool: the load fails at a wrong answer, and at none", async () => {
  const listeners: readonly RequestListener[] = [
    (_, response) => void response.end("hallo"),
    (_, response) => void response.writeHead(503).end("hello"),
    (request) => void request.socket.destroy(),
  ];
  for (const listener of listeners) {
    await against(listener, async (port) => {
      const load = await openLoad([port], 2);
      await assert.rejects(load.closed(times(5)), /Wrong answer|without an answer|ECONNRESET/);
      load.close();
    });
  }
});
