/**
 * The page `docs/reference/requirements.md`, printed from the rules and the attacks.
 * @module
 */
import { ATTACK_GROUPS, type AttackGroup, ATTACKS } from "../requirements/attacks.ts";
import { describeSource, REQUIREMENTS, SECTIONS, WORDS } from "../requirements/mod.ts";
import { PAGES, type Requirement, type Section } from "../requirements/model.ts";

/** Where the page is. */
export const REFERENCE_PATH = "docs/reference/requirements.md";

const HEAD = `<!-- deno-fmt-ignore-file -->
<!-- Printed by spec/house/write-docs.ts from spec/requirements/mod.ts and spec/requirements/attacks.ts. Do not edit. -->

# Requirements

Every rule that this implementation follows, and every attack that it is tested against. A rule has parts,
and each part has its own source: what the vendor documents, what a standard demands, or what was decided
here because the published text leaves it open. The level says what is asked of *another* implementation:

- **MUST**: the vendor documents it, or a standard demands it of any server that has the endpoint.
- **SHOULD**: our decision; we recommend it to others.
- **MAY**: our choice where others are just as good. No implementation fails for choosing differently.

The vendor's pages:
${Object.entries(PAGES).map(([name, url]) => `[${name}](${url})`).join(", ")}.

Every rule and every attack has tests: \`npm run docs:trace\` lists them.

## Words

| word | meaning |
| --- | --- |
${Object.entries(WORDS).map(([word, meaning]) => `| ${word} | ${meaning} |`).join("\n")}
`;

/** Prints the page. */
export function renderReference(): string {
  const sections = Object.entries(SECTIONS).map(([section, title]) =>
    renderSection(section as Section, title)
  );
  const groups = Object.entries(ATTACK_GROUPS).map(([group, title]) =>
    renderGroup(group as AttackGroup, title)
  );
  return [HEAD, ...sections, "## Attacks and bad inputs\n", ...groups].join("\n");
}

function renderSection(section: Section, title: string): string {
  const rows = REQUIREMENTS.filter((rule) => rule.section === section).flatMap(renderRule);
  return `## ${section}: ${title}

| rule | level | what | source |
| --- | --- | --- | --- |
${rows.join("\n")}
`;
}

/** One row per part; the first names the rule. */
function renderRule({ id, title, parts }: Requirement): readonly string[] {
  return parts.map(({ level, text, source }, index) =>
    `| ${index === 0 ? `**${id}** ${title}` : ""} | ${level} | ${text} | ${
      describeSource(source)
    } |`
  );
}

function renderGroup(group: AttackGroup, title: string): string {
  const rows = ATTACKS.filter((attack) => attack.group === group).map((
    { id, text, rules, reference },
  ) => `| **${id}** | ${text} | ${rules.join(", ")} | ${reference ?? ""} |`);
  return `### ${group}: ${title}

| attack | what is sent, and what must happen | rules | seen in |
| --- | --- | --- | --- |
${rows.join("\n")}
`;
}
