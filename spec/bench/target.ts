/**
 * What is measured: servers that do the same work, and how each is asked for it.
 * @module
 */
import type { Call, Load, Next } from "./load.ts";
import type { Server } from "./server.ts";
import type { Issuer } from "./consents.ts";
import type { Login } from "./wire.ts";

/** What all servers of a run know. */
export interface Stage {
  /** Users are named `user-0`, `user-1` … and connected to partner and merchant. */
  readonly users: number;
  readonly partner: Login;
  readonly resourceServer: Login;
  readonly merchant: string;
  readonly scope: string;
  readonly audience: string;
  readonly issuer: Issuer;
  /** A folder for this run. */
  readonly folder: string;
}

/** A server that is under load, seen from the load. */
export interface Session {
  readonly stage: Stage;
  readonly server: Server;
  /** Performs these calls in any order; resolves to the bodies in the order of the calls. */
  perform(calls: readonly Call[]): Promise<readonly string[]>;
}

/** Work that is asked for again and again. */
export interface Work {
  /** The next request. Never ends. */
  next(): Call;
  /** Requests that only succeed where what was answered is still there, now and after a crash. */
  proof?(): readonly Call[];
}

/** Prepares some work on a server. */
export type Preparation = (session: Session) => Promise<Work> | Work;

/** Something to measure. */
export interface Target {
  readonly name: string;
  /** What was asked of it survives a crash. */
  readonly durable: boolean;
  /** Starts it on fresh data in this folder, or, the second time, on what it left there. */
  start(folder: string, stage: Stage): Promise<Server>;
  /** By name: `publicId`, `refresh` … */
  readonly works: Readonly<Record<string, Preparation>>;
}

/** A session on some connections. */
export function createSession(stage: Stage, server: Server, load: Load): Session {
  return {
    stage,
    server,
    async perform(calls) {
      const bodies: string[] = [];
      let at = 0;
      const next: Next = () => {
        const index = at++;
        const call = calls[index];
        if (call === undefined) return null;
        return {
          text: call.text,
          check(status, body) {
            bodies[index] = body;
            return call.check(status, body);
          },
        };
      };
      await load.closed(next);
      return bodies;
    },
  };
}
