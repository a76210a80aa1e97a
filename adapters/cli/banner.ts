/**
 * What `serve` prints once it listens: one line of JSON for scripts, or a page for people.
 * @module
 */
import process from "node:process";
import { styleText } from "node:util";
import type { DemoRecord } from "../dev/dev-mode.ts";
import { print } from "./output.ts";

/** What a server says once it listens. Fields are added, never changed: scripts rely on it. */
export interface StartRecord {
  readonly endpoint: string;
}

/** For whom to print, and what to add for people. */
export interface PrintOptions {
  /** One line of JSON, for scripts. */
  readonly json: boolean;
  readonly database: string;
}

/**
 * Prints the start record.
 * @throws {OutputError}
 */
export function printStart(
  record: StartRecord,
  { json, database }: PrintOptions,
): Promise<void> {
  return print(json ? `${JSON.stringify(record)}\n` : page(record, database));
}

/**
 * Prints the start record of a server with demo data.
 * @throws {OutputError}
 */
export function printDemo(record: DemoRecord, { json, database }: PrintOptions): Promise<void> {
  return print(json ? `${JSON.stringify(record)}\n` : demoPage(record, database));
}

function page({ endpoint }: StartRecord, database: string): string {
  return `Serving ${endpoint}\nDatabase ${database}\nStop with Ctrl-C.\n`;
}

const MUTATION =
  "mutation ($publicId: String, $consentToken: String) { fetchTokensForUser(publicId: $publicId, " +
  "consentToken: $consentToken) { accessToken expiresIn publicId refreshToken scope tokenType " +
  "userErrors { code field message } } }";

/** How this command line is called. */
const COMMAND = import.meta.url.endsWith(".ts") ? "npm run cli --" : "npx fetch-tokens-for-user";

function demoPage(
  { endpoint, clients, users, consentToken, harness, redeemed }: DemoRecord,
  database: string,
): string {
  const { partner } = clients;
  const curl = (variables: object) =>
    `curl -sS ${endpoint} -u ${partner.id}:${partner.secret} -H 'Content-Type: application/json' ` +
    `--data '${JSON.stringify({ query: MUTATION, variables })}'`;
  const rows = Object.values(clients).map(({ id, secret }) => `  ${id.padEnd(20)} ${secret}`);
  return `${bold("fetchTokensForUser, reference server with demo data")}
Not affiliated with the vendor; its tokens work on this server only.

  Endpoint   ${endpoint}
  Database   ${database}
  Console    ${new URL("/", endpoint)}
  Harness    ${harness}
             For tests of clients in any language: tokens with defects, time, faults, revocation, and
             a ledger of what was sent (docs/how-to/shop-over-the-wire.md). "conform" uses it too.

${bold("Clients")} (id and secret, for HTTP Basic)
${rows.join("\n")}

${bold("Users")} (publicId, and what ${partner.id} gets for it)
  ${users.connected.padEnd(20)} tokens: connected to the partner
  ${users.merchantOnly.padEnd(20)} ${
    redeemed
      ? "tokens: its consent token was redeemed in an earlier run"
      : "NO_CONSENT, until its consent token is redeemed: connected to the merchant"
  }
  ${users.unconnected.padEnd(20)} NO_CONSENT: connected to nobody
  ${"anybody-else".padEnd(20)} NO_USER

${
    bold("Consent token")
  } of ${users.merchantOnly} for ${partner.id}, valid for 5 minutes, redeemable once
${consentToken}
For another one, or one with a defect: ${COMMAND} mint [--expired …]

${bold("Try it")}: by public id, then by consent token
${curl({ publicId: users.connected })}

${curl({ consentToken })}

The log below says why a request was refused; the caller never learns.
Stop with Ctrl-C.
`;
}

function bold(text: string): string {
  return process.stdout.isTTY && !process.env["NO_COLOR"] ? styleText("bold", text) : text;
}
