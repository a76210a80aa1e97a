/**
 * Runs the tests, and prints a line per file, every failure, and the runners' closing counts.
 *
 *     tsx spec/house/run-tests.ts [node] [deno] [faults] [FILE…]
 *
 * Without a runtime: on Node, then on Deno. Without files: all of them. `faults` runs the conformance
 * suite against every planted fault instead. Exits with 1 if anything failed.
 * @module
 */
import { spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import { listSources } from "./source.ts";

const FAULTS = "spec/strength/suite/";
const ARGUMENTS = process.argv.slice(2);
const TESTS = listSources("spec/").filter((path) => path.endsWith(".test.ts"));
const chosen = ARGUMENTS.filter((argument) => argument.endsWith(".ts"));

/** A run of some files with one runner. */
interface Run {
  readonly name: string;
  readonly minutes: number;
  readonly files: readonly string[];
  /** Runs the files, prints what came of it and returns the exit code. */
  start(files: readonly string[]): Promise<number>;
}

const ALL = chosen.length > 0 ? chosen : TESTS.filter((path) => !path.startsWith(FAULTS));
const RUNS: Readonly<Record<string, Run>> = {
  node: { name: `Node ${process.version}`, minutes: 2, files: ALL, start: runOnNode },
  deno: { name: "Deno", minutes: 2, files: ALL, start: runOnDeno },
  faults: {
    name: "The suite against every fault",
    minutes: 3,
    files: TESTS.filter((path) => path.startsWith(FAULTS)),
    start: runOnNode,
  },
};

/** Node's runner, with a reporter of our own. */
function runOnNode(files: readonly string[]): Promise<number> {
  const options = ["--test-concurrency=2", "--test-timeout=600000"];
  const reporter = "--test-reporter=./spec/house/reporter.mjs";
  return start(process.execPath, ["--import", "tsx", "--test", reporter, ...options, ...files]);
}

/** Deno's runner: a line when a file begins, and from the first error on everything. */
async function runOnDeno(files: readonly string[]): Promise<number> {
  const began = performance.now();
  const seen = new Set<string>();
  let verbatim = false;
  const code = await start("deno", ["test", "-A", "--no-check", "--parallel", ...files], (line) => {
    verbatim ||= line === " ERRORS ";
    const file = /^\.\/(\S+\.test\.ts) =>/.exec(line)?.[1];
    if (verbatim || /^(?:ok|FAILED) \| /.test(line)) console.log(line);
    else if (file !== undefined && !seen.has(file)) {
      seen.add(file);
      const seconds = `${Math.round((performance.now() - began) / 1000)} s`.padStart(6);
      console.log(`${seconds} ${String(seen.size).padStart(4)}  ${file}`);
    }
  });
  if (code !== 0) console.log("Run one file alone: npx deno test -A --no-check FILE");
  return code;
}

/** Runs a command in the foreground. Signals reach it too: Ctrl-C ends the run. */
function start(
  command: string,
  options: readonly string[],
  onLine?: (line: string) => void,
): Promise<number> {
  const child = spawn(command, options, {
    stdio: ["inherit", onLine === undefined ? "inherit" : "pipe", "inherit"],
    env: onLine === undefined ? process.env : { ...process.env, NO_COLOR: "1" },
  });
  let stopped = false;
  const pass = (signal: NodeJS.Signals) => {
    stopped = true;
    child.kill(signal);
  };
  for (const signal of SIGNALS) process.on(signal, pass);
  if (onLine !== undefined && child.stdout !== null) {
    createInterface({ input: child.stdout }).on("line", onLine);
  }
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      for (const name of SIGNALS) process.off(name, pass);
      if (stopped || signal !== null) process.exit(130);
      resolve(code ?? 1);
    });
  });
}

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

const named = ARGUMENTS.filter((argument) => argument in RUNS);
const runs = (named.length > 0 ? named : ["node", "deno"]).flatMap((name) => RUNS[name] ?? []);
if (chosen.length === 0) {
  const minutes = runs.reduce((sum, run) => sum + run.minutes, 0);
  console.log(`This takes about ${minutes} minutes on two cores. Ctrl-C ends it.`);
}
let failed = false;
for (const { name, files, start } of runs) {
  console.log(`\n${name}: ${files.length} files of tests`);
  failed = await start(files) !== 0 || failed;
}
console.log(failed ? "\nSome tests failed." : "\nAll tests passed.");
process.exitCode = failed ? 1 : 0;
