import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import process from "node:process";
import test, { after } from "node:test";
import { pathToFileURL } from "node:url";
import ts from "typescript";
import { ENTRIES } from "./entries.ts";
import { examplesOf, FOLDER_PATH } from "./examples.ts";
import { listSources, parse, readText, ROOT } from "./source.ts";

/** What a newcomer calls first. */
const FIRST = [
  "adapters/direct.ts createService",
  "adapters/store/memory.ts createMemoryStore",
  "adapters/store/sqlite.ts openSqliteStore",
  "adapters/tokens/opaque.ts createOpaqueTokens",
  "adapters/tokens/token-keys.ts generateTokenKeys",
  "adapters/tokens/jwt/at-jwt.ts createJwtTokens",
  "adapters/consent/verifier.ts createConsentVerifier",
  "adapters/dev/mint.ts mintConsentToken",
  "adapters/dev/testing/shop.ts startTestShop",
  "adapters/graphql.ts createSchema",
  "adapters/http/router.ts createHttpHandler",
  "adapters/http/server.ts startServer",
  "adapters/http/fetch.ts toFetchHandler",
  "spec/conformance/run/conform.ts conform",
  "core/decide.ts decide",
  "core/evolve.ts evolve",
];

const EXAMPLES = [
  "mod.ts",
  ...["core/", "adapters/", "spec/conformance/", "spec/store-contract/"].flatMap(listSources),
]
  .flatMap(examplesOf);
const files = EXAMPLES.map(({ code }, index) => {
  const path = `${FOLDER_PATH}/${process.pid}-${index}.ts`;
  mkdirSync(FOLDER_PATH, { recursive: true });
  writeFileSync(path, `${code}export {};\n`);
  return path;
});
after(() => files.forEach((path) => rmSync(path)));

test("house: every entry point has an example", () => {
  const without = Object.values(ENTRIES).filter((path) => examplesOf(path).length === 0);
  assert.deepEqual(without, []);
});

test("house: every function that a newcomer calls first has an example", () => {
  const hasExample = (path: string, name: string) =>
    parse(path).statements.some((node) =>
      ts.isFunctionDeclaration(node) && node.name?.text === name &&
      ts.getJSDocTags(node).some((tag) => tag.tagName.text === "example")
    );
  const without = FIRST.filter((entry) => {
    const [path = "", name = ""] = entry.split(" ");
    return !hasExample(path, name);
  });
  assert.deepEqual(without, []);
});

test("house: examples have the right types", () => {
  const { compilerOptions } = JSON.parse(readText("tsconfig.json"));
  const { options } = ts.convertCompilerOptionsFromJson(compilerOptions, ROOT);
  const program = ts.createProgram(files, {
    ...options,
    noEmit: true,
    rewriteRelativeImportExtensions: false,
    allowImportingTsExtensions: true,
    isolatedDeclarations: false,
    declaration: false,
  });
  const wrong = files.flatMap((path, index) =>
    [
      ...program.getSyntacticDiagnostics(program.getSourceFile(path)),
      ...program
        .getSemanticDiagnostics(program.getSourceFile(path)),
    ]
      .map(({ messageText }) =>
        `${EXAMPLES[index]?.name}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`
      )
  );
  assert.deepEqual(wrong, []);
});

for (const [index, { name }] of EXAMPLES.entries()) {
  test(`house: the example of ${name} runs`, async () => {
    const failed: unknown[] = [];
    const { assert: original } = console;
    console.assert = (holds, ...rest) => {
      if (holds !== true) failed.push(["console.assert failed", ...rest]);
    };
    try {
      await import(pathToFileURL(files[index] ?? "").href);
    } finally {
      console.assert = original;
    }
    assert.deepEqual(failed, []);
  });
}
