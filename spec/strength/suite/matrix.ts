/**
 * Runs the suite against every faulty server and every legal variant, and says which case caught what.
 *
 *     npm run prove:faults                       # all of them; writes docs/explanation/strength.md
 *     npm run prove:faults -- --only rotation/  # those whose ids begin so; writes nothing
 *     npm run prove:faults -- --json             # the rows as JSON instead of a table
 *
 * @module
 */
import { writeFileSync } from "node:fs";
import process from "node:process";
import { parseArgs } from "node:util";
import { describeRow, renderStrengthPage, STRENGTH_PAGE_PATH } from "./page.ts";
import { makeRows } from "./pool.ts";
import { complaints, PLANTED, type Row } from "./row.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string", multiple: true, default: [] },
    json: { type: "boolean", default: false },
    workers: { type: "string", default: "2" },
  },
});

const chosen = PLANTED.filter(({ id }) =>
  values.only.length === 0 || values.only.some((start) => id.startsWith(start))
);
let done = 0;

/** Progress goes to standard error, so that standard output holds the result alone. */
function tell(row: Row): void {
  done += 1;
  const planted = PLANTED.find(({ id }) => id === row.id);
  const wrong = planted === undefined ? [] : complaints(planted, row);
  process.stderr.write(
    `${done}/${chosen.length} ${describeRow(row)}${
      wrong.map((text) => `\n    ! ${text}`).join("")
    }\n`,
  );
}

const rows = await makeRows(chosen.map(({ id }) => id), Number(values.workers), tell);
const wrong = chosen.flatMap((planted) => {
  const row = rows.find(({ id }) => id === planted.id);
  return row === undefined ? [] : complaints(planted, row).map((text) => `${planted.id}: ${text}`);
});
const whole = values.only.length === 0;
if (whole && wrong.length === 0) {
  writeFileSync(
    new URL(`../../../${STRENGTH_PAGE_PATH}`, import.meta.url),
    renderStrengthPage(rows),
  );
}
const problems = rows.flatMap(({ id, problem }) => problem === null ? [] : [`${id}: ${problem}`]);
process.stdout.write(
  values.json ? `${JSON.stringify(rows, null, 1)}\n` : [
    ...rows.map(describeRow),
    "",
    ...problems.map((text) => `the suite: ${text}`),
    ...wrong.map((text) => `wrong: ${text}`),
    `${rows.length} servers, ${wrong.length} complaints`,
    "",
  ].join("\n"),
);
process.exitCode = wrong.length === 0 ? 0 : 1;
