/**
 * The crash test from the command line.
 * @module
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { DEMO_AUDIENCE } from "../../adapters/dev/demo.ts";
import { type Outcome, runCampaign } from "./campaign.ts";
import { STORES } from "./stores.ts";

const HELP =
  `Kills the server at random moments under load and checks what it told against what it knows. On
PostgreSQL, it kills the database too: the postmaster, or one of its processes.

Usage: npm run prove:crash -- [options]

  --store NAME     ${Object.keys(STORES).join(", ")} (default sqlite)
  --kills N        how often to kill it (default 100)
  --seconds N      no more kills after this long (default 7200)
  --seed N         of the load and of the moments (default: drawn from the clock)
  --access-tokens FORM  opaque or jwt (default opaque)
  --dist           kills the server of dist/ (npm run build), which starts in half the time
  --json           prints one line of JSON and nothing else on standard output
  --help           this text

A seed repeats the decisions of the test, not the timing of the machine. Progress and findings go to
standard error. Exit code 0: nothing lost, nothing half done. 1: not so. 2: bad arguments.
`;

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
  const { store, dist, accessTokens, open, ...plan } = options;
  const { program: source, strike, close } = await open();
  const program = (folder: string) => {
    const { args, ...others } = source(folder);
    return {
      ...others,
      args: [...args, "--access-tokens", accessTokens],
      ...(dist && { module: "dist/adapters/cli/main.js" }),
    };
  };
  console.error(`seed ${plan.seed}`);
  let shown = 0;
  const progress = (text: string) => {
    const now = performance.now();
    if (now - shown < 5000) return;
    shown = now;
    console.error(text);
  };
  const parts = { program, audience: DEMO_AUDIENCE, progress, ...(strike && { strike }) };
  const outcome = await runCampaign({ ...plan, ...parts }).finally(close);
  for (const text of outcome.lost) console.error(`lost: ${text}`);
  for (const text of outcome.halfDone) console.error(`half done: ${text}`);
  const figures = summarize(store, outcome);
  console.log(options.json ? JSON.stringify(figures) : sentence(figures));
  return figures.lost + figures.halfDone === 0 ? 0 : 1;
}

interface Options {
  readonly open: (typeof STORES)[string];
  readonly store: string;
  readonly kills: number;
  readonly seconds: number;
  readonly seed: number;
  readonly dist: boolean;
  /** `opaque` or `jwt`. */
  readonly accessTokens: string;
  readonly json: boolean;
  readonly help: boolean;
}

/** The options, or what is wrong with them. */
function readOptions(): Options | string {
  const text = (preset: string) => ({ type: "string", default: preset }) as const;
  const flag = { type: "boolean", default: false } as const;
  try {
    const { values } = parseArgs({
      options: {
        store: text("sqlite"),
        kills: text("100"),
        seconds: text("7200"),
        seed: text(String(Date.now() % 1_000_000)),
        dist: flag,
        "access-tokens": text("opaque"),
        json: flag,
        help: flag,
      },
    });
    const { store, dist, json, help, "access-tokens": accessTokens } = values;
    const open = STORES[store];
    if (open === undefined) return `There is no store ${JSON.stringify(store)}.`;
    const number = (name: "kills" | "seconds" | "seed") => {
      if (/^\d{1,9}$/.test(values[name])) return Number(values[name]);
      throw new Error(`--${name} takes a whole number, found ${JSON.stringify(values[name])}.`);
    };
    const [kills, seconds, seed] = [number("kills"), number("seconds"), number("seed")];
    return { open, store, kills, seconds, seed, dist, accessTokens, json, help };
  } catch (error) {
    return (error as Error).message;
  }
}

function summarize(store: string, { kills, acknowledged, lost, halfDone, seconds }: Outcome) {
  return {
    store,
    kills,
    acknowledged,
    lost: lost.length,
    halfDone: halfDone.length,
    seconds,
  };
}

function sentence(figures: ReturnType<typeof summarize>): string {
  const { store, kills, acknowledged, lost, halfDone, seconds } = figures;
  return `${store}: ${kills} kills, ${acknowledged} acknowledged operations, ${lost} lost, ` +
    `${halfDone} half done, ${seconds} s`;
}

// The server goes with the test.
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));
process.exitCode = await main();
