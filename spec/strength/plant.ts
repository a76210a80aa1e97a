/**
 * Plants faults into the source: copies the files in which a text is replaced, and those that import
 * them, into a folder of their own. The copy is real code with one thing wrong; the rest of the code is
 * shared with the original, so a copy is cheap.
 * @module
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, posix } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/**
 * One text in place of another, in a file named from the root. `find` must match exactly once. White
 * space and trailing commas do not matter, so `deno fmt` cannot break an edit.
 */
export type Edit = readonly [file: string, find: string, replace: string];

/** Something to plant. */
export interface Plantable {
  /** Stable; named in errors. */
  readonly id: string;
  readonly edits?: readonly Edit[];
}

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/**
 * Imports a module that has the edits in it, directly or through its imports, for as long as it is used.
 * @param entry the module's file, named from the root
 * @throws {Error} if an edit does not match exactly once, or the module does not depend on an edited file
 */
export async function withPlanted<Module, Result>(
  planted: Plantable,
  entry: string,
  use: (module: Module) => Result | Promise<Result>,
): Promise<Result> {
  const { edits = [] } = planted;
  if (edits.length === 0) return await use(await import(pathToFileURL(ROOT + entry).href));
  const folder = mkdtempSync(join(tmpdir(), "planted-"));
  try {
    writeCopy(folder, planted, entry);
    return await use(await import(pathToFileURL(join(folder, entry)).href));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * The text of a file after the edits to it.
 * @throws {Error} if an edit does not match exactly once
 */
export function applyEdits(path: string, { id, edits = [] }: Plantable): string {
  return edits.filter(([file]) => file === path).reduce((text, [, find, replace]) => {
    const pattern = patternOf(find);
    const count = text.match(pattern)?.length ?? 0;
    if (count !== 1) {
      throw new Error(`Cannot plant ${id} into ${path}: ${count} matches, expected 1: ${find}`);
    }
    return text.replace(pattern, () => replace);
  }, readSource(path));
}

/** Matches the words and signs of a text, whatever the white space and trailing commas. */
function patternOf(find: string): RegExp {
  const pieces = find.replace(/,(?=\s*[)\]}])/g, "").match(/\w+|[^\w\s]/g) ?? [];
  const source = pieces.map((piece, index) => {
    const before = pieces[index - 1] ?? "";
    const gap = index === 0 ? "" : isWord(before) && isWord(piece) ? "\\s+" : "\\s*";
    const comma = /[)\]}]/.test(piece) ? "(?:,\\s*)?" : "";
    return gap + comma + (isWord(piece) ? `\\b${piece}\\b` : `\\${piece}`);
  });
  return new RegExp(source.join(""), "g");
}

function isWord(piece: string): boolean {
  return /^\w+$/.test(piece);
}

function writeCopy(folder: string, planted: Plantable, entry: string): void {
  const edited = (planted.edits ?? []).map(([file]) => file);
  const copied = dependents(edited, importsFrom(entry));
  if (!copied.has(entry)) {
    throw new Error(`Cannot plant ${planted.id}: ${entry} imports none of it`);
  }
  symlinkSync(`${ROOT}node_modules`, join(folder, "node_modules"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  for (const path of copied) {
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    writeFileSync(join(folder, path), relink(path, applyEdits(path, planted), copied));
  }
}

/** Imports of files that are not copied lead to the originals. */
function relink(path: string, text: string, copied: ReadonlySet<string>): string {
  return text.replace(IMPORT, (whole, before: string, specifier: string) => {
    const target = resolve(path, specifier);
    return copied.has(target) ? whole : `${before}"${pathToFileURL(ROOT + target).href}"`;
  });
}

/** These files and everything that imports them, directly or not. */
function dependents(files: readonly string[], imports: Imports): ReadonlySet<string> {
  const found = new Set(files);
  for (const file of found) {
    for (const [path, imported] of imports) if (imported.includes(file)) found.add(path);
  }
  return found;
}

type Imports = ReadonlyMap<string, readonly string[]>;

const IMPORT = /(\b(?:from|import)\s*\(?\s*)"(\.[^"]+)"/g;
const TEXTS = new Map<string, string>();
const IMPORTS = new Map<string, Imports>();

/** What a module and each module behind it import. */
function importsFrom(entry: string): Imports {
  const known = IMPORTS.get(entry);
  if (known !== undefined) return known;
  const imports = new Map<string, readonly string[]>();
  const files = new Set([entry]);
  for (const file of files) {
    const imported = [...readSource(file).matchAll(IMPORT)]
      .map((match) => resolve(file, match[2] ?? ""));
    imports.set(file, imported);
    for (const path of imported) files.add(path);
  }
  IMPORTS.set(entry, imports);
  return imports;
}

function resolve(from: string, specifier: string): string {
  return posix.join(posix.dirname(from), specifier);
}

function readSource(path: string): string {
  const text = TEXTS.get(path) ?? readFileSync(ROOT + path, "utf8");
  TEXTS.set(path, text);
  return text;
}
