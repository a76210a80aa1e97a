/**
 * Measures how one address fares while another one holds more connections than the server allows.
 * @module
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { start } from "../crash/server.ts";
import { serveSqlite } from "../crash/stores.ts";
import { type CrowdPlan, gather, type Served, visit } from "./crowd.ts";

const HELP = `Holds many connections from 127.0.0.1 and sends requests from 127.0.0.2.

Usage: npm run prove:crowd -- [options]

  --connections N   how many (default 10050; needs twice as many open files)
  --requests N      how many to send in each phase (default 500)
  --help            this text

Phases: before; while they are held; while each closed one is opened again after a second. The last line
is JSON, times in milliseconds. Exit code 0: every request was answered. 1: not so.
`;

const { values } = parseArgs({
  options: {
    connections: { type: "string", default: "10050" },
    requests: { type: "string", default: "500" },
    help: { type: "boolean", default: false },
  },
});

async function main(): Promise<number> {
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const [connections, requests] = [Number(values.connections), Number(values.requests)];
  const folder = await mkdtemp(join(tmpdir(), "crowd-"));
  const server = await start(serveSqlite(folder), folder);
  if (!server) throw new Error("The server did not start");
  try {
    const { port, origin } = new URL(server.endpoint);
    const url = `${origin}/.well-known/oauth-authorization-server`;
    const before = await visit(url, requests);
    const phase = async (reopenMilliseconds: CrowdPlan["reopenMilliseconds"]) => {
      const crowd = await gather({ port: Number(port), connections, reopenMilliseconds });
      const served: Served = await visit(url, requests);
      const figures = { ...served, opened: crowd.opened(), open: crowd.open() };
      crowd.leave();
      return figures;
    };
    const held = await phase(null);
    const reopening = await phase(1000);
    const failed = before.failed + held.failed + reopening.failed;
    console.log(JSON.stringify({ connections, before, held, reopening }));
    return failed === 0 ? 0 : 1;
  } finally {
    await server.kill();
    await rm(folder, { recursive: true, force: true });
  }
}

process.exitCode = await main();
