/**
 * What `serve` prints once it listens: one line of JSON for scripts, or a page for people.
 * @module
 */
import process from "node:process";
import { styleText } from "node:util";
import type { DemoClients, DemoUsers } from "../dev/demo.ts";

/** The machine-readable start record. Fields are added, never changed: scripts rely on it. */
export interface StartRecord {
  readonly endpoint: string;
  readonly clients?: DemoClients;
  readonly users?: DemoUsers;
  /** For `users.merchantOnly` and `clients.partner`, fresh. */
  readonly consentToken?: string;
  /** The control plane that the conformance suite drives. */
  readonly harness?: string;
}

/** Prints the start record. */
export function printStart(
  record: StartRecord,
  { json, database, dev }: {
    readonly json: boolean;
    readonly database: string;
    readonly dev: boolean;
  },
): void {
  if (json) process.stdout.write(`${JSON.stringify(record)}\n`);
  else process.stdout.write(dev ? demoPage(record, database) : page(record, database));
}

function page({ endpoint }: StartRecord, database: string): string {
  return `Serving ${endpoint}\nDatabase ${database}\nStop with Ctrl-C.\n`;
}

const MUTATION =
  "mutation ($publicId: String, $consentToken: String) { fetchTokensForUser(publicId: $publicId, " +
  "consentToken: $consentToken) { accessToken expiresIn publicId refreshToken scope tokenType " +
  "userErrors { code field message } } }";

function demoPage(
  { endpoint, clients, users, consentToken, harness }: StartRecord,
  database: string,
) {
  if (clients === undefined || users === undefined) return "";
  const { partner } = clients;
  const curl = (variables: object) =>
    `curl -sS ${endpoint} -u ${partner.id}:${partner.secret} -H 'Content-Type: application/json' ` +
    `--data '${JSON.stringify({ query: MUTATION, variables })}'`;
  const rows = Object.values(clients).map(({ id, secret }) => `  ${id.padEnd(20)} ${secret}`);
  return `${bold("fetchTokensForUser, reference server with demo data")}
Not affiliated with the vendor; its tokens are good for this server only.

  Endpoint   ${endpoint}
  Database   ${database}${harness === undefined ? "" : `\n  Harness    ${harness}`}

${bold("Clients")} (id and secret, for HTTP Basic)
${rows.join("\n")}

${bold("Users")} (publicId, and what it gives ${partner.id})
  ${users.connected.padEnd(20)} tokens: connected to the partner
  ${
    users.merchantOnly.padEnd(20)
  } NO_CONSENT, until its consent token is redeemed: connected to the merchant
  ${users.unconnected.padEnd(20)} NO_CONSENT: connected to nobody
  ${"anybody-else".padEnd(20)} NO_USER

${
    bold("Consent token")
  } of ${users.merchantOnly} for ${partner.id}, good for 5 minutes, to be redeemed once
${consentToken}
For another one, or one with a defect: npm run cli -- mint [--expired …]

${bold("Try it")}: by public id, then by consent token
${curl({ publicId: users.connected })}

${curl({ consentToken })}

Below, the log says of each refusal why; the caller is not told.
Stop with Ctrl-C.
`;
}

function bold(text: string): string {
  return process.stdout.isTTY && !process.env["NO_COLOR"] ? styleText("bold", text) : text;
}
