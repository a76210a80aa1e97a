/**
 * Far more requests than a server can answer, from sockets of its own: making them must cost less than
 * answering them.
 * @module
 */
import { connect, type Socket } from "node:net";
import { setTimeout } from "node:timers/promises";
import { PATHS } from "../../adapters/http/metadata.ts";
import { type Latency, summarize } from "./figures.ts";
import { PARTNER, userId, USERS } from "./soak-server.ts";

/** What came of the requests. */
export interface Flooded extends Latency {
  /** Requests per second that were sent. */
  readonly sent: number;
  /** Requests per second that were answered with tokens. */
  readonly rate: number;
  /** Answered with 429 or 503. */
  readonly shed: number;
  /** Other answers and broken connections, in words; the first few. */
  readonly wrong: readonly string[];
}

const SOCKETS = 3000;

/** One connection, used for one request after the other. */
interface Line {
  readonly socket: Socket;
  sentAt: number;
}

/** Sends requests for tokens at a rate, as far as there are connections that wait for nothing. */
export async function flood(origin: string, perSecond: number, seconds: number): Promise<Flooded> {
  const idle: Line[] = [];
  const times: number[] = [];
  const wrong: string[] = [];
  let [sent, shed, running, over] = [0, 0, 0, false];
  const answered = (line: Line, text: string) => {
    running -= 1;
    idle.push(line);
    if (text.includes('"ftfu_rt_')) times.push(performance.now() - line.sentAt);
    else if (/^HTTP\/1\.1 (?:429|503)/.test(text)) shed += 1;
    else wrong.push(text.slice(0, 200));
  };
  const lines = await openLines(origin, answered, (error) => over || wrong.push(error.message));
  idle.push(...lines);
  const began = performance.now();
  const elapsed = () => (performance.now() - began) / 1000;
  for (let due = 0; elapsed() < seconds; await setTimeout(1)) {
    for (; due < elapsed() * perSecond; due += 1) {
      const line = idle.shift();
      if (line === undefined) continue;
      line.sentAt = performance.now();
      line.socket.write(requestFor(due));
      running += 1;
      sent += 1;
    }
  }
  while (running > 0 && elapsed() < seconds + 30) await setTimeout(20);
  const took = elapsed();
  if (running > 0) wrong.push(`${running} requests were not answered`);
  over = true;
  for (const { socket } of lines) socket.destroy();
  const perSecondOf = (count: number) => Math.round(count / took);
  const [rate, sentRate] = [perSecondOf(times.length), Math.round(sent / seconds)];
  return { sent: sentRate, rate, shed, wrong: wrong.slice(0, 5), ...summarize(times) };
}

async function openLines(
  origin: string,
  answered: (line: Line, text: string) => void,
  failed: (error: Error) => void,
): Promise<readonly Line[]> {
  const { hostname: host, port } = new URL(origin);
  const open = () =>
    new Promise<Line>((resolve) => {
      const socket = connect(Number(port), host, () => resolve(line));
      const line = { socket, sentAt: 0 };
      let text = "";
      socket.on("error", failed);
      socket.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
        const length = /content-length: (\d+)\r\n/i.exec(text)?.[1];
        const head = text.indexOf("\r\n\r\n");
        if (length === undefined || head < 0 || text.length < head + 4 + Number(length)) return;
        const whole = text;
        text = "";
        answered(line, whole);
      });
    });
  const lines: Line[] = [];
  while (lines.length < SOCKETS) {
    lines.push(...await Promise.all(Array.from({ length: 100 }, open)));
  }
  return lines;
}

const BASIC = btoa(`${PARTNER.id}:${PARTNER.secret}`);

function requestFor(index: number): string {
  const query = `mutation { fetchTokensForUser(publicId: "${
    userId(index % USERS)
  }") { refreshToken } }`;
  const body = JSON.stringify({ query });
  return `POST ${PATHS.partners} HTTP/1.1\r\nHost: x\r\nAuthorization: Basic ${BASIC}\r\n` +
    `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}
