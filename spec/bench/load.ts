/**
 * The load: requests over kept-alive connections, in a closed loop or at a constant rate. It writes
 * prepared text to sockets and reads as little of an answer as it can, because it must cost less than
 * the cheapest server that it drives.
 * @module
 */
import { connect, type Socket } from "node:net";

/** One request, and what must be true of its answer. */
export interface Call {
  /** The whole request, in ASCII. */
  readonly text: string;
  /** Whether the answer is right. */
  check(status: number, body: string): boolean;
}

/** The next request, or `null` where there is none any more. */
export type Next = () => Call | null;

/** What came of some load. */
export interface Tally {
  readonly answered: number;
  /** Milliseconds of each answered request; at a constant rate from the moment it was due. */
  readonly latencies: readonly number[];
}

/** Connections to one server. Each method rejects at the first wrong answer, showing it. */
export interface Load {
  /** Every connection sends its next request when it has its answer. */
  closed(next: Next): Promise<Tally>;
  /** Requests are due at even distances, whether or not earlier ones are answered. */
  paced(next: Next, perSecond: number): Promise<Tally>;
  close(): void;
}

/** A wrong answer, or none. */
export class LoadError extends Error {
  override readonly name = "LoadError";
}

const SILENCE_MILLISECONDS = 30_000;

interface Line {
  /** Sends a call; `done` is called once its answer is there. */
  send(call: Call, done: () => void): void;
}

/** Opens connections, spread evenly over the ports. */
export async function openLoad(ports: readonly number[], connections: number): Promise<Load> {
  let fail: (error: Error) => void = () => {};
  const sockets: Socket[] = [];
  const lines = await Promise.all(Array.from({ length: connections }, async (_, index) => {
    const socket = connect(ports[index % ports.length] ?? 0, "127.0.0.1");
    sockets.push(socket);
    socket.setNoDelay(true);
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", () => resolve());
      socket.once("error", reject);
    });
    return speak(socket, (error) => fail(error));
  }));

  const run = async (work: (tally: Counting, over: () => void) => void): Promise<Tally> => {
    const tally: Counting = { answered: 0, latencies: [] };
    let before = 0;
    const watch = setInterval(() => {
      if (tally.answered === before) fail(new LoadError("The server has stopped answering"));
      before = tally.answered;
    }, SILENCE_MILLISECONDS);
    try {
      return await new Promise((resolve, reject) => {
        fail = reject;
        work(tally, () => resolve(tally));
      });
    } finally {
      clearInterval(watch);
    }
  };

  return {
    closed: (next) =>
      run((tally, over) => {
        let busy = lines.length;
        const turn = (line: Line) => {
          const call = next();
          if (call === null) {
            if (--busy === 0) over();
            return;
          }
          const began = performance.now();
          line.send(call, () => {
            tally.answered++;
            tally.latencies.push(performance.now() - began);
            turn(line);
          });
        };
        lines.forEach(turn);
      }),
    paced: (next, perSecond) => run((tally, over) => pace(lines, next, perSecond, tally, over)),
    close: () => sockets.forEach((socket) => socket.destroy()),
  };
}

interface Counting {
  answered: number;
  readonly latencies: number[];
}

/** Turns the event loop without rest: timers are a millisecond apart, and three requests must not arrive at once. */
function pace(
  lines: readonly Line[],
  next: Next,
  perSecond: number,
  tally: Counting,
  over: () => void,
): void {
  const idle = [...lines];
  const waiting: { readonly call: Call; readonly due: number }[] = [];
  const began = performance.now();
  let count = 0;
  let ended = false;
  const endIfDone = () => {
    if (ended && waiting.length === 0 && idle.length === lines.length) over();
  };
  const assign = () => {
    while (idle.length > 0 && waiting.length > 0) {
      const [line, job] = [idle.pop(), waiting.shift()];
      if (line === undefined || job === undefined) return;
      line.send(job.call, () => {
        tally.answered++;
        tally.latencies.push(performance.now() - job.due);
        idle.push(line);
        assign();
        endIfDone();
      });
    }
  };
  const turn = () => {
    for (;;) {
      const due = began + count * 1000 / perSecond;
      if (due > performance.now()) break;
      const call = next();
      if (call === null) {
        ended = true;
        assign();
        return endIfDone();
      }
      waiting.push({ call, due });
      count++;
    }
    assign();
    setImmediate(turn);
  };
  turn();
}

/** One connection: at most one request at a time. */
function speak(socket: Socket, fail: (error: Error) => void): Line {
  let buffer = "";
  let waiting: { readonly call: Call; readonly done: () => void } | null = null;
  socket.setEncoding("latin1");
  socket.on("error", (error) => fail(error));
  socket.on("close", () => {
    if (waiting !== null) fail(new LoadError("The server closed a connection without an answer"));
  });
  socket.on("data", (chunk: string) => {
    buffer = buffer === "" ? chunk : buffer + chunk;
    const answer = readAnswer(buffer);
    if (answer === null || waiting === null) return;
    const { call, done } = waiting;
    buffer = "";
    waiting = null;
    if (call.check(answer.status, answer.body)) done();
    else fail(new LoadError(`Wrong answer: ${answer.status} ${answer.body}\nto ${call.text}`));
  });
  return {
    send(call, done) {
      if (socket.destroyed) return fail(new LoadError("The server has closed a connection"));
      waiting = { call, done };
      socket.write(call.text, "latin1");
    },
  };
}

/** Status and body of an answer, once it is complete. */
function readAnswer(text: string): { readonly status: number; readonly body: string } | null {
  const end = text.indexOf("\r\n\r\n");
  if (end === -1) return null;
  const head = text.slice(0, end);
  const status = Number(head.slice(9, 12));
  const body = text.slice(end + 4);
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
  if (length !== undefined) return body.length >= Number(length) ? { status, body } : null;
  return body.endsWith("0\r\n\r\n") || status === 204 ? { status, body } : null;
}
