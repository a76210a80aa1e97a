/**
 * Runs cases against one implementation and collects the results.
 * @module
 */
import { stopwatch, systemNow } from "../base/ambient.ts";
import { cases as allCases } from "../cases/all.ts";
import { sdlOf } from "../target/sdl.ts";
import { withCauses } from "./causes.ts";
import { digestOf } from "./digest.ts";
import { describeNeed } from "../needs.ts";
import { CannotRun, openSession, type Session, type SessionOptions } from "../target/session.ts";
import { summaryOf } from "../report/summary.ts";
import { createStage, type Stage, unfreeze } from "../stage/stage.ts";
import type { Case } from "../case.ts";
import type { CaseResult, Depth, Outcome, Report } from "../results.ts";
import { Blocked, Failure, HarnessFault, Missing } from "../verdict.ts";
import { redact, withoutCredentials } from "../wire/redact.ts";
import { createWire, Unanswered } from "../wire/wire.ts";
import { isGone } from "../target/preflight.ts";

/** What to run, and against what. */
export interface ConformOptions extends SessionOptions {
  /** Default: all cases. */
  readonly cases?: readonly Case[];
  /** Ids of cases that are known to fail. If one passes, that is a failure. */
  readonly expected?: readonly string[];
  /** Refuse to run if the suite can control less than this. */
  readonly require?: Depth;
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

/**
 * After this many cases in a row without an answer, an ordinary request finds out whether the server is
 * still there: it may just refuse what these cases send by closing the connection.
 */
const ASK_AFTER = 3;

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
  requireDepth(depthOf(session), options.require ?? "anonymous");
  const results: CaseResult[] = [];
  let silent = 0;
  let gone: string | null = null;
  try {
    for (const next of selected) {
      const last = results.at(-1) ?? null;
      options.onProgress?.({ done: results.length, total: selected.length, next, last });
      if (gone !== null) {
        results.push(skipped(next, `the implementation no longer responds (${gone})`));
        continue;
      }
      const result = await checkCase(session, next);
      silent = result.reason?.startsWith(NO_ANSWER) ? silent + 1 : 0;
      if (silent === ASK_AFTER) {
        silent = 0;
        gone = await isGone(createWire(session.line, session.secrets), session.target.endpoint);
      }
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
    sdl: session.target.schema && sdlOf(session.target.schema),
    cases: withCauses(results, selected),
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
  const { id, group, level, requirements, parts, attacks, title, does, expects, remedy } = subject;
  return {
    id,
    group,
    level,
    outcome,
    requirements,
    parts,
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

const DEPTHS: readonly Depth[] = ["anonymous", "endpoint", "harness", "oracle"];

function requireDepth(found: Depth, wanted: Depth): void {
  if (DEPTHS.indexOf(found) >= DEPTHS.indexOf(wanted)) return;
  const cure = found === "harness"
    ? "The oracle needs the harness commands seed, trust and clock, and histories."
    : "Pass --harness.";
  throw new CannotRun(`The suite reaches the depth ${found}; ${wanted} is required. ${cure}`);
}

function depthOf({ target, histories }: Session): Depth {
  if (target.harness === null) return target.cast.partner === null ? "anonymous" : "endpoint";
  const { has } = target;
  const oracle = histories > 0 && has.has("seed") && has.has("clock") && has.has("sign");
  return oracle ? "oracle" : "harness";
}
