/** Direct, GraphQL and HTTP, on each store, give the answers of the core over the same random history. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Credentials, ManagementError } from "../../../adapters/manage.ts";
import { generatePrivateJwk, publicJwk, signJws } from "../../../adapters/jws/private-jwk.ts";
import type { AuditEvent, Store } from "../../../adapters/ports.ts";
import { createMemoryStore } from "../../../adapters/store/memory.ts";
import { openSqliteStore } from "../../../adapters/store/sqlite.ts";
import { sha256 } from "../../../adapters/entropy.ts";
import type { Service } from "../../../adapters/direct.ts";
import type { Command } from "../../../core/decide.ts";
import type { Decision, TokenGrant } from "../../../core/decision.ts";
import { writeScope } from "../../../core/scope.ts";
import type { LiveToken } from "../../../core/use.ts";
import type { ActiveConnection, ConnectionId } from "../../../core/model.ts";
import {
  createSmallService,
  direct,
  type Face,
  type FaceOf,
  inGraphql,
  type Issued,
  onHttp,
  verifierOf,
} from "../support/faces.ts";
import { runs } from "../support/generators.ts";
import { openPostgresStore } from "../support/postgres.ts";
import type { Step } from "../../model/play.ts";
import { CONNECTED, type Move, moves } from "../support/moves.ts";
import { createPlayer, grantOf, play, type Player } from "../support/player.ts";

const FACES: Readonly<Record<string, FaceOf>> = { direct, GraphQL: inGraphql, HTTP: onHttp };
const STORES: readonly (readonly [name: string, open: () => Promise<Store>, runs: number])[] = [
  ["memory", () => Promise.resolve(createMemoryStore()), 40],
  ["SQLite", () => openSqliteStore(":memory:"), 40],
  ["PostgreSQL", () => openPostgresStore(), 16],
];

const issuerKey = await generatePrivateJwk("ES256");
const consents = await verifierOf(publicJwk(issuerKey));

/** What a history must have met: an answer that is never given is never compared. */
const WORTH_SEEING = [
  "fetch granted",
  "fetch repeated",
  "fetch INVALID_TOKEN",
  "fetch NO_CONSENT",
  "fetch NO_USER",
  "fetch invalid_client",
  "refresh granted",
  "refresh repeated",
  "refresh invalid_grant",
  "refresh invalid_scope",
  "use granted",
  "use invalid_token",
];

/**
 * Whether a move can be made from outside: nobody can forge a token, an empty scope asks for all,
 * ids are ordered by time, and a request with two inputs reaches no decision.
 */
function isFromOutside(move: Move): boolean {
  if (move.do === "refresh") return move.forged === "none" && move.scope?.length !== 0;
  if (move.do === "redeem") return !move.also;
  return !["sweep", "rotate-secret", "clock-back"].includes(move.do);
}

/** Histories that begin where tokens can be issued. */
const histories = fc.array(moves.filter(isFromOutside), { maxLength: 90, size: "max" })
  .map((rest) => [...CONNECTED, ...rest]);

for (const [store, open, count] of STORES) {
  for (const [name, faceOf] of Object.entries(FACES)) {
    // Two round trips a move: the longest way alone.
    if (store === "PostgreSQL" && faceOf !== onHttp) continue;
    test(`A1, A3, G5, C11, T5, T7, R1: ${name} on the ${store} store answers every history as the core does`, async () => {
      const met = new Set<string>();
      await fc.assert(
        fc.asyncProperty(histories, async (history) => {
          const actor = await createActor(await open(), faceOf);
          for (const move of history) met.add(await playOnBoth(actor, move));
          await actor.service.close();
        }),
        { ...runs(count), includeErrorInReport: true },
      );
      assert.deepEqual(WORTH_SEEING.filter((word) => !met.has(word)), []);
    });
  }
}

/** A history under way. */
interface Actor {
  readonly player: Player;
  readonly service: Service;
  readonly face: Face;
  /** What the face was given for each grant of the player. */
  readonly issued: Map<TokenGrant, Issued>;
  /** The token of each consent of the player, by its name. */
  readonly minted: Map<string, string>;
  /** The refresh token of each generation of each family of the core. */
  readonly refreshTokens: Map<string, string>;
  /** The service's id of each connection of the core. */
  readonly connections: Map<ConnectionId, ConnectionId>;
  /** The newest event of the service. */
  readonly last: { event: AuditEvent | null };
}

async function createActor(store: Store, faceOf: FaceOf): Promise<Actor> {
  const player = createPlayer();
  // Ids are ordered by time: two of the same millisecond could sort the other way than those of the core.
  let drawn = 0;
  const clock = { now: () => player.moment.now * 1000 + drawn++ % 1000 };
  const last: Actor["last"] = { event: null };
  const audit = { record: (event: AuditEvent) => void (last.event = event) };
  const service = createSmallService({ store, clock, consents, audit });
  const { clients, users } = player.moment.state;
  for (const { id, role, scope } of clients.values()) {
    const registration = { ...credentialsOf(id), weakSecret: true, role, scope: writeScope(scope) };
    await service.registerClient(registration);
  }
  for (const publicId of users.keys()) await service.registerUser({ publicId });
  const memory = { issued: new Map(), minted: new Map(), refreshTokens: new Map() };
  return { player, service, face: faceOf(service, clock), last, connections: new Map(), ...memory };
}

function credentialsOf(id: string): Credentials {
  return { id, secret: `secret-of-${id}` };
}

/** Plays a move on core and face, compares the answers, and says what the answer was. */
async function playOnBoth(actor: Actor, move: Move): Promise<string> {
  const { player, issued } = actor;
  const shown = "ofEnded" in move ? grantOf(player, move) : undefined;
  const tokens = shown && issued.get(shown);
  const ahead = { ...player };
  const step = play(ahead, move);
  if (step !== null && isTurnedAway(step)) {
    await turnAway(actor, step, tokens);
    return "turned away";
  }
  player.moment = ahead.moment;
  if (move.do === "mint") await sign(actor);
  if (!step?.command || !step.decision) return move.do;
  const { command, decision } = step;
  await carryOut(actor, step, command, decision, tokens);
  if (decision.outcome === "refused") return `${command.type} ${decision.code}`;
  const { repeated } = (decision.grant ?? {}) as Partial<TokenGrant>;
  return `${command.type} ${repeated ? "repeated" : "granted"}`;
}

/** Whether a client shows a token that cannot authenticate: then nothing is decided. */
function isTurnedAway({ command, before }: Step): boolean {
  return (command?.type === "refresh" || command?.type === "revoke-token") &&
    before.state.clients.get(command.client)?.status !== "enabled";
}

async function turnAway({ face }: Actor, { command }: Step, tokens?: Issued): Promise<void> {
  const token = tokens?.refreshToken ?? "";
  if (command?.type === "revoke-token") await face.revoke(credentialsOf(command.client), token);
  if (command?.type !== "refresh") return;
  assert.equal(await face.refresh(credentialsOf(command.client), token, null), "invalid_client");
}

/** Signs the newest consent of the player, who is told the digest of the real token. */
async function sign({ player: { consents }, minted }: Actor): Promise<void> {
  const { name, consent } = consents.pop() ?? assert.fail("nothing was minted");
  assert.ok(consent !== null);
  const token = await signJws({ alg: "ES256", typ: "consent+jwt", kid: issuerKey.kid }, {
    iss: consent.issuer,
    aud: consent.audience,
    sub: consent.user,
    client_id: consent.client,
    azp: consent.merchant,
    scope: writeScope(consent.scope),
    iat: consent.issuedAt,
    ...(consent.notBefore !== null && { nbf: consent.notBefore }),
    exp: consent.expiresAt,
    jti: consent.jti,
  }, issuerKey);
  minted.set(name, token);
  consents.push({ name, consent: { ...consent, digest: sha256(token) } });
}

async function carryOut(
  actor: Actor,
  { move }: Step,
  command: Command,
  decision: Decision<unknown>,
  tokens: Issued | undefined,
): Promise<void> {
  const { face, minted, connections, last } = actor;
  const { accessToken, refreshToken } = tokens ?? { accessToken: "", refreshToken: "" };
  switch (command.type) {
    case "fetch": {
      const name = move.type === "mutate" ? move.args.consentToken ?? "" : "";
      const args = command.by === "publicId"
        ? { publicId: command.publicId }
        : { consentToken: minted.get(name) };
      compare(actor, decision, await face.fetch(credentialsOf(command.client), args));
      for (const change of decision.changes) {
        if (change.type !== "connection-established") continue;
        connections.set(change.connection.id, last.event?.connection ?? "");
      }
      return;
    }
    case "refresh": {
      const scope = command.scope && writeScope(command.scope);
      return compare(
        actor,
        decision,
        await face.refresh(credentialsOf(command.client), refreshToken, scope),
      );
    }
    case "use": {
      const token = command.token.kind === "access" ? accessToken : refreshToken;
      const live = decision.outcome === "granted" ? decision.grant as LiveToken : null;
      if (command.caller === null) {
        // Bearers get in with access tokens only.
        const expected = live?.kind === "access" ? writeScope(live.scope) : null;
        return assert.equal(await face.use(token), expected);
      }
      const { user, client, scope, expiresAt } = live ?? {};
      const expected = live && { user, client, scope: writeScope(scope ?? []), expiresAt };
      return assert.deepEqual(
        await face.introspect(credentialsOf(command.caller), token),
        expected,
      );
    }
    case "revoke-token":
      return await face.revoke(credentialsOf(command.client), refreshToken);
    default: {
      const code = await manage(actor, command, decision).then(() => "ok", codeOf);
      assert.equal(code, decision.outcome === "refused" ? decision.code : "ok");
    }
  }
}

/** The same tokens for the same generation, new ones for a new one, and the same words about them. */
function compare(
  { refreshTokens, issued, player }: Actor,
  decision: Decision<unknown>,
  answer: Issued | string,
): void {
  if (decision.outcome === "refused") return assert.equal(answer, decision.code);
  if (typeof answer === "string") assert.fail(`granted by the core, refused here: ${answer}`);
  const grant = decision.grant as TokenGrant;
  const { scope, expiresIn, user } = answer;
  assert.deepEqual({ scope, expiresIn, user }, {
    scope: writeScope(grant.scope),
    expiresIn: grant.accessExpiresAt - grant.issuedAt,
    user: user === null ? null : grant.user,
  });
  const generation = `${grant.family} ${grant.generation}`;
  const known = refreshTokens.get(generation);
  assert.equal(known !== undefined, grant.repeated);
  if (known !== undefined) assert.equal(answer.refreshToken, known);
  else assert.ok(![...refreshTokens.values()].includes(answer.refreshToken));
  assert.ok(![...issued.values()].some(({ accessToken }) => accessToken === answer.accessToken));
  refreshTokens.set(generation, answer.refreshToken);
  issued.set(player.grants.at(-1) ?? grant, answer);
}

/** What only embedders and operators do, in the words of the service. */
async function manage(
  { service, connections }: Actor,
  command: Command,
  decision: Decision<unknown>,
): Promise<unknown> {
  switch (command.type) {
    case "connect": {
      const { id } = await service.connect(
        command.user,
        command.client,
        writeScope(command.scope),
      );
      if (decision.outcome === "granted") {
        connections.set((decision.grant as ActiveConnection).id, id);
      }
      return;
    }
    case "narrow":
      return await service.narrow(idOf(command.connection), writeScope(command.scope));
    case "revoke-connection":
      return await service.revokeConnection(idOf(command.connection));
    case "disconnect":
      return await service.disconnect(command.user, command.client);
    case "set-user-status":
      return command.status === "active"
        ? await service.resumeUser(command.user)
        : await service.suspendUser(command.user);
    case "delete-user":
      return await service.deleteUser(command.user);
    case "register-user":
      return await service.registerUser({ publicId: command.user });
    case "set-client-status":
      return command.status === "enabled"
        ? await service.enableClient(command.client)
        : await service.disableClient(command.client);
    case "register-client": {
      const { client, role, scope } = command;
      return await service.registerClient({
        ...credentialsOf(client),
        weakSecret: true,
        role,
        scope: writeScope(scope),
      });
    }
    case "set-client-scope":
      return await service.setClientScope(command.client, writeScope(command.scope));
    default:
      return assert.fail(`no move makes this command: ${command.type}`);
  }

  function idOf(connection: ConnectionId): ConnectionId {
    return connections.get(connection) ?? assert.fail("a connection that the face never had");
  }
}

function codeOf(error: unknown): string {
  if (error instanceof ManagementError) return error.code;
  throw error;
}
