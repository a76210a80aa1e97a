/**
 * The mutants of a file: small changes of its meaning, one at a time, as Stryker makes them.
 * @module
 */
import { Instrumenter } from "@stryker-mutator/instrumenter";
import { readText } from "../../house/source.ts";
import type { Change } from "./record.ts";

/** One change, and the file with it. */
export interface Mutant extends Change {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

/** A mutant as Stryker describes it. Lines and columns start at 0. */
type StrykerMutant = Awaited<ReturnType<Instrumenter["instrument"]>>["mutants"][number];

/** Every mutant of a file, in source order. */
export async function mutantsOf(file: string): Promise<readonly Mutant[]> {
  const content = readText(file);
  const quiet = { isDebugEnabled: () => false, debug() {}, info() {} };
  const { mutants } = await new Instrumenter(quiet as never).instrument(
    [{ name: file, mutate: true, content }],
    { plugins: null, excludedMutations: [], ignorers: [] },
  );
  return mutants.map((mutant) => read(file, content, mutant));
}

function read(
  file: string,
  content: string,
  { mutatorName: mutator, replacement, location: { start, end } }: StrykerMutant,
): Mutant {
  const lines = content.split("\n");
  const offset = ({ line, column }: StrykerMutant["location"]["start"]) =>
    lines.slice(0, line).reduce((sum, { length }) => sum + length + 1, column);
  const original = content.slice(offset(start), offset(end));
  // In brackets `a || b` stays together beside `&& c`; blocks and cases are not expressions.
  const inserted = /^(?:\{|case )/.test(replacement) ? replacement : `(${replacement})`;
  return {
    file,
    line: start.line + 1,
    within: lines[start.line]?.trim() ?? "",
    mutator,
    original,
    replacement,
    text: content.slice(0, offset(start)) + inserted + content.slice(offset(end)),
  };
}
