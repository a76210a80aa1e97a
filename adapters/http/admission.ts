/**
 * Sheds load: beyond a number of requests at the same time, new ones are refused at once, so that those
 * under way finish in time and memory stays bounded (A2).
 * @module
 */
import { systemClock } from "../entropy.ts";
import type { Clock } from "../ports.ts";
import { errorJson, type HttpRequest, type HttpResponse, RETRY_AFTER } from "./exchange.ts";

/** Admits requests up to a maximum. */
export interface Admission {
  /** Admits a request, unless there are too many. */
  enter(request: HttpRequest): Admitted | null;
}

/** A request that is worked on. */
export interface Admitted {
  /** The request. While its body is awaited, it does not count: a slow sender takes nobody's place. */
  readonly request: HttpRequest;
  /** Must be called once it is answered. */
  leave(): void;
}

/**
 * In an overload, requests wait in sockets until the event loop reads them, all in one turn. A turn that
 * takes longer than this, with at least so many requests under way, admits no more.
 */
const TURN = { milliseconds: 1000, requests: 256 };

/**
 * Creates an admission.
 * @param most how many requests are worked on at the same time
 * @param clock of the machine; it must not stop
 * @throws {RangeError} when `most` is not a whole number from 1.
 */
export function createAdmission(most: number, clock: Clock = systemClock): Admission {
  if (!Number.isSafeInteger(most) || most < 1) {
    throw new RangeError(`Cannot work on ${most} requests at a time: give a whole number from 1`);
  }
  let working = 0;
  let turnBegan: number | null = null;
  const leave = () => void working--;
  const isTurnOver = () => {
    if (turnBegan !== null) return clock.now() - turnBegan > TURN.milliseconds;
    turnBegan = clock.now();
    setImmediate(() => turnBegan = null);
    return false;
  };
  return {
    enter(request) {
      if (isTurnOver() && working >= TURN.requests) return null;
      if (working >= most) return null;
      working++;
      const body = async (limitBytes: number) => {
        working--;
        try {
          return await request.body(limitBytes);
        } finally {
          working++;
        }
      };
      return { request: { ...request, body }, leave };
    },
  };
}

/** The response to a request that is not admitted. */
export function overloaded(): HttpResponse {
  const error = "temporarily_unavailable";
  const text = "The server has too many requests at the same time. Try again.";
  return { ...errorJson(503, error, text, RETRY_AFTER), outcome: "overloaded" };
}
