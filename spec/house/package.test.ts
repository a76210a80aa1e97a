import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import test from "node:test";
import { ENTRIES, sourceOf } from "./entries.ts";
import { reach } from "./imports.ts";
import { readText, ROOT } from "./source.ts";

const PACKAGE = JSON.parse(readText("package.json"));
const DENO = JSON.parse(readText("deno.json"));
const LOCK = JSON.parse(readText("package-lock.json"));

/** Whether a range of versions, as packages write it under `engines`, allows Node 20.19. */
function allowsNode20(range: string): boolean {
  return range.split("||").some((part) => {
    const [, operator, major = 0, minor = 0] =
      /^(>=|\^|>)?\s*(\d+)(?:\.(\d+))?/.exec(part.trim()) ??
        [];
    if (part.trim() === "*") return true;
    if (operator === undefined || operator === "^") return +major === 20 && +minor <= 19;
    return +major < 20 || (+major === 20 && +minor <= 19);
  });
}

test("house: every entry point has a source, and types beside its code", () => {
  assert.ok(Object.keys(ENTRIES).length > 8);
  assert.deepEqual(Object.values(ENTRIES).filter((path) => !existsSync(ROOT + path)), []);
  for (const target of Object.values<{ types?: string; default?: string }>(PACKAGE.exports)) {
    assert.equal(target.types, target.default?.replace(/\.js$/, ".d.ts"));
  }
});

test("house: deno.json and TypeDoc have the entry points of package.json", () => {
  const sources = Object.entries(ENTRIES).map(([name, path]) => [name, `./${path}`]);
  assert.deepEqual(DENO.exports, Object.fromEntries(sources));
  assert.deepEqual(PACKAGE.typedocOptions.entryPoints, Object.values(ENTRIES));
});

test("house: whatever an entry point or a command imports is in the package", () => {
  const entries = [...Object.values(ENTRIES), ...Object.values<string>(PACKAGE.bin).map(sourceOf)];
  const reached = reach(entries).flatMap(({ target, typeOnly }) =>
    target !== null && !typeOnly ? [target] : []
  );
  const packed: readonly string[] = PACKAGE.files.map((entry: string) =>
    entry.replace(/^dist\//, "")
  );
  const isPacked = (path: string) =>
    packed.some((entry) => path.startsWith(entry.replace(/\*$/, "")));
  assert.ok(reached.length > 100);
  assert.deepEqual([...entries, ...reached].filter((path) => !isPacked(path)), []);
});

test("house: what is installed runs on Node 20.19, so that npm ci prints no warning", () => {
  const packages = Object.entries<{ engines?: { node?: string } }>(LOCK.packages);
  const demanding = packages.filter(([, { engines }]) => !allowsNode20(engines?.node ?? "*"));
  assert.ok(packages.length > 30);
  assert.deepEqual(demanding.map(([path]) => path), []);
});

test("tool: ranges of Node versions are read", () => {
  const yes = [">=18", ">= 14", "^18 || >=20", "^20.19.0 || >=22.12", "*", ">=20.19", ">14"];
  const no = [">=22.15.0", "^22.0.0 || ^24.0.0 || >=26.0.0", "^18.0.0", ">=20.20", "^20.20.0"];
  assert.deepEqual([...yes, ...no].filter(allowsNode20), yes);
});
