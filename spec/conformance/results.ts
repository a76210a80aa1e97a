/**
 * The results of a run. Plain data.
 * @module
 */
import type { Level } from "../requirements/model.ts";

/** The subject of a case, and the first part of its id. */
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
 * The outcome of a case. `failed`: a MUST that is not met, or, at any level, no response or a harness
 * that fails; the reason then starts with `harness:`. `warned`: a SHOULD or MAY that is not met. `skipped`:
 * it could not be checked; the reason says what it needs. `expected`: it failed, and the list of expected
 * failures names it.
 */
export type Outcome = "passed" | "failed" | "warned" | "skipped" | "expected";

/** One request and its response. In a report, labels replace all secrets. */
export interface Exchange {
  /** Who requests what. */
  readonly label: string;
  /** `harness` requests set the stage; only answers of the `product` are judged. */
  readonly to: "product" | "harness";
  readonly request: {
    readonly method: string;
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  };
  /** `null` if there was no response. */
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  } | null;
  /** Why there was no response. */
  readonly error?: string;
}

/** What a label in an exchange stands for, as far as it can be revealed. */
export interface Legend {
  readonly label: string;
  readonly text: string;
}

/** The result of one case. Contains no secrets. */
export interface CaseResult {
  readonly id: string;
  readonly group: Group;
  readonly level: Level;
  readonly outcome: Outcome;
  readonly requirements: readonly string[];
  /** The parts of these rules that the case stands for: `G6.1` is the first part of G6. */
  readonly parts: readonly string[];
  readonly attacks: readonly string[];
  readonly title: string;
  readonly does?: string;
  readonly expects?: string;
  readonly remedy: string;
  readonly milliseconds: number;
  /** The failed case that explains this failure. */
  readonly because?: string;
  /** Why it failed, or what it needs to run. */
  readonly reason?: string;
  /** What was expected at the point of failure. */
  readonly expected?: string;
  /** What was found there. */
  readonly found?: string;
  /** The shortest failing sequence of steps, if the case searched for one. */
  readonly story?: readonly string[];
  /** Requests and responses, for a case that did not pass. */
  readonly exchanges?: readonly Exchange[];
  readonly legend?: readonly Legend[];
}

/** The number of cases per outcome. */
export type Summary = Readonly<Record<Outcome, number>>;

/**
 * How much of the implementation the suite could control. `anonymous`: it had no credentials, so that
 * next to nothing was checked.
 */
export type Depth = "anonymous" | "endpoint" | "harness" | "oracle";

/** The result of a run. Contains no secrets. */
export interface Report {
  readonly suite: { readonly name: string; readonly cases: number; readonly digest: string };
  readonly target: {
    readonly endpoint: string;
    readonly name: string | null;
    readonly version: string | null;
  };
  readonly depth: Depth;
  /** The seed of all random choices: the same seed repeats the same requests. */
  readonly seed: number;
  readonly startedAt: string;
  readonly seconds: number;
  readonly requests: number;
  readonly summary: Summary;
  /** The types of the mutation as introspected, in the notation of the SDL; `null` if that was refused. */
  readonly sdl: string | null;
  readonly cases: readonly CaseResult[];
}
