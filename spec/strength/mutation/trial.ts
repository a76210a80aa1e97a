/**
 * Runs tests against one mutant: the core with the mutant and a set of tests are bundled into one file,
 * which starts in a twentieth of a second and stops at the first test that fails.
 * @module
 */
import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { build } from "esbuild";
import { ROOT } from "../../house/source.ts";
import type { Mutant } from "./mutants.ts";
import type { Stage } from "./stages.ts";

/** The result of a mutant, or of the unchanged core, in one stage. */
export type Outcome = "passed" | "failed" | "timeout";

/** Stops at the first test that fails. */
const BAIL = `import { afterEach } from "node:test";
afterEach(({ passed }) => passed || process.exit(1));
`;

/** Runs one stage against a mutant, or against the unchanged core. `slot` distinguishes concurrent runs. */
export async function tryStage(
  { tests }: Stage,
  mutant: Mutant | null,
  slot: number,
  milliseconds: number,
): Promise<Outcome> {
  // Tests find pages of docs/ by their distance from the root: three folders, as spec/tests/core/ has.
  const bundle = `${ROOT}node_modules/.mutation/trial/${slot}.mjs`;
  await build({
    stdin: {
      contents: BAIL + tests.map((test) => `import "./${test}";`).join("\n"),
      resolveDir: ROOT,
    },
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    logLevel: "error",
    outfile: bundle,
    plugins: mutant === null ? [] : [{
      name: "mutant",
      setup: ({ onLoad }) =>
        onLoad(
          { filter: /\.ts$/ },
          ({ path }) =>
            path === ROOT + mutant.file ? { contents: mutant.text, loader: "ts" } : null,
        ),
    }],
  });
  try {
    return await run(bundle, milliseconds);
  } finally {
    rmSync(bundle);
  }
}

function run(bundle: string, milliseconds: number): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [bundle], { stdio: "ignore" });
    const timer = setTimeout(() => {
      resolve("timeout");
      child.kill("SIGKILL");
    }, milliseconds);
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve(code === 0 ? "passed" : "failed");
    });
  });
}
