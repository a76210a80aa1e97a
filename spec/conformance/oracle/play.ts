/**
 * Plays a history against an implementation and the oracle, step by step. Steps that happen at once are
 * explained by any order in which the core could have taken them.
 * @module
 */
import { base64url, hex } from "../base/encoding.ts";
import { randomBytes } from "../base/ambient.ts";
import { compact, type SigningKey, signWith } from "../base/jws.ts";
import {
  describeAnswer,
  describeReply,
  fetchTokens,
  granted,
  hideConsent,
  introspect,
  isAlive,
  redeem,
  refresh,
  refreshed,
  revokeToken,
} from "../stage/product.ts";
import { freeze, harness, type Stage } from "../stage/stage.ts";
import { hideParty, offered, type Party } from "../target/target.ts";
import { Blocked } from "../verdict.ts";
import type { Settings } from "../../../core/settings.ts";
import { type Action, type Answer, initialWorld, match, type World } from "./model.ts";
import { distinct } from "./worlds.ts";
import { remembered } from "./remembered.ts";
import {
  party as partyText,
  type PartyRole,
  type Role,
  scopeText,
  type Step,
  stepText,
  user as userText,
} from "./steps.ts";

/** Tokens that a step brought. */
export interface Issued {
  readonly accessToken: string;
  readonly refreshToken: string;
}

/** A history that is being played. */
export interface Play {
  readonly stage: Stage;
  readonly settings: Settings;
  readonly parties: readonly Party[];
  readonly users: readonly string[];
  readonly issuer: string;
  readonly key: SigningKey;
  /** Consent tokens and what steps brought, by the id of the step. */
  readonly minted: Map<
    number,
    { readonly token: string; readonly claims: Readonly<Record<string, unknown>> }
  >;
  readonly issued: Map<number, Issued>;
  readonly story: string[];
  now: number;
  worlds: readonly World[];
}

/** Where the implementation and the core part ways. */
export interface Divergence {
  readonly expected: string;
  readonly found: string;
}

/** Sets up a fresh world on both sides: two partners, two merchants, two users, one issuer. */
export async function begin(
  stage: Stage,
  key: SigningKey,
  settingsOf: (issuer: string, merchants: readonly string[]) => Settings,
): Promise<Play> {
  const scope = scopeText(7, stage.target.scopes);
  const clients = Array.from({ length: 4 }, () => ({
    id: `conform-${hex(randomBytes(8))}`,
    secret: base64url(randomBytes(24)),
    scope,
    role: "app" as const,
  }));
  for (const client of clients) hideParty(stage.wire.secrets, client.id, client);
  const users = [0, 1].map(() => `user-${hex(randomBytes(8))}`);
  const merchants = clients.slice(2).map(({ id }) => id);
  const issuer = `https://history-${hex(randomBytes(4))}.issuer.invalid`;
  await harness(stage, "seed", { clients, users: users.map((publicId) => ({ publicId })) });
  await harness(stage, "trust", { issuer, jwks: { keys: [key.publicJwk] }, merchants });
  await freeze(stage);
  const now = stage.frozenAt ?? 0;
  const first = [
    ...clients.map(({ id }): Action => ({ do: "register-client", client: id, scope })),
    ...users.map((user): Action => ({ do: "register-user", user })),
  ].reduce(settle, initialWorld(settingsOf(issuer, merchants), now));
  return {
    stage,
    settings: first.settings,
    parties: clients,
    users,
    issuer,
    key,
    minted: new Map(),
    issued: new Map(),
    story: [],
    now,
    worlds: [first],
  };
}

function settle(world: World, action: Action): World {
  const matched = match(world, action, { said: "done" });
  const [next] = "worlds" in matched ? matched.worlds : [];
  if (next === undefined) throw new Blocked("the oracle could not be set up");
  return next;
}

/** Plays one step on both sides. A step that speaks of what is not there is left out. */
export async function take(play: Play, step: Step): Promise<Divergence | null> {
  if (step.do === "mint") return await mint(play, step);
  const steps = step.do === "at-once" ? step.steps : [step];
  const resolved = steps.flatMap((inner) => {
    const action = resolve(play, inner);
    return action === null ? [] : [{ step: inner, action }];
  });
  if (resolved.length === 0) return null;
  const actions = resolved.map(({ action }) => action);
  const answers = await Promise.all(actions.map((action) => perform(play, action)));
  resolved.forEach(({ step }, index) => remember(play, step, answers[index]));
  const texts = answers.map((answer) => answerText(answer));
  const shown = resolved.length > 1
    ? { ...step, steps: resolved.map(({ step }) => step) } as Step
    : resolved[0]?.step ?? step;
  const said = texts.every((text) => text === "") ? "" : ` → ${texts.join(" ‖ ")}`;
  play.story.push(`${step.id}. ${stepText(shown, play.stage.target.scopes)}${said}`);
  const { worlds, expected } = explain(play.worlds, actions, answers);
  if (worlds.length === 0) {
    const known = remembered(play.worlds[0] as World, actions, (id) => nameOf(play, id));
    play.story.splice(-1, 0, ...known);
    return {
      expected,
      found: texts.filter((text) => text !== "").join(" ‖ "),
    };
  }
  play.worlds = worlds;
  if (actions[0]?.do === "advance") play.now += actions[0].seconds;
  return null;
}

function nameOf({ parties, users }: Play, id: string): string {
  const place = users.indexOf(id);
  if (place >= 0) return userText(place as Role);
  return partyText(parties.findIndex((found) => found.id === id) as PartyRole);
}

async function mint(play: Play, step: Step & { readonly do: "mint" }): Promise<null> {
  const { issuer, key, stage, now } = play;
  const iat = now - step.ageSeconds;
  const claims = {
    iss: issuer,
    aud: stage.target.audience,
    sub: play.users[step.user],
    client_id: play.parties[step.client]?.id,
    azp: play.parties[step.merchant + 2]?.id,
    scope: scopeText(step.scope, stage.target.scopes),
    iat,
    exp: iat + step.lifetimeSeconds,
    jti: hex(randomBytes(16)),
  };
  const header = { alg: key.alg, kid: key.kid, typ: "consent+jwt" };
  const token = await compact(header, claims, signWith(key));
  hideConsent(stage, token);
  play.minted.set(step.id, { token, claims });
  play.story.push(`${step.id}. ${stepText(step, stage.target.scopes)}`);
  return null;
}

/** The step with real ids and strings; `null` where what it speaks of is not there. */
function resolve(play: Play, step: Step): Action | null {
  const client = (role: PartyRole) => play.parties[role]?.id ?? "";
  const user = (role: Role) => play.users[role] ?? "";
  const via = (role: Role | null) => role === null ? null : client((role + 2) as PartyRole);
  const scope = (bits: number) => scopeText(bits, play.stage.target.scopes);
  switch (step.do) {
    case "fetch":
      return { do: "fetch", client: client(step.client), publicId: user(step.user) };
    case "redeem": {
      const minted = play.minted.get(step.minted);
      return minted === undefined ? null : { do: "redeem", client: client(step.client), ...minted };
    }
    case "refresh": {
      const token = play.issued.get(step.issued)?.refreshToken;
      const asked = step.scope === null ? null : scope(step.scope);
      return token === undefined
        ? null
        : { do: "refresh", client: client(step.client), token, scope: asked };
    }
    case "introspect": {
      const bearer = play.stage.target.endpoints.introspection === undefined;
      const token = tokenOf(play, step);
      if (token === undefined || (bearer && step.kind === "refresh")) return null;
      return { do: "introspect", client: bearer ? null : client(step.client), token };
    }
    case "revoke-token": {
      const token = tokenOf(play, step);
      const offered = play.stage.target.endpoints.revocation !== undefined;
      return token === undefined || !offered
        ? null
        : { do: "revoke-token", client: client(step.client), token };
    }
    case "connect": {
      const { users, clients } = (play.worlds[0] as World).state;
      const able = users.get(user(step.user))?.status === "active" &&
        clients.get(client(step.party))?.status === "enabled";
      return able
        ? {
          do: "connect",
          user: user(step.user),
          client: client(step.party),
          scope: scope(step.scope),
        }
        : null;
    }
    case "narrow":
      return {
        do: "narrow",
        user: user(step.user),
        client: client(step.party),
        via: via(step.via),
        scope: scope(step.scope),
      };
    case "revoke":
      return {
        do: "revoke",
        user: user(step.user),
        client: client(step.party),
        via: via(step.via),
      };
    case "disconnect":
      return { do: "disconnect", user: user(step.user), client: client(step.party) };
    case "user-status":
      return { do: "user-status", user: user(step.user), status: step.status };
    case "client-status":
      return { do: "client-status", client: client(step.party), status: step.status };
    case "client-scope":
      return { do: "client-scope", client: client(step.party), scope: scope(step.scope) };
    case "advance":
      return { do: "advance", seconds: step.seconds };
    case "mint":
    case "at-once":
      return null;
  }
}

function tokenOf(play: Play, { issued, kind }: { issued: number; kind: "access" | "refresh" }) {
  const tokens = play.issued.get(issued);
  return kind === "access" ? tokens?.accessToken : tokens?.refreshToken;
}

/** Asks the implementation, or sets its stage. */
async function perform(play: Play, action: Action): Promise<Answer> {
  const { stage } = play;
  const as = play.parties.find((party) => "client" in action && party.id === action.client);
  switch (action.do) {
    case "fetch":
      return readFetch(await fetchTokens(stage, { publicId: action.publicId }, as));
    case "redeem":
      return readFetch(await redeem(stage, action.token, as));
    case "refresh": {
      const more = action.scope === null ? {} : { scope: action.scope };
      return readRefresh(await refresh(stage, action.token, as, more));
    }
    case "introspect":
      return await readLiveness(stage, action.token, as);
    case "revoke-token": {
      const { status } = await revokeToken(stage, action.token, as);
      return status === 200 ? { said: "done" } : { said: "refused", code: `status ${status}` };
    }
    case "advance":
      await freeze(stage, play.now + action.seconds);
      return { said: "done" };
    case "connect": {
      const { user, client, scope } = action;
      await harness(stage, "seed", { connections: [{ user, client, scope }] });
      return { said: "done" };
    }
    case "narrow":
    case "revoke": {
      const { do: name, via, ...rest } = action;
      await harness(stage, name, { ...rest, ...(via !== null && { via }) } as never);
      return { said: "done" };
    }
    case "disconnect":
    case "user-status":
    case "client-status":
    case "client-scope": {
      const { do: name, ...rest } = action;
      await harness(stage, name, rest as never);
      return { said: "done" };
    }
    case "register-client":
    case "register-user":
      return { said: "done" };
  }
}

function readFetch(answer: Awaited<ReturnType<typeof fetchTokens>>): Answer {
  if (answer.status === 401) return { said: "refused", code: "invalid_client" };
  if (answer.code !== null) return { said: "refused", code: answer.code };
  if (answer.payload === null) return { said: "refused", code: describeAnswer(answer) };
  const { publicId } = answer.payload;
  return {
    said: "tokens",
    ...granted(answer),
    publicId: typeof publicId === "string" ? publicId : "",
  };
}

function readRefresh(reply: Awaited<ReturnType<typeof refresh>>): Answer {
  if (reply.status === 200) return { said: "tokens", ...refreshed(reply), publicId: null };
  const { error } = (reply.json ?? {}) as { readonly error?: string };
  return { said: "refused", code: error ?? describeReply(reply) };
}

async function readLiveness(stage: Stage, token: string, as: Party | undefined): Promise<Answer> {
  if (stage.target.endpoints.introspection === undefined) {
    return { said: await isAlive(stage, token) ? "active" : "inactive", scope: null };
  }
  const { active, members } = await introspect(stage, token, offered(as, "client"));
  return active ? { said: "active", scope: String(members["scope"]) } : { said: "inactive" };
}

function remember(play: Play, { id }: Step, answer: Answer | undefined): void {
  if (answer?.said !== "tokens") return;
  const { accessToken, refreshToken } = answer;
  play.issued.set(id, { accessToken, refreshToken });
}

/** An answer in a few words; empty for what a harness did. */
function answerText(answer: Answer): string {
  switch (answer.said) {
    case "tokens":
      return `tokens with scope "${answer.scope}", ${answer.expiresIn} s`;
    case "refused":
      return answer.code;
    case "active":
      return answer.scope === null ? "active" : `active with scope "${answer.scope}"`;
    case "inactive":
      return "inactive";
    case "done":
      return "";
  }
}

/** The worlds in which some order of the actions gives these answers; what was expected where there is none. */
function explain(
  before: readonly World[],
  actions: readonly Action[],
  answers: readonly Answer[],
): { readonly worlds: readonly World[]; readonly expected: string } {
  const worlds: World[] = [];
  const wishes = new Set<string>();
  const search = (world: World, left: readonly number[]) => {
    if (left.length === 0) worlds.push(world);
    for (const index of left) {
      const matched = match(world, actions[index] as Action, answers[index] as Answer);
      if (!("worlds" in matched)) wishes.add(matched.expected);
      else {
        const others = left.filter((other) => other !== index);
        for (const next of matched.worlds) search(next, others);
      }
    }
  };
  for (const world of before) search(world, actions.map((_, index) => index));
  const order = actions.length > 1
    ? "some order of these in which the answers agree; for one of them "
    : "";
  return { worlds: distinct(worlds), expected: order + [...wishes].slice(0, 3).join(", or ") };
}
