/**
 * Runs the tests against every mutant of the core, records the results and writes the page.
 * @module
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { listSources, ROOT } from "../../house/source.ts";
import { type Mutant, mutantsOf } from "./mutants.ts";
import { PAGE_PATH, renderPage } from "./page.ts";
import {
  addUp,
  type FileResult,
  readExplanations,
  readResults,
  RESULTS_PATH,
  scoreOf,
} from "./record.ts";
import { STAGES } from "./stages.ts";
import { tryStage } from "./trial.ts";

const HELP = `Runs the tests against every mutant of the core, one at a time.

Usage: npm run prove:mutants -- [options] [FILE…]

  FILE     only the mutants of this file, as core/scope.ts; the others keep their results
  --page   write the page from the results as they are, and run nothing
  --help   print this text

Exit code 0 if the run finished. spec/strength/mutation/survivors.test.ts checks that the score is high
enough and that every survivor is explained.
`;

/** How many mutants are tried at the same time. */
const SLOTS = 2;
/** A mutant may take this many times as long as the unchanged core, plus some seconds for a busy machine. */
const PATIENCE = 5;
const GRACE_MILLISECONDS = 10_000;

const { values: options, positionals } = parseArgs({
  options: {
    page: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
  allowPositionals: true,
});

if (options.help) console.log(HELP);
else await main();

async function main(): Promise<void> {
  const all = listSources("core/");
  const unknown = positionals.filter((path) => !all.includes(path));
  if (unknown.length > 0) throw new Error(`Unknown file: ${unknown}. Use one of ${all.join(", ")}`);
  const limits = options.page ? [] : await measure();
  for (const file of options.page ? [] : positionals.length > 0 ? positionals : all) {
    const result = await tryFile(file, limits);
    console.log(`${file}: ${scoreOf([result]).toFixed(1)} % ${JSON.stringify(addUp([result]))}`);
    // Written after each file, so that an aborted run loses little.
    const results = { ...readResults(), [file]: result };
    const sorted = Object.fromEntries(
      all.flatMap((path) => results[path] === undefined ? [] : [[path, results[path]]]),
    );
    writeFileSync(ROOT + RESULTS_PATH, `${JSON.stringify(sorted, null, 2)}\n`);
  }
  const results = readResults();
  writeFileSync(ROOT + PAGE_PATH, renderPage(results, readExplanations()));
  console.log(`wrote ${PAGE_PATH}: ${scoreOf(Object.values(results)).toFixed(1)} %`);
}

/** How long each stage may take: the unchanged core runs first, and must pass. */
async function measure(): Promise<readonly number[]> {
  const limits: number[] = [];
  for (const stage of STAGES) {
    const startedAt = performance.now();
    const outcome = await tryStage(stage, null, 0, 600_000);
    if (outcome !== "passed") {
      throw new Error(`The unchanged core does not pass ${stage.name}: ${outcome}`);
    }
    limits.push((performance.now() - startedAt) * PATIENCE + GRACE_MILLISECONDS);
  }
  return limits;
}

async function tryFile(file: string, limits: readonly number[]): Promise<FileResult> {
  const startedAt = performance.now();
  const mutants = await mutantsOf(file);
  const killed: Record<string, number> = Object.fromEntries(STAGES.map(({ name }) => [name, 0]));
  const lived = new Set<Mutant>();
  let timeouts = 0;
  const waiting = mutants.values();
  await Promise.all(Array.from({ length: SLOTS }, async (_, slot) => {
    for (const mutant of waiting) {
      const end = await tryMutant(mutant, slot, limits);
      if (end === "survived") lived.add(mutant);
      else if (end === "timeout") timeouts += 1;
      else killed[end] = (killed[end] ?? 0) + 1;
    }
  }));
  const survivors = mutants.filter((mutant) => lived.has(mutant))
    .map(({ within, mutator, original, replacement }) => ({
      within,
      mutator,
      original,
      replacement,
    }));
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  return { mutants: mutants.length, killed, timeouts, seconds, survivors };
}

/** The name of the stage that killed it, or `timeout` or `survived`. */
async function tryMutant(
  mutant: Mutant,
  slot: number,
  limits: readonly number[],
): Promise<string> {
  for (const [index, stage] of STAGES.entries()) {
    const outcome = await tryStage(stage, mutant, slot, limits[index] ?? 0);
    if (outcome === "failed") return stage.name;
    if (outcome === "timeout") return report(mutant, "timeout");
  }
  return report(mutant, "survived");
}

function report(mutant: Mutant, end: string): string {
  const { file, line, mutator, within, original, replacement } = mutant;
  console.log(`${end}: ${file}:${line} ${mutator} ${within}\n    ${original}\n    ${replacement}`);
  return end;
}
