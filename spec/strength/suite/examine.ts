/**
 * Runs the suite against a planted server, and says which cases told that something is wrong.
 * @module
 */
import {
  type Case,
  type CaseResult,
  conform,
  readSubjects,
  type Report,
} from "../../conformance/mod.ts";
import type { Planted } from "./fault.ts";
import { withPlanted } from "./plant.ts";

/** Keys of these take long to make; they are left out where no case needs them. */
const SLOW: readonly string[] = ["RS256", "EdDSA"];

/** Runs these cases. */
export function examine(
  planted: Planted,
  cases: readonly Case[],
  histories = 3,
): Promise<Report> {
  const slow = cases.some(({ needs }) => needs.some((need) => SLOW.includes(need)));
  const subjects = readSubjects(slow ? {} : { algorithms: ["ES256"] });
  return withPlanted(
    planted,
    ({ endpoint, harness }) => conform({ endpoint, harness, subjects, cases, histories }),
  );
}

/** Whether the case found the implementation wrong; a fault of the suite itself or of the harness does not count. */
export function isCaught({ outcome, reason }: CaseResult): boolean {
  const found = outcome === "failed" || outcome === "warned";
  return found && !/^(?:the suite failed|harness): /.test(reason ?? "");
}
