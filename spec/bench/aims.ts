/**
 * What the product is to cost, and whether it does.
 * @module
 */
import type { Figure } from "./measure.ts";
import { find, type Results } from "./report.ts";

/** One aim. */
export interface Aim {
  readonly name: string;
  /** The value is to be at most this, or, with `atLeast`, at least. */
  readonly limit: number;
  readonly atLeast?: boolean;
  readonly unit: string;
  /** `null` where it was not measured. */
  value(results: Results): number | null;
  /** Why it is missed, as far as it is known, and what the rest is spent on. */
  readonly remark?: string;
}

type Side = readonly [work: string, target: string, mode?: number];

/** CPU time over CPU time. */
function cpu(name: string, over: Side, under: Side, limit: number, remark?: string): Aim {
  return {
    name,
    limit,
    unit: "×",
    ...(remark !== undefined && { remark }),
    value({ figures }) {
      const [a, b] = [find(figures, ...over), find(figures, ...under)];
      return keptUp(a) && keptUp(b) ? a.cpu / b.cpu : null;
    },
  };
}

/** Whether there is a figure, and the server answered as many requests as it was to. */
function keptUp(figure: Figure | undefined): figure is Figure {
  return figure !== undefined && figure.rate >= 0.98 * (figure.perSecond ?? 0);
}

const FLOOR: Side = ["POST", "floor"];

function overFloor(work: string, target: string, limit: number, remark?: string): Aim {
  return cpu(`${work}, ${target} / floor`, [work, target], FLOOR, limit, remark);
}

function overPeer(work: string, target: string, peer: string, limit: number, remark?: string) {
  return cpu(`${work}, ${target} / ${peer}`, [work, target], [work, peer], limit, remark);
}

/** Every aim. */
export const AIMS: readonly Aim[] = [
  overFloor("publicId", "sqlite", 3.2),
  cpu(
    "publicId, sqlite / floor, at 3,000/s",
    ["publicId", "sqlite", 3000],
    ["POST", "floor", 3000],
    2.7,
  ),
  overPeer("publicId", "sqlite", "oauth2-server", 0.95),
  overPeer("publicId", "sqlite", "oidc-provider", 0.4),
  overFloor("publicId", "memory", 2),
  overPeer("publicId", "memory", "oauth2-server", 0.6),
  overPeer("publicId", "memory", "oidc-provider", 0.25),
  overFloor("consent ES256", "sqlite", 10.5),
  overPeer("consent ES256", "sqlite", "oauth2-server", 1),
  overPeer("consent ES256", "sqlite", "oidc-provider", 0.6),
  overFloor("refresh", "sqlite", 2.8),
  overPeer("refresh", "sqlite", "oauth2-server", 0.9),
  overPeer("refresh", "sqlite", "oidc-provider", 0.3),
  overFloor("introspection", "sqlite", 1.8),
  overPeer("introspection", "sqlite", "oidc-provider", 0.25),
  overFloor("Users API", "sqlite", 1.8),
  overFloor("bad secret", "sqlite", 1.8),
  cpu(
    "publicId, sqlite: Deno / Node 24",
    ["publicId", "sqlite, Deno"],
    ["publicId", "sqlite"],
    1.1,
  ),
  cpu(
    "publicId, sqlite: Node 20 with libsql / Node 24",
    ["publicId", "sqlite, Node 20"],
    ["publicId", "sqlite"],
    1.1,
  ),
  cpu(
    "publicId, sqlite: 50 families a connection / one",
    ["publicId", "sqlite, 50 families"],
    ["publicId", "sqlite, 1 family"],
    1.1,
  ),
  cpu(
    "publicId, sqlite: a million users / a thousand",
    ["publicId", "sqlite, 1,000,000 users"],
    ["publicId", "sqlite, 1,000 users"],
    1.1,
  ),
  {
    name: "publicId, sqlite: p99 at 70 % load / (3 × the floor's + one fsync)",
    limit: 1,
    unit: "×",
    value({ figures, inside }) {
      const [own, floor] = [
        find(figures, "publicId", "sqlite", 0.7),
        find(figures, "POST", "floor", 0.7),
      ];
      const sync = inside?.["fsync (ms)"];
      if (!keptUp(own) || !keptUp(floor) || sync === undefined) return null;
      return own.p99 / (3 * floor.p99 + sync);
    },
  },
  {
    name: "publicId, sqlite: what two processes on two cores can do / one on one",
    limit: 1.7,
    atLeast: true,
    unit: "×",
    value({ figures }) {
      const [one, two] = [
        find(figures, "publicId", "sqlite"),
        find(figures, "publicId", "sqlite, 2 processes"),
      ];
      return one === undefined || two === undefined ? null : 2 * one.cpu / two.cpu;
    },
  },
  {
    name: "start to first answer, compiled",
    limit: 200,
    unit: "ms",
    value: ({ beginning }) => beginning?.cpu ?? null,
  },
];

/** Whether a value reaches an aim. */
export function isReached({ limit, atLeast = false }: Aim, value: number): boolean {
  return atLeast ? value >= limit : value <= limit;
}
