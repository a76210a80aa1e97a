/**
 * One case that did not pass, in the HTML report: what was expected, what was found, how to fix it, the
 * rule behind it, and the requests and responses.
 * @module
 */
import { describeSource, requirement } from "../../requirements/mod.ts";
import type { CaseResult, Exchange } from "../results.ts";
import { type Markup, markup } from "./markup.ts";

/** A block that can be opened and closed. */
export function problem(result: CaseResult, open: boolean): Markup {
  const { id, level, outcome, does, expects, story, remedy, requirements, attacks } = result;
  const steps = (story ?? []).map((step) => markup`<li>${step}</li>`);
  const sequence = story === undefined
    ? null
    : markup`<h3>The shortest failing sequence</h3><ol class="story">${steps}</ol>`;
  const cited = attacks.length === 0
    ? null
    : markup`<p class="soft">Defends against ${attacks.join(", ")}.</p>`;
  const said = [does, expects].filter((text) => text !== undefined).join(" ");
  const check = said === "" ? null : markup`<h3>The check</h3><p>${said}</p>`;
  return markup`<details id="${id}"${{ safe: open ? " open" : "" }}>
<summary><span class="level ${outcome}">${level}</span><b>${result.title}</b> <small><code>${id}</code></small></summary>
${comparison(result)}${sequence}
<h3>How to fix it</h3><p>${remedy}</p>
${check}
<h3>The rule</h3>${requirements.map(rule)}
${cited}${transcript(result)}</details>
`;
}

/** The title of a rule. */
export function ruleTitle(id: string): string {
  return requirement(id)?.title ?? "";
}

function comparison({ expected, found, reason, outcome }: CaseResult): Markup {
  if (expected === undefined) {
    return markup`<dl class="pair"><dt>Reason</dt><dd>${reason ?? ""}</dd></dl>`;
  }
  return markup`<dl class="pair"><dt>Expected</dt><dd>${expected}</dd>
<dt>Found</dt><dd class="${outcome}"><b>${found ?? ""}</b></dd></dl>`;
}

function rule(id: string): Markup {
  const parts = requirement(id)?.parts.map(({ level, text, source }) =>
    markup`<blockquote>${text} <small>${level}; ${describeSource(source)}</small></blockquote>`
  );
  return markup`<p><b>${id}</b> ${ruleTitle(id)}</p>${parts ?? []}`;
}

function transcript({ exchanges = [], legend = [] }: CaseResult): Markup | null {
  if (exchanges.length === 0) return null;
  const labels = legend.map(({ label, text }) =>
    markup`<dt>«${label}»</dt><dd><code>${text}</code></dd>`
  );
  const meanings = labels.length === 0
    ? null
    : markup`<h3>Labels</h3><dl class="pair">${labels}</dl>`;
  return markup`<details><summary>Requests and responses (${exchanges.length})</summary>
${exchanges.map(exchangeMarkup)}
${meanings}</details>
`;
}

/** The response headers to show; the rest is noise. */
const SHOWN_HEADERS = [
  "content-type",
  "cache-control",
  "www-authenticate",
  "retry-after",
  "allow",
  "location",
];

function exchangeMarkup({ label, request, response, error }: Exchange, index: number): Markup {
  const lines = (headers: Readonly<Record<string, string>>, names = Object.keys(headers)) =>
    names.filter((name) => headers[name] !== undefined).map((name) => `${name}: ${headers[name]}\n`)
      .join("");
  const answer = response === null
    ? error ?? "no response"
    : `${response.status}\n${lines(response.headers, SHOWN_HEADERS)}\n${response.body}`;
  return markup`<h3>${index + 1}. ${label}</h3>
<pre>${request.method} ${request.url}
${lines(request.headers)}
${request.body}</pre>
<pre>${answer}</pre>
`;
}
