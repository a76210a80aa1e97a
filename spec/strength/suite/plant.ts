/**
 * Makes a copy of the reference server in which some texts are replaced, and starts it. The copy is what
 * runs: nothing is simulated. Files that neither are changed nor import what is changed are shared with
 * the original, which makes a copy cheap.
 * @module
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, posix } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type Reference, startReference } from "../../tests/support/reference.ts";
import type { Edit, Planted } from "./fault.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const SERVER = "spec/tests/support/reference.ts";

/**
 * Starts the server for as long as it is used.
 * @throws {Error} when a text that is to be replaced does not occur exactly once: the code has changed,
 * and the fault must follow.
 */
export async function withPlanted<Result>(
  planted: Planted,
  use: (server: Reference) => Promise<Result>,
): Promise<Result> {
  if (planted.edits.length === 0) return await serve(startReference, planted, use);
  const folder = mkdtempSync(join(tmpdir(), "faulty-"));
  try {
    writeCopy(folder, planted);
    const copy = await import(pathToFileURL(join(folder, SERVER)).href);
    return await serve(copy.startReference, planted, use);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function serve<Result>(
  start: typeof startReference,
  { options }: Planted,
  use: (server: Reference) => Promise<Result>,
): Promise<Result> {
  const server = await start(options);
  try {
    return await use(server);
  } finally {
    await server.stop();
  }
}

function writeCopy(folder: string, { id, edits }: Planted): void {
  symlinkSync(`${ROOT}node_modules`, join(folder, "node_modules"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  const copied = whatDependsOn(edits.map(([file]) => file));
  for (const path of copied) {
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    writeFileSync(join(folder, path), relink(path, applyEdits(path, edits, id), copied));
  }
}

/** The text of a file after the edits that are about it. */
export function applyEdits(path: string, edits: readonly Edit[], id: string): string {
  return edits.filter(([file]) => file === path).reduce((text, [, find, replace]) => {
    const words = find.trim().split(/\s+/).map((word) => word.replace(/[^\w\s]/g, "\\$&"));
    const pattern = new RegExp(words.join("\\s+"), "g");
    const count = text.match(pattern)?.length ?? 0;
    if (count !== 1) {
      throw new Error(`Cannot plant ${id} into ${path}: this occurs ${count} times: ${find}`);
    }
    return text.replace(pattern, () => replace);
  }, sourceOf(path));
}

/** Imports of files that are not copied lead to the originals. */
function relink(path: string, text: string, copied: ReadonlySet<string>): string {
  return text.replace(IMPORT, (whole, before: string, specifier: string) => {
    const target = resolve(path, specifier);
    return copied.has(target) ? whole : `${before}"${pathToFileURL(ROOT + target).href}"`;
  });
}

/** These files, and everything of the server that imports them, directly or not. */
function whatDependsOn(files: readonly string[]): ReadonlySet<string> {
  const found = new Set(files);
  for (const file of found) {
    for (const [path, imports] of importsOfServer()) if (imports.includes(file)) found.add(path);
  }
  return found;
}

const IMPORT = /(\b(?:from|import)\s*\(?\s*)"(\.[^"]+)"/g;
const TEXTS = new Map<string, string>();
const IMPORTS = new Map<string, readonly string[]>();

/** What each file of the server imports. */
function importsOfServer(): ReadonlyMap<string, readonly string[]> {
  if (IMPORTS.size > 0) return IMPORTS;
  const files = new Set([SERVER]);
  for (const file of files) {
    const imports = [...sourceOf(file).matchAll(IMPORT)].map((match) =>
      resolve(file, match[2] ?? "")
    );
    IMPORTS.set(file, imports);
    for (const path of imports) files.add(path);
  }
  return IMPORTS;
}

function resolve(from: string, specifier: string): string {
  return posix.join(posix.dirname(from), specifier);
}

function sourceOf(path: string): string {
  const text = TEXTS.get(path) ?? readFileSync(ROOT + path, "utf8");
  TEXTS.set(path, text);
  return text;
}
