/**
 * `migrate`: brings a database to the schema of this version, before servers do it by themselves.
 * @module
 */
import { databaseOf, openStore, planUpgrade, STORE_OPTIONS } from "./data.ts";
import { type Command, defineCommand } from "./options.ts";
import { print } from "./output.ts";

/** The command. */
export const migrate: Command = defineCommand({
  name: "migrate",
  summary:
    "Upgrade the tables of a database to this version; servers of the version before may run.",
  details: "serve does the same when it starts.",
  options: [
    ...STORE_OPTIONS,
    { name: "dry-run", text: "Only say what would be done." },
  ],
  async run(values) {
    const { from, to } = await planUpgrade(values);
    const isDry = values["dry-run"] === true;
    if (!isDry) await (await openStore(values)).close();
    const record = { database: databaseOf(values), from, to, applied: isDry ? 0 : to - from };
    await print(`${JSON.stringify(record)}\n`);
    return 0;
  },
});
