/**
 * What was measured, as a table and as ratios.
 * @module
 */
import { type Figure, round } from "./measure.ts";

/** Every row over the floor, and over the other rows of the same work, by name. */
export function ratiosOf(figures: readonly Figure[]): Readonly<Record<string, number>> {
  const ratios: Record<string, number> = {};
  const floor = figures.find(({ target, work }) => target === "floor" && work === "POST");
  for (const figure of figures) {
    const { work, target, cpu } = figure;
    if (target === "floor") continue;
    if (floor !== undefined) ratios[`${work} ${target} / floor`] = round(cpu / floor.cpu, 2);
    if (!isOurs(target) || target.endsWith("(against)")) continue;
    for (const other of figures) {
      if (other.work !== work || other === figure) continue;
      const isBefore = other.target === `${target} (against)`;
      if (isOurs(other.target) && !isBefore) continue;
      const name = isBefore ? "against" : other.target;
      ratios[`${work} ${target} / ${name}`] = round(cpu / other.cpu, 3);
    }
  }
  return ratios;
}

function isOurs(target: string): boolean {
  return /^(?:sqlite|memory)/.test(target);
}

/** A table for people. */
export function renderMarkdown(figures: readonly Figure[]): string {
  const floor = figures.find(({ target }) => target === "floor");
  const rows = figures.map((figure) => [
    figure.work,
    figure.target,
    `${figure.cpu} (${figure.min}–${figure.max})`,
    floor === undefined ? "–" : `${round(figure.cpu / floor.cpu, 2)} ×`,
    figure.rate,
    figure.busy,
    `${figure.p50} / ${figure.p99}`,
  ]);
  const head = [
    "work",
    "server",
    "CPU µs (range)",
    "× floor",
    "per second",
    "busy",
    "p50 / p99 ms",
  ];
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n") +
    "\n";
}
