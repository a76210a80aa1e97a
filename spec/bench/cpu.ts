/**
 * CPU time of processes, and the core that each runs on.
 * @module
 */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { cpus } from "node:os";
import process from "node:process";

/** Microseconds of CPU time, user and system, that a process has used with all its threads. */
export function cpuMicroseconds(pid: number): number {
  return process.platform === "linux" ? fromProc(pid) : fromPs(pid);
}

/** To the nanosecond. What a thread used is gone with it, but the servers keep theirs. */
function fromProc(pid: number): number {
  const tasks = `/proc/${pid}/task`;
  return readdirSync(tasks).reduce((sum, task) => sum + nanosecondsOf(`${tasks}/${task}`), 0) / 1e3;
}

function nanosecondsOf(task: string): number {
  return Number(readFileSync(`${task}/schedstat`, "utf8").split(" ", 1)[0]);
}

function fromPs(pid: number): number {
  const time = execFileSync("ps", ["-o", "time=", "-p", String(pid)], { encoding: "utf8" }).trim();
  return time.split(/[:-]/).map(Number).reduce((sum, part) => sum * 60 + part, 0) * 1e6;
}

/** Whether processes can be pinned to cores here. */
export const CAN_PIN: boolean = process.platform === "linux" && cpus().length > 1 &&
  isThere("taskset");

/** The cores of servers; the load has the last core to itself. */
export const LOAD_CORE: number = cpus().length - 1;

/** Puts this process with all its threads on the core of the load. */
export function pinLoad(): void {
  if (!CAN_PIN) return;
  execFileSync("taskset", ["-a", "-c", "-p", String(LOAD_CORE), String(process.pid)]);
}

/** A command line that runs another one on some cores, such as `0` or `0,1`. */
export function onCores(cores: string, command: readonly string[]): readonly string[] {
  return CAN_PIN ? ["taskset", "-c", cores, ...command] : command;
}

function isThere(command: string): boolean {
  try {
    execFileSync(command, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
