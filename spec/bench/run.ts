/**
 * The benchmark from the command line.
 * @module
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, release, tmpdir, totalmem, type } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { DEMO_SCOPE } from "../../adapters/dev/demo.ts";
import { type Beginning, measureBeginning } from "./begin.ts";
import { build } from "./build.ts";
import { createIssuer } from "./consents.ts";
import { CAN_PIN, onCores, pinLoad } from "./cpu.ts";
import { hasPeers, installPeers } from "./install.ts";
import { measureAll, type Plan } from "./measure.ts";
import { ours } from "./ours.ts";
import { RESULTS_PATH } from "./page.ts";
import { ratiosOf, renderFigures, type Results } from "./report.ts";
import { type Choice, chooseRows, GROUPS, runtimeOf } from "./rows.ts";
import { HERE, ROOT, RUNTIMES } from "./runtimes.ts";
import type { Stage } from "./target.ts";

const HELP = `Measures CPU time per answered request, beside floors and other implementations.

Usage: npm run bench -- [options]

  --quick          one process of each, in interleaved slices: a minute for a few rows
  --group NAMES    comma-separated, of these (default: all; with --quick: floors, ours, peers)
${
  Object.entries(GROUPS).map(([name, text]) => `                     ${name.padEnd(9)} ${text}\n`)
    .join("")
}\
  --only NAMES     comma-separated works: publicId, "consent ES256", refresh, introspection …
  --store NAMES    comma-separated stores of ours: sqlite, memory (default: both)
  --against PATH   measures another checkout of ours beside this one
  --peers NAMES    comma-separated: floor, oauth2-server … (default: all), or none
  --rate N         requests a second instead of a closed loop
  --rounds N       how often each process is started afresh
  --warm N         seconds of CPU time before each process is measured
  --measure N      seconds of CPU time for which each process is measured
  --users N        users in the database
  --runtime NAME   what ours runs on: node, node20, deno or bun (default node, which is Node 24)
  --no-install     measures with what is installed
  --write-docs     saves the run and prints the page about performance from it
  --json           prints one line of JSON and nothing else on standard output
  --help           this text

The last line is JSON in any case. Databases are in the temporary folder (TMPDIR), which should be on a
disk. Times are CPU time of the server, so other work on the machine makes a run longer rather than
wrong; but a server that is never busy costs more per request, so look at that column.
Exit code 0: all answers were right. 1: not so. 2: bad arguments.
`;

const FULL = { rounds: 4, warm: 8, slices: 5, slice: 1, together: false, users: 50_000 };
const QUICK = { rounds: 1, warm: 2.5, slices: 5, slice: 0.5, together: true, users: 10_000 };
const CONNECTIONS = 64;
/** More processes than that do not share the memory of a small machine. */
const TOGETHER = 12;

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
  if (options.install) installPeers();
  pinLoad();
  const folder = mkdtempSync(join(tmpdir(), "ftfu-bench-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const results = await run(options, folder);
  if (options.writeDocs) writeDocs(results);
  if (!options.json) console.log(renderFigures(results.figures));
  console.log(JSON.stringify(results));
  return 0;
}

async function run({ choice, plan, users, quick }: Options, folder: string): Promise<Results> {
  const stage = createStage(folder, users);
  const rows = chooseRows(choice);
  if (rows.length === 0) throw new Error("Nothing to measure: see --help");
  const together = plan.together && rows.length <= TOGETHER;
  const show = (text: string) => console.error(text);
  const figures = await measureAll(rows, { ...plan, together }, stage, show);
  const isFull = !quick && choice.only === null;
  const { together: _, ...printed } = plan;
  return {
    ratios: ratiosOf(figures),
    figures,
    beginning: isFull ? await begin(stage) : null,
    inside: isFull && hasPeers() ? measureInside(folder) : null,
    machine: {
      cpu: cpus()[0]?.model ?? "",
      cores: cpus().length,
      memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
      system: `${type()} ${release()}`,
      pinned: CAN_PIN,
      load: Math.round(loadavg()[0] ?? 0),
    },
    versions: versions(),
    plan: { ...printed, users },
  };
}

function begin(stage: Stage): Promise<Beginning> {
  const common = { name: "sqlite", store: "sqlite", build: build(ROOT) } as const;
  return measureBeginning(ours({ ...common, runtime: runtimeOf("node") }), stage, 5);
}

const INSIDE_SECONDS = "1";

function measureInside(folder: string): Results["inside"] {
  console.error("parts of the work");
  const program = [`${HERE}inside.mjs`, build(ROOT).folder, folder, INSIDE_SECONDS];
  const [name = "", ...args] = onCores("0", [...runtimeOf("node").command, ...program]);
  return JSON.parse(execFileSync(name, args, { encoding: "utf8" }));
}

function versions(): Results["versions"] {
  const runtimes = Object.values(RUNTIMES).flatMap((find) => {
    const found = find();
    return found === null ? [] : [[found.name, found.version]];
  });
  const { packages } = JSON.parse(readFileSync(`${HERE}package-lock.json`, "utf8"));
  const peers = Object.keys(packages[""].dependencies)
    .map((name) => [name, packages[`node_modules/${name}`].version]);
  return Object.fromEntries([...runtimes, ...peers]);
}

/** Saves the run; the page is printed from it, as every page is. */
function writeDocs(results: Results): void {
  writeFileSync(join(ROOT, RESULTS_PATH), `${JSON.stringify(results, null, 2)}\n`);
  execFileSync(process.execPath, ["--import", "tsx", "spec/house/write-docs.ts"], {
    cwd: ROOT,
    stdio: ["ignore", 2, 2],
  });
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

interface Options {
  readonly choice: Choice;
  readonly plan: Plan;
  readonly users: number;
  readonly quick: boolean;
  readonly install: boolean;
  readonly writeDocs: boolean;
  readonly json: boolean;
  readonly help: boolean;
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
        "no-install": flag,
        "write-docs": flag,
        group: text,
        only: text,
        store: text,
        against: text,
        peers: text,
        rate: text,
        rounds: text,
        warm: text,
        measure: text,
        users: text,
        runtime: text,
      },
    });
    const names = (list: string | undefined) => list?.split(",").map((name) => name.trim()) ?? null;
    const stores = names(values.store) ?? ["sqlite", "memory"];
    const isStore = (name: string) => name === "sqlite" || name === "memory";
    if (!stores.every(isStore)) return `--store takes sqlite and memory, found ${values.store}`;
    const preset = values.quick ? ["floors", "ours", "peers"] : Object.keys(GROUPS);
    const groups = names(values.group) ?? preset;
    const unknown = groups.find((name) => !(name in GROUPS));
    if (unknown !== undefined) return `There is no group ${unknown}`;
    const number = (name: "rate" | "rounds" | "users", preset: number) => {
      const value = values[name];
      if (value === undefined) return preset;
      if (/^[1-9]\d{0,8}$/.test(value)) return Number(value);
      throw new Error(`--${name} takes a whole number from 1, found ${JSON.stringify(value)}`);
    };
    const { users, ...plan } = values.quick ? QUICK : FULL;
    const seconds = (name: "warm" | "measure", preset: number) => {
      const value = values[name] ?? String(preset);
      if (/^\d{1,4}(?:\.\d{1,3})?$/.test(value) && Number(value) > 0) return Number(value);
      throw new Error(`--${name} takes seconds, found ${JSON.stringify(value)}`);
    };
    const rounds = number("rounds", plan.rounds);
    const warm = seconds("warm", plan.warm);
    const slice = seconds("measure", plan.slices * plan.slice) / plan.slices;
    return {
      choice: {
        groups,
        only: names(values.only),
        stores,
        peers: names(values.peers),
        against: values.against ?? null,
        perSecond: values.rate === undefined ? null : number("rate", 0),
        runtime: values.runtime ?? "node",
      },
      plan: { ...plan, rounds, warm, slice, connections: CONNECTIONS },
      users: number("users", users),
      quick: values.quick,
      install: !values["no-install"],
      writeDocs: values["write-docs"],
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
