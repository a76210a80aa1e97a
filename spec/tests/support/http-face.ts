/**
 * A world behind HTTP, without a socket: what tests of the HTTP face send and what they look at.
 * @module
 */
import { Buffer } from "node:buffer";
import type { Credentials } from "../../../adapters/manage.ts";
import { toFetchHandler } from "../../../adapters/http/fetch.ts";
import { PATHS } from "../../../adapters/http/metadata.ts";
import { createHttpHandler, type HttpOptions } from "../../../adapters/http/router.ts";
import type { RequestRecord } from "../../../adapters/log.ts";
import { createWorld, type World, type WorldOptions } from "./world.ts";

/** Where the server of these tests says it is. */
export const ORIGIN = "https://tokens.example";

/** The mutation with both arguments as variables, and every field of the payload. */
export const MUTATION = `mutation ($publicId: String, $consentToken: String) {
  fetchTokensForUser(publicId: $publicId, consentToken: $consentToken) {
    accessToken expiresIn publicId refreshToken scope tokenType
    userErrors { code field message }
  }
}`;

/** What is sent. */
export interface Sent {
  /** Default `POST`. */
  readonly method?: string;
  /** Default: the mutation's endpoint. */
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is where it is text, else as JSON. */
  readonly body?: unknown;
}

/** What came back. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body read as JSON, to be looked into; `undefined` where it is none. */
  // deno-lint-ignore no-explicit-any
  readonly json: any;
}

/** A world and the HTTP face of its service. */
export interface Face {
  readonly world: World;
  /** One record a request that was sent. */
  readonly records: RequestRecord[];
  readonly fetch: (request: Request) => Promise<Response>;
  send(sent: Sent): Promise<Answer>;
  /** The mutation, by default as `partner`. */
  mutate(variables: object, by?: Credentials): Promise<Answer>;
  /** A form for an OAuth endpoint, by default with Basic credentials of `partner`. */
  post(path: string, form: string | object, headers?: Record<string, string>): Promise<Answer>;
}

/** Makes a world and its HTTP face. */
export async function createFace(
  options: Partial<HttpOptions> = {},
  worldOptions: WorldOptions = {},
): Promise<Face> {
  return faceOf(await createWorld(worldOptions), options);
}

/** The HTTP face of a world. */
export function faceOf(world: World, options: Partial<HttpOptions> = {}): Face {
  const records: RequestRecord[] = [];
  const { clock, ports: { entropy } } = world;
  const handler = createHttpHandler(world.service, {
    publicUrl: ORIGIN,
    clock,
    entropy,
    log: (record) => records.push(record),
    ...options,
  });
  const fetch = toFetchHandler(handler);
  const send = async ({ method = "POST", path = PATHS.partners, headers, body }: Sent) => {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const init = { method, headers: { ...headers }, ...(text !== undefined && { body: text }) };
    return readAnswer(await fetch(new Request(ORIGIN + path, init)));
  };
  return {
    world,
    records,
    fetch,
    send,
    mutate: (variables, by = world.partner) =>
      send({ headers: jsonBy(by), body: { query: MUTATION, variables } }),
    post: (path, form, headers = basic(world.partner)) => {
      const body = typeof form === "string" ? form : String(new URLSearchParams({ ...form }));
      const type = { "content-type": "application/x-www-form-urlencoded" };
      return send({ path, headers: { ...type, ...headers }, body });
    },
  };
}

/** Reads a whole response. */
export async function readAnswer(response: Response): Promise<Answer> {
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: parse(text) };
}

/** An Authorization header. */
export function basic({ id, secret }: Credentials): { authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}` };
}

/** The headers of a good POST to the mutation's endpoint. */
export function jsonBy(by: Credentials): Record<string, string> {
  return { ...basic(by), "content-type": "application/json" };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
