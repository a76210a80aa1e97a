/**
 * The control plane of the reference server in dev mode: the harness protocol, by which the conformance
 * suite sets the stage. Never mounted on a server that serves for real.
 * @module
 */
import type { JWK } from "jose";
import type { Candidate } from "../../core/decision.ts";
import type { ClientId, PublicId } from "../../core/model.ts";
import type { Numbers, TrustedIssuer } from "../../core/settings.ts";
import { createConsentVerifier, type LocalIssuer } from "../consent/verifier.ts";
import type { Service } from "../direct.ts";
import { BodyError, type HttpHandler, type HttpRequest, json } from "../http/exchange.ts";
import { readCompactJws } from "../jws/jws.ts";
import { publicJwk, signJws } from "../jws/private-jwk.ts";
import { isJsonObject, parseStrictJson } from "../strict-json.ts";
import { ManagementError } from "../manage.ts";
import type { Clock, ConsentVerifier, Store } from "../ports.ts";

/** A clock that can be stopped and moved. */
export interface AdjustableClock extends Clock {
  /** Stops at this second; `null` lets it run in real time again. */
  stopAt(second: number | null): void;
}

/** Creates a clock that runs like another one until it is stopped. */
export function createAdjustableClock(base: Clock): AdjustableClock {
  let stopped: number | null = null;
  return {
    now: () => stopped ?? base.now(),
    stopAt: (second) => void (stopped = second === null ? null : second * 1000),
  };
}

/** Issuers of consent tokens that come and go while the server runs. */
export interface TrustRegister {
  /**
   * The issuers of the settings, followed by whoever is trusted at run time: hand this very list to
   * `createService`, which looks into it at every decision.
   */
  list(fixed: readonly TrustedIssuer[]): readonly TrustedIssuer[];
  /** Verifies as the given verifier does, and also knows the keys of those who are trusted at run time. */
  extend(fixed: ConsentVerifier): ConsentVerifier;
  /** Trusts an issuer, in place of what was said of it before; without keys no longer. */
  trust(issuer: LocalIssuer & TrustedIssuer): Promise<void>;
  /** Trusts nobody any more but those of the settings. */
  forget(): void;
}

/** Creates an empty register. */
export function createTrustRegister(): TrustRegister {
  const known = new Map<
    string,
    { readonly entry: TrustedIssuer; readonly keys: ConsentVerifier }
  >();
  const lists: { readonly fixed: readonly TrustedIssuer[]; readonly live: TrustedIssuer[] }[] = [];
  const update = () => {
    const added = [...known.values()].map(({ entry }) => entry);
    for (const { fixed, live } of lists) live.splice(0, Infinity, ...fixed, ...added);
  };
  return {
    list(fixed) {
      const live = [...fixed];
      lists.push({ fixed, live });
      update();
      return live;
    },
    extend: (fixed) => ({
      async verify(token) {
        const consent = await fixed.verify(token);
        if (!("rejected" in consent) || consent.rejected !== "consent_issuer") return consent;
        const read = readCompactJws(token);
        const issuer = typeof read === "string" ? undefined : read.claims["iss"];
        return known.get(String(issuer))?.keys.verify(token) ?? consent;
      },
    }),
    async trust({ issuer, jwks, merchants }) {
      if (jwks.keys.length === 0) known.delete(issuer);
      else {
        const keys = await createConsentVerifier([{ issuer, jwks }]);
        known.set(issuer, { entry: { issuer, merchants }, keys });
      }
      update();
    },
    forget() {
      known.clear();
      update();
    },
  };
}

/** What the harness works on. */
export interface HarnessOptions {
  /** The service that serves now. */
  readonly service: () => Service;
  readonly store: Store;
  readonly clock: AdjustableClock;
  readonly trust: TrustRegister;
  /** What it says of itself besides its commands. */
  readonly description: () => {
    readonly version: string;
    readonly audience: string;
    readonly policy: Partial<Numbers>;
    /** URLs. */
    readonly endpoints: Readonly<Record<string, string>>;
  };
  /** The private key that `mint` signs with. */
  readonly key: JWK;
  /** What callers must present as bearer; none is asked for without it. */
  readonly secret?: string;
}

/** A JSON object that somebody sent. */
type Input = Readonly<Record<string, unknown>>;
type Commands = Readonly<Record<string, (input: Input) => Promise<object> | object>>;

/** The command was not understood. The message tells which member is wrong. */
class HarnessError extends Error {
  override readonly name = "HarnessError";
}

/** Whose tokens `mint` signs. It may speak for every client that was seeded. */
const MINT_ISSUER = "https://harness.issuer.invalid";
const MAX_BODY_BYTES = 1_048_576;
const DELETED_AT_ONCE = 50;

/** Creates the handler of `POST …/{command}`; the last part of the path names the command. */
export function createHarness(options: HarnessOptions): HttpHandler {
  const commands = createCommands(options);
  return async (request) => {
    const refused = refuse(request, options.secret);
    if (refused !== null) return refused;
    const name = request.target.split("?", 1)[0]?.split("/").at(-1) ?? "";
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (command === undefined) return failure(404, `There is no command "${name}".`);
    try {
      return json(200, await command(await readInput(request)));
    } catch (error) {
      if (error instanceof BodyError) return failure(error.status, error.message);
      const mistake = error instanceof HarnessError || error instanceof RangeError;
      if (mistake || error instanceof ManagementError) return failure(400, error.message);
      throw error;
    }
  };
}

function failure(status: number, error: string) {
  return json(status, { error });
}

/**
 * A web page must not reach this: JSON needs leave from another origin, and a host name that only now
 * leads here (DNS rebinding) is none of this machine's.
 */
function refuse(request: HttpRequest, secret: string | undefined) {
  const host = (request.header("host") ?? "").replace(/:\d+$/, "");
  if (!/^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(host)) {
    return failure(403, "The harness serves this machine only.");
  }
  if (request.method !== "POST") return failure(405, "Use POST.");
  if (!/^application\/json\b/i.test(request.header("content-type") ?? "")) {
    return failure(415, "Send application/json.");
  }
  const authorized = secret === undefined || request.header("authorization") === `Bearer ${secret}`;
  return authorized ? null : failure(401, "The harness asks for its secret as a bearer token.");
}

async function readInput(request: HttpRequest): Promise<Input> {
  try {
    const value = parseStrictJson(await request.body(MAX_BODY_BYTES));
    if (isJsonObject(value)) return value;
  } catch (error) {
    if (error instanceof BodyError) throw error;
  }
  throw new HarnessError("Send a JSON object.");
}

function createCommands(options: HarnessOptions): Commands {
  const { service, store, clock, trust, key, description } = options;
  const seeded = { clients: new Set<ClientId>(), users: new Set<PublicId>() };
  const commands: Commands = {
    describe: () => ({
      protocol: 1,
      name: "fetch-tokens-for-user",
      ...description(),
      algorithms: ["ES256", "RS256", "EdDSA"],
      scopes: ["email", "openid", "profile"],
      commands: Object.keys(commands).filter((name) => name !== "describe"),
      issuer: { issuer: MINT_ISSUER, ...publicKeyOf(key) },
    }),
    async reset() {
      clock.stopAt(null);
      trust.forget();
      await inBatches([...seeded.users], (user) => service().deleteUser(user));
      await inBatches([...seeded.clients], (client) => service().disableClient(client));
      seeded.users.clear();
      seeded.clients.clear();
      return {};
    },
    async seed(input) {
      for (const client of list(input, "clients")) {
        await service().registerClient(readClient(client));
        seeded.clients.add(text(client, "id"));
      }
      for (const user of list(input, "users")) {
        seeded.users.add(
          (await service().registerUser({ publicId: text(user, "publicId") })).publicId,
        );
      }
      for (const entry of list(input, "connections")) {
        await service().connect(text(entry, "user"), text(entry, "client"), text(entry, "scope"));
      }
      return {};
    },
    async trust(input) {
      const { jwks, merchants } = input;
      if (!isJsonObject(jwks) || !Array.isArray(jwks["keys"])) {
        throw wrong("jwks", 'an object with "keys"');
      }
      if (!Array.isArray(merchants)) throw wrong("merchants", "a list of client ids");
      await trust.trust({ issuer: text(input, "issuer"), jwks: { keys: jwks["keys"] }, merchants });
      return {};
    },
    async mint({ header, claims }) {
      if (!isJsonObject(header)) throw wrong("header", "an object");
      if (!isJsonObject(claims)) throw wrong("claims", "an object");
      const { jwks } = publicKeyOf(key);
      await trust.trust({ issuer: MINT_ISSUER, jwks, merchants: [...seeded.clients] });
      return { token: await signJws(header, claims, key) };
    },
    clock(input) {
      const seconds = () => Math.floor(clock.now() / 1000);
      if (input["now"] === null) clock.stopAt(null);
      else if (input["now"] !== undefined) clock.stopAt(whole(input, "now"));
      else if (input["advanceSeconds"] !== undefined) {
        clock.stopAt(seconds() + whole(input, "advanceSeconds"));
      }
      return { now: seconds() };
    },
    async revoke(input) {
      const found = await findConnection(store, input);
      if (found !== null) await unlessGone(service().revokeConnection(found.connection.id));
      return {};
    },
    async narrow(input) {
      const scope = text(input, "scope");
      const found = await findConnection(store, input);
      if (found !== null) await unlessGone(service().narrow(found.connection.id, scope));
      return {};
    },
    async disconnect(input) {
      await service().disconnect(text(input, "user"), text(input, "client"));
      return {};
    },
    "user-status": async (input) => {
      const user = text(input, "user");
      const status = oneOf(input, "status", ["active", "suspended", "deleted"]);
      if (status === "active") await service().resumeUser(user);
      else if (status === "suspended") await service().suspendUser(user);
      else await service().deleteUser(user);
      return {};
    },
    "client-status": async (input) => {
      const client = text(input, "client");
      const status = oneOf(input, "status", ["enabled", "disabled"]);
      await (status === "enabled"
        ? service().enableClient(client)
        : service().disableClient(client));
      return {};
    },
    "client-scope": async (input) => {
      await service().setClientScope(text(input, "client"), text(input, "scope"));
      return {};
    },
    "client-secret": async (input) => {
      await service().rotateClientSecret(text(input, "client"), text(input, "secret"));
      return {};
    },
  };
  return commands;
}

function publicKeyOf(key: JWK) {
  const jwk = publicJwk(key);
  return { alg: jwk.alg, kid: jwk.kid, jwks: { keys: [jwk] } };
}

function readClient(client: Input) {
  const role = oneOf({ role: "app", ...client }, "role", ["app", "resource-server"]);
  return {
    id: text(client, "id"),
    secret: text(client, "secret"),
    scope: text(client, "scope"),
    role,
  };
}

/** The direct connection, or the one that rests on the user's live direct connection with `via`. */
async function findConnection(store: Store, input: Input): Promise<Candidate | null> {
  const { candidates } = await store.read({
    user: text(input, "user"),
    client: text(input, "client"),
  });
  const via = input["via"] === undefined ? null : text(input, "via");
  const found = candidates.find(({ source, connection }) =>
    via === null
      ? connection.source === null
      : source?.status === "active" && source.source === null && source.client === via
  );
  return found ?? null;
}

async function inBatches(
  ids: readonly string[],
  end: (id: string) => Promise<void>,
): Promise<void> {
  for (let at = 0; at < ids.length; at += DELETED_AT_ONCE) {
    await Promise.all(ids.slice(at, at + DELETED_AT_ONCE).map((id) => unlessGone(end(id))));
  }
}

/** What somebody else ended meanwhile needs no end. */
async function unlessGone(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    const gone = error instanceof ManagementError && error.code.startsWith("UNKNOWN_");
    if (!gone) throw error;
  }
}

function wrong(name: string, expected: string): HarnessError {
  return new HarnessError(`"${name}" must be ${expected}.`);
}

function text(input: Input, name: string): string {
  const value = input[name];
  if (typeof value !== "string") throw wrong(name, "a text");
  return value;
}

function whole(input: Input, name: string): number {
  const value = input[name];
  if (!Number.isSafeInteger(value) || Number(value) < 0) throw wrong(name, "a whole number from 0");
  return Number(value);
}

function oneOf<const Value extends string>(
  input: Input,
  name: string,
  values: readonly Value[],
): Value {
  const found = values.find((value) => value === input[name]);
  if (found === undefined) throw wrong(name, `one of ${values.join(", ")}`);
  return found;
}

function list(input: Input, name: string): readonly Input[] {
  const value = input[name] ?? [];
  if (!Array.isArray(value) || !value.every(isJsonObject)) throw wrong(name, "a list of objects");
  return value;
}
