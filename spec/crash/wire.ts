/**
 * The requests of the crash test, over HTTP. Everything a client is told arrives here.
 * @module
 */
import { PATHS } from "../../adapters/http/metadata.ts";
import { expect } from "./ledger.ts";

/** No usable answer came: the outcome of the request is unknown. */
export class Unanswered extends Error {
  override readonly name = "Unanswered";
}

/** An id with its secret, for HTTP Basic. */
export interface Login {
  readonly id: string;
  readonly secret: string;
}

/** What the mutation answered: tokens, or the code of its user error. */
export interface Fetched {
  readonly accessToken: string | null;
  readonly refreshToken: string | null;
  readonly scope: string | null;
  readonly code: string | null;
}

/** What the token endpoint answered: tokens, or an error code. */
export type Refreshed =
  | { readonly accessToken: string; readonly refreshToken: string; readonly error: null }
  | { readonly error: string };

/** Calls to one running server. Each throws {@link Unanswered} where the outcome is unknown. */
export interface Wire {
  fetchTokens(login: Login, args: object): Promise<Fetched>;
  refresh(login: Login, refreshToken: string): Promise<Refreshed>;
  revoke(login: Login, token: string): Promise<void>;
  /** The scope of a token that is active, else `null`. */
  introspect(login: Login, token: string): Promise<string | null>;
  /** Whether the server takes these credentials. */
  authenticates(login: Login): Promise<boolean>;
  /** Whether the Users API takes this access token. */
  authorizes(accessToken: string): Promise<boolean>;
  /** A command of the harness protocol. @throws {Contradiction} where it is refused */
  command(name: string, input: object): Promise<void>;
}

const MUTATION = "mutation ($publicId: String, $consentToken: String) { fetchTokensForUser(" +
  "publicId: $publicId, consentToken: $consentToken) { accessToken refreshToken scope " +
  "userErrors { code } } }";

const PATIENCE_MILLISECONDS = 20_000;

/** Builds the calls to a server. */
export function createWire(endpoint: string, harness: string): Wire {
  const { origin } = new URL(endpoint);
  const basic = ({ id, secret }: Login) => ({ authorization: `Basic ${btoa(`${id}:${secret}`)}` });
  const form = (path: string, login: Login, fields: Record<string, string>) =>
    send(origin + path, basic(login), new URLSearchParams(fields));
  return {
    async fetchTokens(login, variables) {
      const { json } = await send(endpoint, basic(login), { query: MUTATION, variables });
      const payload = at(json, "data", "fetchTokensForUser");
      if (payload === null) throw new Unanswered(`no payload: ${JSON.stringify(json)}`);
      const { userErrors, ...tokens } = payload as Fetched & { userErrors: { code: string }[] };
      return { ...tokens, code: userErrors[0]?.code ?? null };
    },
    async refresh(login, refreshToken) {
      const fields = { grant_type: "refresh_token", refresh_token: refreshToken };
      const { status, json } = await form(PATHS.token, login, fields);
      return status === 200
        ? {
          accessToken: String(at(json, "access_token")),
          refreshToken: String(at(json, "refresh_token")),
          error: null,
        }
        : { error: String(at(json, "error")) };
    },
    async revoke(login, token) {
      const { status } = await form(PATHS.revoke, login, { token });
      if (status !== 200) throw new Unanswered(`revocation answered ${status}`);
    },
    async introspect(login, token) {
      const { status, json } = await form(PATHS.introspect, login, { token });
      if (status !== 200) throw new Unanswered(`introspection answered ${status}`);
      return at(json, "active") === true ? String(at(json, "scope")) : null;
    },
    async authenticates(login) {
      return (await form(PATHS.introspect, login, { token: "none" })).status !== 401;
    },
    async authorizes(accessToken) {
      const headers = { authorization: `Bearer ${accessToken}` };
      return (await send(origin + PATHS.users, headers, { query: "{ scope }" })).status === 200;
    },
    async command(name, input) {
      const { status, json } = await send(`${harness}/${name}`, {}, input);
      expect(status === 200, `the command ${name} was answered ${status} ${at(json, "error")}`);
    },
  };
}

interface Answer {
  readonly status: number;
  readonly json: unknown;
}

/** Posts a form or JSON. An answer counts once all of it has arrived; a 5xx says nothing for sure. */
async function send(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: URLSearchParams | object,
): Promise<Answer> {
  const isForm = body instanceof URLSearchParams;
  const type = isForm ? "application/x-www-form-urlencoded" : "application/json";
  let answer: Answer;
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { ...headers, "content-type": type },
      body: isForm ? body.toString() : JSON.stringify(body),
      signal: AbortSignal.timeout(PATIENCE_MILLISECONDS),
    });
    const text = await response.text();
    answer = { status: response.status, json: text === "" ? null : JSON.parse(text) };
  } catch (cause) {
    throw new Unanswered(`no answer from ${url}`, { cause });
  }
  if (answer.status < 500 && answer.status !== 429) return answer;
  throw new Unanswered(`${url} answered ${answer.status}`);
}

/** A member of a member … of a JSON value; `null` where there is none. */
function at(json: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, name) => (value as Record<string, unknown> | null)?.[name] ?? null,
    json,
  );
}
