/**
 * A checkout as the package has it: JavaScript, one file for each source.
 * @module
 */
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import ts from "typescript";

const SOURCES = ["mod.ts", "core", "adapters", "spec/requirements", "spec/conformance"];

/** A checkout, built. */
export interface Build {
  /** The top of the checkout. */
  readonly root: string;
  /** The folder of the JavaScript; another one for every other text of the sources. */
  readonly folder: string;
}

/** Builds a checkout into its `dist/`, unless that was done. */
export function build(root: string): Build {
  const files = SOURCES.flatMap((source) => list(root, source));
  const texts = files.map((file) => readFileSync(join(root, file), "utf8"));
  const hash = createHash("sha256").update(texts.join("\0")).digest("hex").slice(0, 12);
  const folder = join(root, "dist/bench", hash);
  if (!existsSync(folder)) {
    removeOld(dirname(folder));
    const draft = `${folder}.${process.pid}`;
    files.forEach((file, index) => {
      const target = join(draft, file.replace(/\.ts$/, ".js"));
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, transpile(texts[index] ?? ""));
    });
    moveUnlessThere(draft, folder);
  }
  return { root, folder };
}

/** Removes what was built more than an hour ago; a run may still use what is younger. */
function removeOld(folder: string): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (name !== "data" && Date.now() - statSync(path).ctimeMs > 3_600_000) {
      rmSync(path, { recursive: true });
    }
  }
}

/** Moves a folder, unless another process was faster. */
export function moveUnlessThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!existsSync(to)) throw error;
    rmSync(from, { recursive: true });
  }
}

function transpile(text: string): string {
  return ts.transpileModule(text, {
    compilerOptions: {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
      rewriteRelativeImportExtensions: true,
    },
  }).outputText;
}

function list(root: string, path: string): readonly string[] {
  if (path.endsWith(".ts")) return path.endsWith(".test.ts") ? [] : [path];
  return readdirSync(join(root, path), { withFileTypes: true }).flatMap((entry) => {
    const inner = `${path}/${entry.name}`;
    return entry.isDirectory() || entry.name.endsWith(".ts") ? list(root, inner) : [];
  });
}
