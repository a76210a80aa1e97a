/**
 * A conformance suite for any implementation of `fetchTokensForUser`, over the wire. It needs nothing
 * but `fetch`: call {@link conform} for a report, or iterate {@link cases} in a test runner of your own
 * with {@link openSession} and {@link checkCase}.
 *
 * @example
 * ```ts ignore
 * import { cases, checkCase, openSession } from "fetch-tokens-for-user/conformance";
 * import { test } from "node:test";
 *
 * const session = await openSession({ endpoint: "http://127.0.0.1:3000/", harness: "http://127.0.0.1:3000/harness" });
 * for (const subject of cases) {
 *   test(subject.id, async () => {
 *     const { outcome, reason } = await checkCase(session, subject);
 *     if (outcome === "failed") throw new Error(reason);
 *   });
 * }
 * ```
 * @module
 */
export { cases } from "./cases/all.ts";
export { checkCase, conform, type ConformOptions, type Progress } from "./run/conform.ts";
export { summaryOf } from "./report/summary.ts";
export { CannotRun, openSession, type Session, type SessionOptions } from "./target/session.ts";
export {
  type FlawName,
  readSubjects,
  type SubjectClient,
  type Subjects,
  type SubjectTokens,
} from "./target/subjects.ts";
export type { DescribedIssuer, Endpoints } from "./target/description.ts";
export type { Level } from "../requirements/model.ts";
export type { Case } from "./case.ts";
export type { Need } from "./needs.ts";
export type {
  CaseResult,
  Depth,
  Exchange,
  Group,
  Legend,
  Outcome,
  Report,
  Summary,
} from "./results.ts";
export { describeNeed, type NeedName, NEEDS } from "./needs.ts";
export { formats, type ReportFormat, writeReport } from "./report/formats.ts";
export type { TextOptions } from "./report/text.ts";
