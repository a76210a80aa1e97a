/**
 * One request and its response as plain values, so that every HTTP server can serve them and none of
 * its objects is built twice.
 * @module
 */
import type { ClientId } from "../../core/model.ts";

/** A request as a server hands it in. */
export interface HttpRequest {
  /** As in the request line: upper case. */
  readonly method: string;
  /** Path and query as in the request line, percent-encoded. */
  readonly target: string;
  /** The value of a header by its lower-case name; repeated ones are joined with `", "` (RFC 9110 §5.3). */
  header(name: string): string | null;
  /**
   * The body as text.
   * @throws {BodyError} when it is longer than this many bytes, breaks off, or is not UTF-8.
   */
  body(limitBytes: number): Promise<string>;
  /** The address of the peer, where the server knows it. */
  readonly peer?: string | undefined;
  /** Whether the server is about to stop and takes no new connections. */
  readonly stopping?: boolean;
}

/** A response. */
export interface HttpResponse {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The error code, for the log; nothing that is sent. */
  readonly outcome?: string;
}

/** Answers requests. Never rejects. */
export type HttpHandler = (request: HttpRequest) => Promise<HttpResponse>;

/** A body that cannot be read; `status` says how to answer. */
export class BodyError extends Error {
  override readonly name = "BodyError";
  /** 413: longer than allowed. 400: broken off, or not UTF-8. */
  readonly status: 400 | 413;
  /** @internal */
  constructor(status: 400 | 413) {
    super(
      status === 413
        ? "The request body is too large."
        : "The request body is incomplete or not UTF-8.",
    );
    this.status = status;
  }
}

/** Notes for the log, collected while a request is handled. */
export interface Trace {
  /** The client, once authenticated. Before that, the id is untrusted input. */
  client: ClientId | null;
  /** The client id that was presented, proved or not. For limits; never logged. */
  claimed: string | null;
  /** The outcome: one word per mutation field, or an error code. */
  readonly outcomes: string[];
  /** Internal faults. */
  readonly faults: unknown[];
}

/** A request on its way through this server. */
export interface Exchange {
  readonly request: HttpRequest;
  /** Generated here, never taken from the request. */
  readonly requestId: string;
  readonly trace: Trace;
}

/** Tells a caller to try again, in seconds, when this server cannot serve for now (A3). */
export const RETRY_AFTER: Readonly<Record<string, string>> = { "retry-after": "5" };

/** The header of every response that contains tokens or information about them (G9, RFC 6749 §5.1). */
export const NO_STORE: Readonly<Record<string, string>> = { "cache-control": "no-store" };

/** A response with a JSON body. */
export function json(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): HttpResponse {
  return {
    status,
    headers: { "content-type": "application/json; charset=utf-8", ...headers },
    body: JSON.stringify(body),
  };
}

/**
 * An error outside GraphQL, in the form of RFC 6749 §5.2. `description` goes out as it is, so it must
 * not hold what a caller sent.
 */
export function errorJson(
  status: number,
  error: string,
  description: string,
  headers: Readonly<Record<string, string>> = {},
): HttpResponse {
  const body = { error, error_description: description };
  return { ...json(status, body, { ...NO_STORE, ...headers }), outcome: error };
}

/** An error in the form of GraphQL, where nothing was executed. */
export function errorGraphql(
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): HttpResponse {
  const errors = [{ message, extensions: { code } }];
  return { ...json(status, { errors }, { ...NO_STORE, ...headers }), outcome: code };
}
