/**
 * The steps of a random history. They refer to roles and earlier steps, never to ids or tokens, so that a
 * history can be replayed with new users and without some of its steps.
 * @module
 */

/** Two users, two partners, two merchants. */
export type Role = 0 | 1;

/** A partner (0, 1) or a merchant (2, 3). */
export type PartyRole = 0 | 1 | 2 | 3;

/** Some of the scope, as bits: 1 the first token, 2 the second, 4 the third. */
export type Bits = number;

/** One step. `id` is its place in the history as it was first played. */
export type Step = { readonly id: number } & Deed;

/** What a step does. */
export type Deed =
  | { readonly do: "fetch"; readonly client: Role; readonly user: Role }
  | {
    readonly do: "mint";
    readonly client: Role;
    readonly user: Role;
    readonly merchant: Role;
    readonly scope: Bits;
    /** How long ago it was issued; negative: how far ahead. */
    readonly ageSeconds: number;
    readonly lifetimeSeconds: number;
  }
  | { readonly do: "redeem"; readonly client: Role; readonly minted: number }
  | {
    readonly do: "refresh";
    readonly client: Role;
    readonly issued: number;
    readonly scope: Bits | null;
  }
  | {
    readonly do: "introspect" | "revoke-token";
    readonly client: Role;
    readonly issued: number;
    readonly kind: "access" | "refresh";
  }
  | { readonly do: "connect"; readonly user: Role; readonly party: PartyRole; readonly scope: Bits }
  | {
    readonly do: "narrow";
    readonly user: Role;
    readonly party: PartyRole;
    readonly via: Role | null;
    readonly scope: Bits;
  }
  | {
    readonly do: "revoke";
    readonly user: Role;
    readonly party: PartyRole;
    readonly via: Role | null;
  }
  | { readonly do: "disconnect"; readonly user: Role; readonly party: PartyRole }
  | { readonly do: "user-status"; readonly user: Role; readonly status: "active" | "suspended" }
  | {
    readonly do: "client-status";
    readonly party: PartyRole;
    readonly status: "enabled" | "disabled";
  }
  | { readonly do: "client-scope"; readonly party: PartyRole; readonly scope: Bits }
  | { readonly do: "advance"; readonly seconds: number }
  | { readonly do: "at-once"; readonly steps: readonly Step[] };

/** The scope tokens that the bits stand for, space-delimited. */
export function scopeText(bits: Bits, scopes: readonly string[]): string {
  return scopes.slice(0, 3).filter((_, place) => bits & (1 << place)).join(" ");
}

/** A partner or merchant in words. */
export const party = (role: PartyRole): string =>
  role < 2 ? `partner ${role + 1}` : `merchant ${role - 1}`;
/** A user in words. */
export const user = (role: Role): string => `user ${"AB"[role]}`;

/** A step in words. */
export function stepText(step: Step, scopes: readonly string[]): string {
  const scope = (bits: Bits) => `"${scopeText(bits, scopes)}"`;
  const through = (via: Role | null) => via === null ? "" : ` through merchant ${via + 1}`;
  switch (step.do) {
    case "fetch":
      return `partner ${step.client + 1} requests tokens by the public id of ${user(step.user)}`;
    case "mint": {
      const when = step.ageSeconds >= 0
        ? `${step.ageSeconds} s ago`
        : `${-step.ageSeconds} s ahead`;
      return `consent token ${step.id}: ${user(step.user)} delegates ${
        scope(step.scope)
      } from merchant ` +
        `${step.merchant + 1} to partner ${
          step.client + 1
        }, issued ${when}, for ${step.lifetimeSeconds} s`;
    }
    case "redeem":
      return `partner ${step.client + 1} presents consent token ${step.minted}`;
    case "refresh": {
      const asked = step.scope === null ? "" : ` for ${scope(step.scope)}`;
      return `partner ${step.client + 1} refreshes with what step ${step.issued} issued${asked}`;
    }
    case "introspect":
      return `partner ${step.client + 1} introspects the ${step.kind} token of step ${step.issued}`;
    case "revoke-token":
      return `partner ${step.client + 1} revokes the ${step.kind} token of step ${step.issued}`;
    case "connect":
      return `${user(step.user)} connects to ${party(step.party)} with ${scope(step.scope)}`;
    case "narrow":
      return `${user(step.user)} narrows the connection with ${party(step.party)}${
        through(step.via)
      } to ` +
        scope(step.scope);
    case "revoke":
      return `${user(step.user)} revokes the connection with ${party(step.party)}${
        through(step.via)
      }`;
    case "disconnect":
      return `${user(step.user)} disconnects from ${party(step.party)}`;
    case "user-status":
      return `${user(step.user)} becomes ${step.status}`;
    case "client-status":
      return `${party(step.party)} becomes ${step.status}`;
    case "client-scope":
      return `${party(step.party)} is registered for ${scope(step.scope)}`;
    case "advance":
      return `the clock moves ${step.seconds} s`;
    case "at-once":
      return `concurrently: ${step.steps.map((inner) => stepText(inner, scopes)).join(" ‖ ")}`;
  }
}
