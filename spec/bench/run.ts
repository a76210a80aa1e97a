/**
 * The benchmark from the command line.
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { DEMO_SCOPE } from "../../adapters/dev/demo.ts";
import { build } from "./build.ts";
import { createIssuer } from "./consents.ts";
import { CAN_PIN, pinLoad } from "./cpu.ts";
import { hasPeers, installPeers } from "./install.ts";
import { measure, type Plan, type Row } from "./measure.ts";
import { ours } from "./ours.ts";
import { createPeers, floor } from "./peers.ts";
import { ratiosOf, renderMarkdown } from "./report.ts";
import { ROOT, type Runtime, RUNTIMES } from "./runtimes.ts";
import type { Stage, Target } from "./target.ts";

const HELP = `Measures CPU time per answered request, beside floors and other implementations.

Usage: npm run bench -- [options]

  --quick          one process of each, in interleaved slices: a minute for a few rows
  --only NAMES     comma-separated works: publicId, "consent ES256", refresh, introspection …
  --store NAMES    comma-separated stores of ours: sqlite, memory (default: both)
  --against PATH   measures another checkout of ours beside this one
  --peers NAMES    comma-separated: floor, oauth2-server … (default: all; none)
  --rate N         requests a second instead of a closed loop
  --rounds N       how often each process is started afresh
  --users N        users in the database
  --runtime NAME   node, node20, deno or bun (default node)
  --json           prints one line of JSON and nothing else on standard output
  --help           this text

Databases are in the temporary folder (TMPDIR), which should be on a disk. CPU time of the server is
measured, so other work on the machine does little harm, but it fills no cache and starves no server
if there is none. The last line is JSON in any case. Exit code 0: all answers were right. 1: not so. 2: bad arguments.
`;

const FULL = { rounds: 4, warm: 8, slices: 1, slice: 5, together: false, users: 50_000 };
const QUICK = { rounds: 1, warm: 2.5, slices: 5, slice: 0.5, together: true, users: 10_000 };
const CONNECTIONS = 64;

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
  installPeers();
  pinLoad();
  const folder = mkdtempSync(join(tmpdir(), "ftfu-bench-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const stage = createStage(folder, options.users);
  const runtime = runtimeOf(options.runtime);
  const rows = chooseRows(options, runtime);
  if (rows.length === 0) throw new Error("Nothing to measure: see --help");
  const figures = await measure(rows, options.plan, stage, (text) => console.error(text));
  const machine = {
    cpu: cpus()[0]?.model ?? "",
    cores: cpus().length,
    pinned: CAN_PIN,
    node: runtime.version,
  };
  const ratios = ratiosOf(figures);
  const { together: _, ...plan } = options.plan;
  if (!options.json) console.log(renderMarkdown(figures));
  console.log(
    JSON.stringify({ ratios, figures, machine, plan: { ...plan, users: options.users } }),
  );
  return 0;
}

function createStage(folder: string, users: number): Stage {
  const partner = { id: "demo-partner", secret: "demo-partner-secret" };
  const merchant = "demo-merchant";
  const audience = "urn:fetch-tokens-for-user:bench";
  const scope = DEMO_SCOPE;
  return {
    folder,
    users,
    partner,
    merchant,
    scope,
    audience,
    resourceServer: { id: "demo-users-api", secret: "demo-users-api-secret" },
    issuer: createIssuer({ audience, client: partner.id, merchant, scope }),
  };
}

function runtimeOf(name: string): Runtime {
  const runtime = RUNTIMES[name]?.();
  if (runtime) return runtime;
  throw new Error(`${name} is not installed here`);
}

interface Options {
  readonly plan: Plan;
  readonly users: number;
  readonly only: readonly string[] | null;
  readonly stores: readonly ("sqlite" | "memory")[];
  readonly peers: readonly string[] | null;
  readonly against: string | null;
  readonly rate: number | null;
  readonly runtime: string;
  readonly json: boolean;
  readonly help: boolean;
}

function chooseRows(options: Options, runtime: Runtime): readonly Row[] {
  const node = runtimeOf("node");
  const wanted = (name: string) => options.peers === null || options.peers.includes(name);
  const targets: Target[] = [];
  const here = build(ROOT);
  for (const store of options.stores) {
    targets.push(ours({ name: store, build: here, runtime, store }));
    if (options.against !== null) {
      const other = build(resolve(options.against));
      targets.push(ours({ name: `${store} (against)`, build: other, runtime, store }));
    }
  }
  if (hasPeers()) targets.push(...createPeers(node).filter(({ name }) => wanted(name)));
  const pace = options.rate === null ? {} : { perSecond: options.rate };
  const rows = targets.flatMap((target) =>
    Object.keys(target.works)
      .filter((work) => options.only === null || options.only.includes(work))
      .map((work) => ({ work, target, ...pace }))
  );
  return wanted("floor") ? [{ work: "POST", target: floor(node), ...pace }, ...rows] : rows;
}

/** The options, or what is wrong with them. */
function readOptions(): Options | string {
  const flag = { type: "boolean", default: false } as const;
  const text = { type: "string" } as const;
  try {
    const { values } = parseArgs({
      options: {
        quick: flag,
        json: flag,
        help: flag,
        only: text,
        store: text,
        against: text,
        peers: text,
        rate: text,
        rounds: text,
        users: text,
        runtime: text,
      },
    });
    const names = (list: string | undefined) => list?.split(",").map((name) => name.trim()) ?? null;
    const stores = names(values.store) ?? ["sqlite", "memory"];
    const isStore = (name: string) => name === "sqlite" || name === "memory";
    if (!stores.every(isStore)) return `--store takes sqlite and memory, found ${values.store}`;
    const number = (name: "rate" | "rounds" | "users", preset: number) => {
      const value = values[name];
      if (value === undefined) return preset;
      if (/^[1-9]\d{0,8}$/.test(value)) return Number(value);
      throw new Error(`--${name} takes a whole number from 1, found ${JSON.stringify(value)}`);
    };
    const { users, ...plan } = values.quick ? QUICK : FULL;
    return {
      plan: { ...plan, rounds: number("rounds", plan.rounds), connections: CONNECTIONS },
      users: number("users", users),
      only: names(values.only),
      stores,
      peers: names(values.peers),
      against: values.against ?? null,
      rate: values.rate === undefined ? null : number("rate", 0),
      runtime: values.runtime ?? "node",
      json: values.json,
      help: values.help,
    };
  } catch (error) {
    return (error as Error).message;
  }
}

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
try {
  process.exitCode = await main();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
