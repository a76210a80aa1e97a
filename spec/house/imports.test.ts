import assert from "node:assert/strict";
import test from "node:test";
import { describeImport, type Import, importsOf, packageOf, reach } from "./imports.ts";
import { listSources } from "./source.ts";

/** A part of the code, and what it may import. Files are matched in the order of {@link LAYERS}. */
interface Layer {
  readonly name: string;
  readonly files: RegExp;
  /** The layers that it may import besides itself; `"*"` is all. */
  readonly uses: readonly string[];
  /** The npm packages that it may import; none unless it says so. */
  readonly packages?: readonly string[];
  /** It may import `node:` builtins. */
  readonly builtins?: boolean;
  /** Nothing of its imports is left when types are stripped. */
  readonly typesOnly?: boolean;
}

const JOSE = ["jose"];

const LAYERS: readonly Layer[] = [
  { name: "core", files: /^core\//, uses: [] },
  { name: "ports", files: /^adapters\/ports\.ts$/, uses: ["core"], typesOnly: true },
  { name: "entropy", files: /^adapters\/entropy\.ts$/, uses: ["ports"], builtins: true },
  {
    name: "service",
    files: /^adapters\/(direct|manage|shell)\.ts$/,
    uses: ["core", "ports", "entropy"],
  },
  {
    name: "database driver",
    files: /^adapters\/store\/sqlite-driver\.ts$/,
    uses: ["ports"],
    packages: ["libsql"],
    builtins: true,
  },
  {
    name: "stores",
    files: /^adapters\/store\//,
    uses: ["core", "ports", "database driver"],
    builtins: true,
  },
  { name: "strict JSON", files: /^adapters\/strict-json\.ts$/, uses: [] },
  {
    name: "jws",
    files: /^adapters\/jws\//,
    uses: ["core", "entropy", "strict JSON"],
    packages: JOSE,
    builtins: true,
  },
  {
    name: "tokens",
    files: /^adapters\/tokens\//,
    uses: ["core", "ports", "entropy", "jws", "strict JSON"],
    packages: JOSE,
    builtins: true,
  },
  {
    name: "consent",
    files: /^adapters\/consent\//,
    uses: ["core", "ports", "entropy", "jws", "strict JSON"],
    packages: JOSE,
    builtins: true,
  },
  { name: "version", files: /^adapters\/version\.ts$/, uses: [] },
  { name: "log", files: /^adapters\/log\.ts$/, uses: ["ports"], typesOnly: true },
  {
    name: "graphql",
    files: /^adapters\/graphql\.ts$/,
    uses: ["core", "ports", "service"],
    packages: ["graphql", "@graphql-tools/schema"],
  },
  {
    name: "http",
    files: /^adapters\/http\//,
    uses: ["core", "ports", "entropy", "service", "graphql", "jws", "log", "strict JSON"],
    packages: ["graphql", "graphql-http", "@graphql-tools/schema"],
    builtins: true,
  },
  {
    name: "roots",
    files: /^adapters\/(dev|cli)\//,
    uses: ["*"],
    packages: JOSE,
    builtins: true,
  },
  { name: "face", files: /^mod\.ts$/, uses: ["core", "ports", "service", "stores", "entropy"] },
  {
    name: "conformance",
    files: /^spec\/conformance\/(?!.*\.test\.ts$)/,
    uses: ["core", "requirements"],
    builtins: true,
  },
  { name: "requirements", files: /^spec\/requirements\/.*\.ts$/, uses: [] },
];

/** What somebody who installs the library reaches without installing anything else. */
const WITHOUT_PACKAGES = [
  "mod.ts",
  "core/mod.ts",
  "adapters/tokens/mod.ts",
  "spec/requirements/mod.ts",
];

const SOURCES = ["mod.ts", ...["core/", "adapters/", "spec/"].flatMap(listSources)];
const IMPORTS = SOURCES.flatMap(importsOf);

function layerOf(path: string): Layer | undefined {
  return LAYERS.find(({ files }) => files.test(path));
}

/** Why an import is not allowed, or `null`. */
function judge(link: Import): string | null {
  const layer = layerOf(link.from);
  if (layer === undefined) return null; // tests and their tools may import anything but tests
  const where = `${layer.name}: ${describeImport(link)}`;
  if (layer.typesOnly && !link.typeOnly) return `${where}, which is no type`;
  if (link.specifier === "node:test") return where;
  if (link.specifier.startsWith("node:")) return layer.builtins ? null : where;
  const npm = packageOf(link.specifier);
  if (npm !== null) return layer.packages?.includes(npm) ? null : where;
  const target = layerOf(link.target ?? "")?.name ?? "tests";
  return [layer.name, ...layer.uses].includes(target) || layer.uses.includes("*") ? null : where;
}

test("house: every layer imports only what it may", () => {
  assert.deepEqual(IMPORTS.map(judge).filter((problem) => problem !== null), []);
});

test("house: every file of the product has a layer", () => {
  const without = SOURCES.filter((path) => !path.startsWith("spec/") && !layerOf(path));
  assert.deepEqual(without, []);
});

test("tool: an import that is not allowed is found", () => {
  const allowed = (from: string, specifier: string, target: string | null = null) =>
    judge({ from, line: 1, specifier, target, typeOnly: false }) === null;
  assert.ok(!allowed("core/fetch.ts", "../adapters/entropy.ts", "adapters/entropy.ts"));
  assert.ok(!allowed("core/fetch.ts", "node:crypto"));
  assert.ok(!allowed("core/fetch.ts", "jose"));
  assert.ok(!allowed("adapters/ports.ts", "../core/scope.ts", "core/scope.ts"));
  assert.ok(!allowed("adapters/direct.ts", "./graphql.ts", "adapters/graphql.ts"));
  assert.ok(!allowed("adapters/store/sqlite.ts", "libsql"));
  assert.ok(!allowed("adapters/graphql.ts", "./http/router.ts", "adapters/http/router.ts"));
  assert.ok(!allowed("adapters/http/router.ts", "../cli/main.ts", "adapters/cli/main.ts"));
  assert.ok(!allowed("spec/conformance/run.ts", "node:test"));
  assert.ok(
    !allowed("spec/conformance/run.ts", "../../adapters/mint.ts", "adapters/dev/mint.ts"),
  );
  assert.ok(!allowed("adapters/http/server.ts", "express"));
  assert.ok(allowed("adapters/http/server.ts", "./http/router.ts", "adapters/http/router.ts"));
});

test("house: every layer has files", () => {
  const empty = LAYERS.filter(({ files }) => !SOURCES.some((path) => files.test(path)));
  assert.deepEqual(empty.map(({ name }) => name), []);
});

test("house: relative imports name a .ts file that there is", () => {
  const wrong = IMPORTS.filter(({ target }) => target !== null && !SOURCES.includes(target));
  assert.deepEqual(wrong.map(describeImport), []);
});

test("house: nothing imports a test", () => {
  const wrong = IMPORTS.filter(({ target }) => target?.endsWith(".test.ts"));
  assert.deepEqual(wrong.map(describeImport), []);
});

test("house: the library is free of npm packages", () => {
  const wrong = reach(WITHOUT_PACKAGES).filter(({ specifier }) => packageOf(specifier) !== null);
  assert.deepEqual(wrong.map(describeImport), []);
});

test("house: the product reaches nothing of the proof, and the suite no test runner", () => {
  // The command line offers the suite as a command, and nothing else of the product knows of it.
  const product = SOURCES.filter((path) => !path.startsWith("spec/"));
  const proof = IMPORTS.filter(({ from, target }) =>
    product.includes(from) && target?.startsWith("spec/")
  );
  assert.deepEqual(proof.map(({ from, target }) => `${from} ${target}`), [
    "adapters/cli/commands.ts spec/conformance/command.ts",
  ]);
  const suite = reach(SOURCES.filter((path) => layerOf(path)?.name === "conformance"));
  assert.deepEqual(
    suite.filter(({ specifier }) => specifier === "node:test").map(describeImport),
    [],
  );
});

test("house: no file imports itself through others", () => {
  const cyclic = SOURCES.filter((path) =>
    reach([path], ({ typeOnly }) => !typeOnly).some(({ target }) => target === path)
  );
  assert.deepEqual(cyclic, []);
});
