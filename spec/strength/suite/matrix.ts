/**
 * Runs the suite against every faulty server and every legitimate variant, and says which case caught what.
 * @module
 */
import { writeFileSync } from "node:fs";
import process from "node:process";
import { parseArgs } from "node:util";
import { ROOT } from "../../house/source.ts";
import { renderStrengthPage, STRENGTH_PAGE } from "./page.ts";
import { makeRows } from "./pool.ts";
import { collect, levelOf, RESULTS_PATH, writeResults } from "./results.ts";
import { complaints, PLANTED, type Row } from "./row.ts";

const HELP =
  `Runs the whole suite against every faulty server and every legitimate variant, in 15 minutes.
Writes ${RESULTS_PATH} and ${STRENGTH_PAGE}, unless something is wrong.

Usage: npm run prove:faults -- [options]

  --only START   only servers whose id starts with this, as rotation/; repeatable; writes nothing
  --named        run only the cases that are named for each fault, in two minutes
  --page         write the page from the results as they are, and run nothing
  --json         print the rows as JSON instead of a table
  --workers N    processes that share the work; default 2
  --help         print this text

Exit code 0 if every fault is caught and no variant fails a MUST, otherwise 1.
`;

const { values: options } = parseArgs({
  options: {
    only: { type: "string", multiple: true, default: [] },
    named: { type: "boolean", default: false },
    page: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    workers: { type: "string", default: "2" },
    help: { type: "boolean", default: false },
  },
});

if (options.help) console.log(HELP);
else if (options.page) await writePage();
else process.exitCode = await main();

async function main(): Promise<number> {
  const chosen = PLANTED.filter(({ id }) =>
    options.only.length === 0 || options.only.some((start) => id.startsWith(start))
  );
  const { named } = options;
  const workers = Number(options.workers);
  let done = 0;
  const complain = (row: Row) => {
    const planted = chosen.find(({ id }) => id === row.id);
    return planted === undefined ? [] : complaints(planted, row);
  };
  const rows = await makeRows(chosen.map(({ id }) => id), { workers, named }, (row) => {
    done += 1;
    const wrong = complain(row).map((text) => `\n    ! ${text}`).join("");
    console.error(`${done}/${chosen.length} ${describe(row)}${wrong}`);
  });
  const wrong = rows.flatMap((row) => complain(row).map((text) => `${row.id}: ${text}`));
  if (options.only.length === 0 && wrong.length === 0) {
    writeFileSync(ROOT + RESULTS_PATH, writeResults(collect(rows, named)));
    await writePage();
  }
  if (options.json) console.log(JSON.stringify(rows, null, 1));
  else {
    const problems = rows.filter(({ problem }) => problem !== null);
    for (const { id, problem } of problems) console.log(`problem: ${id}: ${problem}`);
    for (const text of wrong) console.log(`wrong: ${text}`);
    console.log(`${rows.length} servers, ${wrong.length} complaints`);
  }
  return wrong.length === 0 ? 0 : 1;
}

async function writePage(): Promise<void> {
  const { default: results } = await import(`${ROOT}${RESULTS_PATH}`, { with: { type: "json" } });
  writeFileSync(ROOT + STRENGTH_PAGE, renderStrengthPage(results));
  console.error(`Wrote ${STRENGTH_PAGE}`);
}

function describe({ id, failed, seconds, summary }: Row): string {
  const count = summary === null ? "no result" : `${failed.length} cases`;
  const level = levelOf(failed.map((found) => found.id));
  const first = failed.find((found) => found.level === level)?.id ?? "-";
  return `${id.padEnd(44)} ${count.padStart(9)}  ${level ?? "-"}  ${first}  ${seconds} s`;
}
