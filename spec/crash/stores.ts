/**
 * The stores that a crash test can be run on.
 * @module
 */
import type { Program } from "./server.ts";

/** The reference server by store, on the data in a folder. */
export const STORES: Readonly<Record<string, (folder: string) => Program>> = {
  sqlite: (folder) => serve(["--data", folder]),
};

function serve(args: readonly string[]): Program {
  const common = ["serve", "--dev", "--json", "--port", "0", "--rate-limit", "0"];
  // A consent token is retried after restarts, for as long as it is valid.
  const rules = ["--consent-retry-seconds", "3600", "--access-token-seconds", "86400"];
  return { module: "adapters/cli/main.ts", args: [...common, ...rules, ...args] };
}
