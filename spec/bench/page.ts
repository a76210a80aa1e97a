/**
 * The page about performance, printed from a saved run.
 * @module
 */
import { type Aim, AIMS, isReached } from "./aims.ts";
import { type BarGroup, renderChart } from "./chart.ts";
import { type Figure, round } from "./measure.ts";
import { find, isOurs, type Results, table } from "./report.ts";

/** Where the run is saved that the page is printed from. */
export const RESULTS_PATH = "spec/bench/results.json";

/** Where the page is. */
export const PERFORMANCE_PATH = "docs/explanation/performance.md";

/** Where its chart is. */
export const CHART_PATH = "docs/explanation/performance.svg";

const CHARTED = ["publicId", "consent ES256", "refresh", "introspection"];
const NAMES: Readonly<Record<string, string>> = {
  sqlite: "this project, SQLite",
  memory: "this project, memory",
};

/** Draws the chart. */
export function renderPerformanceChart({ figures }: Results): string {
  const floor = find(figures, "POST", "floor");
  const bars = (work: string) =>
    figures
      .filter((figure) => figure.work === work && figure.perSecond === null)
      .filter(({ target }) => !target.includes("sqlite, "))
      .map(({ target, cpu }) => ({
        label: NAMES[target] ?? target,
        value: cpu,
        ours: isOurs(target),
      }));
  const groups: readonly BarGroup[] = [
    ...(floor === undefined ? [] : [{
      heading: "the floor: node:http answers a POST with a constant",
      bars: [{ label: "node:http", value: floor.cpu, ours: false }],
    }]),
    ...CHARTED.map((heading) => ({ heading, bars: bars(heading) }))
      .filter((group) => group.bars.length > 0),
  ];
  return renderChart(
    "CPU time per answered request, in microseconds",
    "Less is better. Peers keep everything in memory, except where it says SQLite.",
    groups,
  );
}

/** Prints the page. */
export function renderPerformance(results: Results): string {
  const { machine, versions, plan } = results;
  return `<!-- deno-fmt-ignore-file -->
<!-- Printed by spec/house/write-docs.ts from spec/bench/results.json. Do not edit. -->

# Performance

This page is printed from a run of the benchmark (\`npm run bench -- --write-docs\`). It measures the
CPU time that a server uses, with all its threads, per answered request. Figures differ from machine
to machine, so compare the ratios within one run.

![CPU time per answered request, by kind of request and server](performance.svg)

## How it is measured

- The server runs on one core and the load on another. ${plan.connections} kept-alive connections
  each send their next request as soon as they have an answer (a closed loop).
- Each row gets a fresh process on fresh data: every user is connected to a partner and a merchant.
  Rows take turns, and a figure is the median of its turns. The table below has the numbers.
- The product is \`serve --dev\` as it is: HTTP, GraphQL with every field selected, HTTP Basic, opaque
  tokens, audit and request log (to the null device), and a commit with \`synchronous = FULL\` before
  each answer.
- Every answer is checked. Afterwards, a sample of the issued tokens must be active, on SQLite after a
  crash.
- Peers do the same work with custom grants or a resolver, keep everything in memory, and do less
  besides: no GraphQL in oauth2-server and oidc-provider, no rotation of keys, no audit log.
- CPU time is counted, so other work on the machine makes a run longer rather than wrong. Latencies and
  answers per second do suffer; the load average below says how much else was running.

${
    table(["", ""], [
      ["CPU", machine.cpu],
      ["cores, memory", `${machine.cores}, ${machine.memory}`],
      ["system", machine.system],
      ["pinned to cores", machine.pinned ? "yes" : "no"],
      ["load average at the end of the run", machine.load],
      ["users", plan.users.toLocaleString("en")],
      ["rounds, each with a fresh process", plan.rounds],
      ["warm-up, then measured, in CPU time", `${plan.warm} s, ${plan.slices} × ${plan.slice} s`],
      ...Object.entries(versions),
    ])
  }
## Aims

${renderAims(results)}
## Every row

${renderRows(results.figures)}
${renderInside(results)}`;
}

function renderAims(results: Results): string {
  const judged = AIMS.map((aim) => ({ aim, value: aim.value(results) }));
  const missed = judged.flatMap(({ aim, value }) =>
    value !== null && !isReached(aim, value) && aim.remark !== undefined
      ? [`- **${aim.name}**: ${aim.remark}\n`]
      : []
  );
  const rows = judged.map(({ aim, value }) => [
    aim.name,
    `${aim.atLeast ? "≥" : "≤"} ${show(aim, aim.limit)}`,
    value === null ? "–" : show(aim, value),
    value === null ? "not measured" : isReached(aim, value) ? "reached" : "**missed**",
  ]);
  const head = ["what", "aim", "measured", ""];
  return table(head, rows) +
    (missed.length === 0 ? "" : `\nWhy, where it is known:\n\n${missed.join("")}`);
}

function show({ unit }: Aim, value: number): string {
  return unit === "×" ? `${round(value, 2)} ×` : `${round(value, 0)} ${unit}`;
}

const SECTIONS: readonly (readonly [string, (figure: Figure) => boolean])[] = [
  ["Closed loop", ({ perSecond }) => perSecond === null],
  ["3,000 requests a second", ({ perSecond, load }) => perSecond !== null && load === undefined],
  ["70 % of what each server can do", ({ load }) => load !== undefined],
];

function renderRows(figures: readonly Figure[]): string {
  return SECTIONS.map(([title, includes]) => {
    const rows = figures.filter(includes);
    if (rows.length === 0) return "";
    const floor = rows.find(({ target }) => target === "floor");
    const cells = rows.map((figure) => [
      figure.work,
      NAMES[figure.target] ?? figure.target.replace(/^sqlite/, "this project, SQLite"),
      figure.cpu,
      `${figure.min}–${figure.max}`,
      floor === undefined ? "–" : `${round(figure.cpu / floor.cpu, 1)} ×`,
      figure.rate,
      `${figure.p50} / ${figure.p99} / ${figure.p999}`,
    ]);
    const head = [
      "work",
      "server",
      "CPU µs",
      "range",
      "floor",
      "per second",
      "p50 / p99 / p99.9 ms",
    ];
    return `### ${title}\n\n${table(head, cells)}`;
  }).filter((text) => text !== "").join("\n");
}

function renderInside({ inside, beginning }: Results): string {
  const started = beginning === null
    ? ""
    : `\n## Start\n\nFrom start to first answer: ${beginning.cpu} ms of CPU time, ${beginning.wall} ms of ` +
      `time on this machine.\n`;
  if (inside === null) return started;
  const rows = Object.entries(inside).map(([name, value]) => [name, value]);
  return `\n## Parts of the work\n\nIn one process, without HTTP.\n\n${
    table(["part", "CPU µs"], rows)
  }${started}`;
}
