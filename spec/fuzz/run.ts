/**
 * `npm run fuzz [-- --inputs N --seed S --only TARGET --json]`: each target in a process of its own, so
 * that one that dies is a finding. Progress and failures go to standard error; the last line of standard
 * output is JSON.
 * @module
 */
import { spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Failure, fuzz, type Report } from "./engine.ts";
import { reproduceKnown } from "./known.ts";
import { TARGETS } from "./targets/all.ts";

const { values } = parseArgs({
  options: {
    inputs: { type: "string", default: "10000" },
    seed: { type: "string", default: "1" },
    only: { type: "string" },
    json: { type: "boolean", default: false },
    /** Internal: this process fuzzes by itself. */
    inline: { type: "boolean", default: false },
  },
});
const inputs = Number(values.inputs);
const seed = Number(values.seed);
const chosen = TARGETS.filter(({ name }) => values.only === undefined || name === values.only);
if (chosen.length === 0 || !(inputs > 0) || !Number.isSafeInteger(seed)) {
  process.stderr.write(`Targets: ${TARGETS.map(({ name }) => name).join(", ")}\n`);
  process.exit(2);
}

const write = (text: string) => void process.stderr.write(text);

/** A failure for people. */
function tell({ target, law, shown, detail, replay }: Failure): void {
  write(`\n${target}: ${law}\n  sent    ${shown}\n  seen    ${detail}\n  replay  ${replay}\n`);
}

async function runHere(name: string): Promise<Report> {
  const target = TARGETS.find((known) => known.name === name)!;
  const known = new Set((await reproduceKnown(target)).flatMap(({ signature }) => signature ?? []));
  let told = 0;
  return await fuzz(target, {
    inputs,
    seed,
    known,
    found: tell,
    progress(tried) {
      if (tried - told < 10_000 && tried < inputs) return;
      told = tried;
      write(`${name}: ${tried} of ${inputs}\n`);
    },
  });
}

/** Runs one target in a process of its own; one that dies without a report is a failure. */
function runApart(name: string): Promise<Report> {
  const script = fileURLToPath(import.meta.url);
  const argv = [script, "--inline", "--only", name, "--inputs", `${inputs}`, "--seed", `${seed}`];
  const child = spawn(process.execPath, [...process.execArgv, ...argv], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.on("data", (data) => text += data);
  return new Promise((resolve) => {
    child.once("close", (code, signal) => {
      try {
        resolve(JSON.parse(text));
      } catch {
        resolve(died(name, `exit code ${code}, signal ${signal}`));
      }
    });
  });
}

function died(target: string, detail: string): Report {
  const law = "The process lives on";
  const replay = `npm run fuzz -- --only ${target} --seed ${seed} --inputs ${inputs}`;
  const failure = { target, law, signature: law, detail, input: "", shown: "the run", replay };
  tell(failure);
  return {
    target,
    inputs: 0,
    seconds: 0,
    outcomes: {},
    failures: [failure],
    repeated: 0,
    slowest: 0,
  };
}

if (values.inline) {
  process.stdout.write(`${JSON.stringify(await runHere(chosen[0]!.name))}\n`);
  process.exit(0);
}
const reports: Report[] = [];
for (const { name } of chosen) {
  const report = await runApart(name);
  reports.push(report);
  if (values.json) process.stdout.write(`${JSON.stringify(report)}\n`);
}
const failures = reports.flatMap((report) => report.failures);
process.stdout.write(`${
  JSON.stringify({
    inputs: Object.fromEntries(reports.map((report) => [report.target, report.inputs])),
    failures: failures.map(({ target, law, signature, replay }) => ({
      target,
      law,
      signature,
      replay,
    })),
    repeated: reports.reduce((sum, { repeated }) => sum + repeated, 0),
    seconds: Math.round(reports.reduce((sum, { seconds }) => sum + seconds, 0)),
  })
}\n`);
process.exitCode = failures.length > 0 ? 1 : 0;
