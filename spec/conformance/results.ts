/**
 * The results of a run. Plain data.
 * @module
 */
import type { Level } from "../requirements/model.ts";

/** What the cases are about. A group is the first part of a case's id. */
export type Group =
  | "contract"
  | "input"
  | "client-authentication"
  | "consent-token"
  | "scope-delegation"
  | "tokens-refresh"
  | "revocation"
  | "http"
  | "histories";

/**
 * What came of a case. `failed`: a MUST that is not met, or, at any level, no answer or a harness that
 * fails: the reason begins with `harness:` then. `warned`: a SHOULD or MAY that is not met. `skipped`: it
 * could not be checked, and the result says what it needs. `expected`: it failed, as the list of expected
 * failures says.
 */
export type Outcome = "passed" | "failed" | "warned" | "skipped" | "expected";

/** One request and its response. In a report all secrets in it are replaced by labels. */
export interface Exchange {
  /** Who asked what, in words. */
  readonly label: string;
  /** `harness` requests set the stage; only answers of the `product` are judged. */
  readonly to: "product" | "harness";
  readonly request: {
    readonly method: string;
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  };
  /** `null` where no response came. */
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  } | null;
  /** Why no response came. */
  readonly error?: string;
}

/** What a label in an exchange stands for, as far as it can be shown. */
export interface Legend {
  readonly label: string;
  readonly text: string;
}

/** The result of one case. Holds no secret. */
export interface CaseResult {
  readonly id: string;
  readonly group: Group;
  readonly level: Level;
  readonly outcome: Outcome;
  readonly requirements: readonly string[];
  readonly attacks: readonly string[];
  readonly title: string;
  readonly does?: string;
  readonly expects?: string;
  readonly remedy: string;
  readonly milliseconds: number;
  /** Why it failed, or what it would need to run. */
  readonly reason?: string;
  /** What was expected at the point of failure. */
  readonly expected?: string;
  /** What was found there. */
  readonly found?: string;
  /** The shortest sequence of steps that fails, where the case searched for one. */
  readonly story?: readonly string[];
  /** What was sent and answered, for a case that did not pass. */
  readonly exchanges?: readonly Exchange[];
  readonly legend?: readonly Legend[];
}

/** How many cases had which outcome. */
export type Summary = Readonly<Record<Outcome, number>>;

/** How much of an implementation the suite could control. */
export type Depth = "endpoint" | "harness" | "oracle";

/** The result of a run. Holds no secret. */
export interface Report {
  readonly suite: { readonly name: string; readonly cases: number; readonly digest: string };
  readonly target: {
    readonly endpoint: string;
    readonly name: string | null;
    readonly version: string | null;
  };
  readonly depth: Depth;
  /** Random choices follow from it: the same seed asks the same. */
  readonly seed: number;
  readonly startedAt: string;
  readonly seconds: number;
  readonly requests: number;
  readonly summary: Summary;
  readonly cases: readonly CaseResult[];
}
