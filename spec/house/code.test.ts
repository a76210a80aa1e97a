import assert from "node:assert/strict";
import test from "node:test";
import ts from "typescript";
import { lineOf, listSources, nodesOf, parse, parseText } from "./source.ts";

const CORE = listSources("core/");
const PRODUCT = ["mod.ts", ...CORE, ...listSources("adapters/")];
const ALL = [...PRODUCT, ...listSources("spec/")];

/** Where in some files a node is found that breaks a rule. */
function find(paths: readonly string[], breaks: (node: ts.Node) => boolean): readonly string[] {
  return paths.flatMap((path) => findIn(parse(path), breaks));
}

function findIn(tree: ts.SourceFile, breaks: (node: ts.Node) => boolean): readonly string[] {
  return nodesOf(tree).filter(breaks)
    .map((node) =>
      `${tree.fileName}:${lineOf(tree, node)} ${node.getText(tree).split("\n", 1)[0]}`
    );
}

const CLOCKS = ["Date.now", "performance.now", "process.hrtime", "process.uptime", "Math.random"];
const RANDOM = [
  "randomBytes",
  "randomFill",
  "randomFillSync",
  "randomInt",
  "randomUUID",
  "getRandomValues",
];

function readsClockOrChance(node: ts.Node): boolean {
  if (ts.isPropertyAccessExpression(node)) {
    const { expression, name } = node;
    return ts.isIdentifier(expression) && CLOCKS.includes(`${expression.text}.${name.text}`);
  }
  if (ts.isNewExpression(node)) {
    return node.expression.getText() === "Date" && (node.arguments?.length ?? 0) === 0;
  }
  if (ts.isCallExpression(node)) return node.expression.getText() === "Date";
  return ts.isIdentifier(node) && RANDOM.includes(node.text);
}

function isPlainClass(node: ts.Node): boolean {
  if (!ts.isClassLike(node)) return false;
  const parent = node.heritageClauses?.[0]?.types[0]?.expression.getText();
  return parent?.endsWith("Error") !== true;
}

/** An exported declaration without a docstring. Overloads and `export { … }` lists carry none. */
function isUndocumented(node: ts.Node): boolean {
  if (!ts.canHaveModifiers(node)) return false;
  const exported = ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
  return exported === true && ts.getJSDocCommentsAndTags(node).length === 0;
}

/** A docstring with `@module` before anything else but `#!`. */
const MODULE_COMMENT = /^(?:#!.*\n)?\/\*\*(?:(?!\*\/)[^])*@module/;

test("A1: only entropy.ts reads the clock or draws randomness", () => {
  const elsewhere = PRODUCT.filter((path) => path !== "adapters/entropy.ts");
  assert.deepEqual(find(elsewhere, readsClockOrChance), []);
  assert.notDeepEqual(find(["adapters/entropy.ts"], readsClockOrChance), []);
});

test("house: the core's switches name every case", () => {
  assert.deepEqual(find(CORE, ts.isDefaultClause), []);
});

test("house: the only classes are errors", () => {
  assert.deepEqual(find(ALL, isPlainClass), []);
});

test("house: only mod.ts files re-export whole modules", () => {
  const others = ALL.filter((path) => !path.endsWith("mod.ts"));
  const isBarrel = (node: ts.Node) =>
    ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined && !node.exportClause;
  assert.deepEqual(find(others, isBarrel), []);
});

test("house: every export has a docstring, and every module says what it is", () => {
  const modules = ALL.filter((path) => !path.endsWith(".test.ts"));
  assert.deepEqual(find(modules, isUndocumented), []);
  const silent = modules.filter((path) => !MODULE_COMMENT.test(parse(path).text));
  assert.deepEqual(silent, []);
});

test("tool: each of these checks finds what it looks for", () => {
  const lines = (text: string, breaks: (node: ts.Node) => boolean) =>
    findIn(parseText("sample.ts", text), breaks).length;
  const impure = "Date.now(); new Date(); Date(); Math.random(); performance.now(); randomUUID();";
  assert.equal(lines(impure, readsClockOrChance), 6);
  assert.equal(lines("new Date(5); clock.now(); date.now; // Date.now()", readsClockOrChance), 0);
  assert.equal(lines("class A {} class B extends Error {} class C extends B {}", isPlainClass), 2);
  assert.equal(lines("switch (a) { case 1: break; default: }", ts.isDefaultClause), 1);
  assert.equal(lines("/** Yes. */ export const a = 1; export const b = 1;", isUndocumented), 1);
});
