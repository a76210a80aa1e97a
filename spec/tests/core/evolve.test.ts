/** A1, C9: the state is a value, and its indexes say what its tables say. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { decide, keysOf } from "../../../core/decide.ts";
import {
  evolve,
  factsOf,
  initialState,
  removeConnection,
  removeFamily,
} from "../../../core/evolve.ts";
import {
  connect,
  consentOf,
  createSeededMachine,
  fetchByPublicId,
  granted,
  redeem,
  refresh,
} from "../support/machine.ts";

test("A1, C9: evolving leaves the state before as it was", () => {
  const { machine } = createSeededMachine({ maxFamilies: 1 });
  const { connection } = granted(redeem(machine, consentOf(machine)));
  const steps = [
    () => fetchByPublicId(machine, "partner", "ann"),
    () => machine.run({ type: "narrow", connection, scope: ["email"] }),
    () => machine.run({ type: "revoke-connection", connection }),
    () => machine.run({ type: "disconnect", user: "ann", client: "shop" }),
    () => machine.run({ type: "delete-user", user: "ann", digest: "d" }),
  ];
  for (const step of steps) {
    const before = machine.state;
    const contents = structuredClone(before);
    const decision = step();
    assert.notEqual(machine.state, before, JSON.stringify(decision));
    assert.deepEqual(structuredClone(before), contents);
  }
});

test("A1: no change gives the same state", () => {
  const state = initialState();
  assert.equal(evolve(state, []), state);
});

test("A1: the same command on the same facts in the same context decides the same", () => {
  const { machine } = createSeededMachine();
  const consent = consentOf(machine);
  const command = { type: "fetch", by: "consentToken", client: "partner", consent } as const;
  const facts = factsOf(machine.state, keysOf(command, machine.settings));
  const first = decide(command, facts, machine.context());
  assert.deepEqual(decide(command, facts, machine.context()), first);
});

test("R1, P5: ended families and deleted users leave no entry in an index", () => {
  const { machine } = createSeededMachine();
  connect(machine, "bob", "partner", "email");
  connect(machine, "ann", "partner", "email");
  const bob = granted(fetchByPublicId(machine, "partner", "bob"));
  const ann = granted(fetchByPublicId(machine, "partner", "ann"));
  granted(redeem(machine, consentOf(machine)));
  machine.run({ type: "revoke-token", client: "partner", family: ann.family });
  assert.equal(machine.state.familiesOfConnection.has(ann.connection), false);
  machine.run({ type: "delete-user", user: "ann", digest: "d" });
  assert.deepEqual([...machine.state.connectionsOfUser.keys()], ["bob"]);
  assert.deepEqual([...machine.state.familiesOfConnection.keys()], [bob.connection]);
  assert.deepEqual([...machine.state.families.keys()], [bob.family]);
  assert.equal(granted(refresh(machine, bob)).user, "bob");
});

test("P2: facts that no key asked for are null or empty", () => {
  const { machine } = createSeededMachine();
  assert.deepEqual(factsOf(machine.state, {}), {
    client: null,
    user: null,
    userRetired: false,
    candidates: [],
    merchant: null,
    source: null,
    clientWithdrawal: null,
    merchantWithdrawal: null,
    consentUse: null,
    family: null,
    standing: null,
  });
});

test("P5: facts name the families that must go for one more, and none while there is room", () => {
  const { machine } = createSeededMachine();
  const { connection, family: id } = granted(redeem(machine, consentOf(machine)));
  const familiesOf = (maxFamilies?: number) =>
    factsOf(machine.state, {
      user: "ann",
      client: "partner",
      ...(maxFamilies !== undefined && { maxFamilies }),
    }).candidates
      .map(({ families }) => families);
  assert.deepEqual(familiesOf(), [{ count: 0, evictable: [] }]);
  assert.deepEqual(familiesOf(2), [{ count: 1, evictable: [] }]);
  const { startedAt, generationStartedAt } = machine.state.families.get(id) ??
    assert.fail(`no family of ${connection}`);
  assert.deepEqual(familiesOf(1), [{
    count: 1,
    evictable: [{ id, startedAt, generationStartedAt }],
  }]);
});

test("C14: withdrawals merge by the later moment of each kind; a kind that never was is null", () => {
  const merged = (...moments: readonly (readonly [directAt: number | null, at: number])[]) => {
    const changes = moments.map(([directAt, at]) =>
      ({ type: "withdrawn", withdrawal: { user: "ann", client: "shop", directAt, at } }) as const
    );
    const [withdrawal] = evolve(initialState(), changes).withdrawals.values();
    return [withdrawal?.directAt, withdrawal?.at];
  };
  assert.deepEqual(merged([null, 7]), [null, 7]);
  assert.deepEqual(merged([null, 7], [null, 3]), [null, 7]);
  assert.deepEqual(merged([null, 7], [5, 5]), [5, 7]);
  assert.deepEqual(merged([5, 5], [null, 9], [3, 3]), [5, 9]);
  assert.deepEqual(merged([0, 0]), [0, 0]);
});

test("A1: what no key asks for is null or empty, whatever there is", () => {
  const { machine, source } = createSeededMachine();
  granted(redeem(machine, consentOf(machine)));
  machine.run({ type: "revoke-connection", connection: source.id });
  connect(machine, "ann", "shop", "email");
  const nothing = {
    client: null,
    user: null,
    userRetired: false,
    candidates: [],
    merchant: null,
    source: null,
    clientWithdrawal: null,
    merchantWithdrawal: null,
    consentUse: null,
    family: null,
    standing: null,
  };
  assert.deepEqual(factsOf(machine.state, {}), nothing);
  const user = machine.state.users.get("ann");
  assert.deepEqual(factsOf(machine.state, { user: "ann" }), { ...nothing, user });
});

test("R5, A1: to remove what is not there changes nothing", () => {
  const { machine } = createSeededMachine();
  const { connection } = granted(redeem(machine, consentOf(machine)));
  const before = structuredClone(machine.state);
  removeConnection(machine.state, "nowhere");
  removeFamily(machine.state, "nobody", "nowhere");
  removeFamily(machine.state, "nobody", connection);
  assert.deepEqual(structuredClone(machine.state), before);
});
