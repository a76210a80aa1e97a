/** The core against an independent description of it, over random histories that shrink. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Decision, TokenGrant } from "../../../core/decision.ts";
import type { State } from "../../../core/evolve.ts";
import { writeScope } from "../../../core/scope.ts";
import type { LiveToken } from "../../../core/use.ts";
import { runs } from "../support/generators.ts";
import { createPlayer, type Move, moves, play, type Player, type Step } from "../support/moves.ts";
import { createTwin, type Expected, type Twin } from "./twin.ts";

/** What came of a command, in the words of the twin. */
function outcomeOf({ command, decision }: Step): Expected {
  if (decision.outcome === "refused") return decision.code;
  if (command.type === "use") {
    const { user, client, family, scope, expiresAt } = decision.grant as LiveToken;
    return { user, client, family, scope: writeScope(scope), expiresAt };
  }
  if (command.type !== "fetch" && command.type !== "refresh") return "ok";
  const { user, client, family, scope, accessExpiresAt, generation, repeated } =
    (decision as Decision<TokenGrant> & { outcome: "granted" }).grant;
  return {
    user,
    client,
    family,
    generation,
    scope: writeScope(scope),
    expiresAt: accessExpiresAt,
    repeated,
  };
}

function summaryOf({ connections, families, consentUses }: State): readonly string[] {
  return [
    ...[...connections.values()].flatMap((connection) =>
      connection.status === "active"
        ? `${connection.id} ${writeScope(connection.scope)} since ${connection.consentedAt}`
        : []
    ),
    ...[...families.values()].map(({ id, generation, scope }) =>
      `${id} at ${generation}: ${writeScope(scope)}`
    ),
    ...[...consentUses.values()].map(({ issuer, jti }) => `spent ${JSON.stringify([issuer, jti])}`),
  ].sort();
}

function createPair(): { model: Twin; real: Player } {
  const real = createPlayer();
  const model = createTwin(real.machine.settings);
  const { fresh, now } = real.machine.context();
  for (const { id: client, role, scope } of real.machine.state.clients.values()) {
    model.expect({ type: "register-client", client, role, scope, secretDigest: "" }, now, fresh);
  }
  for (const user of real.machine.state.users.keys()) {
    model.expect({ type: "register-user", user, digest: "" }, now, fresh);
  }
  return { model, real };
}

/** Plays a move on both and compares answer and state. */
function compareOn(model: Twin, real: Player, next: Move): Step | null {
  const step = play(real, next);
  if (step === null) return null;
  const { command, context, after } = step;
  const expected = model.expect(command, context.now, context.fresh);
  assert.deepEqual(outcomeOf(step), expected);
  assert.deepEqual(summaryOf(after), model.summary());
  return step;
}

function commandFor(next: Move): fc.Command<Twin, Player> {
  return {
    check: () => true,
    run: (model, real) => void compareOn(model, real, next),
    toString: () => JSON.stringify(next),
  };
}

test("A1, P1, P2, P3, P4, P5, C5, C6, C8, C9, C10, C11, C14, T1, T4, T5, T6, T7, R1, R3: core and twin agree on every history", () => {
  const histories = fc.commands([moves.map(commandFor)], { maxCommands: 80, size: "+1" });
  fc.assert(
    fc.property(histories, (history) => fc.modelRun(createPair, history)),
    { ...runs(400), endOnFailure: false },
  );
});

test("A1, P5, C11, C14, T5: core and twin agree over long histories, in which everything happens", () => {
  const seen = new Map<string, number>();
  const { seed } = runs(1);
  for (const offset of [0, 1, 2]) {
    const { model, real } = createPair();
    for (const next of fc.sample(moves, { seed: seed + offset, numRuns: 3000 })) {
      const step = compareOn(model, real, next);
      if (step === null) continue;
      const { command, decision } = step;
      const word = decision.outcome === "refused"
        ? decision.reason
        : (decision.grant as TokenGrant | null)?.repeated
        ? "repeated"
        : "granted";
      const name = `${command.type} ${word}`;
      seen.set(name, (seen.get(name) ?? 0) + 1);
    }
  }
  const rare = WORTH_SEEING.filter((name) => (seen.get(name) ?? 0) < 3);
  assert.deepEqual(rare, [], JSON.stringify([...seen].sort()));
});

/** A history proves nothing about what does not happen in it. */
const WORTH_SEEING: readonly string[] = [
  "fetch granted",
  "fetch repeated",
  "fetch consent_redeemed",
  "fetch consent_expired",
  "fetch consent_other_client",
  "fetch consent_not_yet_valid",
  "fetch withdrawn_after_consent",
  "fetch no_source_connection",
  "fetch merchant_disabled",
  "fetch no_effective_scope",
  "fetch no_connection",
  "fetch user_unknown",
  "fetch user_suspended",
  "fetch client_disabled",
  "refresh granted",
  "refresh repeated",
  "refresh reused",
  "refresh ahead_of_store",
  "refresh foreign_client",
  "refresh family_unknown",
  "refresh family_expired",
  "refresh no_effective_scope",
  "refresh scope_widened",
  "refresh scope_not_effective",
  "use granted",
  "use not_current",
  "use token_expired",
  "use foreign_client",
  "narrow granted",
  "register-user user_id_retired",
];
