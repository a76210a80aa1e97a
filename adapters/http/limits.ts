/**
 * Limits for callers (A2): every operation is charged by weight to the authenticated client or user,
 * or else to the peer address.
 * @module
 */
import type { Clock } from "../ports.ts";
import { type Exchange, type HttpResponse, json, NO_STORE } from "./exchange.ts";
import { peerOf } from "./peer.ts";
import { createRateLimit } from "./rate-limit.ts";

/** The limits of a server. */
export interface LimitOptions {
  /** Maximum mutation fields per request. Default 10. */
  readonly mutationFields?: number;
  /**
   * Budget per client, and per address without valid credentials; `null` for no limit. A
   * field costs 1, a call of an OAuth endpoint 1, an introspection 0.1. Default 6000 per minute.
   */
  readonly rateLimit?: { readonly fieldsPerMinute: number } | null;
  /**
   * Failed authentications per client id and per address that are answered with 401; beyond that the
   * answer is 429. The right secret always works. `null` for no limit. Default 60 per minute.
   */
  readonly failureLimit?: { readonly perMinute: number } | null;
}

/** The budgets of one server. */
export interface Limits {
  readonly mutationFields: number;
  /** Charges an authenticated caller. Returns 0, or the seconds to wait. */
  charge(who: string, weight: number): number;
  /** The response to an unauthenticated caller: unchanged, or 429 if its budget is used up. */
  settle(exchange: Exchange, response: HttpResponse): HttpResponse;
}

/**
 * Creates the budgets.
 * @throws {RangeError} when a limit is not a whole number from 1, or a minute allows less than one request.
 */
export function createLimits(options: LimitOptions, clock: Clock): Limits {
  const { mutationFields = 10, rateLimit = { fieldsPerMinute: 6000 } } = options;
  const { failureLimit = { perMinute: 60 } } = options;
  checkLimits(mutationFields, rateLimit?.fieldsPerMinute ?? Infinity);
  const known = rateLimit && createRateLimit(rateLimit.fieldsPerMinute, clock);
  const anonymous = rateLimit && createRateLimit(rateLimit.fieldsPerMinute, clock);
  const byClient = failureLimit && createRateLimit(failureLimit.perMinute, clock);
  const byPeer = failureLimit && createRateLimit(failureLimit.perMinute, clock);
  return {
    mutationFields,
    charge: (who, weight) => known?.take(who, weight) ?? 0,
    settle({ request, trace }, response) {
      if (trace.client !== null || response.status >= 500) return response;
      const peer = request.peer === undefined ? null : peerOf(request.peer);
      const takes = response.status === 401
        ? [
          trace.claimed === null ? 0 : byClient?.take(trace.claimed, 1) ?? 0,
          peer === null ? 0 : byPeer?.take(peer, 1) ?? 0,
        ]
        : [peer === null ? 0 : anonymous?.take(peer, 1) ?? 0];
      const seconds = Math.max(...takes);
      if (seconds === 0) return response;
      const headers = { ...response.headers, "retry-after": String(seconds) };
      if (response.status === 401) return { ...response, status: 429, headers };
      return tooManyRequests(seconds);
    },
  };
}

/** The response outside GraphQL if a budget is used up. */
export function tooManyRequests(seconds: number): HttpResponse {
  const error = "too_many_requests";
  const body = { error, error_description: `Too many requests. Try again in ${seconds} s.` };
  const headers = { ...NO_STORE, "retry-after": String(seconds) };
  return { ...json(429, body, headers), outcome: error };
}

function checkLimits(mutationFields: number, perMinute: number): void {
  if (!Number.isSafeInteger(mutationFields) || mutationFields < 1 || mutationFields > 100) {
    throw new RangeError(
      `Cannot allow ${mutationFields} mutation fields per request: give a whole number from 1 to 100`,
    );
  }
  if (perMinute < mutationFields) {
    throw new RangeError(
      `Cannot limit clients to ${perMinute} fields per minute: one request may hold ${mutationFields}`,
    );
  }
}
