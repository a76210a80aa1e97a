/**
 * Writes the pages that are printed from data. Run it after tests were added or rules were changed.
 * @module
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { renderPages } from "./pages.ts";
import { ROOT } from "./source.ts";
import { readTrace } from "./trace.ts";

for (const { path, text } of renderPages(readTrace())) {
  mkdirSync(dirname(ROOT + path), { recursive: true });
  writeFileSync(ROOT + path, text);
  console.log(`wrote ${path}`);
}
