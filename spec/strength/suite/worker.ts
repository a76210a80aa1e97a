/**
 * A process of its own that makes rows of the matrix, one after the other, as it is told: a server that
 * takes its process down takes nothing else with it.
 * @module
 */
import process from "node:process";
import { makeRow, PLANTED, type Row } from "./row.ts";

process.on("message", async (id: string) => process.send?.(await rowOf(id)));

async function rowOf(id: string): Promise<Row> {
  const planted = PLANTED.find((other) => other.id === id);
  const nothing = { id, seconds: 0, summary: null, told: [] };
  if (planted === undefined) return { ...nothing, problem: "there is no such server" };
  try {
    return await makeRow(planted);
  } catch (error) {
    return { ...nothing, problem: error instanceof Error ? error.message : String(error) };
  }
}
