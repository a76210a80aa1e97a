/**
 * Sheds load: beyond a number of requests at the same time, new ones are refused at once, so that those
 * under way finish in time and memory stays bounded (A2).
 * @module
 */
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
 * Creates an admission.
 * @param most how many requests are worked on at the same time
 * @throws {RangeError} when that is not a whole number from 1.
 */
export function createAdmission(most: number): Admission {
  if (!Number.isSafeInteger(most) || most < 1) {
    throw new RangeError(`Cannot work on ${most} requests at a time: give a whole number from 1`);
  }
  let working = 0;
  const leave = () => void working--;
  return {
    enter(request) {
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
