/**
 * Stops and replaces servers behind proxies under load, and counts the requests that fail.
 * @module
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { replaceUnderLoad } from "./drain.ts";

const HELP = `Sends SIGTERM to servers behind proxies under load, one after the other.

Usage: npm run prove:drain -- [options]

  --stops N           how often a server is stopped and replaced (default 6)
  --drain-seconds N   as for serve (default 2)
  --help              this text

The proxies go by /readyz and never retry; they forward HTTP requests or TCP connections, from clients
that retry and from clients that do not. The last line is JSON. Exit code 0: no request failed or had to
be sent again. 1: not so. To measure Deno: npx deno run -A --no-check spec/operations/drain-run.ts
`;

const { values } = parseArgs({
  options: {
    stops: { type: "string", default: "6" },
    "drain-seconds": { type: "string", default: "2" },
    help: { type: "boolean", default: false },
  },
});

async function main(): Promise<number> {
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const folder = await mkdtemp(join(tmpdir(), "drain-"));
  const [stops, drainSeconds] = [Number(values.stops), Number(values["drain-seconds"])];
  try {
    const outcome = await replaceUnderLoad({ folder, stops, drainSeconds });
    console.log(JSON.stringify({ stops, drainSeconds, ...outcome }));
    const flawless = outcome.clients.every(({ failed, retried }) => failed + retried === 0);
    return flawless && outcome.codes.every((code) => code === 0) ? 0 : 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

process.exitCode = await main();
