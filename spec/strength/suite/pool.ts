/**
 * A few processes that share the work.
 * @module
 */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Row } from "./row.ts";

/** What a worker is asked for. */
export interface Task {
  /** The server. */
  readonly id: string;
  /** Only the cases that must catch the fault. */
  readonly named: boolean;
}

const WORKER = fileURLToPath(new URL("./worker.ts", import.meta.url));
/** The longest time for one server. */
const LIMIT_MILLISECONDS = 600_000;

/** Makes the rows of these servers, and reports each as soon as it is ready. */
export async function makeRows(
  ids: readonly string[],
  { workers, named }: { readonly workers: number; readonly named: boolean },
  onRow: (row: Row) => void,
): Promise<readonly Row[]> {
  const waiting = [...ids];
  const rows: Row[] = [];
  const work = async () => {
    let child = fork(WORKER);
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
      const row = await ask(child, { id, named });
      if (row.summary === null && row.seconds < 0) child = fork(WORKER);
      rows.push(row);
      onRow(row);
    }
    child.disconnect();
  };
  await Promise.all(Array.from({ length: Math.min(workers, ids.length) }, work));
  return ids.flatMap((id) => rows.filter((row) => row.id === id));
}

/** Negative seconds: the process has ended. */
function ask(child: ChildProcess, task: Task): Promise<Row> {
  return new Promise((resolve) => {
    const end = (row: Row) => {
      clearTimeout(timer);
      child.off("message", end).off("exit", exited);
      resolve(row);
    };
    const gone = (problem: string) =>
      end({ id: task.id, seconds: -1, summary: null, failed: [], problem });
    const exited = (code: number | null) => gone(`the process ended with code ${code}`);
    const timer = setTimeout(() => {
      child.off("exit", exited);
      child.kill("SIGKILL");
      gone(`not finished within ${LIMIT_MILLISECONDS / 1000} s`);
    }, LIMIT_MILLISECONDS);
    child.on("message", end).on("exit", exited);
    child.send(task);
  });
}
