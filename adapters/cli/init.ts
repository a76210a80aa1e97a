/**
 * `init`: creates the database and the keys of a server, so that clients can be registered before it
 * runs.
 * @module
 */
import process from "node:process";
import { systemClock } from "../entropy.ts";
import { DATA_OPTIONS, databaseOf, openOrCreateStore } from "./data.ts";
import { createKeyCustody } from "./key-custody.ts";
import { type Command, defineCommand } from "./options.ts";
import { print } from "./output.ts";

/** The command. */
export const init: Command = defineCommand({
  name: "init",
  summary: "Create the database and the keys of a server; changes nothing where they exist.",
  details: "serve does the same when it starts. manage, keys and gc create nothing.",
  options: DATA_OPTIONS,
  async run(values) {
    const store = await openOrCreateStore(values);
    try {
      const warn = (message: string) => void process.stderr.write(`init: ${message}\n`);
      const now = () => Math.floor(systemClock.now() / 1000);
      const custody = createKeyCustody({ store, values, warn, now });
      await custody.load();
      const record = { database: databaseOf(values), keys: custody.files };
      await print(`${JSON.stringify(record)}\n`);
      return 0;
    } finally {
      await store.close();
    }
  },
});
