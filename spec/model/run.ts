/**
 * Walks the worlds from the command line.
 * @module
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Plan } from "./build.ts";
import { type Checked, checkWorld, summarize, textOf } from "./check.ts";
import { DIAGRAMS_PATH, renderDiagrams } from "./diagrams.ts";
import type { Walked } from "./explore.ts";
import { noGraphs, watch } from "./graph.ts";
import { REAL_CORE } from "./machine.ts";
import { renderSpecPage, SPEC_PAGE_PATH } from "./pages.ts";
import { tellViolation } from "./story.ts";
import { WORLDS } from "./worlds.ts";

const HELP = `Walks every state of small worlds over the real core and asks every invariant.

Usage: npm run prove:model -- [options]

  --quick          only the small worlds, as in the tests
  --world NAME     only this world; may be given more than once
  --pedantic       asks for purity and determinism in every world; takes twice the time
  --json           prints one line of JSON and nothing else on standard output
  --write-docs     draws ${DIAGRAMS_PATH} and prints ${SPEC_PAGE_PATH} from the small worlds
  --list           names the worlds
  --help           this text

Exit code 0: everything holds and every walk was complete. 1: not so. 2: bad arguments.
Progress goes to standard error.
`;

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

function main(): number {
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
  const plans = choose(options);
  if (plans.length === 0) {
    console.error(`No such world. There are: ${WORLDS.map(({ name }) => name).join(", ")}`);
    return 2;
  }
  if (options.list) {
    for (const { name, quick, text } of plans) {
      console.log(`${name}${quick ? "" : " (large)"}: ${text}`);
    }
    return 0;
  }
  const graphs = noGraphs();
  const writes = options["write-docs"];
  const reports = plans.map((plan) => {
    const report = checkWorld(plan, REAL_CORE, {
      pedantic: options.pedantic,
      progress: showProgress,
      ...(writes && { onStep: (step) => watch(graphs, step) }),
    });
    if (!options.json) console.log(describe(report).join("\n"));
    return report;
  });
  const summary = summarize(reports);
  const good = summary.complete && summary.violations === 0;
  if (writes && good) {
    write(DIAGRAMS_PATH, renderDiagrams(graphs));
    write(SPEC_PAGE_PATH, renderSpecPage(reports));
  }
  console.log(options.json ? JSON.stringify(summary) : total(reports));
  return good ? 0 : 1;
}

function readOptions() {
  return parseArgs({
    options: {
      quick: { type: "boolean", default: false },
      world: { type: "string", multiple: true, default: [] },
      pedantic: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      "write-docs": { type: "boolean", default: false },
      list: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  }).values;
}

function choose(options: ReturnType<typeof readOptions>): readonly Plan[] {
  if (options.world.length > 0) return WORLDS.filter(({ name }) => options.world.includes(name));
  return options.quick || options["write-docs"] ? WORLDS.filter(({ quick }) => quick) : WORLDS;
}

/** One line a world; below it, what does not hold. */
function describe(report: Checked): readonly string[] {
  const { violation, complete, unreached, states, transitions } = report;
  const [wereStates = states, wereTransitions = transitions] = report.plan.measured ?? [];
  const moved = complete && (states !== wereStates || transitions !== wereTransitions);
  const verdict = violation !== null
    ? "VIOLATED"
    : !complete
    ? "INCOMPLETE"
    : unreached.length > 0
    ? "UNREACHED"
    : "complete";
  return [
    line(report.plan.name, report, verdict),
    ...(violation === null ? [] : tellViolation(violation, textOf)),
    ...unreached.map((id) => `  never happened: ${id}`),
    ...(moved
      ? [`  was ${wereStates} states, ${wereTransitions} transitions: behaviour changed`]
      : []),
  ];
}

function total(reports: readonly Checked[]): string {
  const summary = summarize(reports);
  const depth = Math.max(...reports.map((report) => report.depth));
  const verdict = summary.violations > 0
    ? `${summary.violations} violations`
    : summary.complete
    ? "complete"
    : "INCOMPLETE";
  return line(`${summary.worlds} worlds`, { ...summary, depth }, verdict) +
    `\n${summary.invariants} invariants, ${summary.violations} violations`;
}

function line(
  name: string,
  { states, transitions, depth, seconds }: Pick<
    Walked,
    "states" | "transitions" | "depth" | "seconds"
  >,
  verdict: string,
): string {
  return [
    name.padEnd(24),
    `${states} states`.padStart(16),
    `${transitions} transitions`.padStart(22),
    `depth ${depth}`.padStart(9),
    `${seconds.toFixed(1)} s`.padStart(8),
    `${Math.round(states / Math.max(seconds, 0.001))} states/s`.padStart(16),
    verdict,
  ].join("  ");
}

function showProgress({ world, states, transitions, depth, waiting, seconds }: Walked): void {
  console.error(
    `${world}: ${states} states, ${waiting} waiting, ${transitions} transitions, depth ${depth}, ` +
      `${seconds.toFixed(0)} s, ${Math.round(states / seconds)} states/s`,
  );
}

function write(path: string, text: string): void {
  mkdirSync(dirname(ROOT + path), { recursive: true });
  writeFileSync(ROOT + path, text);
  console.error(`wrote ${path}`);
}

process.exitCode = main();
