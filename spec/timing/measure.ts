/**
 * Measures whether two kinds of request can be told apart by their time.
 * @module
 */
import type { Line } from "./line.ts";
import type { Pair } from "./pairs.ts";
import { areaUnderCurve, median } from "./statistics.ts";

/** What was measured about a pair. */
export interface Finding {
  readonly pair: string;
  readonly judged: boolean;
  /** Of each kind. */
  readonly samples: number;
  /** Rounded to four digits. */
  readonly areaUnderCurve: number;
  /** Microseconds, of each kind. */
  readonly medians: Readonly<Record<string, number>>;
  /** Whether the area is within {@link BOUND} of 0.5. */
  readonly within: boolean;
}

/** How far from 0.5 the area may be. With 5,000 samples of each kind, chance alone gives 0.006 (1 σ). */
export const BOUND = 0.02;

const WARM_UP = 1000;

/**
 * Sends both kinds on one connection, in random order within each couple: whatever else the machine
 * does hits both alike.
 * @throws {Error} if the answers differ in more than time, date and request id
 */
export async function measure(line: Line, pair: Pair, samples: number): Promise<Finding> {
  const times: [number[], number[]] = [[], []];
  const answers = new Set<string>();
  for (let index = -WARM_UP; index < samples; index++) {
    const first = Math.random() < 0.5 ? 0 : 1;
    for (const which of [first, 1 - first] as (0 | 1)[]) {
      const { microseconds, text } = await line.ask(pair.kinds[which].request(index + WARM_UP));
      if (index >= 0) times[which].push(microseconds);
      answers.add(text.replace(/^(?:date|x-request-id): .*$/gim, ""));
    }
  }
  if (answers.size > 1) {
    throw new Error(`Not the same bytes (${pair.name}): ${[...answers].join()}`);
  }
  const area = areaUnderCurve(times[0], times[1]);
  const rounded = (value: number, digits: number) => Number(value.toFixed(digits));
  return {
    pair: pair.name,
    judged: pair.judged,
    samples,
    areaUnderCurve: rounded(area, 4),
    medians: Object.fromEntries(
      pair.kinds.map(({ name }, which) => [name, rounded(median(times[which as 0 | 1]), 1)]),
    ),
    within: Math.abs(area - 0.5) <= BOUND,
  };
}
