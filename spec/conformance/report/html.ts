/**
 * The report as one self-contained page: the outcome, what is wrong, why, and how to fix it.
 * @module
 */
import { summaryOf } from "./summary.ts";
import type { CaseResult, Outcome, Report, Summary } from "../results.ts";
import {
  byGroup,
  byReason,
  byRequirement,
  countsOf,
  OUTCOMES,
  rootFailures,
  roots,
  verdictOf,
} from "./gather.ts";
import { problem, ruleTitle } from "./html-problem.ts";
import { type Markup, markup } from "./markup.ts";
import { SCRIPT, SCRIPT_HASH } from "./script.ts";
import { STYLE } from "./style.ts";
import { DOCUMENTED_SDL } from "../target/sdl.ts";

/** Writes the report as an HTML page. */
export function htmlReport(report: Report): string {
  const { target } = report;
  const title = `Conformance of ${target.name ?? target.endpoint}`;
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src '${SCRIPT_HASH}'">
<title>${title}</title>
<style>${{ safe: STYLE }}</style>
</head>
<body><main>
${header(report, title)}
${controls(report)}
${failures(report)}
${schema(report)}
${problems(report, "warned", "Recommendations not followed", CHOICE)}
${
    problems(
      report,
      "expected",
      "Expected failures",
      "These cases are on the list of expected failures.",
    )
  }
${skipped(report)}
${groups(report)}
${requirements(report)}
${footer(report)}
</main><script>${{ safe: SCRIPT }}</script></body>
</html>
`.safe;
}

const CHOICE =
  "The reference implementation recommends these. You may have good reasons to decide otherwise.";

function header(report: Report, title: string): Markup {
  const { summary, target, depth, seconds, requests } = report;
  const version = target.version === null ? "" : ` ${target.version}`;
  const tiles = (["passed", "failed", "warned", "skipped", "expected"] as const)
    .filter((outcome) => outcome !== "expected" || summary.expected > 0)
    .map((outcome) =>
      markup`<div class="tile"><b class="${outcome}">${summary[outcome]}</b>${NAMES[outcome]}</div>`
    );
  return markup`<header>
<p class="soft">${title}${version}</p>
<h1 class="${summary.failed > 0 ? "failed" : "passed"}">${verdictOf(report)}</h1>
<p>${DEPTHS[depth]} ${requests} requests in ${seconds} s to <code>${target.endpoint}</code>.</p>
<div class="tiles">${tiles}</div>
${bar(summary)}
</header>`;
}

const NAMES: Readonly<Record<Outcome, string>> = {
  passed: "passed",
  failed: "failed",
  warned: "warned",
  skipped: "skipped",
  expected: "failed as expected",
};

const DEPTHS: Readonly<Record<Report["depth"], string>> = {
  anonymous: "Checked without credentials: next to nothing.",
  endpoint: "Checked from the outside, with the subjects file.",
  harness: "Checked with the harness.",
  oracle: "Checked with the harness and the reference model.",
};

function bar(summary: Summary): Markup {
  const parts = OUTCOMES.filter((outcome) => summary[outcome] > 0).map((outcome) =>
    markup`<i class="${outcome}" style="flex:${summary[outcome]}" title="${summary[outcome]} ${
      NAMES[outcome]
    }"></i>`
  );
  return markup`<div class="bar">${parts}</div>`;
}

/** Filters; without the script they do nothing. */
function controls({ summary }: Report): Markup {
  const boxes = OUTCOMES.filter((outcome) => summary[outcome] > 0).map((outcome) =>
    markup`<label class="${outcome}"><input type="checkbox" checked="checked" data-outcome="${outcome}"/> ${
      NAMES[outcome]
    }</label> `
  );
  return markup`<nav><input id="words" type="search" placeholder="Filter by words" aria-label="Filter by words"/>
${boxes}<button data-open="1">Expand all</button> <button data-open="0">Collapse all</button></nav>`;
}

function failures(report: Report): Markup | null {
  const found = rootFailures(report);
  if (found.length === 0) return null;
  return markup`<section><h2>What is wrong</h2>
${found.map(({ root, followers }) => problem(root, found.length <= 5, followers))}</section>
`;
}

function problems(report: Report, outcome: Outcome, title: string, text: string): Markup | null {
  const results = roots(report, outcome);
  if (results.length === 0) return null;
  return markup`<section><h2>${title}</h2>
<p class="soft">${text}</p>
${results.map((result) => problem(result, false))}</section>
`;
}

/** The types of the mutation beside the vendor's, if they differ. */
function schema({ sdl }: Report): Markup | null {
  if (sdl === null || sdl === DOCUMENTED_SDL) return null;
  const marked = (text: string, other: string, mark: string) => {
    const known = new Set(other.split("\n"));
    return text.split("\n").map((line) =>
      known.has(line) ? markup`${line}\n` : markup`<mark class="${mark}">${line}</mark>\n`
    );
  };
  return markup`<section><h2>The schema</h2>
<div class="two"><div><h3>Documented by the vendor</h3><pre>${
    marked(DOCUMENTED_SDL, sdl, "passed")
  }</pre></div>
<div><h3>Found</h3><pre>${marked(sdl, DOCUMENTED_SDL, "failed")}</pre></div></div></section>
`;
}

function skipped(report: Report): Markup | null {
  const reasons = [...byReason(report)];
  if (reasons.length === 0) return null;
  const blocks = reasons.map(([reason, results]) =>
    markup`<details><summary>${results.length} ${
      results.length === 1 ? "case" : "cases"
    }: ${reason}</summary>
${list(results)}</details>
`
  );
  return markup`<section><h2>What was not checked</h2>
<p class="soft">These cases say nothing about the implementation. Each group names what it needs.</p>
${blocks}</section>
`;
}

function list(results: readonly CaseResult[]): Markup {
  const items = results.map(({ id, title }) =>
    markup`<li title="${title}"><code>${id}</code></li>`
  );
  return markup`<ul class="cases">${items}</ul>`;
}

const MARKS: Readonly<Record<Outcome, string>> = {
  passed: "✓",
  failed: "✗",
  warned: "!",
  skipped: "–",
  expected: "~",
};

function groups(report: Report): Markup {
  const blocks = [...byGroup(report)].map(([group, results]) => {
    const summary = summaryOf(results);
    return markup`<details><summary><b>${group}</b> <small>${countsOf(summary)}</small>${
      bar(summary)
    }</summary>
<table>${results.map(row)}</table></details>
`;
  });
  return markup`<section><h2>By subject</h2>
${blocks}</section>
`;
}

function row(result: CaseResult): Markup {
  const { id, level, outcome } = result;
  const shownAbove = outcome === "failed" || outcome === "warned" || outcome === "expected";
  const anchor = shownAbove
    ? markup`<a href="#${id}">${id}</a>`
    : markup`<span id="${id}">${id}</span>`;
  return markup`<tr data-case="${id} ${result.title}" data-is="${outcome}"><td class="${outcome}">${
    MARKS[outcome]
  }</td><td>${result.title}
<small><code>${anchor}</code></small></td><td><small>${level}</small></td></tr>
`;
}

function requirements(report: Report): Markup {
  const rows = [...byRequirement(report)].map(([id, results]) => {
    const summary = summaryOf(results);
    return markup`<tr><td><b>${id}</b></td><td>${ruleTitle(id)}</td><td class="bars">${
      bar(summary)
    }</td>
<td class="counts">${countsOf(summary)}</td></tr>
`;
  });
  return markup`<section><h2>By rule</h2>
<table><thead><tr><th>Rule</th><th></th><th></th><th>Cases</th></tr></thead><tbody>${rows}</tbody></table>
</section>
`;
}

function footer({ startedAt, seed, suite }: Report): Markup {
  return markup`<footer><p class="soft">${startedAt} · seed ${seed} · ${suite.cases} cases, suite ${suite.digest}.
Secrets are replaced by labels in «these marks». MUST: documented by the vendor or required by a standard.
SHOULD and MAY: decisions of the reference implementation; you may decide otherwise.</p></footer>`;
}
