/**
 * The page `docs/reference/requirements.md`, printed from the rules, the attacks and the trace. It
 * names files, not lines, so that it changes only when what it says changes.
 * @module
 */
import { ATTACK_GROUPS, type AttackGroup, ATTACKS } from "../requirements/attacks.ts";
import { describeSource, REQUIREMENTS, SECTIONS, WORDS } from "../requirements/mod.ts";
import { PAGES, type Requirement, type Section } from "../requirements/model.ts";
import type { Citation } from "./titles.ts";

/** Where the page is. */
export const REFERENCE_PATH = "docs/reference/requirements.md";

const HEAD = `<!-- deno-fmt-ignore-file -->
<!-- Printed by spec/house/write-docs.ts from spec/requirements/mod.ts and spec/requirements/attacks.ts. Do not edit. -->

# Requirements

Every rule that this implementation keeps, and every attack that it is tested against. A rule has parts,
and each part has its own source: what the vendor documents, what a standard demands, or what was decided
here because the published text leaves it open. The level says what is asked of *another* implementation:

- **MUST**: the vendor documents it, or a standard demands it of an endpoint that is offered.
- **SHOULD**: a decision that others do well to share.
- **MAY**: a choice beside which others are as good. Nobody is failed for another one.

What the vendor documents stands on these pages:
${Object.entries(PAGES).map(([name, url]) => `[${name}](${url})`).join(", ")}.

## Words

| word | meaning |
| --- | --- |
${Object.entries(WORDS).map(([word, meaning]) => `| ${word} | ${meaning} |`).join("\n")}
`;

/** Prints the page. */
export function renderReference(byId: ReadonlyMap<string, readonly Citation[]>): string {
  const checked = (id: string) => linkFiles(byId.get(id) ?? []);
  const sections = Object.entries(SECTIONS).map(([section, title]) =>
    renderSection(section as Section, title, checked)
  );
  const groups = Object.entries(ATTACK_GROUPS).map(([group, title]) =>
    renderGroup(group as AttackGroup, title, checked)
  );
  return [HEAD, ...sections, "## Attacks and bad inputs\n", ...groups].join("\n");
}

function renderSection(
  section: Section,
  title: string,
  checked: (id: string) => string,
): string {
  const rows = REQUIREMENTS.filter((rule) => rule.section === section)
    .flatMap((rule) => renderRule(rule, checked(rule.id)));
  return `## ${section}: ${title}

| rule | level | what | source | checked in |
| --- | --- | --- | --- | --- |
${rows.join("\n")}
`;
}

/** One row a part; what is the same for all parts stands in the first. */
function renderRule({ id, title, parts }: Requirement, checked: string): readonly string[] {
  return parts.map(({ level, text, source }, index) => {
    const [name, files] = index === 0 ? [`**${id}** ${title}`, checked] : ["", ""];
    return `| ${name} | ${level} | ${text} | ${describeSource(source)} | ${files} |`;
  });
}

function renderGroup(
  group: AttackGroup,
  title: string,
  checked: (id: string) => string,
): string {
  const rows = ATTACKS.filter((attack) => attack.group === group).map((
    { id, text, rules, reference },
  ) => `| **${id}** | ${text} | ${rules.join(", ")} | ${reference ?? ""} | ${checked(id)} |`);
  return `### ${group}: ${title}

| attack | what is sent, and what must come of it | rules | seen in | checked in |
| --- | --- | --- | --- | --- |
${rows.join("\n")}
`;
}

function linkFiles(citations: readonly Citation[]): string {
  const paths = [...new Set(citations.map(({ path }) => path))].sort();
  return paths.map((path) => `[${path.replace(/^spec\//, "")}](../../${path})`).join(", ");
}
