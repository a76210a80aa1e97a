/**
 * `gc`: removes what can never live again. A running server does this on its own.
 * @module
 */
import process from "node:process";
import { openOffline, STORE_OPTIONS } from "./data.ts";
import { type Command, defineCommand, settingOptions } from "./options.ts";

const BATCH = 1000;

/** The command. */
export const gc: Command = defineCommand({
  name: "gc",
  summary: "Remove expired and revoked rows from a database, in batches, beside a running server.",
  details: "Give the lifetimes that the server runs with: shorter ones would end live tokens.",
  options: [
    ...STORE_OPTIONS,
    ...settingOptions([
      "refreshIdleSeconds",
      "refreshAbsoluteSeconds",
      "consentMaxLifetimeSeconds",
      "consentSkewSeconds",
    ]),
  ],
  async run(values) {
    const service = await openOffline(values);
    try {
      let removed = 0;
      for (let batch = BATCH; batch > 0; removed += batch) batch = await service.sweep(BATCH);
      process.stdout.write(`${JSON.stringify({ removed })}\n`);
      return 0;
    } finally {
      await service.close();
    }
  },
});
