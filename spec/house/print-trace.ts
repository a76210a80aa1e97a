/**
 * Prints which checks cite each rule and each attack, and what no check cites. Exits with 1 if there is
 * such a one.
 * @module
 */
import process from "node:process";
import { attackById } from "../requirements/attacks.ts";
import { requirement } from "../requirements/mod.ts";
import { citationsById, describeCitation, readTrace, uncoveredIds } from "./trace.ts";

const trace = readTrace();
for (const [id, citations] of citationsById(trace)) {
  console.log(`${id.padEnd(6)}${requirement(id)?.title ?? attackById(id)?.text}`);
  for (const citation of citations) {
    console.log(
      `      ${citation.unconditional ? "" : "(may be skipped) "}${describeCitation(citation)}`,
    );
  }
}
const uncovered = uncoveredIds(trace);
console.log(`\n${trace.citations.length} checks; cited by none: ${uncovered.join(" ") || "-"}`);
process.exitCode = uncovered.length === 0 ? 0 : 1;
