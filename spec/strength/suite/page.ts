/**
 * The page that says how strong the suite is: every faulty server with the cases that caught it, every
 * legal variant with what the suite said of it.
 * @module
 */
import { attackById } from "../../requirements/attacks.ts";
import { cases, type Level } from "../../conformance/mod.ts";
import type { Fault, Variant } from "./fault.ts";
import { FAULTS, type Room, ROOMS } from "./faults/all.ts";
import { OUT_OF_REACH, UNSEEN } from "./faults/unseen.ts";
import type { Row, Told } from "./row.ts";
import { VARIANTS } from "./variants.ts";

/** Where the page is. */
export const STRENGTH_PAGE_PATH = "docs/explanation/strength.md";

const HEAD = `<!-- deno-fmt-ignore-file -->
<!-- Printed by spec/strength/suite/page.ts from what was run. Do not edit: npm run prove:faults -->

# The strength of the conformance suite

A test suite says what it checks. What would it miss? Here the question is put to the test: the reference
server is broken on purpose, in one way at a time, and the whole suite is run against each broken server
over HTTP. Every fault is a replacement of a few words in the source, so what runs is the real server with
one thing wrong, not an imitation. It stands for a published vulnerability, for a mistake that others have
made, for one side of a boundary, or for one line of the core that was left out.

A fault counts as caught if the cases that are named for it fail; that another case fails by accident is
not enough. The other way round, servers that made another choice, and as good a one, must not fail any
MUST: an implementation is not wrong for having decided otherwise.

\`\`\`sh
npm run prove:faults                        # everything, in 15 minutes; writes this page
npm run prove:faults -- --only rotation/   # the faults of one room
\`\`\`

Each run of the tests plants every fault and runs the cases that are named for it. A fault that is not
caught, or a variant that is failed, fails the build.
`;

/** Prints the page from the rows of all servers. */
export function renderStrengthPage(rows: readonly Row[]): string {
  const told = new Map(rows.map((row) => [row.id, row.told]));
  return [
    HEAD,
    renderCounts(told),
    ...ROOMS.map((room) => renderRoom(room, told)),
    renderVariants(rows),
    renderUnseen(),
    renderCases(told),
  ].join("\n");
}

/** A row in one line, for progress. */
export function describeRow({ id, told, seconds, summary }: Row): string {
  const count = summary === null ? "no result" : `${told.length} cases`;
  return `${id.padEnd(44)} ${count.padStart(9)}  ${strongest(told) ?? "-"}  ${
    first(told)?.id ?? "-"
  }  ${seconds} s`;
}

type ToldById = ReadonlyMap<string, readonly Told[]>;

const LEVELS = ["MUST", "SHOULD", "MAY"] as const;

function strongest(told: readonly Told[]): Level | null {
  return LEVELS.find((level) => told.some((found) => found.level === level)) ?? null;
}

function first(told: readonly Told[]): Told | undefined {
  return told.find(({ level }) => level === strongest(told));
}

function renderCounts(told: ToldById): string {
  const caught = FAULTS.map(({ id }) => strongest(told.get(id) ?? []));
  const by = (level: Level | null) => caught.filter((found) => found === level).length;
  return `
| | |
| --- | ---: |
| faulty servers | ${FAULTS.length} |
| caught | ${FAULTS.length - by(null)} |
| … by a MUST at least | ${by("MUST")} |
| … by a SHOULD at least | ${by("SHOULD")} |
| … by a MAY alone: others may decide otherwise | ${by("MAY")} |
| legal variants, none with a failed MUST | ${VARIANTS.length} |
| cases | ${cases.length} |
`;
}

function renderRoom({ title, faults }: Room, told: ToldById): string {
  const rows = faults.map((fault) => {
    const found = told.get(fault.id) ?? [];
    return `| ${cell(fault.title)} \`${fault.id}\` | ${standsFor(fault)} | ${
      renderCaught(fault, found)
    } |`;
  });
  return `## ${title}

| the fault | stands for | caught by |
| --- | --- | --- |
${rows.join("\n")}
`;
}

/** Rules and attacks, with the published reference of each attack. */
function standsFor({ rules, attacks }: Fault): string {
  const references = attacks.map((id) => {
    const reference = attackById(id)?.reference ?? null;
    return reference === null ? id : `${id} (${reference})`;
  });
  return [...rules, ...references].join(", ");
}

function renderCaught({ caughtBy }: Fault, told: readonly Told[]): string {
  const others = told.filter(({ id }) => !caughtBy.includes(id)).length;
  const more = others === 0 ? "" : `, and ${others} more`;
  return `${strongest(told) ?? ""}: ${caughtBy.map(code).join(", ")}${more}`;
}

function renderVariants(rows: readonly Row[]): string {
  const lines = VARIANTS.map((variant) =>
    renderVariant(variant, rows.find(({ id }) => id === variant.id))
  );
  return `## Legal variants

Warnings are what the suite says of a SHOULD or a MAY that was decided otherwise.

| the variant | why it is as good | passed | skipped | warned | warnings |
| --- | --- | ---: | ---: | ---: | --- |
${lines.join("\n")}
`;
}

function renderVariant({ id, title, because }: Variant, row: Row | undefined): string {
  const { passed, skipped, warned } = row?.summary ?? { passed: 0, skipped: 0, warned: 0 };
  const warnings = (row?.told ?? []).map((told) => code(told.id)).join(", ");
  return `| ${cell(title)} \`${id}\` | ${
    cell(because)
  } | ${passed} | ${skipped} | ${warned} | ${warnings} |`;
}

function renderUnseen(): string {
  return `## What the suite does not see

The formal spec plants more faults into the core, and catches these, too. There are attacks for which no
fault stands here; other tests of this project carry them out.

| the fault | why it is not seen |
| --- | --- |
${UNSEEN.map(({ id, because }) => `| \`${id}\` | ${because} |`).join("\n")}

| the attack | why it is out of reach |
| --- | --- |
${
    OUT_OF_REACH.map(({ id, because }) =>
      `| ${id}: ${cell(attackById(id)?.text ?? "")} | ${because} |`
    )
      .join("\n")
  }
`;
}

/** Which cases the suite could not do without, and which it could. */
function renderCases(told: ToldById): string {
  const faultsOf = new Map<string, string[]>();
  for (const { id } of FAULTS) {
    for (const found of told.get(id) ?? []) {
      faultsOf.set(found.id, [...(faultsOf.get(found.id) ?? []), id]);
    }
  }
  const alone = new Map<string, string[]>();
  for (const { id } of FAULTS) {
    const [only, ...others] = told.get(id) ?? [];
    if (only !== undefined && others.length === 0) {
      alone.set(only.id, [...(alone.get(only.id) ?? []), id]);
    }
  }
  const idle = cases.filter(({ id, group }) => !faultsOf.has(id) && group !== "histories");
  const unique = cases.filter(({ id }) => alone.has(id))
    .map(({ id }) => `| ${code(id)} | ${(alone.get(id) ?? []).map(code).join(", ")} |`);
  return `## The cases

${faultsOf.size} of ${cases.length} cases caught at least one fault. ${alone.size} caught one that no other case caught:

| the case | what it alone caught |
| --- | --- |
${unique.join("\n")}

${idle.length} caught none. They say what must work, or guard against mistakes that nobody has planted yet:

${idle.map(({ id }) => code(id)).join(", ")}

Random histories are run against a fault only where one is named for it: they find nearly every fault of
the core, but take long to say it in the fewest steps.
`;
}

function code(text: string): string {
  return `\`${text}\``;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
