import assert from "node:assert/strict";
import test from "node:test";
import { describeImport, type Import, importsOf, packageOf, reach } from "./imports.ts";
import { listSources } from "./source.ts";

/** A part of the code, and what it may import. The first one whose pattern matches a file owns it. */
interface Layer {
  readonly name: string;
  readonly files: RegExp;
  /** The lower layers that it may import besides itself; `"*"` is all of them. */
  readonly uses: readonly string[];
  /** The npm packages that it may import; none by default. `"*"` is all. */
  readonly packages?: readonly string[];
  /** It may import `node:` builtins. */
  readonly builtins?: boolean;
  /** It may import types only. */
  readonly typesOnly?: boolean;
}

const GRAPHQL = ["graphql", "@graphql-tools/schema"];

const ANY = { uses: ["*"], packages: ["*"], builtins: true };

/** Lowest first: a layer uses only lower ones, and types count as imports. */
const LAYERS: readonly Layer[] = [
  { name: "core", files: /^core\//, uses: [] },
  { name: "ports", files: /^adapters\/ports\.ts$/, uses: ["core"], typesOnly: true },
  { name: "entropy", files: /^adapters\/entropy\.ts$/, uses: ["ports"], builtins: true },
  { name: "version", files: /^adapters\/version\.ts$/, uses: [] },
  { name: "strict JSON", files: /^adapters\/(?:strict-json|nesting)\.ts$/, uses: [] },
  {
    name: "service",
    files: /^adapters\/(belief|direct|manage|restore|shell)\.ts$/,
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
    name: "database pool",
    files: /^adapters\/store\/postgres\/(?:driver|pool|errors)\.ts$/,
    uses: [],
    packages: ["pg"],
    builtins: true,
  },
  {
    name: "stores",
    files: /^adapters\/store\//,
    uses: ["core", "ports", "entropy", "database driver", "database pool"],
    builtins: true,
  },
  {
    name: "jws",
    files: /^adapters\/jws\//,
    uses: ["core", "entropy", "strict JSON"],
    packages: ["jose"],
    builtins: true,
  },
  {
    name: "tokens",
    files: /^adapters\/tokens\//,
    uses: ["core", "ports", "entropy", "jws", "strict JSON"],
    packages: ["jose"],
    builtins: true,
  },
  {
    name: "consent",
    files: /^adapters\/consent\//,
    uses: ["core", "ports", "entropy", "jws", "strict JSON"],
    packages: ["jose"],
    builtins: true,
  },
  { name: "log", files: /^adapters\/log\.ts$/, uses: ["ports"], typesOnly: true },
  {
    name: "graphql",
    files: /^adapters\/graphql\.ts$/,
    uses: ["core", "ports", "service"],
    packages: GRAPHQL,
  },
  {
    name: "http",
    files: /^adapters\/http\//,
    uses: ["core", "ports", "entropy", "service", "graphql", "jws", "log", "strict JSON"],
    packages: GRAPHQL,
    builtins: true,
  },
  { name: "face", files: /^mod\.ts$/, uses: ["core", "ports", "service", "stores", "entropy"] },
  { name: "requirements", files: /^spec\/requirements\//, uses: [] },
  {
    name: "conformance",
    files: /^spec\/conformance\//,
    uses: ["core", "requirements"],
    builtins: true,
  },
  {
    name: "store contract",
    files: /^spec\/store-contract\//,
    uses: ["core", "ports", "conformance"],
  },
  {
    name: "development",
    files: /^adapters\/dev\//,
    uses: [
      "core",
      "ports",
      "entropy",
      "version",
      "strict JSON",
      "service",
      "stores",
      "jws",
      "tokens",
      "consent",
      "http",
    ],
    packages: ["jose"],
    builtins: true,
  },
  { name: "command line", files: /^adapters\/cli\//, uses: ["*"], builtins: true },
  { name: "model", files: /^spec\/model\//, uses: ["core", "requirements"], builtins: true },
  { name: "support", files: /^spec\/tests\/support\//, ...ANY },
  { name: "tools", files: /^spec\/(?!tests\/|strength\/)\w+\//, ...ANY },
  { name: "tests", files: /^spec\/tests\//, ...ANY },
  { name: "strength", files: /^spec\/strength\//, ...ANY },
];

/** Which files of the product may import what is for development only. */
const DEVELOPMENT_DOORS = ["banner", "inspect", "mint", "partner", "serve"]
  .map((name) => `adapters/cli/${name}.ts`);

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
  const { packages = [], builtins = false, typesOnly = false } = layer ?? {};
  const names = (list: readonly string[], name: string) =>
    list.includes(name) || list.includes("*");
  const npm = packageOf(link.specifier);
  const isAllowed = link.specifier === "node:test"
    ? link.from.startsWith("spec/") && !names(PUBLISHED, layer?.name ?? "")
    : link.specifier.startsWith("node:")
    ? builtins
    : npm !== null
    ? names(packages, npm)
    : layer !== undefined && mayUse(layer, layerOf(link.target ?? ""));
  return isAllowed && (link.typeOnly || !typesOnly) ? null : describeImport(link);
}

/** Whether a layer may use another: itself, and the lower ones that it names. */
function mayUse(layer: Layer, used: Layer | undefined): boolean {
  if (used === undefined) return false;
  const isLower = LAYERS.indexOf(used) < LAYERS.indexOf(layer);
  return used === layer ||
    (isLower && (layer.uses.includes("*") || layer.uses.includes(used.name)));
}

/** The parts of `spec/` that are in the package. */
const PUBLISHED = ["requirements", "conformance"];

function where(breaks: (link: Import) => boolean): readonly string[] {
  return IMPORTS.filter(breaks).map(describeImport);
}

test("house: every layer imports only what it may", () => {
  assert.deepEqual(where((link) => judge(link) !== null), []);
});

test("house: every file has a layer, and every layer has files", () => {
  assert.deepEqual(SOURCES.filter((path) => layerOf(path) === undefined), []);
  const empty = LAYERS.filter((layer) => !SOURCES.some((path) => layerOf(path) === layer));
  assert.deepEqual(empty.map(({ name }) => name), []);
});

test("house: layers use only lower ones, so there is no way back up", () => {
  const wrong = LAYERS.flatMap(({ name, uses }, index) => {
    const lower = LAYERS.slice(0, index).map((layer) => layer.name);
    return uses.filter((used) => used !== "*" && !lower.includes(used))
      .map((used) => `${name} uses ${used}`);
  });
  assert.deepEqual(wrong, []);
});

test("house: no file imports itself through others, types included", () => {
  const cyclic = SOURCES.filter((path) => reach([path]).some(({ target }) => target === path));
  assert.deepEqual(cyclic, []);
});

test("house: relative imports name a .ts file that exists", () => {
  assert.deepEqual(where(({ target }) => target !== null && !SOURCES.includes(target)), []);
});

test("house: nothing imports a test, and folders of tests share only support", () => {
  assert.deepEqual(where(({ target }) => target?.endsWith(".test.ts") === true), []);
  const folderOf = (path: string) => /^spec\/tests\/([\w-]+)\//.exec(path)?.[1];
  const shared = where(({ from, target }) => {
    const used = folderOf(target ?? "");
    return used !== undefined && used !== "support" && used !== folderOf(from);
  });
  assert.deepEqual(shared, []);
});

test("house: what is for development only is off the production path", () => {
  const isDevelopment = (path: string | null) => path?.startsWith("adapters/dev/") === true;
  const doors = where(({ from, target }) =>
    isDevelopment(target) && !isDevelopment(from) && !from.startsWith("spec/") &&
    !DEVELOPMENT_DOORS.includes(from)
  );
  assert.deepEqual(doors, []);
});

test("house: the library is free of npm packages", () => {
  const wrong = reach(WITHOUT_PACKAGES).filter(({ specifier }) => packageOf(specifier) !== null);
  assert.deepEqual(wrong.map(describeImport), []);
});

test("house: the product reaches spec/ only for the command conform", () => {
  const isProduct = (path: string) => !path.startsWith("spec/");
  const links = IMPORTS.filter(({ from, target }) =>
    isProduct(from) && target !== null && !isProduct(target)
  );
  assert.deepEqual(links.map(({ from, target }) => `${from} ${target}`), [
    "adapters/cli/commands.ts spec/conformance/command.ts",
  ]);
});

test("tool: an import that is not allowed is found", () => {
  const allowed = (from: string, target: string, typeOnly = false) => {
    const isFile = target.endsWith(".ts");
    const specifier = isFile ? `./${target}` : target;
    return judge({ from, line: 1, specifier, target: isFile ? target : null, typeOnly }) === null;
  };
  assert.ok(!allowed("core/fetch.ts", "adapters/entropy.ts", true));
  assert.ok(!allowed("core/fetch.ts", "node:crypto"));
  assert.ok(!allowed("core/fetch.ts", "jose"));
  assert.ok(!allowed("adapters/ports.ts", "core/scope.ts"));
  assert.ok(!allowed("adapters/direct.ts", "adapters/graphql.ts", true));
  assert.ok(!allowed("adapters/store/sqlite.ts", "libsql"));
  assert.ok(!allowed("adapters/graphql.ts", "adapters/http/router.ts"));
  assert.ok(!allowed("adapters/http/router.ts", "adapters/cli/main.ts"));
  assert.ok(!allowed("adapters/http/server.ts", "express"));
  assert.ok(!allowed("adapters/consent/verifier.ts", "adapters/dev/defects.ts"));
  assert.ok(!allowed("adapters/http/server.ts", "node:test"));
  assert.ok(!allowed("spec/conformance/run.ts", "node:test"));
  assert.ok(!allowed("spec/conformance/run.ts", "adapters/dev/mint.ts"));
  assert.ok(!allowed("spec/model/explore.ts", "spec/tests/support/world.ts"));
  assert.ok(allowed("adapters/http/server.ts", "adapters/http/router.ts"));
  assert.ok(allowed("adapters/ports.ts", "core/scope.ts", true));
  assert.ok(allowed("spec/tests/core/scope.test.ts", "node:test"));
});
