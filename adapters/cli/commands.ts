/**
 * Every command of the command line.
 * @module
 */
import { gc } from "./gc.ts";
import { keys } from "./keys.ts";
import { manage } from "./manage.ts";
import { mint } from "./mint.ts";
import type { Command, ForeignCommand } from "./options.ts";
import { serve } from "./serve.ts";

/** The conformance suite is loaded only when it is asked for. */
const conform: ForeignCommand = {
  name: "conform",
  summary: "Check another implementation, over the wire; conform --help tells how.",
  async runRaw(argv) {
    const { runConform } = await import("../../spec/conformance/command.ts");
    return await runConform(argv);
  },
};

/** In the order of the help text. */
export const COMMANDS: readonly (Command | ForeignCommand)[] = [
  serve,
  mint,
  conform,
  manage,
  keys,
  gc,
];
