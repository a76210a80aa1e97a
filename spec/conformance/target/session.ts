/**
 * A session with one implementation under test: discovers what it provides, and seeds the cast.
 * @module
 */
import type { Description } from "./description.ts";
import { findEndpoints, PATHS, readMetadata } from "./discovery.ts";
import { base64url, hex } from "../base/encoding.ts";
import { randomBytes, systemNow } from "../base/ambient.ts";
import { introspectSchema } from "./introspection.ts";
import { type Algorithm, ALGORITHMS, generateKey, toSigningKey } from "../base/jws.ts";
import { command, type HarnessAddress, type SeedClient } from "../wire/protocol.ts";
import { createSecrets, type Secrets } from "../wire/secrets.ts";
import type { Deviations } from "../stage/declared.ts";
import { NO_SUBJECTS, type Subjects } from "./subjects.ts";
import { capabilities, type Cast, hideParty, type Issuer, partyOf, type Target } from "./target.ts";
import { createWire, type Line, type Wire } from "../wire/wire.ts";
import { askHarness, CannotRun, checkEndpoint, reach } from "./preflight.ts";

export { CannotRun } from "./preflight.ts";

/** What to test, and what the suite may use. */
export interface SessionOptions {
  /** The endpoint of the mutation. A URL without a path gets the documented one. */
  readonly endpoint: string;
  /** The harness, if there is one. */
  readonly harness?: string;
  /** Secret. */
  readonly harnessSecret?: string;
  readonly subjects?: Subjects;
  /** Seed of all random choices. Default 1. */
  readonly seed?: number;
  /** Random histories per case of the group `histories`. Default 16. */
  readonly histories?: number;
  /** How long to wait for each response. Default 10,000. */
  readonly timeoutMilliseconds?: number;
}

/** An implementation that is ready to test. */
export interface Session {
  readonly target: Target;
  readonly seed: number;
  readonly histories: number;
  readonly line: Line;
  /** The secrets of the whole run. */
  readonly secrets: Secrets;
  /** Merchants that the suite's issuer speaks for; new ones are added. */
  readonly merchants: string[];
  /** Ready consent tokens that are still unused. */
  readonly readyTokens: string[];
  /** What was wrong with the types of answers so far. */
  readonly deviations: Deviations;
  /** Resets what the harness set up. */
  close(): Promise<void>;
}

const DEFAULT_SCOPES = ["email", "openid", "profile"];

/**
 * Opens a session.
 * @throws {CannotRun} with a message that says what to do
 */
export async function openSession(options: SessionOptions): Promise<Session> {
  const line = { timeoutMilliseconds: options.timeoutMilliseconds ?? 10_000, requests: 0 };
  const secrets = createSecrets();
  const wire = createWire(line, secrets);
  try {
    return await prepare(options, line, secrets, wire);
  } catch (error) {
    if (error instanceof CannotRun || !(error instanceof Error)) throw error;
    throw new CannotRun(secrets.hide(error.message), { cause: error });
  }
}

async function prepare(
  options: SessionOptions,
  line: Line,
  secrets: Secrets,
  wire: Wire,
): Promise<Session> {
  const endpoint = endpointOf(options.endpoint);
  const subjects = options.subjects ?? NO_SUBJECTS;
  const ahead = await reach(wire, endpoint);
  const harness = harnessOf(options, secrets);
  const described = harness === null ? {} : await askHarness(wire, harness);
  const description: Description = { ...described, ...definedOf(subjects) };
  const commands = new Set(described.commands ?? []);
  const scopes = description.scopes ?? DEFAULT_SCOPES;
  if (scopes.length < 3) throw new CannotRun("The description must name at least three scopes.");
  const cast = harness !== null && commands.has("seed")
    ? await seedCast(wire, harness, scopes.join(" "))
    : castOf(subjects, scopes.join(" "));
  for (const [name, party] of Object.entries(cast)) {
    if (party !== null) hideParty(secrets, name, party);
  }
  await checkEndpoint(wire, endpoint, cast.partner);
  for (const token of subjects.consentTokens.valid) secrets.number(token, "ready consent token");
  const merchants = [cast.merchant, cast.otherMerchant].flatMap((party) => party?.id ?? []);
  const algorithms = algorithmsOf(description);
  const trusts = harness !== null && commands.has("trust") && description.audience !== undefined;
  const issuer = trusts
    ? await trustIssuer(wire, harness, "main", algorithms, merchants)
    : issuerOf(description, subjects, commands);
  const otherIssuer = trusts
    ? await trustIssuer(wire, harness, "other", algorithms.slice(0, 1), merchants.slice(1))
    : null;
  const metadata = await readMetadata(wire, endpoint);
  const offer = {
    commands,
    histories: options.histories ?? 16,
    endpoint,
    endpoints: await findEndpoints(wire, endpoint, description, metadata),
    name: description.name ?? null,
    version: description.version ?? null,
    policy: description.policy ?? {},
    scopes,
    audience: description.audience ?? null,
    algorithms,
    cast,
    issuer,
    otherIssuer,
    harness,
    subjects,
    metadata,
    schema: cast.partner && await introspectSchema(wire, endpoint, cast.partner),
    clockOffset: commands.has("clock") && harness ? await offsetOf(wire, harness) : ahead,
  };
  return {
    target: { ...offer, has: capabilities(offer) },
    seed: options.seed ?? 1,
    histories: offer.histories,
    line,
    secrets,
    merchants: [...merchants],
    readyTokens: [...subjects.consentTokens.valid],
    deviations: { seen: new Map(), answers: 0 },
    async close() {
      if (harness !== null && commands.has("reset")) await command(wire, harness, "reset", {});
    },
  };
}

function endpointOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new CannotRun(
      `"${text}" is not an http or https URL. Pass the endpoint of the mutation.`,
    );
  }
  if (url.pathname === "/") url.pathname = PATHS.mutation;
  return url.href;
}

function harnessOf(options: SessionOptions, secrets: Secrets): HarnessAddress | null {
  if (options.harness === undefined) return null;
  if (!URL.canParse(options.harness)) throw new CannotRun(`"${options.harness}" is not a URL.`);
  const secret = options.harnessSecret ?? null;
  if (secret !== null) secrets.add(secret, "harness secret");
  return { url: options.harness, secret };
}

/** The description in a subjects file takes precedence over that of the harness. */
function definedOf(subjects: Subjects): Description {
  const { name, version, audience, endpoints, algorithms, scopes, policy, issuer } = subjects;
  const given = { name, version, audience, endpoints, algorithms, scopes, policy, issuer };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

async function seedCast(wire: Wire, harness: HarnessAddress, scope: string): Promise<Cast> {
  const run = hex(randomBytes(4));
  const make = (name: string, role: SeedClient["role"] = "app"): SeedClient => ({
    id: `conform-${run}-${name}`,
    secret: base64url(randomBytes(24)),
    scope,
    role,
  });
  const clients = {
    partner: make("partner"),
    otherPartner: make("other-partner"),
    merchant: make("merchant"),
    otherMerchant: make("other-merchant"),
    resourceServer: make("resource-server", "resource-server"),
  };
  for (const { id, secret } of Object.values(clients)) wire.secrets.add(secret, `secret of ${id}`);
  await command(wire, harness, "seed", { clients: Object.values(clients) });
  return {
    partner: partyOf(clients.partner),
    otherPartner: partyOf(clients.otherPartner),
    merchant: partyOf(clients.merchant),
    otherMerchant: partyOf(clients.otherMerchant),
    resourceServer: partyOf(clients.resourceServer),
  };
}

function castOf({ clients }: Subjects, scope: string): Cast {
  const party = (name: keyof Subjects["clients"]) => {
    const client = clients[name];
    return client === undefined ? null : { ...client, scope };
  };
  return {
    partner: party("partner"),
    otherPartner: party("otherPartner"),
    merchant: party("merchant"),
    otherMerchant: null,
    resourceServer: null,
  };
}

function algorithmsOf({ algorithms }: Description): readonly Algorithm[] {
  if (algorithms === undefined) return ALGORITHMS;
  const known = ALGORITHMS.filter((alg) => algorithms.includes(alg));
  if (known.length > 0) return known;
  throw new CannotRun(`The description must name one of the algorithms ${ALGORITHMS.join(", ")}.`);
}

async function trustIssuer(
  wire: Wire,
  harness: HarnessAddress,
  name: string,
  algorithms: readonly Algorithm[],
  merchants: readonly string[],
): Promise<Issuer> {
  const keys = await Promise.all(algorithms.map((alg) => generateKey(alg)));
  const issuer = `https://${name}-${hex(randomBytes(4))}.issuer.invalid`;
  const publicJwks = keys.map(({ publicJwk }) => publicJwk);
  await command(wire, harness, "trust", { issuer, jwks: { keys: publicJwks }, merchants });
  return { issuer, alg: keys[0]?.alg ?? "ES256", kid: keys[0]?.kid ?? "", keys, publicJwks };
}

/** The issuer whose key is in the subjects file, or for whom the harness signs. */
function issuerOf(
  { issuer, audience }: Description,
  { issuerKey }: Subjects,
  commands: ReadonlySet<string>,
): Issuer | null {
  if (issuer === undefined || audience === undefined) return null;
  if (issuerKey === null && !commands.has("mint")) return null;
  const alg = ALGORITHMS.find((known) => known === issuer.alg);
  if (alg === undefined) throw new CannotRun(`issuer.alg must be one of ${ALGORITHMS.join(", ")}.`);
  const { kid } = issuer;
  const keys = issuerKey === null ? [] : [toSigningKey(alg, kid, issuerKey)];
  const publicJwks = keys.length > 0 ? keys.map(({ publicJwk }) => publicJwk) : issuer.keys;
  return { issuer: issuer.issuer, alg, kid, keys, publicJwks };
}

async function offsetOf(wire: Wire, harness: HarnessAddress): Promise<number> {
  const { now } = await command(wire, harness, "clock", { now: null });
  if (typeof now !== "number") {
    throw new CannotRun('The harness must answer the command clock with {"now": N}.');
  }
  return Math.abs(now * 1000 - systemNow()) < 2000 ? 0 : now * 1000 - systemNow();
}
