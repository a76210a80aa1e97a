/**
 * Sends HTTP requests, each bounded in time and size, and records them.
 * @module
 */
import { pause } from "../base/ambient.ts";
import { parseJson } from "../base/encoding.ts";
import type { Secrets } from "./secrets.ts";
import type { Exchange } from "../results.ts";

/** A request. */
export interface WireRequest {
  /** Who requests what, for the transcript. */
  readonly label: string;
  readonly to?: Exchange["to"];
  readonly method?: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A response. */
export interface Reply {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** The body as JSON; `undefined` if it is not JSON. */
  readonly json: unknown;
}

/** There was no response: it took too long, or the connection broke. */
export class Unanswered extends Error {
  override readonly name = "Unanswered";
  /** The connection broke, possibly because of an earlier request on it. */
  readonly broken: boolean;
  /** It broke during a long request. */
  readonly cutShort: boolean;
  constructor(message: string, broken: boolean, long: boolean) {
    super(message);
    this.broken = broken;
    this.cutShort = broken && long;
  }
}

/** Sends requests and records them. */
export interface Wire {
  readonly exchanges: Exchange[];
  readonly secrets: Secrets;
  /** @throws {Unanswered} */
  send(request: WireRequest): Promise<Reply>;
}

/** What wires share: the timeout, and the total number of requests. */
export interface Line {
  readonly timeoutMilliseconds: number;
  requests: number;
}

const MAX_RESPONSE_BYTES = 4_194_304;
/** How often to retry a rate-limited request, and how long to wait at most each time. */
const PATIENCE = { times: 2, seconds: 5 };
/**
 * The most characters of an ordinary request. A longer one may be refused for what it asks, so a limit of
 * rates is not waited for; and while it is still being sent, which resets the connection: it has one of
 * its own, so that no other request goes down with it.
 */
const ORDINARY_LENGTH = 3000;

/** Creates a wire that writes into its own transcript. */
export function createWire(line: Line, secrets: Secrets): Wire {
  const exchanges: Exchange[] = [];
  const attempt = async (request: WireRequest): Promise<Reply> => {
    line.requests += 1;
    const index = exchanges.push(exchangeOf(request, null)) - 1;
    try {
      const reply = await exchange(request, line.timeoutMilliseconds);
      secrets.addTokens(reply.json);
      exchanges[index] = exchangeOf(request, reply);
      return reply;
    } catch (error) {
      const why = explain(error, line.timeoutMilliseconds);
      exchanges[index] = { ...exchangeOf(request, null), error: why };
      throw new Unanswered(why, why.startsWith(BROKEN), !isOrdinary(request));
    }
  };
  return {
    exchanges,
    secrets,
    async send(request) {
      for (let tries = 0;; tries++) {
        const reply = await attempt(request);
        const seconds = Number(reply.headers["retry-after"] ?? "NaN");
        const patient = isOrdinary(request) && tries < PATIENCE.times &&
          seconds <= PATIENCE.seconds;
        if (reply.status !== 429 || !patient) return reply;
        await pause(seconds * 1000);
      }
    },
  };
}

function isOrdinary({ body = "", headers = {} }: WireRequest): boolean {
  return [body, ...Object.values(headers)].join("").length <= ORDINARY_LENGTH;
}

async function exchange(request: WireRequest, timeoutMilliseconds: number): Promise<Reply> {
  const response = await fetch(request.url, {
    method: request.method ?? "POST",
    headers: { ...request.headers, ...(!isOrdinary(request) && { connection: "close" }) },
    redirect: "manual",
    signal: AbortSignal.timeout(timeoutMilliseconds),
    ...(request.body !== undefined && { body: request.body }),
  });
  const text = await readText(response);
  const headers = Object.fromEntries(response.headers);
  return { status: response.status, headers, text, json: parseJson(text) };
}

async function readText(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_RESPONSE_BYTES) throw new Error(`a response above ${MAX_RESPONSE_BYTES} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

const BROKEN = "the connection failed: ";

function explain(error: unknown, timeoutMilliseconds: number): string {
  if (error instanceof Error && error.name === "TimeoutError") {
    return `no answer within ${timeoutMilliseconds / 1000} s`;
  }
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && "code" in cause ? `${cause.code}` : "";
  const text = error instanceof Error ? error.message : String(error);
  return BROKEN + (code || text);
}

function exchangeOf(request: WireRequest, reply: Reply | null): Exchange {
  return {
    label: request.label,
    to: request.to ?? "product",
    request: {
      method: request.method ?? "POST",
      url: request.url,
      headers: request.headers ?? {},
      body: request.body ?? "",
    },
    response: reply && { status: reply.status, headers: reply.headers, body: reply.text },
  };
}
