import assert from "node:assert/strict";
import { test } from "node:test";
import { createHttpHandler } from "../../../adapters/http/router.ts";
import { startServer } from "../../../adapters/http/server.ts";
import { gather, hasOtherAddress, visit } from "../../operations/crowd.ts";
import { until } from "../support/cli.ts";
import { ORIGIN } from "../support/http-face.ts";
import { createWorld } from "../support/world.ts";

/** The bound of the address, of the server, or of both. `npm run prove:crowd` uses the defaults. */
const BOUNDS = [
  { maxConnections: 60, maxConnectionsPerPeer: 30 },
  { maxConnections: 30, maxConnectionsPerPeer: 60 },
  { maxConnections: 30, maxConnectionsPerPeer: 30 },
] as const;
const MOST = 30;

const skip = await hasOtherAddress() ? false : "this machine does not have the address 127.0.0.2";

for (const bounds of BOUNDS) {
  const { maxConnections, maxConnectionsPerPeer } = bounds;
  test(
    `A2, SY-40: one address wants 100 connections of ${maxConnections}, ${maxConnectionsPerPeer} each; another is served`,
    {
      skip,
    },
    async () => {
      const { service } = await createWorld();
      const handler = createHttpHandler(service, { publicUrl: ORIGIN });
      const server = await startServer({ handler, port: 0, host: "127.0.0.1", bounds });
      const { port, url } = server;
      try {
        for (const reopenMilliseconds of [null, 10]) {
          const { open, leave } = await gather({ port, connections: 100, reopenMilliseconds });
          const { failed } = await visit(`${url}/livez`, 50);
          if (reopenMilliseconds === null) await until(() => open() <= MOST);
          const held = open();
          leave();
          assert.equal(failed, 0);
          assert.ok(held > 0 && (held <= MOST || reopenMilliseconds !== null), `${held} are open`);
        }
      } finally {
        await server.stop(0);
      }
    },
  );
}
