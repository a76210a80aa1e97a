/**
 * The results of a whole run, kept as a file, so that the page can be checked against them.
 * @module
 */
import { cases, type Level } from "../../conformance/mod.ts";
import type { Row } from "./row.ts";

/** Where the results are kept. */
export const RESULTS_PATH = "spec/strength/suite/results.json";

/** What came of every server, by its id. */
export interface Results {
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
export function collect(rows: readonly Row[], isFault: (id: string) => boolean): Results {
  const faults = rows.filter(({ id }) => isFault(id));
  const variants = rows.filter(({ id }) => !isFault(id));
  const idsOf = ({ failed }: Row) => failed.map(({ id }) => id);
  return {
    faults: Object.fromEntries(faults.map((row) => [row.id, idsOf(row)])),
    variants: Object.fromEntries(variants.map((row) => {
      const { passed = 0, skipped = 0 } = row.summary ?? {};
      return [row.id, { passed, skipped, warned: idsOf(row) }];
    })),
  };
}

/** The results as a file: one line per server, so that a diff shows which results changed. */
export function writeResults({ faults, variants }: Results): string {
  const lines = (table: object) =>
    Object.entries(table).map(([id, value]) =>
      `    ${JSON.stringify(id)}: ${JSON.stringify(value)}`
    )
      .join(",\n");
  return `{
  "faults": {
${lines(faults)}
  },
  "variants": {
${lines(variants)}
  }
}
`;
}

/** The strictest level of these cases; `null` if there are none. */
export function levelOf(ids: readonly string[]): Level | null {
  const levels = cases.filter(({ id }) => ids.includes(id)).map(({ level }) => level);
  return (["MUST", "SHOULD", "MAY"] as const).find((level) => levels.includes(level)) ?? null;
}
