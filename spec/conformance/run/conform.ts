/**
 * Runs cases against one implementation and collects the results.
 * @module
 */
import { stopwatch, systemNow } from "../base/ambient.ts";
import { cases as allCases } from "../cases/all.ts";
import { digestOf } from "./digest.ts";
import { describeNeed } from "../needs.ts";
import { openSession, type Session, type SessionOptions } from "../target/session.ts";
import { summaryOf } from "../report/summary.ts";
import { createStage, type Stage, unfreeze } from "../stage/stage.ts";
import type { Case } from "../case.ts";
import type { CaseResult, Depth, Outcome, Report } from "../results.ts";
import { Blocked, Failure, HarnessFault, Missing } from "../verdict.ts";
import { redact, withoutCredentials } from "../wire/redact.ts";
import { Unanswered } from "../wire/wire.ts";

/** What to run, and against what. */
export interface ConformOptions extends SessionOptions {
  /** Default: all cases. */
  readonly cases?: readonly Case[];
  /** Ids of cases that are known to fail. If one passes, that is a failure. */
  readonly expected?: readonly string[];
  /** Called before each case, and once at the end. */
  readonly onProgress?: (progress: Progress) => void;
}

/** The progress of a run. */
export interface Progress {
  readonly done: number;
  readonly total: number;
  /** The case that is about to run; `null` at the end. */
  readonly next: Case | null;
  readonly last: CaseResult | null;
}

/** After this many cases in a row without an answer, the rest is skipped. */
const GIVE_UP_AFTER = 3;

/**
 * Tests an implementation.
 * @throws {CannotRun} if there is nothing to test
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
 */
export async function conform(options: ConformOptions): Promise<Report> {
  const begun = stopwatch();
  const startedAt = new Date(systemNow()).toISOString();
  const selected = options.cases ?? allCases;
  const session = await openSession(options);
  const results: CaseResult[] = [];
  let silent = 0;
  try {
    for (const next of selected) {
      const last = results.at(-1) ?? null;
      options.onProgress?.({ done: results.length, total: selected.length, next, last });
      if (silent === GIVE_UP_AFTER) {
        results.push(skipped(next, "the implementation no longer responds"));
        continue;
      }
      const result = await checkCase(session, next);
      silent = result.reason?.startsWith(NO_ANSWER) ? silent + 1 : 0;
      results.push(judgeExpectation(result, options.expected ?? []));
    }
  } finally {
    await session.close().catch(() => {}); // the harness is never judged
  }
  const last = results.at(-1) ?? null;
  options.onProgress?.({ done: results.length, total: selected.length, next: null, last });
  const { endpoint, name, version } = session.target;
  return {
    suite: { name: "fetch-tokens-for-user", cases: selected.length, digest: digestOf(allCases) },
    target: { endpoint: withoutCredentials(endpoint), name, version },
    depth: depthOf(session),
    seed: session.seed,
    startedAt,
    seconds: Math.round((stopwatch() - begun) / 10) / 100,
    requests: session.line.requests,
    summary: summaryOf(results),
    cases: results,
  };
}

const NO_ANSWER = "no response: ";

const READ_TO_THE_END =
  "Answer with 413 and read the whole body: closing early resets the connection.";

/** Starts the reason if the harness failed, so that nothing could be judged. Never an expected failure. */
const HARNESS = "harness: ";
const FIX_HARNESS =
  "Fix the harness: docs/reference/harness-protocol.md specifies each command. The product was not judged.";

/** Runs one case. Whatever happens becomes a result; it never throws. */
export async function checkCase(session: Session, subject: Case): Promise<CaseResult> {
  const missing = subject.needs.find((need) => !session.target.has.has(need));
  if (missing !== undefined) return skipped(subject, `needs ${describeNeed(missing)}`);
  const stage = createStage(session, subject.id);
  const begun = stopwatch();
  let result: CaseResult;
  try {
    await subject.run(stage);
    await unfreeze(stage); // a stopped clock would affect other cases
    result = resultOf(subject, "passed");
  } catch (error) {
    result = judge(subject, stage, error);
  }
  await unfreeze(stage).catch(() => {});
  return { ...result, milliseconds: Math.round((stopwatch() - begun) * 10) / 10 };
}

function judge(subject: Case, stage: Stage, error: unknown): CaseResult {
  const { hide } = stage.wire.secrets;
  if (error instanceof Missing) return skipped(subject, `needs ${describeNeed(error.need)}`);
  if (error instanceof Blocked) {
    return { ...skipped(subject, `blocked: ${hide(error.message)}`), ...evidence(stage) };
  }
  if (error instanceof HarnessFault) {
    const reason = HARNESS + hide(error.message);
    return { ...resultOf(subject, "failed"), reason, remedy: FIX_HARNESS, ...evidence(stage) };
  }
  if (error instanceof Failure) {
    return {
      ...resultOf(subject, subject.level === "MUST" ? "failed" : "warned"),
      reason: hide(error.message),
      expected: hide(error.expected),
      found: hide(error.found),
      ...(error.story !== undefined && { story: error.story.map(hide) }),
      ...evidence(stage),
    };
  }
  // No response is a failure at any level. Anything else is a bug in the suite, and must not look like a pass.
  const text = error instanceof Error ? error.message : String(error);
  const reason = error instanceof Unanswered ? NO_ANSWER + text : `the suite failed: ${text}`;
  const remedy = error instanceof Unanswered && error.cutShort
    ? `${READ_TO_THE_END} ${subject.remedy}`
    : subject.remedy;
  return { ...resultOf(subject, "failed"), reason: hide(reason), remedy, ...evidence(stage) };
}

function resultOf(subject: Case, outcome: Outcome): CaseResult {
  const { id, group, level, requirements, attacks, title, does, expects, remedy } = subject;
  return {
    id,
    group,
    level,
    outcome,
    requirements,
    attacks,
    title,
    ...(does !== undefined && { does }),
    ...(expects !== undefined && { expects }),
    remedy,
    milliseconds: 0,
  };
}

function skipped(subject: Case, reason: string): CaseResult {
  return { ...resultOf(subject, "skipped"), reason };
}

/** Maximum exchanges of a case that a report shows. */
const SHOWN_EXCHANGES = 60;

function evidence(stage: Stage): Pick<CaseResult, "exchanges" | "legend"> {
  const { secrets, exchanges } = stage.wire;
  const shown = exchanges.slice(-SHOWN_EXCHANGES).map((exchange) => redact(exchange, secrets.hide));
  return { exchanges: shown, legend: secrets.legend(JSON.stringify(shown)) };
}

/** A listed case that fails is expected; a listed case that passes is a failure. */
function judgeExpectation(result: CaseResult, expected: readonly string[]): CaseResult {
  if (!expected.includes(result.id) || result.reason?.startsWith(HARNESS)) return result;
  if (result.outcome === "failed" || result.outcome === "warned") {
    return { ...result, outcome: "expected" };
  }
  if (result.outcome === "skipped") return result;
  const reason = "listed as an expected failure, but it passes: remove it from the list";
  return { ...result, outcome: "failed", reason };
}

function depthOf({ target, histories }: Session): Depth {
  if (target.harness === null) return "endpoint";
  const { has } = target;
  const oracle = histories > 0 && has.has("seed") && has.has("clock") && has.has("sign");
  return oracle ? "oracle" : "harness";
}
