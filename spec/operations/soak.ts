/**
 * A soak test: a server at a share of its capacity for a long time, then far above it, then back. It must
 * stay as it was: memory, open files, response times.
 * @module
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { type Latency, median, summarize } from "./figures.ts";
import { flood, type Flooded } from "./flood.ts";
import { createLoad, type Load } from "./soak-load.ts";
import { prepare, startSoakServer, type Usage } from "./soak-server.ts";

/** What to do. */
export interface SoakPlan {
  readonly minutes: number;
  /** The share of the measured capacity. */
  readonly load: number;
  /** `opaque` or `jwt`. */
  readonly accessTokens: string;
  readonly seed: number;
  /** How long the phases before and after the soak take. */
  readonly seconds: {
    readonly warmUp: number;
    readonly capacity: number;
    readonly overload: number;
  };
  readonly progress: (text: string) => void;
}

/** What was measured in a stretch of time. */
export interface Stretch extends Latency {
  /** Requests per second that were answered as expected. */
  readonly rate: number;
  readonly ok: number;
  readonly shed: number;
  /** Requests that were due while too many were under way. */
  readonly unsent: number;
  /** Wrong answers, in words; the first few. */
  readonly wrong: readonly string[];
}

/** One minute of the soak. */
export type Minute = Stretch & Usage;

/** What came of it. */
export interface SoakOutcome {
  /** Requests per second with as many clients as it takes. */
  readonly capacity: number;
  readonly minutes: readonly Minute[];
  readonly overload: Flooded;
  /** From the end of the overload until a second as before; `null` if there was none. */
  readonly recoverySeconds: number | null;
  /** Broken rules, in words. None: all is well. */
  readonly findings: readonly string[];
}

const CAPACITY_CLIENTS = 64;
const OVERLOAD = 3;
const MOST_RUNNING = 1000;
const RECOVERY_SECONDS = 10;
/** The share of the capacity that an overload must leave: it only writes, and it uses this machine too. */
const LEAST_SERVED = 0.25;

/** Runs the test in a temporary folder. */
export async function soak(plan: SoakPlan): Promise<SoakOutcome> {
  const { seconds, progress } = plan;
  const folder = await mkdtemp(join(tmpdir(), "soak-"));
  try {
    await prepare(folder);
    const server = await startSoakServer(folder, plan.accessTokens);
    const load = createLoad(server.origin, plan.seed, MOST_RUNNING);
    try {
      await saturate(load, seconds.warmUp);
      const { rate: capacity } = await saturate(load, seconds.capacity);
      progress(`capacity ${capacity}/s`);
      const rate = plan.load * capacity;
      const minutes: Minute[] = [];
      for (let minute = 1; minute <= plan.minutes; minute += 1) {
        const stretch = await drive(load, rate, 60);
        minutes.push({ ...stretch, ...await server.usage() });
        progress(`minute ${minute}/${plan.minutes}: ${describe(minutes.at(-1) as Minute)}`);
      }
      const overload = await flood(server.origin, OVERLOAD * capacity, seconds.overload);
      progress(
        `overload: ${overload.sent}/s sent, ${overload.rate}/s served, ${overload.shed} shed`,
      );
      const recoverySeconds = await recover(load, rate, minutes);
      progress(`recovered after ${recoverySeconds} s`);
      const measured = { capacity, minutes, overload, recoverySeconds };
      return { ...measured, findings: judge(measured, rate) };
    } finally {
      load.close();
      await server.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Sends as fast as some clients can, one request after the other each. */
function saturate(load: Load, seconds: number): Promise<Stretch> {
  return measure(seconds, async (send, isOver) => {
    const client = async () => {
      while (!isOver()) await send(performance.now());
    };
    await Promise.all(Array.from({ length: CAPACITY_CLIENTS }, client));
  }, load);
}

/** Sends at a rate, whatever the answers are. Times count from when a request was due. */
function drive(load: Load, rate: number, seconds: number): Promise<Stretch> {
  return measure(seconds, async (send, isOver) => {
    const began = performance.now();
    const running = new Set<Promise<void>>();
    for (let sent = 0; !isOver(); await setTimeout(2)) {
      for (const due = (performance.now() - began) / 1000 * rate; sent < due; sent += 1) {
        const one: Promise<void> = send(began + sent / rate * 1000, MOST_RUNNING)
          .finally(() => running.delete(one));
        running.add(one);
      }
    }
    await Promise.all(running);
  }, load);
}

async function measure(
  seconds: number,
  work: (
    send: (due: number, most?: number) => Promise<void>,
    isOver: () => boolean,
  ) => Promise<void>,
  load: Load,
): Promise<Stretch> {
  const began = performance.now();
  const times: number[] = [];
  const wrong: string[] = [];
  let [shed, unsent] = [0, 0];
  const send = async (due: number, most = Infinity) => {
    const sent = load.running() < most ? load.send() : null;
    if (sent === null) return void (unsent += 1);
    const result = await sent;
    if (result === "ok") times.push(performance.now() - due);
    else if (result === "shed") shed += 1;
    else wrong.push(result.wrong);
  };
  await work(send, () => performance.now() - began >= seconds * 1000);
  const took = (performance.now() - began) / 1000;
  const rate = Math.round(times.length / took);
  const ok = times.length;
  return { rate, ok, shed, unsent, wrong: wrong.slice(0, 5), ...summarize(times) };
}

/** Drives at the usual rate until a second is as before. */
async function recover(
  load: Load,
  rate: number,
  minutes: readonly Minute[],
): Promise<number | null> {
  const usual = median(minutes.map(({ p99 }) => p99));
  for (let second = 1; second <= RECOVERY_SECONDS; second += 1) {
    const { p99, shed, unsent } = await drive(load, rate, 1);
    if (shed + unsent === 0 && p99 <= TOLERANCE.p99.factor * usual + TOLERANCE.p99.margin) {
      return second;
    }
  }
  return null;
}

/**
 * How far the last third of the minutes may be above the first third, by their medians: a factor and a
 * margin. A minute of warming up does not count. Sizes in bytes, times in milliseconds.
 */
const TOLERANCE = {
  heap: { factor: 1.1, margin: 8e6 },
  rss: { factor: 1.15, margin: 32e6 },
  handles: { factor: 1, margin: 200 }, // a burst opens connections, which then stay
  files: { factor: 1, margin: 200 },
  p50: { factor: 1.5, margin: 2 },
  p99: { factor: 2, margin: 20 },
} as const;

/** Names every broken rule. */
export function judge(
  { capacity, minutes, overload, recoverySeconds }: Omit<SoakOutcome, "findings">,
  rate: number,
): readonly string[] {
  const findings: string[] = [];
  const counted = minutes.length > 3 ? minutes.slice(1) : minutes;
  const third = Math.max(1, Math.floor(counted.length / 3));
  for (const name of Object.keys(TOLERANCE) as (keyof typeof TOLERANCE)[]) {
    const of = (some: readonly Minute[]) => median(some.map((minute) => minute[name]));
    const [first, last] = [of(counted.slice(0, third)), of(counted.slice(-third))];
    const { factor, margin } = TOLERANCE[name];
    if (last > first * factor + margin) findings.push(`${name} grew from ${first} to ${last}`);
  }
  for (const [index, minute] of minutes.entries()) {
    if (minute.wrong.length > 0) findings.push(`minute ${index + 1}: ${minute.wrong[0]}`);
    if (minute.shed > 0) findings.push(`minute ${index + 1}: ${minute.shed} requests were shed`);
    if (minute.rate < 0.95 * rate) {
      findings.push(`minute ${index + 1}: ${minute.rate}/s of ${Math.round(rate)}/s`);
    }
  }
  if (overload.wrong.length > 0) findings.push(`overload: ${overload.wrong[0]}`);
  if (overload.shed === 0) findings.push("overload: nothing was shed");
  if (overload.rate < LEAST_SERVED * capacity) {
    findings.push(`overload: only ${overload.rate}/s were served`);
  }
  if (recoverySeconds === null) findings.push(`no recovery within ${RECOVERY_SECONDS} s`);
  return findings;
}

function describe({ rate, p50, p99, max, rss, heap, handles, files, shed, wrong }: Minute): string {
  const mega = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
  return `${rate}/s, p50 ${p50} ms, p99 ${p99} ms, max ${max} ms, rss ${mega(rss)}, heap ` +
    `${mega(heap)}, ${handles} handles, ${files} files, ${shed} shed, ${wrong.length} wrong`;
}
