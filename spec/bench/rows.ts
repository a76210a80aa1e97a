/**
 * Every row of the benchmark.
 * @module
 */
import { resolve } from "node:path";
import { build } from "./build.ts";
import { hasPeers } from "./install.ts";
import type { Row } from "./measure.ts";
import { ours, type OursOptions } from "./ours.ts";
import { createPeers, floor } from "./peers.ts";
import { ROOT, type Runtime, RUNTIMES } from "./runtimes.ts";
import type { Target } from "./target.ts";

/** The groups of rows, and what is in them. */
export const GROUPS = {
  floors: "a constant POST of the same size, without and with JSON",
  ours: "every kind of request, on each store",
  peers: "other implementations doing the same work",
  variants: "JWT access tokens, other runtimes, two processes",
  scale: "from a thousand users to a million",
  families: "one token family a connection, or fifty",
  rate: "3,000 requests a second instead of a closed loop",
  latency: "70 % of what each server can do",
} as const;

/** The name of a group. */
export type Group = keyof typeof GROUPS;

/** What to measure. */
export interface Choice {
  readonly groups: readonly string[];
  /** Works by name; `null` for all. */
  readonly only: readonly string[] | null;
  readonly stores: readonly ("sqlite" | "memory")[];
  /** Floors and peers by name; `null` for all. */
  readonly peers: readonly string[] | null;
  /** Another checkout. */
  readonly against: string | null;
  /** As many requests a second for every row; `null` for closed loops. */
  readonly perSecond: number | null;
  readonly runtime: string;
}

/** A runtime that has to be there. */
export function runtimeOf(name: string): Runtime {
  const runtime = RUNTIMES[name]?.();
  if (runtime) return runtime;
  throw new Error(`${name} is not installed here`);
}

/** In memory, less is measured. */
const MEMORY_WORKS = ["publicId", "consent ES256", "refresh", "introspection", "bad secret"];
const PER_SECOND = 3_000;
const LOAD = 0.7;

/** The chosen rows. */
export function chooseRows(choice: Choice): readonly Row[] {
  const { groups, only, perSecond } = choice;
  const rows = groups.flatMap((group) => ROWS[group as Group](choice));
  const chosen = rows.filter(({ target, work }) =>
    target.name === "floor" || only === null || only.includes(work)
  );
  return perSecond === null ? chosen : chosen.map((row) => ({ ...row, perSecond }));
}

const ROWS: { readonly [Name in Group]: (choice: Choice) => readonly Row[] } = {
  floors: (choice) =>
    isWanted(choice, "floor")
      ? ["POST", "POST JSON"].slice(0, choice.only === null ? 2 : 1)
        .map((work) => ({ work, target: floor(runtimeOf("node")) }))
      : [],
  ours: (choice) =>
    choice.stores.flatMap((store) =>
      productsOf(choice, store).flatMap((target) =>
        Object.keys(target.works)
          .filter((work) => store === "sqlite" || choice.only || MEMORY_WORKS.includes(work))
          .map((work) => ({ work, target }))
      )
    ),
  peers: (choice) =>
    peersOf(choice).flatMap((target) =>
      Object.keys(target.works).map((work) => ({ work, target }))
    ),
  variants,
  scale: (choice) =>
    [1_000, 1_000_000].map((users) => ({
      work: "publicId",
      target: sqlite(choice, `${users.toLocaleString("en")} users`),
      users,
    })),
  families: (choice) =>
    [1, 50].map((count) => ({
      work: "publicId",
      target: sqlite(choice, `${count} ${count === 1 ? "family" : "families"}`, {
        args: ["--max-families", String(count)],
      }),
      users: 100,
      evicts: true,
    })),
  rate: (choice) =>
    [
      ...ROWS.floors(choice).slice(0, 1),
      ...[...productsOf(choice, "sqlite"), ...productsOf(choice, "memory"), ...peersOf(choice)]
        .filter(({ name }) => /^(?:sqlite|memory|oauth2)/.test(name))
        .map((target) => ({ work: "publicId", target })),
    ].map((row) => ({ ...row, perSecond: PER_SECOND })),
  latency: (choice) =>
    [
      ...ROWS.floors(choice).slice(0, 1),
      { work: "publicId", target: sqlite(choice) },
      { work: "consent ES256", target: sqlite(choice) },
    ].map((row) => ({ ...row, load: LOAD })),
};

function isWanted({ peers }: Choice, name: string): boolean {
  return peers === null || peers.includes(name);
}

function peersOf(choice: Choice): readonly Target[] {
  if (!hasPeers()) return [];
  return createPeers(runtimeOf("node")).filter(({ name }) => isWanted(choice, name));
}

/** This checkout, and the other one if there is one. */
function productsOf(choice: Choice, store: "sqlite" | "memory"): readonly Target[] {
  const common = { runtime: runtimeOf(choice.runtime), store };
  const products = [ours({ ...common, name: store, build: build(ROOT) })];
  if (choice.against !== null) {
    const other = build(resolve(choice.against));
    products.push(ours({ ...common, name: `${store} (against)`, build: other }));
  }
  return products;
}

/** This checkout on SQLite, in some way that its name says. */
function sqlite(choice: Choice, way = "", options: Partial<OursOptions> = {}): Target {
  return ours({
    name: way === "" ? "sqlite" : `sqlite, ${way}`,
    build: build(ROOT),
    runtime: runtimeOf(choice.runtime),
    store: "sqlite",
    ...options,
  });
}

function variants(choice: Choice): readonly Row[] {
  const on = (name: string, works: readonly string[]) => {
    const runtime = RUNTIMES[name]?.();
    if (!runtime) return [];
    const target = sqlite(choice, runtime.name, { runtime });
    return works.map((work) => ({ work, target }));
  };
  return [
    {
      work: "publicId",
      target: sqlite(choice, "JWT access tokens", { args: ["--access-tokens", "jwt"] }),
    },
    { work: "publicId", target: sqlite(choice, "2 processes", { processes: 2 }) },
    ...on("node20", ["publicId"]),
    ...on("deno", ["publicId", "consent ES256"]),
    ...on("bun", ["publicId"]),
  ];
}
