/**
 * Writes the pages that are printed from data.
 * @module
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { renderPages } from "./pages.ts";
import { ROOT } from "./source.ts";

for (const { path, text } of await renderPages()) {
  mkdirSync(dirname(ROOT + path), { recursive: true });
  writeFileSync(ROOT + path, text);
  console.log(`wrote ${path}`);
}
