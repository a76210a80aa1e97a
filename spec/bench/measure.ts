/**
 * Measures rows in interleaved rounds: each has its fresh process and fresh data.
 * @module
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { type Load, type Next, openLoad, type Tally } from "./load.ts";
import type { Server } from "./server.ts";
import { createSession, type Stage, type Target, type Work } from "./target.ts";

/** Some work on some server. */
export interface Row {
  readonly work: string;
  readonly target: Target;
  /** Requests a second, whether answered or not. Absent: as many as the server can answer. */
  readonly perSecond?: number;
  /** The same, as a share of what the server answered in a closed loop of this run. */
  readonly load?: number;
  /** If it is not the number of the run. */
  readonly users?: number;
  /** What was issued is evicted soon, so there is nothing to look for afterwards. */
  readonly evicts?: boolean;
}

/**
 * How to measure. Times are in seconds of CPU time of the server, so that other work on the machine
 * makes a run longer, not shorter; but nothing takes more than {@link PATIENCE} times as long.
 */
export interface Plan {
  readonly rounds: number;
  readonly warm: number;
  /** Measurements of each process, which take turns with those of the others. */
  readonly slices: number;
  readonly slice: number;
  readonly connections: number;
  /** All servers of a round run at once, and are idle while it is the turn of another. */
  readonly together: boolean;
}

/** What was measured. */
export interface Figure {
  readonly work: string;
  readonly target: string;
  /** Requests a second; `null` for a closed loop. */
  readonly perSecond: number | null;
  /** See {@link Row.load}. */
  readonly load?: number;
  /** Microseconds of CPU for an answered request: the median of all measurements, and their range. */
  readonly cpu: number;
  readonly min: number;
  readonly max: number;
  /** Answered requests in all. */
  readonly answered: number;
  /** Answers a second: the median. */
  readonly rate: number;
  /** The share of the time for which the server used a core: the median. */
  readonly busy: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

interface Live {
  readonly row: Row;
  readonly folder: string;
  readonly stage: Stage;
  readonly server: Server;
  readonly work: Work;
}

interface Sample {
  readonly cpu: number;
  readonly seconds: number;
  readonly tally: Tally;
}

/** Rows under a share of the load that other rows of them can carry come last, when that is known. */
export async function measureAll(
  rows: readonly Row[],
  plan: Plan,
  stage: Stage,
  progress: (text: string) => void,
): Promise<readonly Figure[]> {
  const figures = await measure(
    rows.filter(({ load }) => load === undefined),
    plan,
    stage,
    progress,
  );
  const paced = rows.filter(({ load }) => load !== undefined).map((row) => {
    const same = figures.find(({ work, target, perSecond }) =>
      work === row.work && target === row.target.name && perSecond === null
    );
    if (same === undefined) throw new Error(`What ${nameOf(row)} can do was not measured`);
    return { ...row, perSecond: Math.floor((row.load ?? 1) * same.rate) };
  });
  return [...figures, ...await measure(paced, plan, stage, progress)];
}

/** Measures rows. Rejects at the first wrong answer, and where anything that was answered is missing. */
async function measure(
  rows: readonly Row[],
  plan: Plan,
  stage: Stage,
  progress: (text: string) => void,
): Promise<readonly Figure[]> {
  const samples = new Map<Row, Sample[]>(rows.map((row) => [row, []]));
  for (let round = 1; round <= plan.rounds; round++) {
    for (const batch of plan.together ? [rows] : rows.map((row) => [row])) {
      const lives: Live[] = [];
      try {
        for (const row of batch) {
          progress(`round ${round} of ${plan.rounds}: ${nameOf(row)}`);
          const own = { ...stage, users: row.users ?? stage.users };
          lives.push(await begin(row, join(stage.folder, `${lives.length}`), plan, own));
        }
        for (let slice = 0; slice < plan.slices; slice++) {
          for (const live of lives) samples.get(live.row)?.push(await sample(live, plan));
        }
        for (const live of lives) await prove(live);
      } finally {
        for (const { server, folder } of lives) {
          await server.kill();
          rmSync(folder, { recursive: true, force: true });
        }
      }
    }
  }
  return rows.map((row) => summarize(row, samples.get(row) ?? []));
}

/** How a row is called. */
export function nameOf({ work, target, perSecond }: Row): string {
  return `${work}, ${target.name}${perSecond === undefined ? "" : ` at ${perSecond}/s`}`;
}

async function begin(row: Row, folder: string, plan: Plan, stage: Stage): Promise<Live> {
  const { target } = row;
  const server = await target.start(folder, stage);
  try {
    const prepare = target.works[row.work];
    if (prepare === undefined) throw new Error(`${target.name} does not do ${row.work}`);
    const work = await connected(
      server,
      plan,
      (load) => prepare(createSession(stage, server, load)),
    );
    const live = { row, folder, stage, server, work };
    await connected(server, plan, (load) => run(live, load, plan.warm));
    return live;
  } catch (error) {
    await server.kill();
    throw error;
  }
}

/** On fresh connections: a server closes those that were idle during the turns of others. */
async function connected<T>(
  { ports }: Server,
  { connections }: Pick<Plan, "connections">,
  work: (load: Load) => Promise<T> | T,
): Promise<T> {
  const load = await openLoad(ports, connections);
  try {
    return await work(load);
  } finally {
    load.close();
  }
}

const PATIENCE = 4;
const LOOK_MILLISECONDS = 25;

async function run({ work, row, server }: Live, load: Load, seconds: number): Promise<Tally> {
  let over = false;
  const end = server.cpu() + seconds * 1e6;
  const latest = performance.now() + PATIENCE * seconds * 1000;
  const timer = setInterval(() => {
    over = server.cpu() >= end || performance.now() >= latest;
  }, LOOK_MILLISECONDS);
  const next: Next = () => over ? null : work.next();
  try {
    return await (row.perSecond === undefined
      ? load.closed(next)
      : load.paced(next, row.perSecond));
  } finally {
    clearInterval(timer);
  }
}

function sample(live: Live, plan: Plan): Promise<Sample> {
  return connected(live.server, plan, async (load) => {
    const began = performance.now();
    const before = live.server.cpu();
    const tally = await run(live, load, plan.slice);
    const cpu = live.server.cpu() - before;
    return { cpu, seconds: (performance.now() - began) / 1000, tally };
  });
}

/** Asks for what was issued once more; where it is meant to be durable, after a crash. */
async function prove({ row, folder, stage, server, work }: Live): Promise<void> {
  const calls = row.evicts ? [] : work.proof?.() ?? [];
  if (calls.length === 0) return;
  if (row.target.durable) await server.kill();
  const again = row.target.durable ? await row.target.start(folder, stage) : server;
  try {
    await connected(
      again,
      { connections: 8 },
      (load) => createSession(stage, again, load).perform(calls),
    );
  } finally {
    await again.kill();
  }
}

function summarize({ work, target, perSecond, load }: Row, samples: readonly Sample[]): Figure {
  const cpu = samples.map((sample) => sample.cpu / sample.tally.answered);
  const latencies = samples.flatMap(({ tally }) => tally.latencies).sort((a, b) => a - b);
  const quantile = (share: number) => latencies[Math.floor(share * latencies.length)] ?? 0;
  return {
    work,
    target: target.name,
    perSecond: perSecond ?? null,
    ...(load !== undefined && { load }),
    cpu: round(median(cpu), 1),
    min: round(Math.min(...cpu), 1),
    max: round(Math.max(...cpu), 1),
    answered: samples.reduce((sum, { tally }) => sum + tally.answered, 0),
    rate: Math.round(median(samples.map(({ tally, seconds }) => tally.answered / seconds))),
    busy: round(median(samples.map((sample) => sample.cpu / sample.seconds / 1e6)), 2),
    p50: round(quantile(0.5), 2),
    p99: round(quantile(0.99), 2),
    p999: round(quantile(0.999), 2),
  };
}

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return ((low ?? NaN) + (high ?? NaN)) / 2;
}

/** A number with so many decimals. */
export function round(value: number, decimals: number): number {
  return Number(value.toFixed(decimals));
}
