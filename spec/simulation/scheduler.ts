/**
 * Decides who goes on. Everything that would wait for the world waits here for its turn, and a seed
 * decides the order: the same seed gives the same history.
 * @module
 */
import { setImmediate } from "node:timers/promises";
import type { Random } from "../conformance/base/random.ts";

/** A process that can crash; what it was doing is then gone. */
export interface Process {
  /** Rejects when the process crashes. */
  readonly gone: Promise<never>;
  crash(): void;
}

/** The only source of order. */
export interface Scheduler {
  readonly random: Random;
  /** What happened, in order, for people. */
  readonly trace: string[];
  /** Moments that are told apart: each call gives the next number. */
  tick(): number;
  /** Waits for a turn. Never resolves once the process has crashed. */
  turn(label: string, owner: Process | null): Promise<void>;
  /** Starts a process. */
  spawn(): Process;
  /** Gives turns until the work is done. `between` is called before each. */
  run(work: Promise<unknown>, between: () => void): Promise<void>;
  /** From now on nobody waits. */
  rest(): void;
}

/** The process crashed before it answered: the outcome of the call is unknown. */
export class Crashed extends Error {
  override readonly name = "Crashed";
}

const CRASHED = new Crashed("the process crashed");

interface Parked {
  readonly label: string;
  readonly owner: Process | null;
  go(): void;
}

/**
 * Creates a scheduler.
 * @param together the most turns that are given at once, for a store that groups what arrives together
 */
export function createScheduler(random: Random, together: number): Scheduler {
  let parked: Parked[] = [];
  let moment = 0;
  let resting = false;
  const trace: string[] = [];
  return {
    random,
    trace,
    tick: () => moment += 1,
    turn: (label, owner) =>
      resting ? Promise.resolve() : new Promise((go) => void parked.push({ label, owner, go })),
    rest: () => void (resting = true),
    spawn() {
      let reject: (reason: Error) => void = () => {};
      const gone = new Promise<never>((_, no) => void (reject = no));
      gone.catch(() => {});
      const process: Process = {
        gone,
        crash() {
          parked = parked.filter(({ owner }) => owner !== process);
          trace.push("CRASH");
          reject(CRASHED);
        },
      };
      return process;
    },
    async run(work, between) {
      let done = false;
      const finished = work.finally(() => done = true);
      finished.catch(() => {});
      for (;;) {
        // Whatever can go on without a turn has come to rest when this resolves.
        await setImmediate();
        if (together > 1) await setImmediate().then(() => setImmediate());
        if (done) return void await finished;
        between();
        if (parked.length === 0) continue;
        for (let count = 1 + random.below(together); count > 0 && parked.length > 0; count -= 1) {
          const [next] = parked.splice(random.below(parked.length), 1);
          trace.push(next?.label ?? "");
          next?.go();
        }
      }
    },
  };
}
