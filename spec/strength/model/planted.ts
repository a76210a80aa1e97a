/**
 * Plants every fault and prints what catches it; writes the page with `--write-docs`.
 * @module
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { FAULTS } from "./faults.ts";
import { INVARIANTS } from "../../model/invariants.ts";
import { plant, type Verdict } from "./plant.ts";
import { tell } from "../../model/story.ts";
import { WORLDS } from "../../model/worlds.ts";

const HELP =
  `Plants faults into copies of the core, one at a time, and walks the small worlds over each.

Usage: npm run prove:planted-bugs -- [options]

  --fault ID     only this fault; may be given more than once
  --stories      tells the shortest story of each
  --write-docs   writes docs/explanation/planted-bugs.md
  --help         this text

Exit code 0: each was caught, and each invariant broke under one at least. 1: not so.
`;

const PAGE = "docs/explanation/planted-bugs.md";

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
  const wanted = FAULTS.filter(({ id }) =>
    options.fault.length === 0 || options.fault.includes(id)
  );
  const plans = WORLDS.filter(({ quick }) => quick);
  const verdicts: Verdict[] = [];
  for (const fault of wanted) {
    const startedAt = performance.now();
    const verdict = await plant(fault, plans);
    verdicts.push(verdict);
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    console.log(describe(verdict, seconds));
    if (options.stories) storyOf(verdict).forEach((line) => console.log(`    ${line}`));
  }
  const missed = verdicts.filter(({ caught }) => caught === null).length;
  console.log(`${verdicts.length} planted, ${verdicts.length - missed} caught`);
  const idle = wanted.length < FAULTS.length ? [] : idleInvariants(verdicts);
  if (idle.length > 0) console.log(`never broken: ${idle.join(", ")}`);
  if (options["write-docs"]) {
    writeFileSync(
      fileURLToPath(new URL(`../../../${PAGE}`, import.meta.url)),
      renderPage(verdicts),
    );
    console.error(`wrote ${PAGE}`);
  }
  return missed === 0 && idle.length === 0 ? 0 : 1;
}

/** Invariants that hold whatever is planted: they would prove nothing. */
function idleInvariants(verdicts: readonly Verdict[]): readonly string[] {
  return INVARIANTS.map(({ id }) => id).filter((id) => timesBroken(verdicts, id) === 0);
}

function timesBroken(verdicts: readonly Verdict[], id: string): number {
  return verdicts.filter(({ broken }) => broken.includes(id)).length;
}

function describe({ fault, caught }: Verdict, seconds: string): string {
  const by = caught === null
    ? "NOT CAUGHT"
    : `${caught.invariants.join(", ")} in ${caught.world}, ${storyLength(caught.violation)}`;
  return `${fault.file.padEnd(14)} ${fault.id.padEnd(34)} ${by} (${seconds} s)`;
}

function storyLength(violation: NonNullable<Verdict["caught"]>["violation"]): string {
  return violation === null ? "a whole walk" : `${violation.path.length} steps`;
}

function storyOf({ caught }: Verdict): readonly string[] {
  return tell(caught?.violation?.path ?? []);
}

function renderPage(verdicts: readonly Verdict[]): string {
  const caught = verdicts.filter((verdict) => verdict.caught !== null).length;
  const rows = verdicts.map(({ fault, caught }) => {
    const by = caught?.invariants.map((id) => `\`${id}\``).join(", ") ?? "**nothing**";
    const length = caught === null ? "" : caught.violation?.path.length ?? "whole walk";
    return `| ${fault.text} | \`${fault.file}\` | ${by} | \`${caught?.world ?? ""}\` | ${length} |`;
  });
  const teeth = INVARIANTS.map(({ id }) => `| \`${id}\` | ${timesBroken(verdicts, id)} |`);
  const stories = verdicts.map((verdict) =>
    `### ${verdict.fault.id}\n\nIn \`core/${verdict.fault.file}\`, ${verdict.fault.text}.\n\n` +
    `\`\`\`text\n${storyOf(verdict).join("\n")}\n\`\`\`\n`
  );
  return `<!-- deno-fmt-ignore-file -->
<!-- Printed by spec/strength/model/planted.ts. Do not edit: npm run prove:planted-bugs -- --write-docs -->

# Planted bugs

A spec that catches nothing proves nothing. Each of these ${verdicts.length} faults is planted into a copy
of the core, one at a time; then the small worlds are walked over it until an invariant breaks.
${caught} of ${verdicts.length} are caught. The story is the shortest one that was met.

| fault | core file | caught by | in world | steps |
| --- | --- | --- | --- | ---: |
${rows.join("\n")}

## What each invariant notices

How many of these faults break each invariant near the beginning of the small worlds. One that none breaks
would prove nothing.

| invariant | faults |
| --- | ---: |
${teeth.join("\n")}

## Stories

${stories.join("\n")}`;
}
