/**
 * Pairs of requests that must be answered alike and after the same work (G8, C1, SY-02).
 * @module
 */
import { Buffer } from "node:buffer";
import { PATHS } from "../../adapters/http/metadata.ts";

/** What the pairs need to know about the server. */
export interface Scene {
  readonly known: Login;
  readonly disabled: Login;
  /** For `known`: correct but for its `kid`, and correct but for its signature. */
  readonly tokens: { readonly unknownKey: string; readonly badSignature: string };
}

/** An id with its secret, for HTTP Basic. */
export interface Login {
  readonly id: string;
  readonly secret: string;
}

/** Two kinds of request that a stranger could try to tell apart. */
export interface Pair {
  readonly name: string;
  /** Whether the test fails if they can be told apart. */
  readonly judged: boolean;
  readonly kinds: readonly [Kind, Kind];
}

/** One kind of request. */
export interface Kind {
  readonly name: string;
  /** The request number `index`, as bytes. */
  request(index: number): Uint8Array;
}

/** The scene's clients, all ids and secrets of equal lengths, so that requests are, too. */
export const CLIENTS: Readonly<Record<"known" | "disabled", Login>> = {
  known: { id: "timing-known-client", secret: "k".repeat(43) },
  disabled: { id: "timing-ended-client", secret: "d".repeat(43) },
};
const UNKNOWN: Login = { id: "timing-absent-clien", secret: "w".repeat(43) };

/** Every pair, for a server with this scene. */
export function pairsFor({ known, disabled, tokens }: Scene): readonly Pair[] {
  const wrong = { ...known, secret: UNKNOWN.secret };
  const always = (name: string, bytes: Uint8Array): Kind => ({ name, request: () => bytes });
  const basic = (name: string, login: Login) => always(name, partners(login));
  const posted = (name: string, login: Login) => always(name, posting(login));
  const fresh = (index: number) => ({
    ...UNKNOWN,
    id: `timing-${String(index).padStart(UNKNOWN.id.length - 7, "0")}`,
  });
  return [
    {
      name: "unknown client, wrong secret",
      judged: true,
      kinds: [basic("unknown", UNKNOWN), basic("wrong", wrong)],
    },
    {
      name: "client never seen before, wrong secret",
      judged: true,
      kinds: [
        { name: "new", request: (index) => partners(fresh(index)) },
        { name: "wrong", request: () => partners(wrong) },
      ],
    },
    {
      name: "unknown client, disabled client with the right secret",
      judged: true,
      kinds: [basic("unknown", UNKNOWN), basic("disabled", disabled)],
    },
    {
      name: "unknown client, wrong secret, at the token endpoint",
      judged: true,
      kinds: [posted("unknown", UNKNOWN), posted("wrong", wrong)],
    },
    {
      name: "unknown key, bad signature",
      judged: false,
      kinds: [
        always("unknown key", partners(known, tokens.unknownKey)),
        always("bad signature", partners(known, tokens.badSignature)),
      ],
    },
  ];
}

const MUTATION = "mutation ($consentToken: String) { fetchTokensForUser(" +
  "consentToken: $consentToken) { scope userErrors { code } } }";

function partners({ id, secret }: Login, consentToken = "x"): Uint8Array {
  const body = JSON.stringify({ query: MUTATION, variables: { consentToken } });
  const authorization = `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`;
  return post(PATHS.partners, body, `application/json\r\nAuthorization: ${authorization}`);
}

function posting({ id, secret }: Login): Uint8Array {
  const fields = { grant_type: "refresh_token", client_id: id, client_secret: secret };
  const body = String(new URLSearchParams({ ...fields, refresh_token: "x" }));
  return post(PATHS.token, body, "application/x-www-form-urlencoded");
}

function post(path: string, body: string, type: string): Uint8Array {
  const head = `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: ${type}\r\n`;
  return Buffer.from(`${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}
