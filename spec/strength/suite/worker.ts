/**
 * A separate process that makes rows on request, one after the other: a server that crashes its process
 * crashes nothing else.
 * @module
 */
import process from "node:process";
import type { Task } from "./pool.ts";
import { makeRow, PLANTED, type Row } from "./row.ts";

process.on("message", async ({ id, named }: Task) => process.send?.(await rowOf(id, named)));

async function rowOf(id: string, named: boolean): Promise<Row> {
  const planted = PLANTED.find((other) => other.id === id);
  const nothing = { id, seconds: 0, summary: null, failed: [] };
  if (planted === undefined) return { ...nothing, problem: "unknown server" };
  try {
    return await makeRow(planted, named);
  } catch (error) {
    return { ...nothing, problem: error instanceof Error ? error.message : String(error) };
  }
}
