/**
 * What was measured: its shape, its ratios, and tables of it.
 * @module
 */
import type { Beginning } from "./begin.ts";
import { type Figure, round } from "./measure.ts";

/** Everything that a run measured. */
export interface Results {
  /** By name: `publicId sqlite / floor`. */
  readonly ratios: Readonly<Record<string, number>>;
  readonly figures: readonly Figure[];
  /** `null` where it was not measured. */
  readonly beginning: Beginning | null;
  /** Parts of the work by name, in microseconds of CPU time; `null` where they were not measured. */
  readonly inside: Readonly<Record<string, number>> | null;
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly memory: string;
    readonly system: string;
    readonly pinned: boolean;
    /** Runnable processes, on average over the last minute of the run. */
    readonly load: number;
  };
  readonly versions: Readonly<Record<string, string>>;
  readonly plan: {
    readonly rounds: number;
    readonly warm: number;
    readonly slices: number;
    readonly slice: number;
    readonly connections: number;
    readonly users: number;
  };
}

/** A figure of a run; `undefined` where there is none. `mode` is requests a second, or a load below 1. */
export function find(
  figures: readonly Figure[],
  work: string,
  target: string,
  mode: number | null = null,
): Figure | undefined {
  return figures.find((figure) =>
    figure.work === work && figure.target === target && modeOf(figure) === mode
  );
}

function modeOf({ load, perSecond }: Figure): number | null {
  return load ?? perSecond;
}

function describeMode(figure: Figure): string {
  if (figure.load !== undefined) return ` at ${figure.load * 100} % load`;
  return figure.perSecond === null ? "" : ` at ${figure.perSecond}/s`;
}

/**
 * Rows over the floor, over peers that do the same work, and over another checkout, always under the
 * same kind of load.
 */
export function ratiosOf(figures: readonly Figure[]): Readonly<Record<string, number>> {
  const ratios: Record<string, number> = {};
  for (const figure of figures) {
    const { work, target } = figure;
    if (target === "floor") continue;
    const mode = modeOf(figure);
    const add = (other: Figure | undefined, name: string) => {
      if (other === undefined || other === figure) return;
      ratios[`${work} ${target} / ${name}${describeMode(figure)}`] = round(
        figure.load === undefined ? figure.cpu / other.cpu : figure.p99 / other.p99,
        3,
      );
    };
    add(find(figures, "POST", "floor", mode), "floor");
    if (target.endsWith("(against)") || !isOurs(target)) continue;
    add(find(figures, work, `${target} (against)`, mode), "against");
    if (target.startsWith("sqlite, ")) add(find(figures, work, "sqlite", mode), "sqlite");
    for (const other of figures) {
      if (other.work !== work || modeOf(other) !== mode || isOurs(other.target)) continue;
      add(other, other.target);
    }
  }
  return ratios;
}

/** Whether a target is the product. */
export function isOurs(target: string): boolean {
  return /^(?:sqlite|memory)/.test(target);
}

/** A table in Markdown. */
export function table(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |\n`).join("");
}

/** All figures as a table, for whoever ran the benchmark. */
export function renderFigures(figures: readonly Figure[]): string {
  const head = [
    "work",
    "server",
    "CPU µs (range)",
    "× floor",
    "per second",
    "busy",
    "p50 / p99 ms",
  ];
  return table(
    head,
    figures.map((figure) => {
      const floor = find(figures, "POST", "floor", modeOf(figure));
      return [
        figure.work + describeMode(figure),
        figure.target,
        `${figure.cpu} (${figure.min}–${figure.max})`,
        floor === undefined ? "–" : round(figure.cpu / floor.cpu, 2),
        figure.rate,
        figure.busy,
        `${figure.p50} / ${figure.p99}`,
      ];
    }),
  );
}
