/**
 * How long a server takes from its start to its first right answer.
 * @module
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { type Next, openLoad } from "./load.ts";
import { median, round } from "./measure.ts";
import { createSession, type Stage, type Target } from "./target.ts";

/** Medians, in milliseconds. */
export interface Beginning {
  readonly target: string;
  readonly wall: number;
  /** CPU time of the server until then. */
  readonly cpu: number;
}

/** Starts a server so many times, on fresh data. */
export async function measureBeginning(
  target: Target,
  stage: Stage,
  times: number,
): Promise<Beginning> {
  const walls: number[] = [];
  const cpus: number[] = [];
  const folder = join(stage.folder, "begin");
  for (let time = 0; time <= times; time++) {
    const began = performance.now();
    const server = await target.start(folder, stage);
    const load = await openLoad(server.ports, 1);
    const work = await target.works["publicId"]?.(createSession(stage, server, load));
    let left = 1;
    const next: Next = () => left-- > 0 && work ? work.next() : null;
    await load.closed(next);
    // The first start copies the data; later ones find them.
    if (time > 0) {
      walls.push(performance.now() - began);
      cpus.push(server.cpu() / 1000);
    }
    load.close();
    await server.stop();
  }
  rmSync(folder, { recursive: true, force: true });
  return { target: target.name, wall: round(median(walls), 0), cpu: round(median(cpus), 0) };
}
