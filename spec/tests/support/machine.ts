/**
 * The core driven by hand, for tests: one state, a clock that is set, a counter instead of entropy.
 * No store, no promise, no string token.
 * @module
 */
import assert from "node:assert/strict";
import type { Consent } from "../../../core/consent.ts";
import { type Command, decide, type GrantOf, keysOf } from "../../../core/decide.ts";
import type { Context, Decision, Reason, RefusalCode, TokenGrant } from "../../../core/decision.ts";
import { evolve, factsOf, initialState, type State } from "../../../core/evolve.ts";
import type { ActiveConnection, Seconds } from "../../../core/model.ts";
import type { Refresh } from "../../../core/refresh.ts";
import { readScope, type Scope } from "../../../core/scope.ts";
import { readSettings, type Settings, type SettingsInput } from "../../../core/settings.ts";
import type { AccessToken, RefreshToken } from "../../../core/use.ts";

/** The moment at which every machine starts. */
export const START: Seconds = 1_800_000_000;
/** The issuer that every machine trusts for all merchants. */
export const ISSUER = "https://consent.example";
/** What `aud` must be. */
export const AUDIENCE = "https://tokens.example";

/** A state machine and its surroundings. `now` may be set. */
export interface Machine {
  readonly settings: Settings;
  now: Seconds;
  state: State;
  /** Decides a command on the present state and makes its changes. */
  run<C extends Command>(command: C): Decision<GrantOf<C>>;
  /** The context of the next decision: the same until {@link Machine.run} is called. */
  context(): Context;
}

/** A machine with nothing registered. */
export function createMachine(input: Partial<SettingsInput> = {}): Machine {
  const settings = readSettings({
    audience: AUDIENCE,
    issuers: [{ issuer: ISSUER, merchants: "all" }],
    ...input,
  });
  let drawn = 0;
  const machine: Machine = {
    settings,
    now: START,
    state: initialState(),
    context: () => ({ now: machine.now, settings, fresh: freshOf(drawn) }),
    run(command) {
      const facts = factsOf(machine.state, keysOf(command, settings));
      const decision = decide(command, facts, machine.context());
      drawn += 1;
      machine.state = evolve(machine.state, decision.changes);
      return decision;
    },
  };
  return machine;
}

function freshOf(drawn: number): Context["fresh"] {
  const id = (letter: string) => letter + drawn.toString(16).padStart(31, "0");
  return { connection: id("c"), family: id("f"), salt: id("5"), keyId: "k1" };
}

/**
 * A machine where `partner` and `rival` may be given email, orders and profile, `shop` and `store` all
 * of that and more, `ann` and `bob` are users, and ann is signed in to `shop` with email and orders.
 */
export function createSeededMachine(input: Partial<SettingsInput> = {}): SeededMachine {
  const machine = createMachine(input);
  for (const client of ["partner", "rival"]) register(machine, client, "email orders profile");
  for (const client of ["shop", "store"]) register(machine, client, "email extra orders profile");
  for (const user of ["ann", "bob"]) {
    granted(machine.run({ type: "register-user", user, digest: `digest of ${user}` }));
  }
  return { machine, source: connect(machine, "ann", "shop", "email orders") };
}

/** A machine with users, clients and ann's direct connection to `shop`. */
export interface SeededMachine {
  readonly machine: Machine;
  readonly source: ActiveConnection;
}

/** Registers a client. */
export function register(machine: Machine, client: string, scope: string): void {
  const command = { type: "register-client", client, role: "app", secretDigest: "00" } as const;
  granted(machine.run({ ...command, scope: scopeOf(scope) }));
}

/** Signs a user in to a client. */
export function connect(
  machine: Machine,
  user: string,
  client: string,
  scope: string,
): ActiveConnection {
  return granted(machine.run({ type: "connect", user, client, scope: scopeOf(scope) }));
}

/** The mutation by public id. */
export function fetchByPublicId(
  machine: Machine,
  client: string,
  publicId: string,
): Decision<TokenGrant> {
  return machine.run({ type: "fetch", by: "publicId", client, publicId });
}

/** The mutation by consent token. */
export function redeem(
  machine: Machine,
  consent: Consent,
  client = "partner",
): Decision<TokenGrant> {
  return machine.run({ type: "fetch", by: "consentToken", client, consent });
}

/** A refresh with the refresh token of a grant. */
export function refresh(
  machine: Machine,
  { client, family, generation, salt }: Pick<Refresh, "client" | "family" | "generation" | "salt">,
  scope: string | null = null,
): Decision<TokenGrant> {
  const asked = scope === null ? null : scopeOf(scope);
  return machine.run({ type: "refresh", client, family, generation, salt, scope: asked });
}

/** A good consent of ann, through `shop`, to `partner`, minted now for the longest lifetime. */
export function consentOf(
  machine: Pick<Machine, "now" | "settings">,
  part: Partial<Consent> = {},
): Consent {
  const issuedAt = part.issuedAt ?? machine.now;
  const jti = part.jti ?? "jti-1";
  return {
    issuer: ISSUER,
    audience: AUDIENCE,
    user: "ann",
    client: "partner",
    merchant: "shop",
    scope: scopeOf("email orders"),
    issuedAt,
    notBefore: null,
    expiresAt: issuedAt + machine.settings.consentMaxLifetimeSeconds,
    jti,
    digest: `digest of ${jti}`,
    ...part,
  };
}

/** The access token of a grant. */
export function accessTokenOf(grant: TokenGrant): AccessToken {
  const { family, scope, issuedAt, accessExpiresAt: expiresAt } = grant;
  return { kind: "access", family, scope, issuedAt, expiresAt };
}

/** The refresh token of a grant. */
export function refreshTokenOf({ family, generation, salt }: TokenGrant): RefreshToken {
  return { kind: "refresh", family, generation, salt };
}

/** Reads a scope that is known to be well formed. */
export function scopeOf(text: string): Scope {
  const scope = readScope(text);
  assert.ok(scope !== null, `malformed scope: ${text}`);
  return scope;
}

/** The grant of a decision that must be one. */
export function granted<Grant>(decision: Decision<Grant>): Grant {
  if (decision.outcome === "granted") return decision.grant;
  assert.fail(`refused: ${decision.code} (${decision.reason})`);
}

/** Asserts that a decision is this refusal, and that it changes nothing. */
export function assertRefused(
  decision: Decision<unknown>,
  code: RefusalCode,
  reason: Reason,
): void {
  assert.deepEqual(decision, { outcome: "refused", code, reason, changes: [] });
}
