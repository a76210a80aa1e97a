/**
 * `gc`: removes what can never live again. A running server does so by itself.
 * @module
 */
import process from "node:process";
import type { Command } from "./options.ts";
import { openRuntime, RUNTIME_OPTIONS } from "./runtime.ts";

const BATCH = 1000;

/** The command. */
export const gc: Command = {
  name: "gc",
  summary: "Remove expired and revoked rows from a database, in batches, beside a running server.",
  options: RUNTIME_OPTIONS,
  async run(values) {
    const runtime = await openRuntime(values);
    try {
      const service = runtime.keyless();
      let removed = 0;
      for (let batch = BATCH; batch > 0; removed += batch) batch = await service.sweep(BATCH);
      process.stdout.write(`${JSON.stringify({ removed })}\n`);
      return 0;
    } finally {
      await runtime.store.close();
    }
  },
};
