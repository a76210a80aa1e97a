/**
 * The quick form of the matrix, for every run of the tests: each fault against the cases that are named
 * for it.
 * @module
 */
import { cases } from "../../conformance/mod.ts";
import { examine, isCaught } from "./examine.ts";
import type { Fault } from "./fault.ts";

/** What is wrong with a fault: a named case that there is not, or that did not catch it. */
export async function missed(fault: Fault): Promise<readonly string[]> {
  const { caughtBy, histories } = fault;
  const named = cases.filter(({ id }) => caughtBy.includes(id));
  const unknown = caughtBy.filter((id) => !named.some((found) => found.id === id));
  const { cases: results } = await examine(fault, named, histories);
  const passed = results.filter((result) => !isCaught(result));
  return [
    ...unknown.map((id) => `there is no case ${id}`),
    ...passed.map(({ id, outcome, reason }) => `${id} ${outcome}${reason ? `: ${reason}` : ""}`),
  ];
}
