/**
 * The page `docs/reference/cli.md`, printed from the same table that parses the command line.
 * @module
 */
import { COMMANDS } from "../../adapters/cli/commands.ts";

/** Where the page is. */
export const CLI_REFERENCE_PATH = "docs/reference/cli.md";

/** Prints the page. */
export async function renderCliReference(): Promise<string> {
  const sections = await Promise.all(
    COMMANDS.map(async ({ name, help }) =>
      `## ${name}\n\n\`\`\`text\n${(await help()).trimEnd()}\n\`\`\`\n`
    ),
  );
  return `<!-- deno-fmt-ignore-file -->
<!-- Printed by spec/house/write-docs.ts from adapters/cli. Do not edit. -->

# Command line

Installed it is \`npx fetch-tokens-for-user COMMAND\`, from a checkout \`npm run cli -- COMMAND\`. Flags
win over environment variables, those over defaults. The exit code is 0 for success, 1 where the answer
is no, 2 where the command could not run.

${sections.join("\n")}`;
}
