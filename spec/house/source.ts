/**
 * The files of this repository, as the house checks read them.
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";

/** The repository, with a slash at the end. */
export const ROOT: string = fileURLToPath(new URL("../../", import.meta.url));

/** The text of a file, by its path from the root. */
export function readText(path: string): string {
  return readFileSync(ROOT + path, "utf8");
}

/** What is at the top of the repository and is not ignored; folders end with a slash. */
export function listTop(): readonly string[] {
  return list("");
}

/** Every file that is not ignored, by its path from the root, sorted. */
export function listFiles(under = ""): readonly string[] {
  return list(under).flatMap((path) => path.endsWith("/") ? listFiles(path) : [path]);
}

/** Every TypeScript file below a folder. */
export function listSources(under: string): readonly string[] {
  return listFiles(under).filter((path) => path.endsWith(".ts"));
}

/** A TypeScript file as a syntax tree; parsed once. */
export function parse(path: string): ts.SourceFile {
  const known = PARSED.get(path);
  if (known !== undefined) return known;
  const tree = parseText(path, readText(path));
  PARSED.set(path, tree);
  return tree;
}

/** A text as a syntax tree. */
export function parseText(path: string, text: string): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true);
}

/** Every node of a tree, outer before inner. */
export function nodesOf(tree: ts.SourceFile): readonly ts.Node[] {
  const nodes: ts.Node[] = [];
  const visit = (node: ts.Node): void => {
    nodes.push(node);
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return nodes;
}

/** The line of a node, from 1. */
export function lineOf(tree: ts.SourceFile, node: ts.Node): number {
  return tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1;
}

const PARSED = new Map<string, ts.SourceFile>();

function list(under: string): readonly string[] {
  return readdirSync(ROOT + under, { withFileTypes: true })
    .filter(({ name }) => name !== ".git") // a file, not a folder, in a worktree
    .map((entry) => under + entry.name + (entry.isDirectory() ? "/" : ""))
    .filter((path) => !isIgnored(path))
    .sort();
}

/** `.gitignore` holds names of folders (`dist/`) and endings (`*.tgz`) only; a test sees to it. */
function isIgnored(path: string): boolean {
  return IGNORED.some((line) =>
    line.startsWith("*")
      ? path.endsWith(line.slice(1))
      : `/${path.replace(/\/$/, "")}/`.endsWith(`/${line}`)
  );
}

const IGNORED: readonly string[] = readText(".gitignore").split("\n").filter((line) => line !== "");
