/**
 * One simulated history from one seed: clients, a service, a store, a clock, an issuer's keys, all under
 * one scheduler that delays, reorders, fails and crashes at every point where the service waits.
 * @module
 */
import { createService, type Service } from "../../adapters/direct.ts";
import {
  type ConsentVerifier,
  KeysUnavailable,
  type Store,
  type TokenSealer,
} from "../../adapters/ports.ts";
import { factsOf, type State } from "../../core/evolve.ts";
import { readScope, writeScope } from "../../core/scope.ts";
import { createRandom, type Random } from "../conformance/base/random.ts";
import { allKeys, createKnownIds, learn } from "../store-contract/histories.ts";
import { connect, consentOf, createSeededMachine, type Machine } from "../tests/support/machine.ts";
import { CONSENTS, live, perform, type Reach } from "./clients.ts";
import { type Disk, type DiskName, DISKS, same, type Surroundings } from "./disk.ts";
import { type Call, judge, readRefresh, survivors } from "./history.ts";
import { createScheduler, type Process, type Scheduler } from "./scheduler.ts";
import { createWitness, type Witness } from "./witness.ts";

/** What is simulated. */
export interface Simulation {
  readonly seed: number;
  readonly disk: DiskName | ((state: State) => Promise<Disk>);
  /** Changes the store, to see whether anybody notices. */
  readonly plant?: (store: Store, surroundings: Surroundings) => Store;
  /** Changes the sealer likewise. */
  readonly plantSealer?: (sealer: TokenSealer, random: Random) => TokenSealer;
}

/** What came of it. */
export interface Simulated {
  /** Broken rules, in words. None: all is well. */
  readonly failures: readonly string[];
  readonly history: readonly Call[];
  /** Every turn that was given, in order. */
  readonly trace: readonly string[];
  readonly crashes: number;
}

interface World {
  readonly simulation: Simulation;
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly machine: Machine;
  readonly disk: Disk;
  readonly witness: Witness;
  readonly reach: Reach;
  milliseconds: number;
  calm: boolean;
  crashes: number;
  process: Process;
  store: Store;
  service: Service;
}

const CLIENTS = 5;
const MOST_CRASHES = 2;

/** Plays the history of a seed and judges it. */
export async function simulate(simulation: Simulation): Promise<Simulated> {
  const world = await createWorld(simulation);
  const { scheduler, reach, witness, disk } = world;
  try {
    const clients = Array.from({ length: CLIENTS }, (_, index) => live(reach, `client ${index}`));
    await scheduler.run(Promise.all(clients), () => disturb(world));
    world.calm = true;
    restart(world);
    scheduler.rest();
    const closing = await settle(world);
    const failures = [...new Set([...witness.failures, ...judge(reach.history), ...closing])];
    return { failures, history: reach.history, trace: scheduler.trace, crashes: world.crashes };
  } finally {
    disk.close();
  }
}

async function createWorld(simulation: Simulation): Promise<World> {
  const random = createRandom(simulation.seed);
  const scheduler = createScheduler(random, simulation.disk === "sqlite" ? 3 : 1);
  const { machine } = createSeededMachine({
    consentRetrySeconds: random.chance(70) ? 60 : 0,
    maxFamilies: random.chance(70) ? 50 : 2,
  });
  connect(machine, "bob", "shop", "email orders");
  const open = typeof simulation.disk === "string" ? DISKS[simulation.disk] : simulation.disk;
  const history: Call[] = [];
  const world = {
    simulation,
    random,
    scheduler,
    machine,
    disk: await open(machine.state),
    witness: createWitness(machine.state, machine.settings),
    milliseconds: machine.now * 1000,
    calm: false,
    crashes: 0,
  } as World;
  const reach: Reach = {
    random,
    history,
    tick: scheduler.tick,
    pause: (label) => scheduler.turn(label, null),
    call: (work) => Promise.race([work(world.service), world.process.gone]),
  };
  Object.assign(world, { reach });
  start(world);
  return world;
}

/** A new process on the same disk. */
function start(world: World): void {
  const { simulation, scheduler, witness, disk, machine, random } = world;
  const process = scheduler.spawn();
  const fails = (percent: number) => !world.calm && random.chance(percent);
  const surroundings: Surroundings = { scheduler, process, fails, committed: witness.committed };
  const opened = disk.open(surroundings);
  const store = witness.watch(simulation.plant?.(opened, surroundings) ?? opened);
  const sealer = createSealer(scheduler, process);
  const { audience, issuers, ...numbers } = machine.settings;
  const service = createService({
    store,
    tokens: simulation.plantSealer?.(sealer, random) ?? sealer,
    consents: createVerifier(world, process, fails),
    clock: { now: () => world.milliseconds },
    entropy: { bytes: (count) => Uint8Array.from({ length: count }, () => random.below(256)) },
  }, { ...numbers, audience, issuers });
  Object.assign(world, { process, store, service });
}

function restart(world: World): void {
  world.process.crash();
  world.crashes += 1;
  start(world);
}

/** Between two turns, time passes and the process may crash. */
function disturb(world: World): void {
  const { random } = world;
  if (random.chance(3)) world.milliseconds += random.below(4000);
  if (world.crashes < MOST_CRASHES && random.chance(1)) restart(world);
}

/** The consent tokens are the names of consents; verifying them takes turns, and keys may be missing. */
function createVerifier(
  { scheduler, machine }: World,
  process: Process,
  fails: (percent: number) => boolean,
): ConsentVerifier {
  return {
    async verify(token) {
      await scheduler.turn("verify", process);
      if (fails(3)) throw new KeysUnavailable("simulated");
      const known = CONSENTS.find(({ jti }) => jti === token);
      if (known === undefined) return { rejected: "consent_malformed" };
      const issuedAt = machine.now;
      return consentOf(machine, { ...known, issuedAt });
    },
  };
}

/** Tokens that say in the open what they say; making and reading them takes turns. */
function createSealer(scheduler: Scheduler, process: Process): TokenSealer {
  return {
    activeKeyId: "k1",
    async seal({ family, generation, salt, scope, issuedAt, accessExpiresAt }) {
      await scheduler.turn("seal", process);
      return {
        refreshToken: `rt:${family}:${generation}:${salt}`,
        accessToken: `at:${family}:${writeScope(scope)}:${issuedAt}:${accessExpiresAt}`,
      };
    },
    async open(token) {
      await scheduler.turn("open", process);
      const [kind, family = "", first = "", second = "", third = ""] = token.split(":");
      if (kind === "rt") {
        return { kind: "refresh", family, generation: Number(first), salt: second };
      }
      const times = { issuedAt: Number(second), expiresAt: Number(third) };
      return { kind: "access", family, scope: readScope(first) ?? [], ...times };
    },
  };
}

/**
 * After the last restart nothing fails any more: what is on the disk is what was committed, and whoever
 * holds a token that nothing can have ended goes on with it.
 */
async function settle(world: World): Promise<readonly string[]> {
  const { reach, witness, machine } = world;
  const failures: string[] = [];
  const known = createKnownIds();
  learn(known, witness.state());
  for (const keys of allKeys(known, machine.state.clients.keys())) {
    if (same(await world.store.read(keys), factsOf(witness.state(), keys), keys)) continue;
    failures.push(`C9: the disk does not hold what was committed: ${JSON.stringify(keys)}`);
  }
  if (machine.settings.maxFamilies < 50) return failures; // any of them may have been evicted
  for (const token of survivors(reach.history)) {
    const first = redemptionOf(reach.history, token);
    if (first !== null && canRetry(world, token)) {
      const { answer } = await perform(reach, first);
      if (answer.is !== "tokens") failures.push(`C11: ${first.jti} cannot be retried`);
    }
    const { answer } = await perform(reach, { do: "refresh", client: "partner", token });
    if (answer.is !== "tokens") failures.push(`T5: the holder of ${token} is locked out`);
  }
  return failures;
}

/** The redemption that a token came from, if it was one. */
function redemptionOf(history: readonly Call[], token: string) {
  for (const { op, answer } of history) {
    if (op.do === "redeem" && answer.is === "tokens" && answer.refresh === token) return op;
  }
  return null;
}

/** Whether the consent of a family that nobody ever refreshed is still answered again (C11). */
function canRetry({ machine, milliseconds, reach: { history } }: World, token: string): boolean {
  const { family } = readRefresh(token);
  const refreshed = history.some(({ op }) =>
    op.do === "refresh" && readRefresh(op.token).family === family
  );
  return !refreshed && machine.settings.consentRetrySeconds > 0 &&
    milliseconds / 1000 < machine.now + machine.settings.consentRetrySeconds;
}
