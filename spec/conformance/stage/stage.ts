/**
 * What one case works with: users and clients of its own, a clock that it may move, a transcript.
 * @module
 */
import { base64url, hex } from "../base/encoding.ts";
import { randomBytes, systemNow } from "../base/ambient.ts";
import {
  command,
  type HarnessCommand,
  type Requests,
  type SeedClient,
  type SeedConnection,
} from "../wire/protocol.ts";
import { createRandom, deriveSeed, type Random } from "../base/random.ts";
import { createSecrets } from "../wire/secrets.ts";
import type { Session } from "../target/session.ts";
import {
  type Cast,
  hideParty,
  offered,
  type Party,
  partyOf,
  type Target,
  wholeScope,
} from "../target/target.ts";
import { HarnessFault, Missing } from "../verdict.ts";
import { createWire, type Wire } from "../wire/wire.ts";

/** What a case has to work with. */
export interface Stage {
  readonly session: Session;
  readonly target: Target;
  readonly wire: Wire;
  readonly random: Random;
  /** The second at which the clock of the implementation stands; `null` while it runs. */
  frozenAt: number | null;
}

/** Creates the stage of a case. */
export function createStage(session: Session, id: string): Stage {
  const wire = createWire(session.line, createSecrets(session.secrets));
  const random = createRandom(deriveSeed(session.seed, id));
  return { session, target: session.target, wire, random, frozenAt: null };
}

/** A member of the cast. */
export function actor(stage: Stage, name: keyof Cast): Party {
  return offered(stage.target.cast[name], name === "partner" ? "client" : ROLE_NEED[name]);
}

const ROLE_NEED = {
  otherPartner: "second-client",
  merchant: "merchant-user",
  otherMerchant: "seed",
  resourceServer: "seed",
} as const;

/**
 * Sends a harness command; its response is never judged.
 * @throws {HarnessFault} if it fails, or is missing although `describe` names it
 */
export async function harness<Name extends HarnessCommand>(
  { target, wire }: Stage,
  name: Name,
  request: Requests[Name],
): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await command(wire, offered(target.harness, "seed"), name, request);
  } catch (error) {
    if (!(error instanceof Missing) || !target.has.has(error.need)) throw error;
    throw new HarnessFault(
      `the harness does not provide ${name}, although its description lists it`,
    );
  }
}

/** The current second of the implementation, as far as the suite can know it. */
export function now({ frozenAt, target }: Stage): number {
  return frozenAt ?? Math.floor((systemNow() + target.clockOffset) / 1000);
}

/** Stops the clock of the implementation at a second. */
export async function freeze(stage: Stage, second: number = now(stage)): Promise<void> {
  const { now: found } = await harness(stage, "clock", { now: second });
  if (found !== second) {
    throw new HarnessFault(`the harness set its clock to ${found}, not ${second}`);
  }
  stage.frozenAt = second;
}

/** Moves the stopped clock forward. */
export async function advance(stage: Stage, seconds: number): Promise<void> {
  await freeze(stage, now(stage) + seconds);
}

/** Lets the clock of the implementation run again. */
export async function unfreeze(stage: Stage): Promise<void> {
  if (stage.frozenAt === null) return;
  stage.frozenAt = null;
  await harness(stage, "clock", { now: null });
}

/** A client that a user is connected to, with the consented scope unless it is the whole scope. */
export type Tie = Party | readonly [client: Party, scope: string];

/** A user with exactly these direct connections: a new one, or one of the subjects. */
export async function user(stage: Stage, ...ties: readonly Tie[]): Promise<string> {
  if (!stage.target.has.has("seed")) return subject(stage, ties);
  const publicId = `user-${hex(randomBytes(8))}`;
  const connections = ties.map((tie): SeedConnection => {
    const [{ id }, scope] = "id" in tie ? [tie, wholeScope(stage.target)] : tie;
    return { user: publicId, client: id, scope };
  });
  await harness(stage, "seed", { users: [{ publicId }], connections });
  return publicId;
}

function subject({ target: { cast, subjects } }: Stage, ties: readonly Tie[]): string {
  const { users } = subjects;
  if (ties.length === 0) return offered(users.unconnected, "unconnected-user");
  if (ties.length > 1) throw new Missing("seed");
  if (ties[0] === cast.partner) return offered(users.connected, "connected-user");
  if (ties[0] === cast.merchant) return offered(users.merchantOnly, "merchant-user");
  if (ties[0] === cast.otherPartner) return offered(users.otherPartnerOnly, "seed");
  throw new Missing("seed");
}

/** A public id that no user has. */
export function unknownUser(): string {
  return `nobody-${hex(randomBytes(16))}`;
}

/** A user signs in to a client and consents, for the first time or again. */
export async function connect(stage: Stage, user: string, tie: Tie): Promise<void> {
  const [{ id }, scope] = "id" in tie ? [tie, wholeScope(stage.target)] : tie;
  await harness(stage, "seed", { connections: [{ user, client: id, scope }] });
}

/** A client that belongs to the case, which may disable or narrow it. */
export async function client(
  stage: Stage,
  scope: string = wholeScope(stage.target),
  role: SeedClient["role"] = "app",
): Promise<Party> {
  const id = `conform-${hex(randomBytes(8))}`;
  const seeded: SeedClient = { id, secret: base64url(randomBytes(24)), scope, role };
  hideParty(stage.wire.secrets, id, seeded);
  await harness(stage, "seed", { clients: [seeded] });
  return partyOf(seeded);
}

/** A merchant that belongs to the case, for which the suite's issuer may speak. */
export async function merchant(stage: Stage, scope?: string): Promise<Party> {
  const party = await client(stage, scope);
  const { issuer, publicJwks } = offered(stage.target.issuer, "issuers");
  const { merchants } = stage.session;
  merchants.push(party.id);
  await harness(stage, "trust", { issuer, jwks: { keys: publicJwks }, merchants });
  return party;
}
