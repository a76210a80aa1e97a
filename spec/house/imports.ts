/**
 * Who imports what: read from the syntax, so that comments and strings do not count.
 * @module
 */
import { existsSync } from "node:fs";
import { posix } from "node:path";
import ts from "typescript";
import { lineOf, nodesOf, parse, parseText, ROOT } from "./source.ts";

/** One import, re-export, dynamic import or type import. */
export interface Import {
  readonly from: string;
  readonly line: number;
  readonly specifier: string;
  /** The path of the imported file; `null` for packages and builtins. */
  readonly target: string | null;
  /** Nothing of it is left when types are stripped. */
  readonly typeOnly: boolean;
}

/** Everything that a file imports. */
export function importsOf(path: string): readonly Import[] {
  const known = KNOWN.get(path);
  if (known !== undefined) return known;
  const tree = existsSync(ROOT + path) ? parse(path) : parseText(path, "");
  const found: Import[] = [];
  for (const node of nodesOf(tree)) {
    const link = readImport(node);
    if (link === null) continue;
    const { specifier, typeOnly } = link;
    const target = specifier.startsWith(".")
      ? posix.normalize(posix.join(posix.dirname(path), specifier))
      : null;
    found.push({ from: path, line: lineOf(tree, node), specifier, target, typeOnly });
  }
  KNOWN.set(path, found);
  return found;
}

/** All imports that are reached from some files, those files' own included. */
export function reach(
  entries: readonly string[],
  follow: (link: Import) => boolean = () => true,
): readonly Import[] {
  const seen = new Set(entries);
  const links: Import[] = [];
  for (const path of seen) {
    for (const link of importsOf(path).filter(follow)) {
      links.push(link);
      if (link.target?.endsWith(".ts")) seen.add(link.target);
    }
  }
  return links;
}

/** The package that a specifier names: `@scope/name` or `name`; `null` for files and builtins. */
export function packageOf(specifier: string): string | null {
  if (specifier.startsWith(".") || specifier.startsWith("node:")) return null;
  return specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
}

/** An import in words, for messages. */
export function describeImport({ from, line, specifier }: Import): string {
  return `${from}:${line} imports "${specifier}"`;
}

const KNOWN = new Map<string, readonly Import[]>();

function readImport(node: ts.Node): { specifier: string; typeOnly: boolean } | null {
  if (ts.isImportDeclaration(node)) {
    return textOf(node.moduleSpecifier, isTypeOnlyClause(node.importClause));
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) {
    return textOf(node.moduleSpecifier, node.isTypeOnly);
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    return textOf(node.argument.literal, true);
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    return textOf(node.arguments[0], false);
  }
  return null;
}

function isTypeOnlyClause(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false;
  if (clause.isTypeOnly) return true;
  const { name, namedBindings } = clause;
  return name === undefined && namedBindings !== undefined && ts.isNamedImports(namedBindings) &&
    namedBindings.elements.length > 0 && namedBindings.elements.every((item) => item.isTypeOnly);
}

function textOf(
  node: ts.Node | undefined,
  typeOnly: boolean,
): { specifier: string; typeOnly: boolean } | null {
  return node !== undefined && ts.isStringLiteralLike(node)
    ? { specifier: node.text, typeOnly }
    : null;
}
