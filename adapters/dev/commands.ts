/**
 * The commands of the harness protocol. The conformance suite and tests use them to set up a scene.
 * @module
 */
import type { JWK } from "jose";
import type { ClientId, ConnectionId, PublicId } from "../../core/model.ts";
import type { Numbers } from "../../core/settings.ts";
import type { Service } from "../direct.ts";
import { publicJwk, signJws } from "../jws/private-jwk.ts";
import { ManagementError } from "../manage.ts";
import type { AdjustableClock } from "./clock.ts";
import { type Input, invalid, object, objects, oneOf, text, texts, whole } from "./input.ts";
import type { DevIssuers } from "./issuers.ts";

/** What the commands work on. */
export interface CommandOptions {
  /** The service that serves now. */
  readonly service: () => Service;
  readonly clock: AdjustableClock;
  readonly issuers: DevIssuers;
  /** What `describe` returns besides the commands. */
  readonly description: () => {
    readonly version: string;
    readonly audience: string;
    readonly policy: Partial<Numbers>;
    /** URLs. */
    readonly endpoints: Readonly<Record<string, string>>;
  };
  /** The private key that `mint` signs with. */
  readonly key: JWK;
}

/** Every command by name: takes a JSON object and returns one. */
export type Commands = Readonly<Record<string, (input: Input) => Promise<object> | object>>;

/** The issuer of tokens that `mint` signs. It may speak for every seeded client. */
const MINT_ISSUER = "https://harness.issuer.invalid";
const DELETED_AT_ONCE = 50;
/** The end of the year 2526. Ids hold 44 bits of milliseconds. */
const LAST_SECOND = 17_577_215_999;

/** What was registered through the harness; `reset` removes it. */
interface Seeded {
  readonly clients: Set<ClientId>;
  readonly users: Set<PublicId>;
}

/** Creates the commands. */
export function createCommands(options: CommandOptions): Commands {
  const seeded: Seeded = { clients: new Set(), users: new Set() };
  const commands = {
    ...stageCommands(options, seeded),
    ...consentCommands(options, seeded),
    ...connectionCommands(options),
    ...partyCommands(options),
  };
  return {
    describe: () => ({
      protocol: 1,
      name: "fetch-tokens-for-user",
      ...options.description(),
      algorithms: ["ES256", "RS256", "EdDSA"],
      scopes: ["email", "openid", "profile"],
      commands: Object.keys(commands),
      issuer: { issuer: MINT_ISSUER, ...publicKeyOf(options.key) },
    }),
    ...commands,
  };
}

/** Reset, seed and clock. */
function stageCommands(
  { service, clock, issuers }: CommandOptions,
  { clients, users }: Seeded,
): Commands {
  return {
    async reset() {
      clock.stopAt(null);
      await issuers.clear();
      await inBatches([...users], (user) => service().deleteUser(user));
      await inBatches([...clients], (client) => service().disableClient(client));
      users.clear();
      clients.clear();
      return {};
    },
    async seed(input) {
      for (const client of objects(input, "clients")) {
        await service().registerClient(readClient(client));
        clients.add(text(client, "id"));
      }
      for (const user of objects(input, "users")) {
        const publicId = text(user, "publicId");
        await service().registerUser({ publicId });
        users.add(publicId);
      }
      for (const entry of objects(input, "connections")) {
        await service().connect(text(entry, "user"), text(entry, "client"), text(entry, "scope"));
      }
      return {};
    },
    clock(input) {
      const seconds = () => Math.floor(clock.now() / 1000);
      const stopAt = (now: number) => {
        if (now > LAST_SECOND) throw invalid("now", "before the year 2527");
        clock.stopAt(now);
      };
      if (input["now"] === null) clock.stopAt(null);
      else if (input["now"] !== undefined) stopAt(whole(input, "now"));
      else if (input["advanceSeconds"] !== undefined) {
        stopAt(seconds() + whole(input, "advanceSeconds"));
      }
      return { now: seconds() };
    },
  };
}

/** Trusting issuers and minting consent tokens. */
function consentCommands({ issuers, key }: CommandOptions, { clients }: Seeded): Commands {
  return {
    async trust(input) {
      const { keys } = object(input, "jwks");
      if (!Array.isArray(keys)) throw invalid("jwks", 'an object with "keys"');
      const merchants = texts(input, "merchants");
      await issuers.set({ issuer: text(input, "issuer"), jwks: { keys }, merchants });
      return {};
    },
    async mint(input) {
      const [header, claims] = [object(input, "header"), object(input, "claims")];
      const known = issuers.find(MINT_ISSUER)?.merchants ?? [];
      if ([...clients].some((id) => !known.includes(id))) {
        const { jwks } = publicKeyOf(key);
        await issuers.set({ issuer: MINT_ISSUER, jwks, merchants: [...clients] });
      }
      return { token: await signJws(header, claims, key) };
    },
  };
}

function connectionCommands({ service }: CommandOptions): Commands {
  return {
    async revoke(input) {
      const found = await findConnection(service(), input);
      if (found !== null) await unlessGone(service().revokeConnection(found));
      return {};
    },
    async narrow(input) {
      const scope = text(input, "scope");
      const found = await findConnection(service(), input);
      if (found !== null) await unlessGone(service().narrow(found, scope));
      return {};
    },
    async disconnect(input) {
      await service().disconnect(text(input, "user"), text(input, "client"));
      return {};
    },
  };
}

/** Users and clients. */
function partyCommands({ service }: CommandOptions): Commands {
  return {
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
      await service().rotateClientSecret(text(input, "client"), {
        secret: text(input, "secret"),
        weakSecret: true,
      });
      return {};
    },
  };
}

function publicKeyOf(key: JWK) {
  const jwk = publicJwk(key);
  return { alg: jwk.alg, kid: jwk.kid, jwks: { keys: [jwk] } };
}

function readClient(client: Input) {
  return {
    id: text(client, "id"),
    secret: text(client, "secret"),
    weakSecret: true,
    scope: text(client, "scope"),
    role: oneOf({ role: "app", ...client }, "role", ["app", "resource-server"]),
  };
}

/** The active direct connection, or, with `via`, the one delegated through the merchant `via`. */
async function findConnection(service: Service, input: Input): Promise<ConnectionId | null> {
  const client = text(input, "client");
  const via = input["via"] === undefined ? null : text(input, "via");
  const { rows } = await service.listConnections(text(input, "user"), { limit: 1000 });
  const live = rows.filter(({ status }) => status === "active");
  const direct = (of: ClientId) => live.find((row) => row.client === of && row.source === null);
  const source = via === null ? null : direct(via)?.id;
  const found = live.find((row) => row.client === client && row.source === source);
  return found?.id ?? null;
}

async function inBatches(
  ids: readonly string[],
  end: (id: string) => Promise<void>,
): Promise<void> {
  for (let at = 0; at < ids.length; at += DELETED_AT_ONCE) {
    await Promise.all(ids.slice(at, at + DELETED_AT_ONCE).map((id) => unlessGone(end(id))));
  }
}

/** Ignores that another call has ended it in the meantime. */
async function unlessGone(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    const gone = error instanceof ManagementError && error.code.startsWith("UNKNOWN_");
    if (!gone) throw error;
  }
}
