/**
 * Prints the checks of each rule and each attack. Exits with 1 if one has none.
 * @module
 */
import process from "node:process";
import { attackById } from "../requirements/attacks.ts";
import { requirement } from "../requirements/mod.ts";
import { checksOf, IDS, TITLES, uncheckedIds } from "./trace.ts";

const checks = checksOf(TITLES);
for (const id of IDS) {
  console.log(`${id.padEnd(6)}${requirement(id)?.title ?? attackById(id)?.text}`);
  for (const { name, skippable } of checks.filter(({ ids }) => ids.includes(id))) {
    console.log(`      ${skippable ? "(may be skipped) " : ""}${name}`);
  }
}
const unchecked = uncheckedIds(checks);
console.log(`\n${checks.length} checks; without a check: ${unchecked.join(" ") || "-"}`);
process.exitCode = unchecked.length === 0 ? 0 : 1;
