import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { posix } from "node:path";
import test from "node:test";
import { VERSION } from "../../adapters/version.ts";
import { listFiles, listTop, readText, ROOT } from "./source.ts";

const FILES = listFiles();
const TEXTS = FILES.filter((path) =>
  /\.(?:ts|js|mjs|json|md|html|yml|yaml|sql|graphql|sh|py)$|^\.[^.]*$/.test(path)
);
const PAGES = FILES.filter((path) => path.endsWith(".md"));

const TOP = [
  "adapters/",
  "core/",
  "docs/",
  "spec/",
  "CHANGELOG.md",
  "CONTRIBUTING.md",
  "LICENSE",
  "README.md",
  "SECURITY.md",
  "deno.json",
  "mod.ts",
  "package-lock.json",
  "package.json",
  "tsconfig.json",
];

/** Every match of a pattern in some files, with its place. */
function findText(paths: readonly string[], pattern: RegExp): readonly string[] {
  return paths.flatMap((path) =>
    readText(path).split("\n").flatMap((line, index) =>
      [...line.matchAll(pattern)].map((match) => `${path}:${index + 1} ${match[1] ?? match[0]}`)
    )
  );
}

test("house: the top of the repository holds nothing else", () => {
  assert.deepEqual(listTop().filter((name) => !TOP.includes(name) && !name.startsWith(".")), []);
});

test("house: .gitignore holds names of folders and endings only", () => {
  const lines = readText(".gitignore").split("\n").filter((line) => line !== "");
  assert.deepEqual(lines.filter((line) => !/^(?:[\w.-]+\/|\*\.[\w-]+)$/.test(line)), []);
});

test("house: package, lock file, deno.json, code and changelog agree on the version", () => {
  const versionIn = (path: string): string => JSON.parse(readText(path)).version;
  const newest = /^## \[?(\d[^\s\]]*)/m.exec(readText("CHANGELOG.md"))?.[1];
  const versions = [
    versionIn("package.json"),
    versionIn("package-lock.json"),
    versionIn("deno.json"),
    VERSION,
    newest,
  ];
  assert.deepEqual(versions.filter((version) => version !== versions[0]), []);
  assert.match(versions[0] ?? "", /^\d+\.\d+\.\d+$/);
});

test("house: nothing names a path of the machine it was written on", () => {
  const path =
    /(?<![\w.~)}-])\/(?:home|root|Users|work|workspace|mnt)\/\w[^\s"'`)]*|[A-Z]:\\Users\\/g;
  assert.deepEqual(findText(TEXTS, path), []);
});

test("house: nothing names a package registry but the public ones", () => {
  const host = /https?:\/\/([\w.-]*(?:registry|artifactory|nexus|verdaccio)[\w.-]*)/gi;
  const hosts = findText(TEXTS, host);
  assert.deepEqual(hosts.filter((found) => !found.endsWith(" registry.npmjs.org")), []);
  const inside = /https?:\/\/((?:10|192\.168|172\.(?:1[6-9]|2\d|3[01]))(?:\.\d+)+)/g;
  assert.deepEqual(findText(TEXTS, inside), []);
});

test("house: every page that is mentioned exists", () => {
  const names = new Set(PAGES.map((path) => posix.basename(path)));
  const mention = /(?<![\w*/.-])((?:[\w.-]+\/)*[\w-]+\.md)\b/g;
  const dangling = findText(TEXTS, mention)
    .filter((found) => !names.has(found.split(/[ /]/).at(-1) ?? ""));
  assert.deepEqual(dangling, []);
});

test("house: every npm script that is mentioned exists", () => {
  const { scripts } = JSON.parse(readText("package.json"));
  const mentioned = findText(TEXTS, /\bnpm run (?:--?\w+ )*([\w:-]*\w)/g);
  assert.ok(mentioned.length > 20);
  assert.deepEqual(mentioned.filter((found) => !scripts[found.split(" ")[1] ?? ""]), []);
});

test("house: every relative link of a page leads to a file", () => {
  const link = /\]\((?!https?:|mailto:|#)([^)\s#]+)[^)]*\)/g;
  const broken = PAGES.flatMap((page) =>
    [...readText(page).matchAll(link)]
      .map((match) => posix.join(posix.dirname(page), match[1] ?? ""))
      .filter((target) => !existsSync(ROOT + target))
      .map((target) => `${page} links to ${target}`)
  );
  assert.deepEqual(broken, []);
});
