/**
 * The stores that a crash test can be run on.
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import { startPostgres } from "../tests/support/postgres-server.ts";
import type { Program } from "./server.ts";

/** A store under test. */
export interface CrashStore {
  /** The reference server on the data in a folder. */
  readonly program: (folder: string) => Program;
  /** Kills something of a database server of its own; resolves to what waits until it serves again. */
  readonly strike?: (dice: number) => Promise<() => Promise<void>>;
  /** Removes what the store needed. */
  close(): Promise<void>;
}

/** Opens a store by name. */
export const STORES: Readonly<Record<string, () => Promise<CrashStore>>> = {
  sqlite: () =>
    Promise.resolve({
      program: serveSqlite,
      close: () => Promise.resolve(),
    }),
  postgres: openPostgres,
};

/** The reference server with its SQLite file in a folder. */
export function serveSqlite(folder: string): Program {
  return serve(["--data", folder]);
}

/** PostgreSQL as it is installed, but for its memory. Each folder has a schema of its own. */
async function openPostgres(): Promise<CrashStore> {
  const server = await startPostgres(["shared_buffers=32MB"]);
  const schemas = new Map<string, string>();
  return {
    program(folder) {
      const schema = schemas.get(folder) ?? `crash_${schemas.size}`;
      schemas.set(folder, schema);
      return serve(["--data", folder, "--db", `${server.url}?schema=${schema}`]);
    },
    async strike(dice) {
      if (dice % 2 === 0) {
        await server.kill();
        return server.start;
      }
      // The postmaster notices that a process of its own was killed, ends the others and recovers.
      const children = childrenOf(await server.pid());
      const victim = children[dice % children.length];
      if (victim !== undefined) process.kill(victim, "SIGKILL");
      return server.ready;
    },
    close: server.remove,
  };
}

/** The processes that another one started: back ends, and those that write in the background. */
function childrenOf(pid: number): readonly number[] {
  return readdirSync("/proc").flatMap((name) => parentOf(name) === pid ? [Number(name)] : []);
}

function parentOf(name: string): number | null {
  try {
    const [, parent] = /\) \w (\d+) /.exec(readFileSync(`/proc/${name}/stat`, "utf8")) ?? [];
    return Number(parent);
  } catch {
    return null; // not a process, or gone
  }
}

function serve(args: readonly string[]): Program {
  const common = ["serve", "--dev", "--json", "--port", "0", "--rate-limit", "0"];
  // A consent token is retried after restarts, for as long as it is valid.
  const rules = ["--consent-retry-seconds", "3600", "--access-token-seconds", "86400"];
  return { module: "adapters/cli/main.ts", args: [...common, ...rules, ...args] };
}
