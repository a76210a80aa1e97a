/**
 * A crash test from beginning to end: start, check, load, kill, again and again.
 * @module
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { DEMO_ISSUER_KEY } from "../../adapters/dev/demo.ts";
import { publicJwk } from "../../adapters/jws/private-jwk.ts";
import { createRandom, deriveSeed, type Random } from "../conformance/base/random.ts";
import { ISSUER, MERCHANT, PARTNER, ROTATOR, SCOPE, type Stage } from "./acts.ts";
import { checkRotation, checkStory } from "./check.ts";
import type { Ledger, Story } from "./ledger.ts";
import { work, type Worker } from "./load.ts";
import { type Program, type Running, start } from "./server.ts";
import { createWire, Unanswered } from "./wire.ts";

/** What to do, and how much of it. */
export interface Plan {
  /** The server under test on the data in a folder. */
  readonly program: (folder: string) => Program;
  /** Kills something of the database instead; resolves to what waits until it serves again. */
  readonly strike?: (dice: number) => Promise<() => Promise<void>>;
  /** `aud` of consent tokens. */
  readonly audience: string;
  readonly kills: number;
  /** No more kills once so much time has passed. */
  readonly seconds: number;
  readonly seed: number;
  /** Ends with the first finding. */
  readonly stopAtFinding?: boolean;
  readonly progress?: (text: string) => void;
}

/** What came of it. */
export interface Outcome {
  readonly kills: number;
  /** Answered requests that changed something. */
  readonly acknowledged: number;
  /** What was told and is gone, in words. */
  readonly lost: readonly string[];
  /** What was neither done nor left undone, in words. */
  readonly halfDone: readonly string[];
  readonly seconds: number;
}

interface Campaign {
  readonly plan: Plan;
  readonly folder: string;
  readonly random: Random;
  readonly ledger: Ledger;
  readonly workers: readonly Worker[];
  kills: number;
  /** The clients of the load are there. */
  registered: boolean;
  /** How long the last start took. */
  startMilliseconds: number;
}

const WORKERS = 12;
const CHECKED_AT_ONCE = 12;
/** Stories without news that are checked after each restart. */
const SAMPLE = 12;
/** The longest time under load. */
const LOAD_MILLISECONDS = 800;

/** Runs a crash test in a temporary folder. */
export async function runCampaign(plan: Plan): Promise<Outcome> {
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1000;
  const folder = await mkdtemp(join(tmpdir(), "crash-"));
  const campaign = create(plan, folder);
  const { ledger } = campaign;
  try {
    while (campaign.kills < plan.kills && seconds() < plan.seconds) {
      await oneKill(campaign);
      if (plan.stopAtFinding && ledger.findings.length > 0) break;
      plan.progress?.(describe(campaign, seconds()));
    }
    if (!plan.stopAtFinding || ledger.findings.length === 0) await checkEverything(campaign);
  } catch (error) {
    // A server that does not start any more ends the test, and is among its findings.
    if (ledger.findings.length === 0) throw error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const found = (kind: string) =>
    ledger.findings.filter((finding) => finding.kind === kind).map(({ text }) => text);
  return {
    kills: campaign.kills,
    acknowledged: ledger.acknowledged,
    lost: found("lost"),
    halfDone: found("halfDone"),
    seconds: Math.round(seconds()),
  };
}

function create(plan: Plan, folder: string): Campaign {
  const workers = Array.from({ length: WORKERS }, (_, index) => {
    const name = `crash-${plan.seed}-${index}`;
    return { name, random: createRandom(deriveSeed(plan.seed, name)), open: [], count: 0 };
  });
  const rotation = { told: ROTATOR.secret, unknown: null };
  const ledger = {
    stories: [],
    touched: new Set<Story>(),
    findings: [],
    acknowledged: 0,
    rotation,
  };
  const random = createRandom(plan.seed);
  const figures = { kills: 0, registered: false, startMilliseconds: 1000 };
  return { plan, folder, random, ledger, workers, ...figures };
}

/** One kill: of a start, of a check after a start, or, most often, under load. */
async function oneKill(campaign: Campaign): Promise<void> {
  const { random, plan } = campaign;
  const dice = random.below(100);
  if (dice < 5) return await killVirgin(campaign);
  campaign.kills += 1;
  if (dice < 20) {
    const early = await start(program(campaign), campaign.folder, startMoment(campaign));
    return await early?.kill();
  }
  const running = await launch(campaign);
  const alive = { killed: false };
  try {
    const stage = await enter(campaign, running);
    if (plan.strike !== undefined && dice >= 60) {
      await untilGone([checkRecent(campaign, stage)], alive);
      await strikeUnderLoad(campaign, running, stage, plan.strike);
    } else if (dice < 35) {
      const kill = killLater(running, alive, random.below(150));
      await untilGone([checkRecent(campaign, stage)], alive);
      await kill;
    } else {
      await untilGone([checkRecent(campaign, stage)], alive);
      const kill = killLater(running, alive, 20 + random.below(LOAD_MILLISECONDS - 20));
      await untilGone(campaign.workers.map((worker) => work(stage, worker)), alive);
      await kill;
    }
  } finally {
    await running.kill();
  }
}

/** The database is killed under load. The server must serve again without a restart, and lie to nobody. */
async function strikeUnderLoad(
  campaign: Campaign,
  running: Running,
  stage: Stage,
  strike: NonNullable<Plan["strike"]>,
): Promise<void> {
  const { random, workers, ledger } = campaign;
  const struck = { killed: false };
  const load = untilGone(workers.map((worker) => work(stage, worker, () => struck.killed)), struck);
  await setTimeout(20 + random.below(LOAD_MILLISECONDS - 20));
  struck.killed = true;
  const recover = await strike(random.below(1000));
  await load;
  await recover();
  if (await isReady(running)) await checkRecent(campaign, stage);
  else {ledger.findings.push({
      kind: "halfDone",
      text: "the server does not find its database again",
    });}
}

/** Whether a server says within ten seconds that it is ready. */
async function isReady({ endpoint }: Running): Promise<boolean> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const { ok, body } = await fetch(new URL("/readyz", endpoint));
    await body?.cancel();
    if (ok) return true;
    await setTimeout(100);
  }
  return false;
}

/** A server without data is killed while it starts; whatever it left, the next start must succeed. */
async function killVirgin(campaign: Campaign): Promise<void> {
  campaign.kills += 1;
  const folder = await mkdtemp(join(campaign.folder, "virgin-"));
  const program = campaign.plan.program(folder);
  await (await start(program, folder, startMoment(campaign)))?.kill();
  await survive(campaign, async () => await (await start(program, folder))?.kill());
  await rm(folder, { recursive: true, force: true });
}

async function launch(campaign: Campaign): Promise<Running> {
  const began = performance.now();
  let running: Running | null = null;
  await survive(campaign, async () => {
    running = await start(program(campaign), campaign.folder);
  });
  if (running === null) throw new Error(campaign.ledger.findings.at(-1)?.text);
  campaign.startMilliseconds = performance.now() - began;
  return running;
}

/** A server that does not start after a kill is a finding. */
async function survive({ ledger }: Campaign, starting: () => Promise<unknown>): Promise<void> {
  try {
    await starting();
  } catch (error) {
    ledger.findings.push({ kind: "halfDone", text: (error as Error).message });
  }
}

function program({ plan, folder }: Campaign): Program {
  return plan.program(folder);
}

function startMoment({ random, startMilliseconds }: Campaign): number {
  return random.below(Math.ceil(startMilliseconds * 1.2));
}

/** What the load needs from a server that has just started. */
async function enter(campaign: Campaign, running: Running): Promise<Stage> {
  const { plan, ledger } = campaign;
  const wire = createWire(running.endpoint, running.harness);
  const jwks = { keys: [publicJwk(DEMO_ISSUER_KEY)] };
  await wire.command("trust", { issuer: ISSUER, jwks, merchants: [MERCHANT.id] });
  if (!campaign.registered) {
    const clients = [PARTNER, MERCHANT, ROTATOR].map((login) => ({ ...login, scope: SCOPE }));
    await wire.command("seed", { clients });
    campaign.registered = true;
  }
  return { wire, ledger, audience: plan.audience };
}

async function killLater(
  running: Running,
  alive: { killed: boolean },
  milliseconds: number,
): Promise<void> {
  await setTimeout(milliseconds);
  alive.killed = true;
  await running.kill();
}

/** Waits for work that the kill may interrupt. A server that does not answer before that is an error. */
async function untilGone(
  work: readonly Promise<unknown>[],
  alive: { readonly killed: boolean },
): Promise<void> {
  const results = await Promise.allSettled(work.map((one) =>
    one.catch((error) => {
      if (!(error instanceof Unanswered && alive.killed)) throw error;
    })
  ));
  for (const result of results) if (result.status === "rejected") throw result.reason;
}

/** Checks what has news, and a few others. */
async function checkRecent({ ledger, random }: Campaign, stage: Stage): Promise<void> {
  const old = Array.from({ length: SAMPLE }, () => random.below(ledger.stories.length + 1))
    .flatMap((index) => ledger.stories[index] ?? []);
  await checkAll(stage, [...new Set([...ledger.touched, ...old])]);
  await checkRotation(stage);
}

async function checkEverything(campaign: Campaign): Promise<void> {
  const running = await launch(campaign);
  try {
    const stage = await enter(campaign, running);
    await checkAll(stage, campaign.ledger.stories);
    await checkRotation(stage);
  } finally {
    await running.kill();
  }
}

async function checkAll(stage: Stage, stories: readonly Story[]): Promise<void> {
  const left = stories.filter(({ dropped }) => !dropped);
  await Promise.all(Array.from({ length: CHECKED_AT_ONCE }, async () => {
    for (let story = left.pop(); story !== undefined; story = left.pop()) {
      await checkStory(stage, story);
    }
  }));
}

function describe({ plan, kills, ledger }: Campaign, seconds: number): string {
  const { acknowledged, findings, stories } = ledger;
  return `${kills}/${plan.kills} kills, ${stories.length} users, ${acknowledged} acknowledged, ` +
    `${findings.length} findings, ${Math.round(seconds)} s`;
}
