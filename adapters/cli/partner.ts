/**
 * `redeem`, `refresh` and `call`: what a partner's client does, at a terminal.
 * @module
 */
import process from "node:process";
import { text as readAll } from "node:stream/consumers";
import {
  DEMO_AUDIENCE,
  DEMO_CLIENTS,
  DEMO_ISSUER,
  DEMO_ISSUER_KEY,
  DEMO_SCOPE,
  DEMO_USERS,
} from "../dev/demo.ts";
import { mintConsentToken } from "../dev/mint.ts";
import { systemClock } from "../entropy.ts";
import { PATHS } from "../http/metadata.ts";
import { type Command, defineCommand, type Option, UsageError, type Values } from "./options.ts";
import { print } from "./output.ts";

/** Where the server is. */
export const SERVER_OPTION: Option = {
  name: "server",
  value: "URL",
  env: "FTFU_SERVER",
  default: "http://127.0.0.1:8787",
  text: "The origin of the server.",
};

const CLIENT_OPTIONS: readonly Option[] = [
  SERVER_OPTION,
  {
    name: "client",
    value: "CLIENT_ID",
    env: "FTFU_CLIENT",
    default: DEMO_CLIENTS.partner.id,
    text: "The partner.",
  },
  {
    name: "client-secret",
    value: "SECRET",
    env: "FTFU_CLIENT_SECRET",
    default: DEMO_CLIENTS.partner.secret,
    text: "Its secret.",
  },
];

const READING =
  "A token that is not given, or is -, is read from standard input: as it is, or in the JSON that " +
  "redeem and refresh print.";

const MUTATION =
  "mutation ($publicId: String, $consentToken: String) { fetchTokensForUser(publicId: $publicId, " +
  "consentToken: $consentToken) { accessToken expiresIn publicId refreshToken scope tokenType " +
  "userErrors { code field message } } }";

/** The command. */
export const redeem: Command = defineCommand({
  name: "redeem",
  arguments: ["[CONSENT_TOKEN]"],
  summary: "Call the mutation: with a consent token, or with --public-id.",
  details:
    "Without either, it mints a consent token of the demo user, for serve --dev. - reads one " +
    "from standard input.",
  options: [
    { name: "public-id", value: "ID", text: "The user, in place of a consent token." },
    ...CLIENT_OPTIONS,
  ],
  async run(values, [given]) {
    const publicId = values["public-id"];
    if (publicId !== undefined && given !== undefined) {
      throw new UsageError("give a consent token or --public-id, not both");
    }
    const variables = publicId === undefined
      ? { consentToken: given === undefined ? await mintDemoToken() : await readToken(given, []) }
      : { publicId };
    const body = await send(values, PATHS.partners, basic(values), {
      "content-type": "application/json",
    }, JSON.stringify({ query: MUTATION, variables }));
    const payload = memberOf(memberOf(body, "data"), "fetchTokensForUser") ?? body;
    return await show(payload, typeof memberOf(payload, "accessToken") === "string");
  },
});

/** The command. */
export const refresh: Command = defineCommand({
  name: "refresh",
  arguments: ["[REFRESH_TOKEN]"],
  summary: "Exchange a refresh token for new tokens.",
  details: READING,
  options: [
    { name: "scope", value: "SCOPE", text: "Less than what was granted." },
    ...CLIENT_OPTIONS,
  ],
  async run(values, [given]) {
    const form = new URLSearchParams({
      grant_type: "refresh_token",
      refresh_token: await readToken(given, ["refreshToken", "refresh_token"]),
    });
    if (values["scope"] !== undefined) form.set("scope", String(values["scope"]));
    const body = await send(values, PATHS.token, basic(values), {
      "content-type": "application/x-www-form-urlencoded",
    }, form.toString());
    return await show(body, typeof memberOf(body, "access_token") === "string");
  },
});

/** The command. */
export const call: Command = defineCommand({
  name: "call",
  arguments: ["[ACCESS_TOKEN]"],
  summary: "Call the Users API with an access token.",
  details: READING,
  options: [
    {
      name: "query",
      value: "GRAPHQL",
      default: "{ user { publicId clientId scope } }",
      text: "What to ask.",
    },
    SERVER_OPTION,
  ],
  async run(values, [given]) {
    const token = await readToken(given, ["accessToken", "access_token"]);
    const body = await send(values, PATHS.users, `Bearer ${token}`, {
      "content-type": "application/json",
    }, JSON.stringify({ query: values["query"] }));
    return await show(body, memberOf(body, "data") != null);
  },
});

function mintDemoToken(): Promise<string> {
  return mintConsentToken({
    key: DEMO_ISSUER_KEY,
    issuer: DEMO_ISSUER,
    audience: DEMO_AUDIENCE,
    user: DEMO_USERS.merchantOnly,
    client: DEMO_CLIENTS.partner.id,
    merchant: DEMO_CLIENTS.merchant.id,
    scope: DEMO_SCOPE,
    now: Math.floor(systemClock.now() / 1000),
  });
}

function basic(values: Values): string {
  return `Basic ${btoa(`${values["client"]}:${values["client-secret"]}`)}`;
}

/**
 * A token as given, or from standard input.
 * @param members which member of a JSON object it is
 * @throws {UsageError} if there is none
 */
export async function readToken(
  given: string | undefined,
  members: readonly string[],
): Promise<string> {
  if (given !== undefined && given !== "-") return given;
  if (given === undefined && process.stdin.isTTY) {
    throw new UsageError("give a token, or pipe one in");
  }
  const input = (await readAll(process.stdin)).trim();
  if (!input.startsWith("{") && input !== "") return input;
  const value = parse(input);
  const found = members.map((name) => memberOf(value, name)).find((token) => token != null);
  if (typeof found === "string") return found;
  throw new UsageError("there is no token on standard input");
}

/**
 * Sends a request to the server and returns the answer, if it is JSON.
 * @throws {Error} if there is no answer, or another one
 */
export async function send(
  values: Values,
  path: string,
  authorization: string | null,
  headers: Readonly<Record<string, string>>,
  body: string,
): Promise<unknown> {
  const url = `${String(values["server"]).replace(/\/$/, "")}${path}`;
  const response = await fetch(url, {
    method: "POST",
    headers: { ...headers, ...(authorization !== null && { authorization }) },
    body,
  }).catch((cause) => {
    throw new Error(`nothing answers at ${url}. Start "serve --dev", or give --server`, { cause });
  });
  const text = await response.text();
  const value = parse(text);
  if (value !== undefined) return value;
  throw new Error(`${url} answers with status ${response.status} and no JSON`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

/** Prints an answer; the exit code says whether it is what was asked for. */
async function show(answer: unknown, isGood: boolean): Promise<number> {
  await print(`${JSON.stringify(answer, null, 2)}\n`);
  return isGood ? 0 : 1;
}
