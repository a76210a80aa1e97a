/**
 * The timing test from the command line.
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import {
  DEMO_AUDIENCE,
  DEMO_ISSUER,
  DEMO_ISSUER_KEY,
  DEMO_SCOPE,
} from "../../adapters/dev/demo.ts";
import { mintConsentToken } from "../../adapters/dev/mint.ts";
import { type Running, start } from "../crash/server.ts";
import { openLine } from "./line.ts";
import { BOUND, type Finding, measure } from "./measure.ts";
import { CLIENTS, pairsFor, type Scene } from "./pairs.ts";

const HELP = `Measures whether the time of an answer says what the answer does not.

Usage: npm run prove:timing -- [options]

  --store NAME     memory, sqlite or both (default both)
  --samples N      of each kind, for each pair (default 5000)
  --json           prints one line of JSON and nothing else on standard output
  --help           this text

Starts the server and sends requests of two kinds on one connection, in random order: an unknown client
and a wrong secret, for example. The area under the ROC curve is the probability that a request of the
first kind takes longer than one of the second. Exit code 0: it is within 0.5 ± ${BOUND} for every pair
that is judged. 1: not so. 2: bad arguments.
`;

const STORES = {
  memory: () => ["--db", "memory:"],
  sqlite: (folder: string) => ["--data", folder],
} as const;

interface Options {
  readonly stores: readonly (keyof typeof STORES)[];
  readonly samples: number;
  readonly json: boolean;
  readonly help: boolean;
}

type Row = Finding & { readonly store: string };

async function main(): Promise<number> {
  const options = readOptions();
  if (typeof options === "string") {
    console.error(`${options}\n\n${HELP}`);
    return 2;
  }
  if (options.help) {
    console.log(HELP);
    return 0;
  }
  const findings: Row[] = [];
  for (const store of options.stores) {
    await withServer(STORES[store], async (server) => {
      const { origin } = new URL(server.endpoint);
      const line = await openLine(origin);
      for (const pair of pairsFor(await setScene(server))) {
        const finding = { store, ...await measure(line, pair, options.samples) };
        findings.push(finding);
        if (!options.json) console.log(sentence(finding));
      }
      line.close();
    });
  }
  const failed = findings.some(({ judged, within }) => judged && !within);
  if (options.json) console.log(JSON.stringify({ bound: BOUND, ok: !failed, findings }));
  return failed ? 1 : 0;
}

function readOptions(): Options | string {
  const flag = { type: "boolean", default: false } as const;
  try {
    const { values: { store, samples, json, help } } = parseArgs({
      options: {
        store: { type: "string", default: "both" },
        samples: { type: "string", default: "5000" },
        json: flag,
        help: flag,
      },
    });
    const stores = store === "both" ? ["memory", "sqlite"] as const : [store];
    if (!stores.every((name) => name === "memory" || name === "sqlite")) {
      return `There is no store ${JSON.stringify(store)}.`;
    }
    if (!/^[1-9]\d{0,6}$/.test(samples)) return "--samples takes a whole number from 1.";
    return { stores, samples: Number(samples), json, help };
  } catch (error) {
    return (error as Error).message;
  }
}

/** A demo server has no limit for failed authentication. */
async function withServer(
  storeArguments: (folder: string) => readonly string[],
  work: (server: Running) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "timing-"));
  const args = ["serve", "--dev", "--json", "--port", "0", "--rate-limit", "0"];
  const module = "adapters/cli/main.ts";
  try {
    const server = await start({ module, args: [...args, ...storeArguments(folder)] }, folder);
    if (server === null) throw new Error("The server did not start");
    try {
      await work(server);
    } finally {
      await server.kill();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function setScene({ harness }: Running): Promise<Scene> {
  const { known, disabled } = CLIENTS;
  const clients = [known, disabled].map((client) => ({ ...client, scope: DEMO_SCOPE }));
  await command(harness, "seed", { clients });
  await command(harness, "client-status", { client: disabled.id, status: "disabled" });
  const mint = (key: object) =>
    mintConsentToken({
      key: { ...DEMO_ISSUER_KEY, ...key },
      issuer: DEMO_ISSUER,
      audience: DEMO_AUDIENCE,
      user: "timing-user",
      client: known.id,
      merchant: "demo-merchant",
      scope: DEMO_SCOPE,
      now: Math.floor(Date.now() / 1000),
    });
  const genuine = await mint({});
  const signature = (await mint({})).split(".")[2] ?? "";
  const badSignature = [...genuine.split(".").slice(0, 2), signature].join(".");
  return { known, disabled, tokens: { unknownKey: await mint({ kid: "demo-2" }), badSignature } };
}

async function command(harness: string, name: string, input: object): Promise<void> {
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify(input);
  const response = await fetch(`${harness}/${name}`, { method: "POST", headers, body });
  const text = await response.text();
  if (!response.ok) throw new Error(`${name}: ${text}`);
}

function sentence({ store, pair, judged, within, areaUnderCurve, medians }: Row): string {
  const verdict = within ? "the same" : judged ? "TOLD APART" : "told apart (not judged)";
  const times = Object.entries(medians).map(([kind, time]) => `${kind} ${time} µs`).join(", ");
  return `${store.padEnd(6)} ${areaUnderCurve.toFixed(4)} ${verdict}: ${pair} (median: ${times})`;
}

// The server goes with the test.
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));
process.exitCode = await main();
