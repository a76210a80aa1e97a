/**
 * What can be fuzzed, and how a broken law is told apart from another.
 * @module
 */
import type fc from "fast-check";

/** What an attempt came to, for the tally: a status, an error class, a word. */
export type Outcome = string;

/** A fault that is planted on purpose, to see the fuzzers find it. */
export type Fault = "throwing-handler" | "echoing-log" | "recursive-reader";

/** Something that is fuzzed. */
export interface Target<Input = unknown> {
  readonly name: string;
  readonly inputs: fc.Arbitrary<Input>;
  /** Starts what is fuzzed. */
  open(fault?: Fault): Promise<Session<Input>>;
}

/** A target that runs. */
export interface Session<Input> {
  /** Called before each batch of inputs. */
  prepare?(): Promise<void>;
  /** Tries one input. @throws {BrokenLaw} or whatever escapes. */
  attempt(input: Input): Promise<Outcome>;
  /** The input as it was sent, for people. */
  show(input: Input): string;
  /** Called after each batch. @throws {BrokenLaw} where a valid request fails. */
  confirm?(): Promise<void>;
  close?(): Promise<void>;
}

/** A law that does not hold. The message says which; `detail` says what was seen. */
export class BrokenLaw extends Error {
  override readonly name = "BrokenLaw";
  /** What was seen: part of an answer, a stack. */
  readonly detail: string;
  /** Equal for failures with one cause. */
  readonly signature: string;
  /** @param fault what failed inside, where that is known */
  constructor(law: string, detail: string, fault?: string) {
    super(law);
    this.detail = detail;
    this.signature = fault === undefined ? law : `${law}: ${signatureOf(fault)}`;
  }
}

/** Whatever an attempt threw, as a broken law. */
export function toBrokenLaw(error: unknown): BrokenLaw {
  if (error instanceof BrokenLaw) return error;
  const text = error instanceof Error ? `${error.stack}` : String(error);
  return new BrokenLaw("Only documented errors escape", text, text);
}

/**
 * The two innermost functions of the product that an error passed, without line numbers, or else the
 * error's class. A stack that overflows ends anywhere, so of that only the file with the most frames counts.
 */
export function signatureOf(stack: string): string {
  const [head = "", ...lines] = stack.split("\n");
  const frames = lines.filter((line) => /^\s+at /.test(line));
  if (isOverflow(stack)) return `stack overflow in ${mostFrequent(frames.map(fileOf))}`;
  const own = frames.filter((line) => /\/(?:adapters|core)\/[\w/-]+\.ts/.test(line)).slice(0, 2);
  const functions = own.map((line) =>
    `${/at (?:async )?([\w.$]+) \(/.exec(line)?.[1]}@${fileOf(line)}`
  );
  return functions.join(" < ") || head.replace(/:.*/, "");
}

/** Whether an error is a stack that overflowed: V8 calls that a RangeError. */
export function isOverflow(text: string): boolean {
  return text.includes("Maximum call stack size exceeded");
}

function fileOf(frame: string): string {
  return /([^/\\(]+?)(?::\d+)*\)?$/.exec(frame)?.[1] ?? "";
}

function mostFrequent(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? "unknown";
}
