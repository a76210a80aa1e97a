/**
 * The results of a whole run, kept as a file, so that the page can be checked against them.
 * @module
 */
import { cases as CASES, type Level } from "../../conformance/mod.ts";
import { FAULTS } from "./faults/all.ts";
import type { Row } from "./row.ts";

/** Where the results are kept. */
export const RESULTS_PATH = "spec/strength/suite/results.json";

/** What came of every server, by its id. */
export interface Results {
  /** Whether faults were run against all cases, or only those named for them. */
  readonly cases: "all" | "named";
  /** Ids of the cases that caught a fault. */
  readonly faults: Readonly<Record<string, readonly string[]>>;
  readonly variants: Readonly<Record<string, VariantResult>>;
}

/** What came of a variant. */
export interface VariantResult {
  readonly passed: number;
  readonly skipped: number;
  /** Ids of the cases that warned. */
  readonly warned: readonly string[];
}

/** Collects the rows of all servers. */
export function collect(rows: readonly Row[], named: boolean): Results {
  const ids = new Set(FAULTS.map(({ id }) => id));
  const faults = rows.filter(({ id }) => ids.has(id));
  const variants = rows.filter(({ id }) => !ids.has(id));
  const idsOf = ({ failed }: Row) => failed.map(({ id }) => id);
  return {
    cases: named ? "named" : "all",
    faults: Object.fromEntries(faults.map((row) => [row.id, idsOf(row)])),
    variants: Object.fromEntries(variants.map((row) => {
      const { passed = 0, skipped = 0 } = row.summary ?? {};
      return [row.id, { passed, skipped, warned: idsOf(row) }];
    })),
  };
}

/** The results as a file that `deno fmt` leaves as it is: short lists on one line. */
export function writeResults(results: Results): string {
  const text = JSON.stringify(results, null, 2);
  const short = text.replace(
    /^( *.*)\[\n((?: +"[^"]*",?\n)+) *\](,?)$/gm,
    (whole, head, items, end) => {
      const line = `${head}[${items.trim().split(/\s*\n\s*/).join(" ")}]${end}`;
      return line.length <= 100 ? line : whole;
    },
  );
  return `${short}\n`;
}

/** The strictest level of these cases; `null` if there are none. */
export function levelOf(ids: readonly string[]): Level | null {
  const levels = CASES.filter(({ id }) => ids.includes(id)).map(({ level }) => level);
  return (["MUST", "SHOULD", "MAY"] as const).find((level) => levels.includes(level)) ?? null;
}
