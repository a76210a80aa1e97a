/**
 * The server as a process of its own, which can be killed at any moment.
 * @module
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/** What is started: a module, relative to the top of the repository, with its arguments. */
export interface Program {
  readonly module: string;
  readonly args: readonly string[];
  /** Variables of its environment besides the search path. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A server that takes requests. */
export interface Running {
  readonly endpoint: string;
  readonly harness: string;
  /** Resolves once the process is gone. */
  kill(): Promise<void>;
  /** Asks it to stop; resolves to its exit code. */
  stop(): Promise<number | null>;
}

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

function runtimeFor(module: string): readonly string[] {
  if ("Deno" in globalThis) return ["run", "-A", "--no-check"];
  return module.endsWith(".ts") ? ["--import", "tsx"] : [];
}

/**
 * Starts a server and waits until it listens.
 * @param folder where its log goes
 * @param killAfter kills it so many milliseconds later, unless it listens by then
 * @returns `null` where it was killed first
 * @throws {Error} with the end of its log where it ended by itself
 */
export async function start(
  program: Program,
  folder: string,
  killAfter: number = Infinity,
): Promise<Running | null> {
  const path = join(folder, "server.log");
  const log = openSync(path, "w");
  const args = [...runtimeFor(program.module), program.module, ...program.args];
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { PATH: process.env["PATH"], ...program.env },
    stdio: ["ignore", "pipe", log],
  });
  closeSync(log);
  const kill = () => void child.kill("SIGKILL");
  process.once("exit", kill);
  const exited = once(child, "exit").then(() => void process.off("exit", kill));
  const timer = new AbortController();
  let killed = false;
  if (killAfter < Infinity) {
    setTimeout(killAfter, null, { signal: timer.signal }).then(() => {
      killed = true;
      kill();
    }, () => {});
  }
  const lines = createInterface({ input: child.stdout as Readable });
  const first = await Promise.race([
    once(lines, "line").then(([line]) => String(line)),
    exited.then(() => null),
  ]);
  timer.abort();
  if (killed) return exited.then(() => null);
  if (first === null) {
    throw new Error(`The server ended: ${readFileSync(path, "utf8").slice(-2000)}`);
  }
  const { endpoint, harness } = JSON.parse(first);
  return {
    endpoint,
    harness,
    async kill() {
      kill();
      await exited;
    },
    async stop() {
      // By its id: after child.kill Deno reports the signal, however the process ended.
      process.kill(child.pid ?? 0, "SIGTERM");
      await exited;
      return child.exitCode;
    },
  };
}
