/**
 * Every command of the command line.
 * @module
 */
import { backup, markRestoredCommand, restore } from "./backup.ts";
import { gc } from "./gc.ts";
import { init } from "./init.ts";
import { inspect } from "./inspect.ts";
import { keys } from "./keys.ts";
import { manage } from "./manage.ts";
import { migrate } from "./migrate.ts";
import { mint } from "./mint.ts";
import type { Command } from "./options.ts";
import { call, redeem, refresh } from "./partner.ts";
import { serve } from "./serve.ts";

/** The conformance suite, loaded only on demand. */
const suite = () => import("../../spec/conformance/command.ts");

const conform: Command = {
  name: "conform",
  summary: "Check another implementation over the wire.",
  environment: ["FTFU_HARNESS_SECRET"],
  help: async () => (await suite()).CONFORM_HELP,
  run: async (argv) => (await suite()).runConform(argv),
};

/** In the order of the help text. */
export const COMMANDS: readonly Command[] = [
  serve,
  mint,
  redeem,
  refresh,
  call,
  inspect,
  conform,
  init,
  manage,
  keys,
  gc,
  migrate,
  backup,
  restore,
  markRestoredCommand,
];
