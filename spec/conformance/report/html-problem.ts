/**
 * One case that did not pass, in the HTML report: what was expected, what was found, how to fix it, the
 * rule behind it, and the requests and responses.
 * @module
 */
import { describeSource, requirement } from "../../requirements/mod.ts";
import type { CaseResult, Exchange } from "../results.ts";
import { curlOf } from "./curl.ts";
import { type Markup, markup } from "./markup.ts";

/** A block that can be opened and closed. */
export function problem(
  result: CaseResult,
  open: boolean,
  followers: readonly CaseResult[] = [],
): Markup {
  const { id, level, outcome, does, expects, story, remedy, requirements, attacks } = result;
  const steps = (story ?? []).map((step) => markup`<li>${step}</li>`);
  const sequence = story === undefined
    ? null
    : markup`<h3>The shortest failing sequence</h3><ol class="story">${steps}</ol>`;
  const cited = attacks.length === 0
    ? null
    : markup`<p class="soft">Defends against ${attacks.join(", ")}.</p>`;
  const more = followers.length === 0
    ? null
    : markup`<h3>Problems that follow from this one (${followers.length})</h3>
${followers.map((follower) => problem(follower, false))}`;
  const said = [result.title, does, expects].filter((text) => text !== undefined).join(" ");
  return markup`<details id="${id}" data-case="${id} ${said}" data-is="${outcome}"${{
    safe: open ? " open" : "",
  }}>
<summary><span class="level ${outcome}">${level}</span><b>${
    headline(result)
  }</b> <small><code>${id}</code>${
    followers.length === 0 ? "" : ` and ${followers.length} that follow`
  }</small></summary>
${comparison(result)}${sequence}
<h3>How to fix it</h3><p>${remedy}</p>
<h3>The check</h3><p>${said}</p>
<h3>The rule</h3>${requirements.map((one) => rule(one, result.parts))}
${cited}${transcript(result)}${more}</details>
`;
}

/** What is, not what should be. */
function headline({ found, expected, reason, title }: CaseResult): string {
  const text = found === undefined ? reason ?? title : `Found ${found}; expected ${expected}`;
  return text.length <= 160 ? text : `${text.slice(0, 160)}…`;
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

/** Text with `code` in it. */
function coded(text: string): readonly Markup[] {
  return text.split("`").map((part, index) =>
    index % 2 === 0 ? markup`${part}` : markup`<code>${part}</code>`
  );
}

/** A rule: the parts that the case stands for, or else all of them. */
function rule(id: string, cited: readonly string[]): Markup {
  const all = requirement(id)?.parts ?? [];
  const own = all.filter((_, index) => cited.includes(`${id}.${index + 1}`));
  const parts = (own.length > 0 ? own : all).map(({ level, text, source }) =>
    markup`<blockquote>${coded(text)} <small>${level}; ${
      describeSource(source)
    }</small></blockquote>`
  );
  return markup`<p><b>${id}</b> ${ruleTitle(id)}</p>${parts}`;
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

function exchangeMarkup(exchange: Exchange, index: number): Markup {
  const { label, request, response, error } = exchange;
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
<button data-copy="">Copy as curl</button><pre hidden="hidden">${curlOf(exchange)}</pre>
`;
}
