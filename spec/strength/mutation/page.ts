/**
 * The page about mutation testing, printed from the results and the explanations.
 * @module
 */
import {
  addUp,
  type Change,
  type Explanation,
  type FileResult,
  nameOf,
  type Results,
  scoreOf,
} from "./record.ts";
import { STAGES, STRYKER } from "./stages.ts";

/** Where the page is. */
export const PAGE_PATH = "docs/explanation/mutation-testing.md";

/** Prints the page. */
export function renderPage(results: Results, explanations: readonly Explanation[]): string {
  const all = Object.values(results);
  const { mutants, killed, timeouts, survived, seconds } = addUp(all);
  const why = new Map(explanations.map((entry) => [nameOf(entry.file, entry), entry.why]));
  const stages = STAGES.map(({ name, text }, index) =>
    `${index + 1}. **${name}**: ${text}. Killed here: ${killedBy(all, name)}.`
  );
  const files = Object.entries(results).map(([file, result]) => rowOf(`\`${file}\``, [result]));
  const survivors = Object.entries(results).flatMap(([file, result]) =>
    result.survivors.map((change) =>
      `| \`${file}\` | ${code(change.within)} | ${tellChange(change)} | ` +
      `${why.get(nameOf(file, change)) ?? "**not explained**"} |`
    )
  );
  return `<!-- deno-fmt-ignore-file -->
<!-- Printed by spec/strength/mutation/run.ts. Do not edit: npm run prove:mutants -- --page -->

# Mutation testing

Would the tests notice if the core were wrong? A mutant is the core with one small change of its meaning:
a comparison turned round, a condition that always holds, a block left out, a text emptied. Every change
that [Stryker](https://stryker-mutator.io/) knows to make (\`${STRYKER}\`, nothing excluded) is made in every
file of \`core/\`, one at a time, and each mutant is put to the tests until one of them fails.

**${
    scoreOf(all).toFixed(1)
  } % are noticed**: of ${mutants} mutants ${killed} are killed, ${timeouts} run out of
time, ${survived} survive. It took ${seconds} seconds with two at a time.

A mutant faces these tests in turn, and the next ones only if it lives:

${stages.join("\n")}

| file | mutants | killed | timeouts | survived | noticed |
| --- | ---: | ---: | ---: | ---: | ---: |
${[...files, rowOf("all", all)].join("\n")}

## Survivors

A survivor is either a gap in the tests, and then it gets one, or it is the same program in other words. Each
of these ${survived} is of the second kind; \`spec/strength/mutation/survivors.test.ts\` fails for one that is not explained.

| file | line | change | why nobody can tell |
| --- | --- | --- | --- |
${survivors.join("\n")}
`;
}

function killedBy(results: readonly FileResult[], stage: string): number {
  return results.reduce((sum, { killed }) => sum + (killed[stage] ?? 0), 0);
}

function rowOf(name: string, results: readonly FileResult[]): string {
  const { mutants, killed, timeouts, survived } = addUp(results);
  const score = `${scoreOf(results).toFixed(1)} %`;
  return `| ${[name, mutants, killed, timeouts, survived, score].join(" | ")} |`;
}

/** A change in a cell; a block that is left out needs no more than its first line. */
function tellChange({ mutator, original, replacement }: Change): string {
  return mutator === "BlockStatement"
    ? "the block is left out"
    : `${code(original)} becomes ${code(replacement)}`;
}

/** Code in a cell of a table, on one line. */
function code(text: string): string {
  const line = text.replace(/\s+/g, " ").replaceAll("|", "\\|");
  return text.includes("`") ? `\`\` ${line} \`\`` : `\`${line}\``;
}
