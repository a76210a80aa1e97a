/**
 * `gc`: removes what can never live again. A running server does this on its own.
 * @module
 */
import process from "node:process";
import { believe, hasJumped, lastBelieved } from "../belief.ts";
import { systemClock } from "../entropy.ts";
import { createOffline, openStore, STORE_OPTIONS } from "./data.ts";
import { type Command, defineCommand, settingOptions } from "./options.ts";
import { print } from "./output.ts";

const BATCH = 1000;

/** The command. */
export const gc: Command = defineCommand({
  name: "gc",
  summary: "Remove expired and revoked rows from a database, in batches, beside a running server.",
  details: "Give the lifetimes that the server runs with: shorter ones would end live tokens.",
  options: [
    ...STORE_OPTIONS,
    {
      name: "trust-clock",
      text: "Believe this machine's clock even if it is an hour or more ahead of the last sweep.",
    },
    ...settingOptions([
      "refreshIdleSeconds",
      "refreshAbsoluteSeconds",
      "consentMaxLifetimeSeconds",
      "consentSkewSeconds",
    ]),
  ],
  async run(values) {
    const store = await openStore(values);
    const service = createOffline(store, values);
    try {
      const now = Math.floor(systemClock.now() / 1000);
      const believed = await lastBelieved(store);
      if (values["trust-clock"] === true) await believe(store, now);
      else if (believed !== null && hasJumped(now, believed)) warn(now - believed);
      let removed = 0;
      for (let batch = BATCH; batch > 0; removed += batch) batch = await service.sweep(BATCH);
      await print(`${JSON.stringify({ removed })}\n`);
      return 0;
    } finally {
      await service.close();
    }
  },
});

function warn(seconds: number): void {
  process.stderr.write(
    `gc: the last sweep was ${
      Math.floor(seconds / 3600)
    } hours ago by this machine's clock, so rows ` +
      "that expired since are kept. If the clock is right, add --trust-clock\n",
  );
}
