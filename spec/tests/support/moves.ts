/**
 * Random moves. A move is plain data that fits any state ("refresh with the third token from the end"), so
 * that histories shrink; player.ts makes them.
 * @module
 */
import fc from "fast-check";
import type { Consent } from "../../../core/consent.ts";
import type { Client, ClientId, Seconds, User } from "../../../core/model.ts";
import type { Scope } from "../../../core/scope.ts";
import { type NumericSetting, RANGES } from "../../../core/settings.ts";
import { SCOPE_TOKENS, scopes } from "./generators.ts";
import { AUDIENCE, ISSUER } from "./machine.ts";

/** Short lifetimes within the ranges of an operator, so that a history meets every boundary. */
export const SMALL = {
  accessTokenSeconds: 30,
  refreshIdleSeconds: 60,
  refreshAbsoluteSeconds: 70,
  refreshDuplicateSeconds: 3,
  maxFamilies: 2,
  consentSkewSeconds: 2,
  consentMaxLifetimeSeconds: 40,
  consentRetrySeconds: 5,
  secretOverlapSeconds: 10,
} as const;

const SETTINGS = Object.keys(RANGES) as readonly NumericSetting[];
/** An issuer that is trusted in some histories only. */
export const OTHER_ISSUER = "https://other-consent.example";
/** The clients that are registered when a history begins. */
export const REGISTERED: readonly ["partner", "rival", "shop", "store"] = [
  "partner",
  "rival",
  "shop",
  "store",
];
/** Every client that a move can name; `guest` is not registered at first. */
export const CLIENTS: readonly ClientName[] = [...REGISTERED, "guest"];
/** The id of a client. */
export type ClientName = (typeof REGISTERED)[number] | "guest";
/** A resource server. */
export const USERS_API = "api";
/** A seat is a place for a user: when one is deleted, another takes it under a new id. */
export const SEATS: readonly (readonly string[])[] = ["ann", "bob", "eve"].map((
  name,
) => [name, `${name}-2`, `${name}-3`, `${name}-4`]);
/** The number of a seat. */
export type Seat = 0 | 1 | 2;

const seat = fc.constantFrom<Seat>(0, 0, 0, 1, 1, 2);
const registered = fc.constantFrom(...REGISTERED);
const client = fc.oneof(often(6, registered), often(1, fc.constant("guest" as const)));
/** Counts from the newest thing of its kind. */
const back = fc.oneof(often(2, fc.constant(0)), often(1, fc.nat({ max: 5 })));
const owner = fc.oneof(often(8, fc.constant("owner" as const)), often(1, registered));
/** Mostly of families that have not ended. */
const ofEnded = mostly(5, false, fc.constant(true));
/** Mostly everything: where little is allowed, little happens. */
const scope = mostly<Scope>(3, SCOPE_TOKENS, scopes);
const caller = fc.oneof(
  often(3, fc.constant("bearer" as const)),
  often(2, registered),
  often(1, fc.constant(USERS_API)),
);

const consent = fc.record({
  issuer: mostly(6, ISSUER, fc.constant(OTHER_ISSUER)),
  client: mostly(3, "partner", fc.constant("rival")),
  merchant: fc.oneof(
    often(5, fc.constant("shop")),
    often(4, fc.constant("store")),
    often(2, client),
  ),
  scope,
  audience: mostly(12, AUDIENCE, fc.constant("https://other.example")),
});

/** What each move consists of. `back` counts from the newest thing of its kind. */
interface Shapes {
  "connect": { seat: Seat; client: ClientName; scope: Scope };
  "narrow": { back: number; scope: Scope };
  "revoke-connection": { back: number };
  "disconnect": { seat: Seat; client: ClientName };
  "set-user-status": { seat: Seat; status: User["status"] };
  "delete-user": { seat: Seat };
  "register-user": { seat: Seat };
  "register-client": { client: ClientName; scope: Scope };
  "rotate-secret": { client: ClientName; number: number };
  "set-client-status": { client: ClientName; status: Client["status"] };
  "set-client-scope": { client: ClientName; scope: Scope };
  "mint": {
    seat: Seat;
    consent: Partial<Consent>;
    ago: Seconds;
    /** Seconds beyond the longest lifetime. */
    longer: Seconds;
    /** Seconds between `iat` and `nbf`. */
    notBefore: Seconds | null;
    /** Signs the consent before it again, with another scope. */
    sameJti: boolean;
  };
  /** `also`: beside a public id. */
  "redeem": { back: number; by: ClientName | "owner"; also: boolean };
  "fetch": { seat: Seat; client: ClientName };
  "refresh": {
    back: number;
    /** Whether families count that have ended; see {@link grantOf}. */
    ofEnded: boolean;
    by: ClientName | "owner";
    scope: Scope | null;
    forged: "none" | "generation" | "salt";
  };
  "use": { back: number; ofEnded: boolean; kind: "access" | "refresh"; by: ClientId };
  "revoke-token": { back: number; ofEnded: boolean; by: ClientName | "owner" };
  /** To a boundary, or just before or after one. */
  "wait": { until: NumericSetting | null; more: Seconds };
  "wait-long": { seconds: Seconds };
  "clock-back": { seconds: Seconds };
  /** Stores sweep in steps of so many rows, the model all at once. */
  "sweep": { limit: number };
}

/** Something to do. */
export type Move = {
  [Name in keyof Shapes]: { readonly do: Name } & Readonly<Shapes[Name]>;
}[keyof Shapes];

/** Whatever can happen; what leads to tokens is likelier than what ends them. */
const MOVES: { readonly [Name in keyof Shapes]: fc.WeightedArbitrary<Shapes[Name]> } = {
  "connect": often(
    30,
    fc.record({
      seat,
      client: fc.oneof(often(4, fc.constantFrom("shop", "store")), often(1, client)),
      scope,
    }),
  ),
  "narrow": often(6, fc.record({ back, scope: scopes })),
  "revoke-connection": often(4, fc.record({ back })),
  "disconnect": often(4, fc.record({ seat, client })),
  "set-user-status": often(
    8,
    fc.record({ seat, status: mostly<User["status"]>(4, "active", fc.constant("suspended")) }),
  ),
  "delete-user": often(1, fc.record({ seat })),
  "register-user": often(8, fc.record({ seat })),
  "register-client": often(2, fc.record({ client, scope })),
  "rotate-secret": often(3, fc.record({ client, number: fc.nat({ max: 9 }) })),
  "set-client-status": often(
    12,
    fc.record({ client, status: mostly<Client["status"]>(5, "enabled", fc.constant("disabled")) }),
  ),
  "set-client-scope": often(12, fc.record({ client, scope })),
  "mint": often(
    40,
    fc.record({
      seat,
      consent,
      ago: fc.constantFrom(-3, -2, 0, 0, 0, 1, 10),
      longer: mostly(8, 0, fc.constantFrom(-41, -40, -20, 1)),
      notBefore: mostly<number | null>(8, null, fc.constantFrom(-1, 0, 2, 3, 40)),
      sameJti: mostly(5, false, fc.constant(true)),
    }),
  ),
  "redeem": often(60, fc.record({ back, by: owner, also: mostly(30, false, fc.constant(true)) })),
  "fetch": often(30, fc.record({ seat, client: mostly<ClientName>(2, "partner", client) })),
  "refresh": often(
    80,
    fc.record({
      back,
      ofEnded,
      by: owner,
      scope: mostly<Scope | null>(2, null, scopes),
      forged: mostly<"none" | "generation" | "salt">(
        10,
        "none",
        fc.constantFrom("generation", "salt"),
      ),
    }),
  ),
  "use": often(
    40,
    fc.record({ back, ofEnded, kind: fc.constantFrom("access", "refresh"), by: caller }),
  ),
  "revoke-token": often(3, fc.record({ back, ofEnded, by: owner })),
  "wait": often(
    40,
    fc.record({
      until: mostly<NumericSetting | null>(4, null, fc.constantFrom(...SETTINGS)),
      more: fc.constantFrom(-1, 0, 0, 1, 2, 3, 5),
    }),
  ),
  /** Longer than anything is kept. */
  "wait-long": often(2, fc.record({ seconds: fc.constantFrom(3600, 4000) })),
  "clock-back": often(3, fc.record({ seconds: fc.constantFrom(1, 2, 5, 30, 3600) })),
  "sweep": often(4, fc.record({ limit: fc.integer({ min: 1, max: 5 }) })),
};

/** A move of one kind. */
export type Do<Name extends Move["do"]> = Extract<Move, { readonly do: Name }>;

/** Any move. */
export const moves: fc.Arbitrary<Move> = fc.oneof(
  ...Object.entries(MOVES).map(([name, { weight, arbitrary }]) =>
    often(
      weight,
      (arbitrary as fc.Arbitrary<object>).map((rest) => ({ do: name, ...rest }) as Move),
    )
  ),
);

/** Moves after which tokens can be issued. */
export const CONNECTED: readonly Move[] = (["shop", "partner"] as const).map((client) =>
  ({ do: "connect", seat: 0, client, scope: SCOPE_TOKENS }) as const
);

function often<T>(
  weight: number,
  arbitrary: fc.Arbitrary<T>,
): { weight: number; arbitrary: fc.Arbitrary<T> } {
  return { weight, arbitrary };
}

/** So many times as often this value as one of the others. */
function mostly<T>(weight: number, value: T, others: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof(often(weight, fc.constant(value)), often(1, others));
}
