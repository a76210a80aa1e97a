/**
 * Runs a target in batches: each failure is shrunk once, then counted; the run goes on.
 * @module
 */
import fc from "fast-check";
import { BrokenLaw, type Fault, type Target, toBrokenLaw } from "./target.ts";
import { excerpt } from "./wire.ts";

/** How much to try, and from where. */
export interface RunOptions {
  readonly inputs: number;
  readonly seed: number;
  /** Signatures of failures that are known. */
  readonly known?: ReadonlySet<string>;
  readonly fault?: Fault;
  /** Told now and then how many inputs were tried. */
  readonly progress?: (inputs: number) => void;
  /** Told of each failure as soon as it is shrunk. */
  readonly found?: (failure: Failure) => void;
}

/** A law that was broken, by the smallest input that was found. */
export interface Failure {
  readonly target: string;
  readonly law: string;
  readonly signature: string;
  readonly detail: string;
  /** The generated value, as JSON, and what was sent. */
  readonly input: string;
  readonly shown: string;
  /** The command that tries the same batch again. */
  readonly replay: string;
}

/** What came of a run. */
export interface Report {
  readonly target: string;
  readonly inputs: number;
  readonly seconds: number;
  /** How often each outcome was seen. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly failures: readonly Failure[];
  /** How often a known failure, or one that was found before in this run, was seen. */
  readonly repeated: number;
  /** The slowest input, in milliseconds of wall time. */
  readonly slowest: number;
}

/** Inputs between two looks whether a valid request still succeeds. */
export const BATCH = 200;
/** The most tries to make a failing input smaller. */
const MAX_SHRINKS = 400;

/** Fuzzes one target. */
export async function fuzz<Input>(target: Target<Input>, options: RunOptions): Promise<Report> {
  const { inputs, seed, fault, progress = () => {}, found = () => {} } = options;
  const start = performance.now();
  const session = await target.open(fault);
  const seen = new Set(options.known);
  const outcomes: Record<string, number> = {};
  const failures: Failure[] = [];
  let repeated = 0;
  let slowest = 0;

  /** Fails on what was not seen before; while an input is made smaller, on the same failure alone. */
  const propertyOf = () => {
    let wanted: string | null = null;
    let shrinks = 0;
    return fc.asyncProperty(target.inputs, async (input) => {
      if (wanted !== null && ++shrinks > MAX_SHRINKS) return;
      const before = performance.now();
      const result = await session.attempt(input).catch(toBrokenLaw);
      if (!(result instanceof BrokenLaw)) {
        slowest = Math.max(slowest, performance.now() - before);
        if (wanted === null) outcomes[result] = (outcomes[result] ?? 0) + 1;
        return;
      }
      const { signature } = result;
      if (wanted === null && seen.has(signature)) repeated++;
      if (wanted === null ? seen.has(signature) : wanted !== signature) return;
      wanted = signature;
      throw result;
    });
  };
  const report = (broken: BrokenLaw, input: Input | null, batchSeed: number) => {
    seen.add(broken.signature);
    const failure: Failure = {
      target: target.name,
      law: broken.message,
      signature: broken.signature,
      detail: excerpt(broken.detail, 2000),
      input: input === null ? "" : excerpt(JSON.stringify(input) ?? "", 2000),
      shown: input === null ? "the batch" : excerpt(session.show(input), 2000),
      replay: `npm run fuzz -- --only ${target.name} --seed ${batchSeed} --inputs ${BATCH}`,
    };
    failures.push(failure);
    found(failure);
  };

  try {
    let tried = 0;
    for (let batch = 0; tried < inputs; batch++) {
      const numRuns = Math.min(BATCH, inputs - tried);
      const batchSeed = seed + batch;
      for (let isNew = true; isNew;) {
        await session.prepare?.();
        const details = await fc.check(propertyOf(), { seed: batchSeed, numRuns });
        isNew = details.failed;
        if (details.failed) {
          const { errorInstance, counterexample } = details;
          report(toBrokenLaw(errorInstance), counterexample?.[0] ?? null, batchSeed);
        }
      }
      tried += numRuns;
      await session.confirm?.().catch((error) => {
        const broken = toBrokenLaw(error);
        if (seen.has(broken.signature)) repeated++;
        else report(broken, null, batchSeed);
      });
      progress(tried);
    }
    const seconds = Math.round((performance.now() - start) / 100) / 10;
    const { name } = target;
    return {
      target: name,
      inputs: tried,
      seconds,
      outcomes,
      failures,
      repeated,
      slowest: Math.round(slowest),
    };
  } finally {
    await session.close?.();
  }
}
