/**
 * The command line as a process of its own, on the runtime of the test.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const RUNTIME = "deno" in process.versions ? ["run", "-A", "--no-check"] : ["--import", "tsx"];
const PATIENCE_MILLISECONDS = 60_000;

/** A process that ended. */
export interface Ended {
  /** `null` where it was killed, which happens to one that does not end in time. */
  readonly code: number | null;
  readonly out: string;
  readonly log: string;
}

/** A process that runs. */
export interface Program {
  readonly child: ChildProcess;
  /** What it has written to standard output so far. */
  out(): string;
  /** What it has written to standard error so far; nothing where that is elsewhere. */
  log(): string;
  /** Asks it to stop. */
  stop(): void;
  readonly ended: Promise<Ended>;
}

/** Where a program differs from one that is started in a shell without settings. */
export interface ProgramOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** A file descriptor for standard output. Default: it is collected. */
  readonly stdout?: number;
  /** What is on standard input. Default: nothing. */
  readonly input?: string;
  /** A file descriptor for standard error. Default: it is collected. */
  readonly stderr?: number;
}

/** Starts a command. */
export function startCli(args: readonly string[], options: ProgramOptions = {}): Program {
  const { npm_lifecycle_event: _, ...env } = process.env;
  const child = spawn(process.execPath, [...RUNTIME, "adapters/cli/main.ts", ...args], {
    cwd: ROOT,
    env: { ...env, FTFU_DRAIN_SECONDS: "0", ...options.env },
    stdio: [
      options.input === undefined ? "ignore" : "pipe",
      options.stdout ?? "pipe",
      options.stderr ?? "pipe",
    ],
  });
  child.stdin?.on("error", () => {}).end(options.input); // it may not read
  const timer = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MILLISECONDS);
  let [out, log] = ["", ""];
  child.stdout?.setEncoding("utf8").on("data", (text: string) => out += text);
  child.stderr?.setEncoding("utf8").on("data", (text: string) => log += text);
  return {
    child,
    out: () => out,
    log: () => log,
    // By its id: after child.kill Deno reports the signal, however the process ended.
    stop: () => void process.kill(child.pid ?? 0, "SIGTERM"),
    ended: new Promise((resolve) => {
      child.on("close", (code) => {
        clearTimeout(timer);
        resolve({ code, out, log });
      });
    }),
  };
}

/** Runs a command to its end. */
export function cli(args: readonly string[], options: ProgramOptions = {}): Promise<Ended> {
  return startCli(args, options).ended;
}

/**
 * Starts `serve --json` on a free port, calls `work` once it listens, and stops it.
 * @throws {Error} with what it said, where it does not start
 */
export async function withServer(
  args: readonly string[],
  work: (server: Program & { readonly url: string }) => Promise<void>,
  options: ProgramOptions = {},
): Promise<Ended> {
  const program = startCli(["serve", "--json", "--port", "0", ...args], options);
  try {
    await until(() => program.out().includes("\n") || program.child.exitCode !== null);
    if (program.child.exitCode !== null) throw new Error(`It ended: ${(await program.ended).log}`);
    await work({ ...program, url: new URL(JSON.parse(program.out()).endpoint).origin });
  } finally {
    if (program.child.exitCode === null) program.stop();
  }
  return await program.ended;
}

/** Waits until something is true; gives up after a while, for the assertion that follows to fail. */
export async function until(
  isTrue: () => boolean | Promise<boolean>,
  milliseconds = 20_000,
): Promise<void> {
  const end = performance.now() + milliseconds;
  while (!await isTrue() && performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
