/**
 * What a file of tests or cases cites. Two ways to cite, and no third:
 *
 * 1. The title of a test begins with ids and a colon: `"C6, CT-24: a forged token burns no jti"`. Tests
 *    within a `describe` or another test also cite what the titles around them cite. A check of the
 *    house or of a tool of the tests begins with `house:` or `tool:` instead.
 * 2. An entry of a table is an object with literal lists of ids under `rules`, `requirements` or
 *    `attacks`, or a call with a name and then such a list: `always("one-live-generation", ["T5"], …)`.
 *    The title of a test that is made from such an entry begins with one of those properties:
 *    `` `${rules.join(", ")}: ${name}` ``.
 * @module
 */
import ts from "typescript";
import type { Level } from "../requirements/model.ts";
import { lineOf, parseText } from "./source.ts";

/** Something that cites rules and attacks: a test, or an entry of a table. */
export interface Citation {
  readonly path: string;
  readonly line: number;
  /** The title of a test; a table's entry by what it is called. */
  readonly name: string;
  readonly kind: "test" | "entry";
  readonly ids: readonly string[];
  /** How strict a case is, if it says so. */
  readonly level: Level | null;
  /** Runs always: a test that may be skipped proves nothing. */
  readonly unconditional: boolean;
}

/** A title that cites nothing where it should. */
export interface Uncited {
  readonly path: string;
  readonly line: number;
  readonly name: string;
}

/** What was found in a file. */
export interface Titles {
  readonly citations: readonly Citation[];
  readonly uncited: readonly Uncited[];
  /** Some titles are made from a table's entries. */
  readonly fromTable: boolean;
}

const ID = /^[A-Z]{1,2}-?\d+$/;
const CITED = /^((?:[A-Z]{1,2}-?\d+)(?:, (?:[A-Z]{1,2}-?\d+))*): \S/;
const EXEMPT = /^(?:house|tool): \S/;
const TABLE_PROPERTIES: readonly string[] = ["rules", "requirements", "attacks"];

/** Reads titles and tables from a text. */
export function readTitles(path: string, text: string): Titles {
  const tree = parseText(path, text);
  const runners = importedRunners(tree);
  const citations: Citation[] = [];
  const uncited: Uncited[] = [];
  let fromTable = false;

  function visit(node: ts.Node, around: Around): void {
    const entry = ts.isObjectLiteralExpression(node)
      ? readEntry(node)
      : ts.isCallExpression(node)
      ? readNamedEntry(node)
      : null;
    if (entry !== null) citations.push({ path, line: lineOf(tree, node), ...entry });
    const call = ts.isCallExpression(node) ? readCall(node, runners) : null;
    if (call === null) return ts.forEachChild(node, (child) => visit(child, around));
    const { head, isTable } = readHead(call.title);
    const own = CITED.exec(head)?.[1]?.split(", ") ?? [];
    const inner: Around = {
      ids: [...around.ids, ...own],
      excused: around.excused || isTable || EXEMPT.test(head),
      unconditional: around.unconditional && !call.skippable,
    };
    fromTable ||= isTable;
    const place = { path, line: lineOf(tree, node), name: head || call.title.getText(tree) };
    if (!call.isGroup) {
      if (inner.ids.length > 0) {
        const { ids, unconditional } = inner;
        citations.push({ ...place, kind: "test", ids, level: null, unconditional });
      } else if (!inner.excused) uncited.push(place);
    }
    ts.forEachChild(node, (child) => visit(child, inner));
  }

  visit(tree, { ids: [], excused: false, unconditional: true });
  return { citations, uncited, fromTable };
}

/** What the titles around a node say. */
interface Around {
  readonly ids: readonly string[];
  readonly excused: boolean;
  readonly unconditional: boolean;
}

/** The names under which a file knows the functions of `node:test`, and what they are. */
function importedRunners(tree: ts.SourceFile): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const node of tree.statements) {
    if (!ts.isImportDeclaration(node) || !ts.isStringLiteral(node.moduleSpecifier)) continue;
    if (node.moduleSpecifier.text !== "node:test") continue;
    const { name, namedBindings } = node.importClause ?? {};
    if (name !== undefined) names.set(name.text, "test");
    if (namedBindings === undefined || !ts.isNamedImports(namedBindings)) continue;
    for (const item of namedBindings.elements) {
      names.set(item.name.text, (item.propertyName ?? item.name).text);
    }
  }
  return names;
}

interface TestCall {
  readonly title: ts.Expression;
  /** `describe` and `suite`: what is in them is the test. */
  readonly isGroup: boolean;
  readonly skippable: boolean;
}

/** A call of `test`, `it`, `describe`, `suite`, of their `.skip` and `.todo`, or of `t.test`. */
function readCall(
  node: ts.CallExpression,
  runners: ReadonlyMap<string, string>,
): TestCall | null {
  const title = node.arguments[0];
  if (title === undefined || node.arguments.length < 2) return null;
  const callee = node.expression;
  const isProperty = ts.isPropertyAccessExpression(callee);
  const owner = isProperty ? callee.expression : callee;
  const called = ts.isIdentifier(owner) ? runners.get(owner.text) : undefined;
  const modifier = isProperty ? callee.name.text : "";
  const isSubtest = called === undefined && modifier === "test" && ts.isIdentifier(owner) &&
    runners.size > 0;
  const isRunner = called !== undefined && ["test", "it", "describe", "suite"].includes(called);
  if (!isSubtest && !isRunner) return null;
  return {
    title,
    isGroup: called === "describe" || called === "suite",
    skippable: modifier === "skip" || modifier === "todo" || hasSkipOption(node),
  };
}

function hasSkipOption(node: ts.CallExpression): boolean {
  return node.arguments.some((argument) =>
    ts.isObjectLiteralExpression(argument) &&
    argument.properties.some((property) =>
      ["skip", "todo"].includes(property.name?.getText() ?? "") &&
      !(ts.isPropertyAssignment(property) &&
        property.initializer.kind === ts.SyntaxKind.FalseKeyword)
    )
  );
}

/** What a title surely begins with, and whether it begins with the ids of a table's entry. */
function readHead(title: ts.Expression): { readonly head: string; readonly isTable: boolean } {
  if (ts.isStringLiteralLike(title)) return { head: title.text, isTable: false };
  if (ts.isBinaryExpression(title)) {
    const left = readHead(title.left);
    return { ...left, head: `${left.head}…` };
  }
  if (!ts.isTemplateExpression(title)) return { head: "", isTable: mentionsTable(title) };
  const [first] = title.templateSpans;
  const rest = title.templateSpans.map(({ literal }) => `…${literal.text}`).join("");
  const isTable = title.head.text === "" && first !== undefined && mentionsTable(first.expression);
  return { head: isTable ? "" : title.head.text + rest, isTable };
}

function mentionsTable(node: ts.Node): boolean {
  if (ts.isIdentifier(node)) return TABLE_PROPERTIES.includes(node.text);
  return ts.forEachChild(node, mentionsTable) ?? false;
}

type Entry = Omit<Citation, "path" | "line">;

/** An object with literal lists of ids. */
function readEntry(node: ts.ObjectLiteralExpression): Entry | null {
  const properties = new Map(
    node.properties.filter(ts.isPropertyAssignment)
      .map(({ name, initializer }) => [name.getText(), initializer]),
  );
  const text = (name: string) => textOf(properties.get(name));
  const ids = TABLE_PROPERTIES.flatMap((name) => textsOf(properties.get(name)));
  if (ids.length === 0) return null;
  const level = text("level");
  return {
    name: text("id") ?? text("name") ?? text("title") ?? "entry",
    kind: "entry",
    ids,
    level: level === "MUST" || level === "SHOULD" || level === "MAY" ? level : null,
    unconditional: true,
  };
}

/** A call with a name and then a literal list of ids. */
function readNamedEntry(node: ts.CallExpression): Entry | null {
  for (const [index, argument] of node.arguments.entries()) {
    const name = textOf(node.arguments[index - 1]);
    const ids = textsOf(argument);
    if (name !== null && ids.length > 0 && ids.every((id) => ID.test(id))) {
      return { name, kind: "entry", ids, level: null, unconditional: true };
    }
  }
  return null;
}

function textOf(node: ts.Node | undefined): string | null {
  return node !== undefined && ts.isStringLiteralLike(node) ? node.text : null;
}

/** The texts of a literal list. */
function textsOf(node: ts.Node | undefined): readonly string[] {
  return node !== undefined && ts.isArrayLiteralExpression(node)
    ? node.elements.map(textOf).filter((text) => text !== null)
    : [];
}
