/**
 * One address holds more connections than the server allows, in three states, while another address
 * opens a new connection for every request (SY-40).
 * @module
 */
import { request } from "node:http";
import { connect, type Socket } from "node:net";
import { setTimeout } from "node:timers/promises";
import { type Latency, summarize } from "./figures.ts";

/** How the crowd behaves. */
export interface CrowdPlan {
  readonly port: number;
  readonly connections: number;
  /** Reopens each closed connection after this long; `null` gives up. */
  readonly reopenMilliseconds: number | null;
}

/** Connections from one address. */
export interface Crowd {
  /** How many are open now. */
  open(): number;
  /** How many were opened so far. */
  opened(): number;
  leave(): void;
}

const HOST = "127.0.0.1";
/** The address that holds the connections. */
const CROWD_ADDRESS = "127.0.0.1";
/** The address that wants to be served. */
const OTHER_ADDRESS = "127.0.0.2";
/** What is sent at once: nothing, a part of the head, the head without the body. */
const BEGINNINGS = [
  "",
  "POST /oauth/token HTTP/1.1\r\nHost: ",
  "POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n" +
  "Content-Length: 10\r\n\r\n",
] as const;
/** Connections that are opened at the same time. */
const AT_ONCE = 200;

/** Opens all connections; resolves once each is established or was closed. */
export async function gather(plan: CrowdPlan): Promise<Crowd> {
  const sockets = new Set<Socket>();
  let [opened, over] = [0, false];
  const open = (index: number): Promise<void> =>
    new Promise((resolve) => {
      const socket = connect({ port: plan.port, host: HOST, localAddress: CROWD_ADDRESS });
      opened += 1;
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("data", () => {});
      socket.once("connect", () => {
        socket.write(BEGINNINGS[index % BEGINNINGS.length] ?? "");
        resolve();
      });
      socket.once("close", async () => {
        sockets.delete(socket);
        resolve();
        if (plan.reopenMilliseconds === null) return;
        await setTimeout(plan.reopenMilliseconds, null, { ref: false });
        if (!over) await open(index);
      });
    });
  for (let index = 0; index < plan.connections; index += AT_ONCE) {
    const count = Math.min(AT_ONCE, plan.connections - index);
    await Promise.all(Array.from({ length: count }, (_, offset) => open(index + offset)));
  }
  return {
    open: () => [...sockets].filter(({ readyState }) => readyState === "open").length,
    opened: () => opened,
    leave() {
      over = true;
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** What the other address saw. */
export interface Served extends Latency {
  readonly requests: number;
  /** Not answered with 200. */
  readonly failed: number;
}

/** Sends requests from the other address, one after the other, each on a connection of its own. */
export async function visit(url: string, requests: number): Promise<Served> {
  const times: number[] = [];
  let failed = 0;
  for (let count = 0; count < requests; count += 1) {
    const began = performance.now();
    if (await getFromOther(url) !== 200) failed += 1;
    times.push(performance.now() - began);
  }
  return { requests, failed, ...summarize(times) };
}

/** The status, or 0 if there was no answer. */
function getFromOther(url: string): Promise<number> {
  return new Promise((resolve) => {
    const sent = request(url, { agent: false, localAddress: OTHER_ADDRESS }, (response) => {
      response.resume().once("end", () => resolve(response.statusCode ?? 0));
    });
    sent.once("error", () => resolve(0)).end();
  });
}

/** Whether this machine lets a program use the other address; only Linux does without set-up. */
export function hasOtherAddress(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port: 9, host: HOST, localAddress: OTHER_ADDRESS });
    socket.once("connect", () => resolve(true));
    socket.once("error", ({ code }: NodeJS.ErrnoException) => resolve(code === "ECONNREFUSED"));
    socket.once("close", () => socket.destroy());
  });
}
