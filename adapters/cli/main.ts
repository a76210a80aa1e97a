#!/usr/bin/env node
/**
 * The command line: `serve`, `mint`, `conform`, and what an operator needs.
 * @module
 */
import process from "node:process";
import { VERSION } from "../version.ts";
import { COMMANDS } from "./commands.ts";
import { checkEnvironment } from "./environment.ts";
import { table, UsageError } from "./options.ts";
import { print } from "./output.ts";

const HELP = `A reference implementation of the mutation fetchTokensForUser.

Usage: fetch-tokens-for-user COMMAND [options]

Commands:
${table(COMMANDS.map(({ name, summary }) => [name, summary] as const))}
Run fetch-tokens-for-user COMMAND --help for its options. Not affiliated with the vendor of the API.
`;

/** Runs one command line; resolves to the exit code. */
export async function main([name, ...rest]: readonly string[]): Promise<number> {
  try {
    return await run(name, rest);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const hint = error instanceof UsageError
      ? `\nRun fetch-tokens-for-user ${name} --help for its options.`
      : "";
    process.stderr.write(`${name}: ${text}${hint}\n`);
    return 2;
  }
}

async function run(name: string | undefined, rest: readonly string[]): Promise<number> {
  if (name === undefined || name === "help" || name === "--help" || name === "-h") {
    await print(HELP);
    return name === undefined ? 2 : 0;
  }
  if (name === "--version") {
    await print(`${VERSION}\n`);
    return 0;
  }
  const command = COMMANDS.find((known) => known.name === name);
  if (command === undefined) {
    process.stderr.write(`Unknown command: ${JSON.stringify(name)}.\n\n${HELP}`);
    return 2;
  }
  if (rest.includes("--help") || rest.includes("-h")) {
    await print(await command.help());
    return 0;
  }
  checkEnvironment(process.env, COMMANDS.flatMap(({ environment }) => environment));
  return await command.run(rest, process.env);
}

// Without a handler, an error of one of these streams ends the process.
process.stdout.on("error", () => {});
process.stderr.on("error", () => {});
process.exitCode = await main(process.argv.slice(2));
