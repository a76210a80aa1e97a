/**
 * The page `docs/reference/cli.md`, printed from the same table that parses the command line.
 * @module
 */
import { COMMANDS } from "../../adapters/cli/commands.ts";
import { helpOf } from "../../adapters/cli/options.ts";
import { CONFORM_HELP } from "../conformance/command.ts";

/** Where the page is. */
export const CLI_REFERENCE_PATH = "docs/reference/cli.md";

/** Prints the page. */
export function renderCliReference(): string {
  const sections = COMMANDS.map((command) => {
    const help = "runRaw" in command ? CONFORM_HELP : helpOf(command);
    return `## ${command.name}\n\n\`\`\`text\n${help.trimEnd()}\n\`\`\`\n`;
  });
  return `<!-- deno-fmt-ignore-file -->
<!-- Printed by spec/house/write-docs.ts from adapters/cli. Do not edit. -->

# Command line

Installed it is \`npx fetch-tokens-for-user COMMAND\`, from a checkout \`npm run cli -- COMMAND\`. Flags
win over environment variables, those over defaults. The exit code is 0 for success, 1 where the answer
is no, 2 where the command could not run.

${sections.join("\n")}`;
}
