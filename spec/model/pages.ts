/**
 * The page that says what is explored: worlds with their sizes, and the invariants.
 * @module
 */
import { askedTimes, type Checked, summarize } from "./check.ts";
import { INVARIANTS } from "./invariants.ts";
import { WORLDS } from "./worlds.ts";

/** Where the page is. */
export const SPEC_PAGE_PATH = "docs/explanation/formal-spec.md";

const HEAD = `<!-- deno-fmt-ignore-file -->
<!-- Printed by spec/model/pages.ts from what was walked. Do not edit: npm run prove:model -- --write-docs -->

# The formal spec

The spec is not a second model in another language that could drift away from the code. It is the core
itself (\`decide\` and \`evolve\`, every line of them, as they are shipped), walked exhaustively: from its
initial state, every request that anybody can make in a small world is made in every state that can be
reached, in every order, and ${INVARIANTS.length} invariants are asked of each. They are written from raw
facts and call nothing of the core. What does not hold comes back as the shortest story of requests that
shows it.

- *World*: a few clients, users, scopes and consent tokens, a few seconds, and everything they can do.
  Lifetimes are a few seconds, so that every boundary lies inside. Actors may present every token there
  ever was, their own and others'; answers can be lost; clocks can step back; rows can be swept.
- *State*: everything that the core can read, and what must be remembered of the past to ask "never
  again". Ids are compared by order only, so they are coded by place.
- *Complete*: every state inside the bounds of the world was visited and every step from it taken. Steps
  that lead out of the bounds are checked, too, and not followed.
- *Not vacuous*: each world says what must happen in it, each invariant must have had something to say,
  and each reason for which the core can refuse must have been met.

\`\`\`sh
npm run prove:model -- --quick            # the small worlds, as in the tests
npm run prove:model                       # all worlds, with progress; minutes
npm run prove:model -- --world rotation   # one of them
npm run prove:planted-bugs                     # faults planted into the core, and what catches each
\`\`\`
`;

/** Prints the page from walks of the quick worlds. */
export function renderSpecPage(reports: readonly Checked[]): string {
  const { worlds, states, transitions } = summarize(reports);
  const rows = reports.map((report) =>
    `| \`${report.plan.name}\` | ${report.plan.text} | ${number(report.states)} | ` +
    `${number(report.transitions)} | ${report.depth} |`
  );
  const larger = WORLDS.filter(({ quick }) => !quick)
    .map(({ name, text, measured = [] }) =>
      `| \`${name}\` | ${text} | ${measured.map(number).join(" | ")} |`
    );
  const times = askedTimes(reports);
  const invariants = INVARIANTS.map(({ id, text, rules, of }) =>
    `| \`${id}\` | ${text} | ${rules.join(", ")} | ${of} | ${number(times.get(id) ?? 0)} |`
  );
  return `${HEAD}
## The small worlds

${worlds} worlds, ${number(states)} states, ${
    number(transitions)
  } transitions. The numbers are part of the
spec: any change of behaviour inside these worlds shows here.

| world | what it is for | states | transitions | depth |
| --- | --- | ---: | ---: | ---: |
${rows.join("\n")}

## The larger worlds

They are walked by \`npm run prove:model\`, completely, too; these are the numbers of the last time.

| world | what it is for | states | transitions |
| --- | --- | ---: | ---: |
${larger.join("\n")}

## The invariants

How often each was asked is counted over the small worlds.

| invariant | what always holds | rules | of every | asked |
| --- | --- | --- | --- | ---: |
${invariants.join("\n")}
`;
}

function number(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ",");
}
