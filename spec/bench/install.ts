/**
 * Peers and runtimes, installed by the benchmark on its first run.
 * @module
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { HERE } from "./runtimes.ts";

const MARK = `${HERE}node_modules/.installed`;

/** Installs what the lock file names, unless that was done. */
export function installPeers(): void {
  const lock = readFileSync(`${HERE}package-lock.json`, "utf8");
  if (existsSync(MARK) && readFileSync(MARK, "utf8") === lock) return;
  console.error("Installing what to measure against (once, about 300 MB) …");
  const options = ["ci", "--no-audit", "--no-fund", "--prefix", HERE];
  const { status } = spawnSync("npm", options, { stdio: ["ignore", 2, 2], cwd: HERE });
  if (status !== 0) process.exit(status ?? 1);
  writeFileSync(MARK, lock);
}

/** Whether the peers are there. */
export function hasPeers(): boolean {
  return existsSync(MARK);
}
