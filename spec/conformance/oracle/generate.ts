/**
 * Draws the next step of a history. It knows what was issued, so most steps refer to something that exists.
 * @module
 */
import type { Settings } from "../../../core/settings.ts";
import type { Random } from "../base/random.ts";
import type { Deed, PartyRole, Role, Step } from "./steps.ts";

/** What steps can refer to. */
export interface Known {
  readonly minted: readonly number[];
  readonly issued: readonly number[];
}

/** The relative frequency of each deed. */
export type Weights = Readonly<Partial<Record<Deed["do"], number>>>;

/** What a kind of history consists of. */
export interface Profile {
  readonly weights: Weights;
  /** Mostly one user and one partner, so that steps interact. */
  readonly narrow?: boolean;
  /** How far the clock may move, in seconds. */
  readonly leaps: (settings: Settings) => readonly number[];
}

/** Draws a step. */
export function draw(
  random: Random,
  id: number,
  known: Known,
  profile: Profile,
  settings: Settings,
): Step {
  const role = (): Role => profile.narrow && !random.chance(15) ? 0 : random.below(2) as Role;
  const deed = drawDeed(random, role, known, profile, settings, id);
  return { id, ...deed } as Step;
}

function drawDeed(
  random: Random,
  role: () => Role,
  known: Known,
  profile: Profile,
  settings: Settings,
  id: number,
): Deed {
  const bits = () => random.chance(40) ? 7 : 1 + random.below(7);
  const party = (): PartyRole => (random.chance(50) ? role() : role() + 2) as PartyRole;
  const via = (): Role | null => random.chance(50) ? role() : null;
  const recent = (list: readonly number[]) =>
    random.chance(50)
      ? list.at(-1 - random.below(Math.min(3, list.length))) ?? 0
      : random.pick(list);
  const kind = choose(random, possible(profile.weights, known));
  switch (kind) {
    case "fetch":
      return { do: kind, client: role(), user: role() };
    case "mint": {
      const longest = settings.consentMaxLifetimeSeconds;
      const skew = settings.consentSkewSeconds;
      const ageSeconds = random.chance(70)
        ? 0
        : random.pick([-skew - 1, -skew, 1, 2, 10, longest - 1]);
      const lifetimeSeconds = random.chance(80)
        ? longest
        : random.pick([1, longest + 1, Math.ceil(longest / 2)]);
      return {
        do: kind,
        client: role(),
        user: role(),
        merchant: role(),
        scope: bits(),
        ageSeconds,
        lifetimeSeconds,
      };
    }
    case "redeem":
      return { do: kind, client: role(), minted: recent(known.minted) };
    case "refresh":
      return {
        do: kind,
        client: role(),
        issued: recent(known.issued),
        scope: random.chance(75) ? null : bits(),
      };
    case "introspect":
    case "revoke-token":
      return {
        do: kind,
        client: role(),
        issued: recent(known.issued),
        kind: random.chance(60) ? "access" : "refresh",
      };
    case "connect":
      return { do: kind, user: role(), party: party(), scope: bits() };
    case "narrow":
      return { do: kind, user: role(), party: party(), via: via(), scope: bits() };
    case "revoke":
      return { do: kind, user: role(), party: party(), via: via() };
    case "disconnect":
      return { do: kind, user: role(), party: party() };
    case "user-status":
      return { do: kind, user: role(), status: random.chance(50) ? "suspended" : "active" };
    case "client-status":
      return { do: kind, party: party(), status: random.chance(50) ? "disabled" : "enabled" };
    case "client-scope":
      return { do: kind, party: party(), scope: bits() };
    case "advance":
      return { do: kind, seconds: random.pick(profile.leaps(settings)) };
    case "at-once": {
      const inner: Profile = { ...profile, weights: AT_ONCE };
      const first = draw(random, id * 100, known, inner, settings);
      const steps = Array.from({ length: 1 + random.below(3) }, (_, index) => {
        const other = random.chance(50) ? first : draw(random, 0, known, inner, settings);
        return { ...other, id: id * 100 + 1 + index };
      });
      return { do: kind, steps: [first, ...steps] };
    }
  }
}

/** The deeds of concurrent steps. */
const AT_ONCE: Weights = {
  fetch: 2,
  redeem: 5,
  refresh: 6,
  "revoke-token": 2,
  revoke: 2,
  narrow: 1,
  disconnect: 1,
};

function possible(weights: Weights, { minted, issued }: Known): Weights {
  const without = new Set<string>([
    ...(minted.length === 0 ? ["redeem"] : []),
    ...(issued.length === 0 ? ["refresh", "introspect", "revoke-token"] : []),
  ]);
  return Object.fromEntries(Object.entries(weights).filter(([name]) => !without.has(name)));
}

function choose(random: Random, weights: Weights): Deed["do"] {
  const entries = Object.entries(weights) as [Deed["do"], number][];
  let left = random.below(entries.reduce((sum, [, weight]) => sum + weight, 0));
  for (const [name, weight] of entries) {
    if (left < weight) return name;
    left -= weight;
  }
  return entries[0]?.[0] ?? "fetch";
}

/** The last steps of every history: they reveal authority that should be gone, or is gone too early. */
export function probes(
  known: Known,
  firstId: number,
  canRefresh: boolean,
  canIntrospect: boolean,
): readonly Step[] {
  const latest = known.issued.slice(-5);
  const steps: readonly Deed[] = [
    ...(canIntrospect
      ? latest.map((issued): Deed => ({ do: "introspect", client: 0, issued, kind: "access" }))
      : []),
    ...([0, 1] as const).map((user): Deed => ({ do: "fetch", client: 0, user })),
    ...(canRefresh
      ? latest.slice(-2).map((issued): Deed => ({ do: "refresh", client: 0, issued, scope: null }))
      : []),
    ...known.minted.slice(-2).map((minted): Deed => ({ do: "redeem", client: 0, minted })),
  ];
  return steps.map((deed, index) => ({ id: firstId + index, ...deed }) as Step);
}
