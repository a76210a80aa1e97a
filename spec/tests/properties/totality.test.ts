/** The core answers whatever it is asked. It never throws, and what is odd is refused. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Consent, judgeConsent, readConsent } from "../../../core/consent.ts";
import { type Command, decide, keysOf } from "../../../core/decide.ts";
import { evolve, factsOf } from "../../../core/evolve.ts";
import { MESSAGES } from "../../../core/message.ts";
import { isClientId, isIdentifier } from "../../../core/model.ts";
import { select } from "../../../core/request.ts";
import { type NumericSetting, RANGES, readSettings } from "../../../core/settings.ts";
import { horizonAt } from "../../../core/sweep.ts";
import {
  anyScopes,
  anything,
  claims,
  oddNumbers,
  oddStrings,
  runs,
  times,
} from "../support/generators.ts";
import {
  AUDIENCE,
  consentOf,
  createMachine,
  createSeededMachine,
  START,
} from "../support/machine.ts";
import { moves } from "../support/moves.ts";
import { createPlayer, make, play, type Player } from "../support/player.ts";

const ids = fc.oneof(
  oddStrings,
  fc.constantFrom("ann", "bob", "partner", "rival", "shop", "store"),
);
const numbers = fc.oneof(oddNumbers, times(START));
const oddScopes = fc.oneof(anyScopes, fc.array(oddStrings, { maxLength: 4 }));

const consents: fc.Arbitrary<Consent> = fc.record({
  issuer: fc.oneof(fc.constant("https://consent.example"), oddStrings),
  audience: fc.oneof(fc.constant(AUDIENCE), oddStrings),
  user: ids,
  client: ids,
  merchant: ids,
  scope: oddScopes,
  issuedAt: numbers,
  notBefore: fc.option(numbers),
  expiresAt: numbers,
  jti: oddStrings,
  digest: oddStrings,
});

function command<Type extends Command["type"]>(
  type: Type,
  model: Record<string, fc.Arbitrary<unknown>>,
): fc.Arbitrary<Command> {
  return fc.record({ type: fc.constant(type), ...model }) as fc.Arbitrary<unknown> as never;
}

const roles = fc.constantFrom("app", "resource-server");
const token = fc.oneof(
  fc.record({
    kind: fc.constant("access"),
    family: ids,
    scope: oddScopes,
    issuedAt: numbers,
    expiresAt: numbers,
  }),
  fc.record({ kind: fc.constant("refresh"), family: ids, generation: numbers, salt: oddStrings }),
);

/** Every command, with odd things in every place. */
const oddCommands: fc.Arbitrary<Command> = fc.oneof(
  command("fetch", { by: fc.constant("publicId"), client: ids, publicId: ids }),
  command("fetch", { by: fc.constant("consentToken"), client: ids, consent: consents }),
  command("refresh", {
    client: ids,
    family: ids,
    generation: numbers,
    salt: oddStrings,
    scope: fc.option(oddScopes),
  }),
  command("use", { caller: fc.constant(null), token }),
  command("revoke-token", { client: ids, family: ids }),
  command("connect", { user: ids, client: ids, scope: oddScopes }),
  command("narrow", { connection: ids, scope: oddScopes }),
  command("revoke-connection", { connection: ids }),
  command("disconnect", { user: ids, client: ids }),
  command("register-client", { client: ids, role: roles, scope: oddScopes, secretDigest: ids }),
  command("set-client-scope", { client: ids, scope: oddScopes }),
  command("set-client-status", { client: ids, status: fc.constantFrom("enabled", "disabled") }),
  command("rotate-secret", { client: ids, secretDigest: ids }),
  command("register-user", { user: ids, digest: ids }),
  command("set-user-status", { user: ids, status: fc.constantFrom("active", "suspended") }),
  command("delete-user", { user: ids, digest: ids }),
);

/** Aims a command that names a family or a connection at one that there is. */
function aimed({ moment: { state } }: Player, odd: Command): Command {
  const [family] = state.families.keys();
  const [connection] = state.connections.keys();
  if ("family" in odd && family !== undefined) return { ...odd, family };
  if ("connection" in odd && connection !== undefined) return { ...odd, connection };
  return odd;
}

test("A1, G10: no command makes the core throw, each is answered, and every refusal has a message", () => {
  const commands = fc.array(oddCommands, { maxLength: 40, size: "+1" });
  fc.assert(
    fc.property(commands, fc.array(moves, { maxLength: 20 }), (list, history) => {
      const player = createPlayer();
      for (const move of history) play(player, move);
      for (const odd of list) {
        const { decision, fault } = make(player, { type: "ask", command: aimed(player, odd) });
        assert.equal(fault, null);
        if (decision?.outcome !== "refused") continue;
        assert.ok(decision.changes.length === 0 || decision.reason === "reused");
        assert.ok(MESSAGES[decision.code].length > 0);
      }
    }),
    runs(300),
  );
});

test("G10: whatever is asked, no malformed id is ever stored", () => {
  fc.assert(
    fc.property(fc.array(oddCommands, { maxLength: 40, size: "+1" }), (list) => {
      const { machine } = createSeededMachine();
      for (const odd of list) machine.run(odd);
      const { clients, users, connections } = machine.state;
      assert.ok([...clients.keys()].every(isClientId));
      assert.ok([...users.keys()].every(isIdentifier));
      for (const { user, client } of connections.values()) {
        assert.ok(users.has(user) && clients.has(client));
      }
    }),
    runs(200),
  );
});

test("C4: any claims are read as a consent of the right shapes, or as none", () => {
  let read = 0;
  const isTime = (value: number) => Number.isSafeInteger(value) && value >= 0;
  fc.assert(
    fc.property(fc.oneof(claims, fc.dictionary(oddStrings, anything)), (any) => {
      const consent = readConsent(any, "digest");
      if (consent === null) return;
      read += 1;
      const { issuer, audience, user, client, merchant, jti } = consent;
      assert.ok([issuer, audience, user, jti].every(isIdentifier));
      assert.ok([client, merchant].every(isClientId));
      assert.ok([consent.issuedAt, consent.expiresAt, consent.notBefore ?? 0].every(isTime));
    }),
    runs(2000),
  );
  assert.ok(read > 100, `only ${read} were consents`);
});

test("C5: a consent is judged good if and only if the five conditions on its times hold", () => {
  const machine = createMachine();
  const { consentSkewSeconds: skew, consentMaxLifetimeSeconds: lifetime } = machine.settings;
  const verdicts = { good: 0, bad: 0 };
  const moments = [times(START), fc.option(times(START)), times(START + 300)] as const;
  fc.assert(
    fc.property(...moments, times(START), (issuedAt, notBefore, expiresAt, now) => {
      const consent = consentOf(machine, { issuedAt, notBefore, expiresAt });
      const flaw = judgeConsent(consent, "partner", { ...machine.context(), now });
      const starts = Math.max(issuedAt, notBefore ?? 0);
      const good = now < expiresAt + skew && starts <= now + skew && starts < expiresAt &&
        expiresAt - issuedAt <= lifetime && expiresAt - now <= lifetime + skew;
      assert.equal(flaw === null, good);
      verdicts[good ? "good" : "bad"] += 1;
    }),
    runs(3000),
  );
  assert.ok(verdicts.good > 200 && verdicts.bad > 200, JSON.stringify(verdicts));
});

test("E1: any arguments are selected or refused", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom("publicId", "consentToken"), anything), (args) => {
      assert.match(select(args).outcome, /^(selected|refused)$/);
    }),
    runs(300),
  );
});

test("T1: any numbers are settings within their ranges, or a RangeError that says what would do", () => {
  const names = Object.keys(RANGES) as NumericSetting[];
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom(...names), numbers, { noNullPrototype: true }),
      (some) => {
        try {
          const settings = readSettings({ audience: AUDIENCE, ...some });
          for (const name of names) {
            const value = settings[name];
            assert.ok(Number.isSafeInteger(value));
            assert.ok(value >= RANGES[name].min && value <= RANGES[name].max);
          }
          assert.ok(Object.values(horizonAt(START, settings)).every(Number.isSafeInteger));
        } catch (error) {
          assert.ok(error instanceof RangeError, String(error));
          assert.match(error.message, /^Cannot set /);
        }
      },
    ),
    runs(500),
  );
});

test("A1: facts of any keys are loaded, and no changes change nothing", () => {
  fc.assert(
    fc.property(oddCommands, (odd) => {
      const { machine } = createSeededMachine();
      const facts = factsOf(machine.state, keysOf(odd, machine.settings));
      assert.notEqual(decide(odd, facts, machine.context()), undefined);
      assert.equal(evolve(machine.state, []), machine.state);
    }),
    runs(200),
  );
});
