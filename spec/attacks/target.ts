/**
 * The server under attack: a child process, started by the command line, and what attackers use.
 * @module
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { connect } from "node:net";
import type { JWK } from "jose";
import { DEMO_AUDIENCE, DEMO_ISSUER, DEMO_ISSUER_KEY } from "../../adapters/dev/demo.ts";
import { PATHS } from "../../adapters/http/metadata.ts";
import { signJws } from "../../adapters/jws/private-jwk.ts";
import { excerpt, readReplies, type Reply } from "../fuzz/wire.ts";
import { MUTATION } from "../tests/support/http-face.ts";

/** An attack: what is tried, the rules and attacks of the registry that answer it, and the check. */
export interface Row {
  readonly ids: readonly string[];
  readonly name: string;
  /** Attacks, and asserts the required outcome. */
  attack(target: Target): Promise<void>;
}

/** An id with its secret, for HTTP Basic. */
export interface Login {
  readonly id: string;
  readonly secret: string;
}

/** Headers and body of a request; the rest is filled in. */
export interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** The server, as attackers reach it. */
export interface Target {
  readonly port: number;
  /** Everything it has logged so far. */
  log(): string;
  /**
   * Sends bytes on a connection of their own, and behind them one valid request; resolves to all
   * responses. The last one is 200 unless the server closed the connection before.
   */
  raw(bytes: string | Uint8Array): Promise<readonly Reply[]>;
  /** Sends one well-formed request. */
  send(sent: Sent): Promise<Reply>;
  /** Calls the mutation with variables as JSON text or as data. */
  mutate(variables: string | object, login?: Login): Promise<Reply>;
  /** Sends a form to an OAuth endpoint. */
  form(
    path: string,
    form: string | Readonly<Record<string, string>>,
    login?: Login,
  ): Promise<Reply>;
  /** A consent token for a new user. */
  mint(claims?: Edit, header?: Edit, key?: JWK): Promise<string>;
  /** Tokens for the connected user. */
  fetchTokens(): Promise<Tokens>;
  /** Calls a command of the harness. */
  command(name: string, input: object): Promise<Reply>;
}

/** Members that replace others, `undefined` for none, or an edit of the JSON text. */
export type Edit = object | ((json: string) => string);

/** What the mutation grants. */
export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
}

/** The demo partner. */
export const PARTNER: Login = { id: "demo-partner", secret: "demo-partner-secret" };
/** Another partner, with no connection to the connected user. */
export const OTHER: Login = { id: "demo-other-partner", secret: "demo-other-partner-secret" };
/** The user who is connected to the partner. */
export const USER = "demo-connected";

/** The header of a login. */
export function basic({ id, secret }: Login): string {
  return `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`;
}

/** A target at this port. */
export function createTarget(port: number, log: () => string): Target {
  let users = 0;
  const raw = (bytes: string | Uint8Array) =>
    converse(port, Buffer.concat([Buffer.from(bytes), Buffer.from(LAST)]));
  const send = async (
    { method = "POST", path = PATHS.partners, headers = {}, body = "" }: Sent,
  ) => {
    const bytes = Buffer.from(body);
    const fields = {
      host: "127.0.0.1",
      ...headers,
      connection: "close",
      "content-length": String(bytes.length),
    };
    const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
    const head = Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n`, "latin1");
    const [reply, ...more] = (await converse(port, Buffer.concat([head, bytes])))
      .filter(({ status }) => status >= 200);
    assert.ok(reply !== undefined && more.length === 0, "not one response");
    return reply;
  };
  const command = (name: string, input: object) =>
    send({
      path: `/harness/${name}`,
      headers: { "content-type": "application/json" },
      body: JSON.stringify(input),
    });
  const mutate = (variables: string | object, login = PARTNER) => {
    const text = typeof variables === "string" ? variables : JSON.stringify(variables);
    return send({
      headers: { authorization: basic(login), "content-type": "application/json" },
      body: `{"query":${JSON.stringify(MUTATION)},"variables":${text}}`,
    });
  };
  return {
    port,
    log,
    raw,
    send,
    mutate,
    command,
    form: (path, form, login = PARTNER) =>
      send({
        path,
        headers: {
          authorization: basic(login),
          "content-type": "application/x-www-form-urlencoded",
        },
        body: typeof form === "string" ? form : String(new URLSearchParams(form)),
      }),
    async mint(edit = {}, headerEdit = {}, key = DEMO_ISSUER_KEY) {
      const sub = `attacked-${++users}`;
      const now = Math.floor(Date.now() / 1000);
      await command("seed", {
        users: [{ publicId: sub }],
        connections: [{ user: sub, client: "demo-merchant", scope: "openid email" }],
      });
      const claims = {
        iss: DEMO_ISSUER,
        aud: DEMO_AUDIENCE,
        sub,
        client_id: PARTNER.id,
        azp: "demo-merchant",
        scope: "openid",
        iat: now,
        exp: now + 300,
        jti: `jti-${sub}`,
      };
      const { alg, kid } = key;
      const header = { alg, kid, typ: "consent+jwt" };
      return await signJws(edited(header, headerEdit), edited(claims, edit), key);
    },
    async fetchTokens() {
      const { data } = JSON.parse((await mutate({ publicId: USER })).body);
      return data.fetchTokensForUser;
    },
  };
}

const LAST = "GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
const PATIENCE_MILLISECONDS = 20_000;

/** Sends bytes and collects what comes until the server closes the connection. */
function converse(port: number, bytes: Uint8Array): Promise<readonly Reply[]> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    const chunks: Uint8Array[] = [];
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`The connection stays open: ${excerpt(Buffer.concat(chunks))}`));
    }, PATIENCE_MILLISECONDS);
    socket.on("data", (chunk: Uint8Array) => chunks.push(chunk));
    socket.on("error", () => {}); // a reset: what came before it counts
    socket.once("close", () => {
      clearTimeout(timer);
      try {
        resolve(readReplies(Buffer.concat(chunks)));
      } catch (error) {
        reject(error);
      }
    });
    socket.write(bytes);
  });
}

function edited(members: object, edit: Edit): string {
  const json = (value: object) => JSON.stringify(value);
  return typeof edit === "function" ? edit(json(members)) : json({ ...members, ...edit });
}

/** Asserts which statuses came back, as in `"200 401"`. */
export function expectStatuses(replies: readonly Reply[], expected: string, why = ""): void {
  assert.equal(replies.map(({ status }) => status).join(" "), expected, why);
}

/** The outcome of a mutation: `granted`, or the code of its error. */
export function outcomeOf({ status, body }: Reply): string {
  const { data, errors } = JSON.parse(body);
  const payload = data?.fetchTokensForUser;
  if (payload?.accessToken != null) return "granted";
  return payload?.userErrors[0]?.code ?? errors?.[0]?.extensions?.code ?? String(status);
}
