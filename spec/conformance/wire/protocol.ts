/**
 * The harness protocol: how the suite prepares an implementation that runs in test mode. Each command is
 * one `POST {harness}/{command}` with a JSON object in and out. docs/reference/harness-protocol.md
 * specifies the commands; harness.schema.json is the machine-readable form.
 * @module
 */
import { pause } from "../base/ambient.ts";
import { type Description, readDescription } from "../target/description.ts";
import { isObject } from "../base/encoding.ts";
import type { Need } from "../needs.ts";
import { HarnessFault, Missing } from "../verdict.ts";
import { type Reply, Unanswered, type Wire, type WireRequest } from "./wire.ts";

/** The commands besides `describe`. An implementation provides those that it can. */
export const COMMANDS = [
  "reset",
  "seed",
  "trust",
  "mint",
  "clock",
  "revoke",
  "narrow",
  "disconnect",
  "user-status",
  "client-status",
  "client-scope",
  "client-secret",
] as const;

/** The name of a command. */
export type HarnessCommand = typeof COMMANDS[number];

/** A client to register, with its credentials. */
export interface SeedClient {
  readonly id: string;
  /** Secret. */
  readonly secret: string;
  /** Registered scope, space-delimited. */
  readonly scope: string;
  /** A resource server may introspect every token. */
  readonly role: "app" | "resource-server";
}

/** A user signs in to a client and consents to a scope. */
export interface SeedConnection {
  readonly user: string;
  readonly client: string;
  readonly scope: string;
}

/** A connection, identified by its parties: direct, or through a merchant. */
export interface ConnectionName {
  readonly user: string;
  readonly client: string;
  /** The merchant, for a delegated connection. */
  readonly via?: string;
}

/** The input of each command. */
export interface Requests {
  readonly "reset": Readonly<Record<string, never>>;
  readonly "seed": {
    readonly clients?: readonly SeedClient[];
    readonly users?: readonly { readonly publicId: string }[];
    readonly connections?: readonly SeedConnection[];
  };
  readonly "trust": {
    readonly issuer: string;
    readonly jwks: { readonly keys: readonly unknown[] };
    readonly merchants: readonly string[];
  };
  readonly "mint": { readonly header: object; readonly claims: object };
  readonly "clock": { readonly now?: number | null; readonly advanceSeconds?: number };
  readonly "revoke": ConnectionName;
  readonly "narrow": ConnectionName & { readonly scope: string };
  readonly "disconnect": { readonly user: string; readonly client: string };
  readonly "user-status": {
    readonly user: string;
    readonly status: "active" | "suspended" | "deleted";
  };
  readonly "client-status": { readonly client: string; readonly status: "enabled" | "disabled" };
  readonly "client-scope": { readonly client: string; readonly scope: string };
  readonly "client-secret": { readonly client: string; readonly secret: string };
}

/** The address of the harness. */
export interface HarnessAddress {
  readonly url: string;
  /** Secret. `null` if it requires none. */
  readonly secret: string | null;
}

const NEED_OF: Readonly<Record<HarnessCommand, Need>> = {
  "reset": "seed",
  "seed": "seed",
  "trust": "issuers",
  "mint": "sign",
  "clock": "clock",
  "revoke": "revoke",
  "narrow": "narrow",
  "disconnect": "disconnect",
  "user-status": "user-status",
  "client-status": "client-status",
  "client-scope": "client-scope",
  "client-secret": "client-secret",
};

/**
 * Sends one command.
 * @throws {Missing} if the implementation does not provide it
 * @throws {HarnessFault} if it fails
 */
export async function command<Name extends HarnessCommand>(
  wire: Wire,
  harness: HarnessAddress,
  name: Name,
  request: Requests[Name],
): Promise<Readonly<Record<string, unknown>>> {
  const reply = await send(wire, harness, name, request);
  if (reply.status === 404 || reply.status === 501) {
    throw new Missing(NEED_OF[name]);
  }
  if (reply.status !== 200 || !isObject(reply.json)) {
    throw new HarnessFault(
      `the harness answered ${name} with status ${reply.status}: ${reply.text.slice(0, 300)}`,
    );
  }
  return reply.json;
}

/**
 * Asks an implementation to describe itself.
 * @throws {HarnessFault} {RangeError} if the response is not a description
 */
export async function describe(wire: Wire, harness: HarnessAddress): Promise<Description> {
  const { status, json, text } = await send(wire, harness, "describe", {});
  if (status !== 200 || !isObject(json)) {
    throw new HarnessFault(
      `the harness answered describe with status ${status}: ${text.slice(0, 300)}`,
    );
  }
  if (json["protocol"] !== 1) {
    throw new HarnessFault(
      `the harness uses protocol ${JSON.stringify(json["protocol"])}, the suite uses 1`,
    );
  }
  return readDescription(json);
}

/** Sends a command. If the connection breaks, it retries once: that says nothing about the harness. */
async function send(
  wire: Wire,
  { url, secret }: HarnessAddress,
  name: string,
  input: object,
): Promise<Reply> {
  const request: WireRequest = {
    label: `harness: ${name}`,
    to: "harness",
    url: `${url.replace(/\/+$/, "")}/${name}`,
    headers: {
      "content-type": "application/json",
      ...(secret !== null && { authorization: `Bearer ${secret}` }),
    },
    body: JSON.stringify(input),
  };
  try {
    return await wire.send(request);
  } catch (error) {
    if (!(error instanceof Unanswered) || !error.broken) throw error;
    await pause(AFTER_RESET_MILLISECONDS);
    return await wire.send(request);
  }
}

/** By then, other connections that were reset at the same time are known to be gone. */
const AFTER_RESET_MILLISECONDS = 20;
