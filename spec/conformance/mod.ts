/**
 * A conformance suite for any implementation of `fetchTokensForUser`, over the wire. It needs nothing
 * but `fetch`: call {@link conform} for a report, or iterate {@link cases} in a test runner of your own
 * with {@link openSession} and {@link checkCase}.
 *
 * @example
 * ```ts
 * import { createMemoryStore, createService } from "fetch-tokens-for-user";
 * import { cases, conform } from "fetch-tokens-for-user/conformance";
 * import { createHttpHandler, startServer } from "fetch-tokens-for-user/http";
 * import { createOpaqueTokens, generateTokenKeys } from "fetch-tokens-for-user/tokens";
 *
 * const audience = "https://shop.example";
 * const tokens = createOpaqueTokens({ serverId: audience, keys: generateTokenKeys() });
 * const service = createService({ store: createMemoryStore(), tokens }, { audience });
 * const handler = createHttpHandler(service, { publicUrl: audience });
 * const server = await startServer({ handler, port: 0, host: "127.0.0.1" });
 *
 * const report = await conform({
 *   endpoint: `http://127.0.0.1:${server.port}/api/partners/graphql.json`,
 *   cases: cases.filter(({ group }) => group === "contract"), // default: all
 * });
 * console.assert(report.summary.failed === 0);
 * await server.stop();
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
export type { Deviation, Deviations } from "./stage/declared.ts";
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
