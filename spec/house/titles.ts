/**
 * The titles of tests. A title begins with the ids of what the test checks, and a colon:
 * `"C6, CT-24: a forged token burns no jti"`. A test inside a `describe` or another test also checks
 * what the titles around it name. A check of the house or of a tool of the tests begins with `house:` or
 * `tool:` instead; a title made from data with `` `${rules.join(", ")}: …` ``.
 * @module
 */
import ts from "typescript";
import { lineOf, parseText } from "./source.ts";

/** One test. */
export interface Title {
  readonly path: string;
  readonly line: number;
  /** As far as it is written down: `…` stands for what is computed. */
  readonly text: string;
  /** The ids that it and the titles around it begin with. */
  readonly ids: readonly string[];
  /** `data`: made from a table. `none`: it does not say what it checks. */
  readonly kind: "ids" | "house" | "data" | "none";
  /** May be skipped, so it proves nothing. */
  readonly skippable: boolean;
}

const IDS = /^((?:[A-Z]{1,2}-?\d+)(?:, (?:[A-Z]{1,2}-?\d+))*): \S/;
const HOUSE = /^(?:house|tool): \S/;
const DATA = /^\$\{[^`]*\.join\(", "\)\}: \S/;

/** Reads the titles of all tests in a text. */
export function readTitles(path: string, text: string): readonly Title[] {
  const tree = parseText(path, text);
  const runners = importedRunners(tree);
  const titles: Title[] = [];
  const visit = (node: ts.Node, around: readonly TestCall[]): void => {
    const call = ts.isCallExpression(node) ? readCall(node, runners) : null;
    if (call === null) return ts.forEachChild(node, (child) => visit(child, around));
    const all = [...around, call];
    if (!call.isGroup) titles.push({ path, line: lineOf(tree, node), ...titleOf(all) });
    ts.forEachChild(node, (child) => visit(child, all));
  };
  if (runners.size > 0) visit(tree, []);
  return titles;
}

/** What a test says, with what stands around it: outer before inner. */
function titleOf(calls: readonly TestCall[]): Omit<Title, "path" | "line"> {
  const ids = calls.flatMap(({ title }) => IDS.exec(title)?.[1]?.split(", ") ?? []);
  const says = (pattern: RegExp) => calls.some(({ title }) => pattern.test(title));
  return {
    text: calls.at(-1)?.title.replaceAll(/\$\{[^}]*\}/g, "…") ?? "",
    ids,
    kind: says(DATA) ? "data" : ids.length > 0 ? "ids" : says(HOUSE) ? "house" : "none",
    skippable: calls.some(({ skippable }) => skippable),
  };
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
  /** As it is written: without its quotes, with `${…}`. */
  readonly title: string;
  /** `describe` and `suite`: what is in them is the test. */
  readonly isGroup: boolean;
  readonly skippable: boolean;
}

/** A call of `test`, `it`, `describe`, `suite`, of their `.skip` and `.todo`, or of `t.test`. */
function readCall(node: ts.CallExpression, runners: ReadonlyMap<string, string>): TestCall | null {
  const [title] = node.arguments;
  if (title === undefined || node.arguments.length < 2) return null;
  const callee = node.expression;
  const [owner, modifier] = ts.isPropertyAccessExpression(callee)
    ? [callee.expression, callee.name.text]
    : [callee, ""];
  const called = ts.isIdentifier(owner) ? runners.get(owner.text) : undefined;
  const isRunner = called !== undefined && ["test", "it", "describe", "suite"].includes(called);
  const isSubtest = called === undefined && modifier === "test" && ts.isIdentifier(owner);
  if (!isRunner && !isSubtest) return null;
  return {
    title: writtenTitle(title),
    isGroup: called === "describe" || called === "suite",
    skippable: modifier === "skip" || modifier === "todo" || node.arguments.some(hasSkipOption),
  };
}

function writtenTitle(title: ts.Expression): string {
  if (ts.isStringLiteralLike(title)) return title.text;
  if (ts.isBinaryExpression(title)) return `${writtenTitle(title.left)}\${…}`;
  const text = title.getText();
  return ts.isTemplateExpression(title) ? text.slice(1, -1) : `\${${text}}`;
}

function hasSkipOption(argument: ts.Expression): boolean {
  return ts.isObjectLiteralExpression(argument) &&
    argument.properties.some((property) =>
      ["skip", "todo"].includes(property.name?.getText() ?? "") &&
      !(ts.isPropertyAssignment(property) &&
        property.initializer.kind === ts.SyntaxKind.FalseKeyword)
    );
}
