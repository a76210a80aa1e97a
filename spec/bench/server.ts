/**
 * A measured server: one or more processes that say on their first line where they listen.
 * @module
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import process from "node:process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { cpuMicroseconds, onCores } from "./cpu.ts";

/** What is started. */
export interface Program {
  /** The command with its arguments. */
  readonly command: readonly string[];
  readonly cwd?: string;
  /** As for taskset. Default: the first core. */
  readonly cores?: string;
}

/** Processes that serve together. */
export interface Server {
  /** Each process listens on one. */
  readonly ports: readonly number[];
  readonly pids: readonly number[];
  /** What the first process said once it listened. */
  readonly record: Readonly<Record<string, unknown>>;
  /** CPU time of all of them, in microseconds. */
  cpu(): number;
  /** Kills them, so that what was not durable is lost. */
  kill(): Promise<void>;
  /** Lets them finish. */
  stop(): Promise<void>;
}

const alive = new Set<ChildProcess>();

// The servers go with the benchmark.
process.once("exit", () => alive.forEach((child) => child.kill("SIGKILL")));

/** Starts a process and waits until it listens. */
export async function start(program: Program): Promise<Server> {
  const { command, cwd, cores = "0" } = program;
  const [name = "", ...args] = onCores(cores, command);
  // The log is written, but not kept: a pipe would cost the reader's time, a file the disk's.
  const nowhere = openSync("/dev/null", "w");
  const child = spawn(name, args, {
    ...(cwd !== undefined && { cwd }),
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], NODE_ENV: "production" },
    stdio: ["ignore", "pipe", nowhere],
  });
  closeSync(nowhere);
  const exited = once(child, "exit");
  const first = await Promise.race([
    once(createInterface({ input: child.stdout as Readable }), "line").then(String),
    exited.then(() => null, () => null),
  ]);
  if (first === null) {
    const again = spawnSync(name, args, { encoding: "utf8", timeout: 5000 });
    throw new Error(`${command.join(" ")} ended before it listened:\n${again.stderr.slice(-2000)}`);
  }
  return running(child, exited, JSON.parse(first));
}

function running(
  child: ChildProcess,
  exited: Promise<unknown>,
  record: { readonly port?: number; readonly endpoint?: string },
): Server {
  const pid = child.pid ?? 0;
  alive.add(child);
  const end = async (signal: NodeJS.Signals) => {
    alive.delete(child);
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await exited;
  };
  return {
    ports: [record.port ?? Number(new URL(record.endpoint ?? "").port)],
    pids: [pid],
    record: { ...record },
    cpu: () => cpuMicroseconds(pid),
    kill: () => end("SIGKILL"),
    stop: () => end("SIGTERM"),
  };
}

/** Several servers as one. */
export function together(servers: readonly Server[]): Server {
  return {
    ports: servers.flatMap(({ ports }) => ports),
    pids: servers.flatMap(({ pids }) => pids),
    record: servers[0]?.record ?? {},
    cpu: () => servers.reduce((sum, server) => sum + server.cpu(), 0),
    async kill() {
      await Promise.all(servers.map((server) => server.kill()));
    },
    async stop() {
      await Promise.all(servers.map((server) => server.stop()));
    },
  };
}
