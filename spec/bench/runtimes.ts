/**
 * What servers run on. The project's own packages bring Deno; the benchmark installs the others.
 * @module
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import process from "node:process";

/** The folder of the benchmark, with a slash at the end. */
export const HERE: string = fileURLToPath(new URL("./", import.meta.url));

/** The top of this checkout. */
export const ROOT: string = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

/** A runtime by name. */
export interface Runtime {
  /** Such as `Node 24`. */
  readonly name: string;
  /** As it reports it. */
  readonly version: string;
  /** What stands before the program's own path and arguments. */
  readonly command: readonly string[];
  /** It runs TypeScript as it is. */
  readonly source: boolean;
}

/** The runtimes by the names of the options. `null` where it is not installed. */
export const RUNTIMES: Readonly<Record<string, () => Runtime | null>> = {
  node: () => node(`${HERE}node_modules/node/bin/node`) ?? node(process.execPath),
  node20: () => process.versions.node.startsWith("20.") ? node(process.execPath) : null,
  deno: () => denoIn(`${ROOT}/node_modules/deno/deno`),
  bun: () => bunIn(`${HERE}node_modules/bun/bin/bun.exe`),
};

function node(path: string): Runtime | null {
  if (!existsSync(path)) return null;
  const version = run(path, ["--version"]);
  return {
    name: `Node ${/\d+/.exec(version)?.[0]}`,
    version,
    command: [path],
    source: false,
  };
}

function denoIn(path: string): Runtime | null {
  if (!existsSync(path)) return null;
  const version = run(path, ["--version"]).split("\n", 1)[0] ?? "";
  return { name: "Deno", version, command: [path, "run", "-A", "--no-check"], source: true };
}

function bunIn(path: string): Runtime | null {
  if (!existsSync(path)) return null;
  return { name: "Bun", version: run(path, ["--version"]), command: [path], source: false };
}

function run(path: string, args: readonly string[]): string {
  return execFileSync(path, args, { encoding: "utf8" }).trim();
}
