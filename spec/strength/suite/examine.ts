/**
 * Runs the suite against a planted server, and says which cases failed it.
 * @module
 */
import {
  type Case,
  type CaseResult,
  cases,
  conform,
  readSubjects,
  type Report,
} from "../../conformance/mod.ts";
import type { startReference } from "../../tests/support/reference.ts";
import { withPlanted } from "../plant.ts";
import type { Fault, Planted } from "./fault.ts";

/** Keys for these algorithms take long to generate; they are left out if no case needs them. */
const SLOW: readonly string[] = ["RS256", "EdDSA"];

/** Runs these cases. */
export function examine(
  planted: Planted,
  chosen: readonly Case[],
  histories = 3,
): Promise<Report> {
  const slow = chosen.some(({ needs }) => needs.some((need) => SLOW.includes(need)));
  const subjects = readSubjects(slow ? {} : { algorithms: ["ES256"] });
  type Module = { readonly startReference: typeof startReference };
  return withPlanted(planted, "spec/tests/support/reference.ts", async (module: Module) => {
    const server = await module.startReference(planted.options?.());
    try {
      const { endpoint, harness } = server;
      return await conform({ endpoint, harness, subjects, cases: chosen, histories });
    } finally {
      await server.stop();
    }
  });
}

/** Whether the case found the implementation wrong. A failure of the suite or the harness does not count. */
export function isCaught({ outcome, reason }: CaseResult): boolean {
  const found = outcome === "failed" || outcome === "warned";
  return found && !/^(?:the suite failed|harness): /.test(reason ?? "");
}

/** Runs only the cases that must catch a fault; returns what is wrong, nothing if all of them do. */
export async function examineQuickly(fault: Fault): Promise<readonly string[]> {
  const { caughtBy, histories } = fault;
  const named = cases.filter(({ id }) => caughtBy.includes(id));
  const unknown = caughtBy.filter((id) => !named.some((found) => found.id === id));
  const { cases: results } = await examine(fault, named, histories);
  const passed = results.filter((result) => !isCaught(result));
  return [
    ...unknown.map((id) => `unknown case ${id}`),
    ...passed.map(({ id, outcome, reason }) => `${id} ${outcome}${reason ? `: ${reason}` : ""}`),
  ];
}
