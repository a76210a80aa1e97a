/**
 * The simulation from the command line.
 * @module
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { type DiskName, DISKS } from "./disk.ts";
import type { Call } from "./history.ts";
import { simulate } from "./simulate.ts";

const HELP =
  `Plays histories of several clients under a scheduler that delays, reorders, fails and crashes.

Usage: npm run prove:simulation -- [options]

  --seed N         the first seed (default 1)
  --seeds N        how many; 1 also prints the history (default 10000, with --seed 1)
  --store NAME     ${Object.keys(DISKS).join(", ")} (default all)
  --trace          prints every turn of the scheduler too
  --json           prints one line of JSON and nothing else on standard output
  --help           this text

The same seed gives the same history. Exit code 0: every rule holds. 1: not so. 2: bad arguments.
`;

async function main(): Promise<number> {
  let options: ReturnType<typeof readOptions>;
  try {
    options = readOptions();
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${HELP}`);
    return 2;
  }
  if (options.help) {
    console.log(HELP);
    return 0;
  }
  const { first, count, stores, trace, json } = options;
  const began = performance.now();
  let [failed, crashes, calls] = [0, 0, 0];
  for (const disk of stores) {
    for (let seed = first; seed < first + count; seed += 1) {
      const played = await simulate({ seed, disk });
      crashes += played.crashes;
      calls += played.history.length;
      if (played.failures.length > 0) failed += 1;
      for (const failure of played.failures) console.error(`${describe(seed, disk)}: ${failure}`);
      if (count > 1) continue;
      if (trace) console.error(played.trace.join("\n"));
      console.error(played.history.map(line).join("\n"));
    }
  }
  const seconds = Math.round((performance.now() - began) / 100) / 10;
  const figures = { stores, seeds: count, calls, crashes, failed, seconds };
  console.log(
    json ? JSON.stringify(figures) : `${stores.join(", ")}: ${count} seeds each, ${calls} calls, ` +
      `${crashes} crashes, ${failed} failed, ${seconds} s`,
  );
  return failed === 0 ? 0 : 1;
}

function readOptions() {
  const flag = { type: "boolean", default: false } as const;
  const { values } = parseArgs({
    options: {
      seed: { type: "string" },
      seeds: { type: "string" },
      store: { type: "string" },
      trace: flag,
      json: flag,
      help: flag,
    },
  });
  const { seed, seeds, store, trace, json, help } = values;
  const stores = Object.keys(DISKS).filter((name) => store === undefined || name === store);
  if (stores.length === 0) throw new Error(`There is no store ${JSON.stringify(store)}.`);
  const first = whole("seed", seed ?? "1");
  const count = whole("seeds", seeds ?? (seed === undefined ? "10000" : "1"));
  return { first, count, stores: stores as DiskName[], trace, json, help };
}

function whole(name: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new Error(`--${name} takes a whole number, found ${JSON.stringify(text)}.`);
}

/** How to see it again. */
function describe(seed: number, disk: DiskName): string {
  return `npm run prove:simulation -- --seed ${seed} --store ${disk}`;
}

function line({ op, began, ended, answer }: Call): string {
  return `${began}-${ended} ${Object.values(op).join(" ")} -> ${Object.values(answer).join(" ")}`;
}

process.exitCode = await main();
