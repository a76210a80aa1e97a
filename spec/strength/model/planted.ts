/**
 * Plants every fault into the core, prints what catches it, and writes the page with `--write-docs`.
 * @module
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { ROOT } from "../../house/source.ts";
import { INVARIANTS } from "../../model/invariants.ts";
import { tell } from "../../model/story.ts";
import { WORLDS } from "../../model/worlds.ts";
import { CORE_FAULTS } from "./faults.ts";
import { PLANTED_PAGE, renderPlantedPage, timesBroken } from "./page.ts";
import { type Verdict, walk } from "./walk.ts";

const HELP =
  `Plants faults into copies of the core, one at a time, and walks the small worlds over each copy.

Usage: npm run prove:planted-bugs -- [options]

  --fault ID     only this fault; repeatable
  --stories      print the shortest story that shows each fault
  --write-docs   write ${PLANTED_PAGE}
  --help         print this text

Exit code 0 if every fault is caught and every invariant is broken by at least one fault, otherwise 1.
`;

const { values: options } = parseArgs({
  options: {
    fault: { type: "string", multiple: true, default: [] },
    stories: { type: "boolean", default: false },
    "write-docs": { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (options.help) console.log(HELP);
else process.exitCode = await main();

async function main(): Promise<number> {
  const ids = options.fault;
  const unknown = ids.filter((id) => !CORE_FAULTS.some((fault) => fault.id === id));
  if (unknown.length > 0) throw new Error(`Unknown fault: ${unknown.join(", ")}`);
  const faults = CORE_FAULTS.filter(({ id }) => ids.length === 0 || ids.includes(id));
  const plans = WORLDS.filter(({ quick }) => quick);
  const verdicts: Verdict[] = [];
  for (const fault of faults) {
    const startedAt = performance.now();
    const verdict = await walk(fault, plans);
    verdicts.push(verdict);
    console.log(describe(verdict, (performance.now() - startedAt) / 1000));
    if (options.stories) {
      tell(verdict.caught?.violation?.path ?? []).forEach((line) => console.log(`    ${line}`));
    }
  }
  const caught = verdicts.filter((verdict) => verdict.caught !== null).length;
  console.log(`${verdicts.length} planted, ${caught} caught`);
  const all = faults.length === CORE_FAULTS.length;
  const unbroken = all ? INVARIANTS.filter(({ id }) => timesBroken(verdicts, id) === 0) : [];
  if (unbroken.length > 0) console.log(`never broken: ${unbroken.map(({ id }) => id).join(", ")}`);
  if (options["write-docs"] && all) {
    writeFileSync(ROOT + PLANTED_PAGE, renderPlantedPage(verdicts));
    console.error(`Wrote ${PLANTED_PAGE}`);
  }
  return caught === verdicts.length && unbroken.length === 0 ? 0 : 1;
}

function describe({ fault, caught }: Verdict, seconds: number): string {
  const steps = caught?.violation ? `${caught.violation.path.length} steps` : "a whole walk";
  const by = caught === null
    ? "NOT CAUGHT"
    : `${caught.invariants.join(", ")} in ${caught.world}, ${steps}`;
  return `${fault.file.padEnd(19)} ${fault.id.padEnd(34)} ${by} (${seconds.toFixed(1)} s)`;
}
