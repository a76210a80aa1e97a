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
import { createPlayer, type Move, moves, play, type Player, type Step } from "../support/moves.ts";

const FACES: Readonly<Record<string, FaceOf>> = { direct, GraphQL: inGraphql, HTTP: onHttp };
const STORES: Readonly<Record<string, () => Promise<Store>>> = {
  memory: () => Promise.resolve(createMemoryStore()),
  SQLite: () => openSqliteStore(":memory:"),
};

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

/** Moves that can be made from outside: nobody can forge a token, and an empty scope asks for all. */
const fromOutside = moves.filter((move) =>
  move.do !== "refresh" || (move.forged === "none" && move.scope?.length !== 0)
);

/** Histories that begin where tokens can be issued. */
const histories = fc.array(fromOutside, { maxLength: 90, size: "max" }).map((rest): Move[] => {
  const scope = ["email", "orders", "profile"];
  const start = (["shop", "partner"] as const).map((client) =>
    ({ do: "connect", seat: 0, client, scope }) as const
  );
  return [...start, ...rest];
});

for (const [store, open] of Object.entries(STORES)) {
  for (const [name, faceOf] of Object.entries(FACES)) {
    test(`A1, A3, G5, C11, T5, T7, R1: ${name} on the ${store} store answers every history as the core does`, async () => {
      const met = new Set<string>();
      await fc.assert(
        fc.asyncProperty(histories, async (history) => {
          const actor = await createActor(await open(), faceOf);
          for (const move of history) met.add(await playOnBoth(actor, move));
          await actor.service.close();
        }),
        { ...runs(25), endOnFailure: false },
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
  readonly tokens: Issued[];
  /** The token of each consent of the player. */
  readonly minted: string[];
  /** The refresh token of each generation of each family of the core. */
  readonly refreshTokens: Map<string, string>;
  /** The service's id of each connection of the core. */
  readonly connections: Map<ConnectionId, ConnectionId>;
  /** The newest event of the service. */
  readonly last: { event: AuditEvent | null };
}

async function createActor(store: Store, faceOf: FaceOf): Promise<Actor> {
  const player = createPlayer();
  const { machine } = player;
  const clock = { now: () => machine.now * 1000 };
  const last: Actor["last"] = { event: null };
  const audit = { record: (event: AuditEvent) => void (last.event = event) };
  const service = createSmallService({ store, clock, consents, audit });
  for (const { id, role, scope } of machine.state.clients.values()) {
    await service.registerClient({ ...credentialsOf(id), role, scope: writeScope(scope) });
  }
  for (const publicId of machine.state.users.keys()) await service.registerUser({ publicId });
  const memory = { tokens: [], minted: [], refreshTokens: new Map(), connections: new Map() };
  return { player, service, face: faceOf(service, clock), last, ...memory };
}

function credentialsOf(id: string): Credentials {
  return { id, secret: `secret-of-${id}` };
}

/** Plays a move on core and face, compares the answers, and says what the answer was. */
async function playOnBoth(actor: Actor, move: Move): Promise<string> {
  // What "so many back" means is settled before the move adds to what there is.
  const back = "back" in move ? move.back : 0;
  const consentToken = actor.minted.at(-1 - back) ?? "";
  const issued = actor.tokens.at(-1 - back) ?? null;
  const step = play(actor.player, move);
  if (move.do === "mint") await sign(actor);
  if (step === null) return move.do;
  const { command: { type }, decision } = step;
  await carryOut(actor, step, consentToken, issued);
  if (decision.outcome === "refused") return `${type} ${decision.code}`;
  const { repeated } = (decision.grant ?? {}) as Partial<TokenGrant>;
  return `${type} ${repeated ? "repeated" : "granted"}`;
}

/** Signs the newest consent of the player, who is told the digest of the real token. */
async function sign({ player: { consents }, minted }: Actor): Promise<void> {
  const consent = consents.pop() ?? assert.fail("nothing was minted");
  const token = await signJws({ alg: "ES256", typ: "consent+jwt", kid: issuerKey.kid }, {
    iss: consent.issuer,
    aud: consent.audience,
    sub: consent.user,
    client_id: consent.client,
    azp: consent.merchant,
    scope: writeScope(consent.scope),
    iat: consent.issuedAt,
    exp: consent.expiresAt,
    jti: consent.jti,
  }, issuerKey);
  minted.push(token);
  consents.push({ ...consent, digest: sha256(token) });
}

async function carryOut(
  actor: Actor,
  { command, decision }: Step,
  consentToken: string,
  issued: Issued | null,
): Promise<void> {
  const { face, connections, last } = actor;
  const { accessToken, refreshToken } = issued ?? { accessToken: "", refreshToken: "" };
  switch (command.type) {
    case "fetch": {
      const args = command.by === "publicId" ? { publicId: command.publicId } : { consentToken };
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
  { refreshTokens, tokens }: Actor,
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
  assert.ok(!tokens.some(({ accessToken }) => accessToken === answer.accessToken));
  refreshTokens.set(generation, answer.refreshToken);
  tokens.push(answer);
}

/** What only embedders and operators do, in the words of the service. */
async function manage(
  { service, connections }: Actor,
  command: Step["command"],
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
