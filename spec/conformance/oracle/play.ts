/**
 * Plays a history against an implementation and the oracle, step by step. Concurrent steps are explained
 * by any order in which the core could have taken them.
 * @module
 */
import { randomBytes } from "../base/ambient.ts";
import { hex } from "../base/encoding.ts";
import { compact, signWith } from "../base/jws.ts";
import { hideConsent } from "../stage/product.ts";
import { match } from "./model.ts";
import { answerText, perform } from "./perform.ts";
import { remembered } from "./remembered.ts";
import { resolve } from "./resolve.ts";
import type { Play } from "./scene.ts";
import {
  party as partyText,
  type PartyRole,
  type Role,
  scopeText,
  type Step,
  stepText,
  user as userText,
} from "./steps.ts";
import type { Action, Answer, World } from "./world.ts";
import { distinct } from "./distinct.ts";

/** Where the implementation and the core part ways. */
export interface Divergence {
  readonly expected: string;
  readonly found: string;
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

function remember(play: Play, { id }: Step, answer: Answer | undefined): void {
  if (answer?.said !== "tokens") return;
  const { accessToken, refreshToken } = answer;
  play.issued.set(id, { accessToken, refreshToken });
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
