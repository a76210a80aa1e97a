/**
 * The soak test from the command line.
 * @module
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { soak } from "./soak.ts";

const HELP =
  `Runs a server at a share of its capacity for a long time, then far above it, then back.

Usage: npm run prove:soak -- [options]

  --minutes N            how long (default 60)
  --load N               the share of the measured capacity (default 0.7)
  --access-tokens FORM   opaque or jwt (default opaque)
  --seed N               of the load (default 1)
  --json                 prints one line of JSON and nothing else on standard output
  --help                 this text

Progress goes to standard error, one line a minute. Exit code 0: the medians of the last third of the
minutes are no worse than those of the first third (heap 10 % + 8 MB, RSS 15 % + 32 MB, handles and
files + 200, p50 50 % + 2 ms, p99 100 % + 20 ms), every answer is right, an overload of three times the
capacity is shed with 429 or 503 while a quarter of the capacity is served, and the server recovers within 10 s.
1: not so. It takes about a minute longer than the soak itself.
`;

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "60" },
    load: { type: "string", default: "0.7" },
    "access-tokens": { type: "string", default: "opaque" },
    seed: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

async function main(): Promise<number> {
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const [minutes, load] = [Number(values.minutes), Number(values.load)];
  const { capacity, minutes: measured, overload, recoverySeconds, findings } = await soak({
    minutes,
    load,
    accessTokens: values["access-tokens"],
    seed: Number(values.seed),
    seconds: { warmUp: 5, capacity: 10, overload: 30 },
    progress: (text) => console.error(text),
  });
  for (const finding of findings) console.error(finding);
  const [first, last] = [measured[0], measured.at(-1)];
  const verdict = findings.length === 0 ? "steady" : "not steady";
  const figures = { minutes, load, capacity, first, last, overload, recoverySeconds, findings };
  console.log(values.json ? JSON.stringify({ verdict, ...figures }) : `${verdict}: ${minutes} min`);
  return findings.length === 0 ? 0 : 1;
}

process.exitCode = await main();
