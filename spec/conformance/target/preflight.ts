/**
 * Before the first case: is anybody there, is it HTTP, is it GraphQL, are the credentials accepted, does
 * the harness answer? Each problem has its own sentence, with the cure.
 * @module
 */
import { base64, isObject, utf8 } from "../base/encoding.ts";
import { systemNow } from "../base/ambient.ts";
import { describe, type HarnessAddress } from "../wire/protocol.ts";
import { type Reply, Unanswered, type Wire } from "../wire/wire.ts";
import type { Description } from "./description.ts";

/** The suite cannot run at all. The message says what to do. */
export class CannotRun extends Error {
  override readonly name = "CannotRun";
}

/** A document that every implementation can execute; it names nobody. */
const ORDINARY = `mutation { fetchTokensForUser(publicId: "preflight-nobody") {
  accessToken userErrors { code } } }`;

/** A client and its secret. */
type Credentials = { readonly id: string; readonly secret: string };

/**
 * Sends one ordinary request.
 * @returns how far the clock of the implementation is ahead, in milliseconds, as far as its `Date` says
 * @throws {CannotRun}
 */
export async function reach(wire: Wire, endpoint: string): Promise<number> {
  const sentAt = systemNow();
  const { headers } = await ordinary(wire, endpoint, null);
  const date = Date.parse(headers["date"] ?? "");
  return Number.isNaN(date) || Math.abs(date - sentAt) < 2000 ? 0 : date - sentAt;
}

/**
 * Whether a server that did not answer is still there.
 * @returns why not, or `null`
 */
export async function isGone(wire: Wire, endpoint: string): Promise<string | null> {
  try {
    await ordinary(wire, endpoint, null);
    return null;
  } catch (error) {
    if (error instanceof CannotRun) return error.message;
    throw error;
  }
}

/**
 * Fails unless the endpoint answers like GraphQL over HTTP, and accepts the credentials if there are any.
 * @throws {CannotRun}
 */
export async function checkEndpoint(
  wire: Wire,
  endpoint: string,
  credentials: Credentials | null,
): Promise<void> {
  const reply = await ordinary(wire, endpoint, credentials);
  const { status, headers, json } = reply;
  const refuse = (text: string): never => {
    throw new CannotRun(`${endpoint} ${text}`);
  };
  if (status >= 300 && status < 400) {
    refuse(`redirects to ${headers["location"] ?? "an unnamed place"}. Pass the final URL.`);
  }
  if (status === 404 || status === 405 || status === 410) {
    refuse(`answers POST with ${status}. Pass the full URL of the GraphQL endpoint.`);
  }
  if (!isGraphql(json) && /^text\/html\b/i.test(headers["content-type"] ?? "")) {
    refuse(`answers with an HTML page (${status}). Pass the URL of the GraphQL endpoint.`);
  }
  if (status === 401 && credentials !== null) {
    refuse(
      `refuses the credentials of ${credentials.id} (401). Check clients.partner in the subjects ` +
        "file; with a harness, check that it registers the clients that seed names.",
    );
  }
  if (status >= 200 && status < 300 && !isGraphql(json)) {
    refuse(
      `answers a mutation with ${status}, but not with a GraphQL response: ${beginning(reply)}. ` +
        "A response is a JSON object with data or errors.",
    );
  }
}

/**
 * Asks the harness to describe the implementation.
 * @throws {CannotRun}
 */
export async function askHarness(wire: Wire, harness: HarnessAddress): Promise<Description> {
  try {
    return await describe(wire, harness);
  } catch (error) {
    if (!(error instanceof Unanswered)) throw error;
    throw new CannotRun(`No response from the harness ${harness.url}: ${cureOf(error.message)}`);
  }
}

async function ordinary(
  wire: Wire,
  endpoint: string,
  credentials: Credentials | null,
): Promise<Reply> {
  try {
    return await wire.send({
      label: credentials === null ? "anyone: first request" : "partner: first request",
      url: endpoint,
      headers: {
        "content-type": "application/json",
        "accept": "application/json",
        ...(credentials !== null && {
          authorization: `Basic ${base64(utf8(`${credentials.id}:${credentials.secret}`))}`,
        }),
      },
      body: JSON.stringify({ query: ORDINARY }),
    });
  } catch (error) {
    if (!(error instanceof Unanswered)) throw error;
    throw new CannotRun(`No response from ${endpoint}: ${cureOf(error.message)}`);
  }
}

/** What failed, and what to do about it. */
const CURES: readonly (readonly [RegExp, string])[] = [
  [/ECONNREFUSED/, "Nobody listens there. Is the server running, and is the port right?"],
  [/ENOTFOUND|EAI_AGAIN|dns/i, "The host name is unknown. Check the URL."],
  [
    /CERT|SELF_SIGNED|UNABLE_TO_|UnknownIssuer|invalid peer certificate/i,
    "Its certificate is not trusted. Pass the certificate of its CA with --cacert FILE.",
  ],
  [/EPROTO|SSL|TLS|wrong version number/i, "TLS failed. Is it https, or http after all?"],
  [/HPE_|HTTPParserError|invalid HTTP|parse/i, "It does not speak HTTP. Is the port right?"],
  [/no answer within/, "Is it running? A slow server needs a higher --timeout."],
];

function cureOf(message: string): string {
  const cure = CURES.find(([pattern]) => pattern.test(message))?.[1] ?? "Is it running?";
  return `${message}. ${cure}`;
}

function isGraphql(json: unknown): boolean {
  return isObject(json) && ("data" in json || "errors" in json);
}

function beginning({ text }: Reply): string {
  return text === "" ? "an empty body" : JSON.stringify(text.slice(0, 60));
}
