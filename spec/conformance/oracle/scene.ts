/**
 * A history that is being played: whom it is about, and what was issued so far.
 * @module
 */
import type { Settings } from "../../../core/settings.ts";
import { randomBytes } from "../base/ambient.ts";
import { base64url, hex } from "../base/encoding.ts";
import type { SigningKey } from "../base/jws.ts";
import { freeze, harness, type Stage } from "../stage/stage.ts";
import { hideParty, type Party } from "../target/target.ts";
import { Blocked } from "../verdict.ts";
import { match } from "./model.ts";
import { scopeText } from "./steps.ts";
import { type Action, initialWorld, type World } from "./world.ts";

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
