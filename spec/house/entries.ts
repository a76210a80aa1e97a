/**
 * The entry points of the package, as `package.json` names them.
 * @module
 */
import { readText } from "./source.ts";

const EXPORTS: Readonly<Record<string, { readonly default: string } | string>> = JSON.parse(
  readText("package.json"),
).exports;

/** The source of each entry point, by its name: `./tokens` is `adapters/tokens/mod.ts`. */
export const ENTRIES: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(EXPORTS).flatMap(([name, target]) =>
    typeof target === "string" ? [] : [[name, sourceOf(target.default)]]
  ),
);

/** The source of a file that is built from it. */
export function sourceOf(built: string): string {
  return built.replace(/^(?:\.\/)?dist\//, "").replace(/\.js$/, ".ts");
}
