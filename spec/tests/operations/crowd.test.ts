import assert from "node:assert/strict";
import { test } from "node:test";
import { createHttpHandler } from "../../../adapters/http/router.ts";
import { startServer } from "../../../adapters/http/server.ts";
import { gather, hasOtherAddress, visit } from "../../operations/crowd.ts";
import { ORIGIN } from "../support/http-face.ts";
import { createWorld } from "../support/world.ts";

/** `npm run prove:crowd` does the same with the default bounds, against the command line. */
const bounds = { maxConnections: 60, maxConnectionsPerPeer: 30 };

const skip = await hasOtherAddress() ? false : "this machine does not have the address 127.0.0.2";

for (const reopenMilliseconds of [null, 10]) {
  const crowd = reopenMilliseconds === null ? "too many connections" : "and reopens them";
  test(
    `A2, SY-40: one address holds ${crowd}; another one is served every time`,
    { skip },
    async () => {
      const { service } = await createWorld();
      const handler = createHttpHandler(service, { publicUrl: ORIGIN });
      const server = await startServer({ handler, port: 0, host: "127.0.0.1", bounds });
      const { port, url } = server;
      const { open, leave } = await gather({ port, connections: 100, reopenMilliseconds });
      const { failed } = await visit(`${url}/livez`, 50);
      const held = open();
      leave();
      await server.stop(0);
      assert.equal(failed, 0);
      assert.ok(held > 0, "nobody held a connection");
    },
  );
}
