/**
 * Every request of the load: it says in the ledger what it is about to do, sends, and writes down what it
 * was told. An answer that contradicts the ledger is thrown.
 * @module
 */
import { mintConsentToken } from "../../adapters/dev/mint.ts";
import { DEMO_ISSUER_KEY } from "../../adapters/dev/demo.ts";
import {
  type Consent,
  type Ending,
  expect,
  type Family,
  isAlive,
  type Ledger,
  newest,
  type Story,
  type Unknown,
} from "./ledger.ts";
import type { Fetched, Login, Wire } from "./wire.ts";

/** The server that runs now, and what it told so far. */
export interface Stage {
  readonly wire: Wire;
  readonly ledger: Ledger;
  /** `aud` of consent tokens. */
  readonly audience: string;
}

/** The `iss` of the consent tokens of the load. */
export const ISSUER = "https://issuer.crash.invalid";
/** Redeems, refreshes and revokes. */
export const PARTNER: Login = { id: "crash-partner", secret: "partner-secret-of-the-crash-test-0" };
/** Where buyers are signed in. */
export const MERCHANT: Login = {
  id: "crash-merchant",
  secret: "merchant-secret-of-the-crash-test",
};
/** The client that rotates its secret. */
export const ROTATOR: Login = { id: "crash-rotator", secret: "rotator-secret-of-the-crash-test-0" };
/** What the clients are registered for and consents carry. */
export const SCOPE = "email openid profile";
const NARROW = "openid";
/** A consent token lives 300 seconds; nothing is expected of one that may have expired by now. */
const SURELY_VALID_SECONDS = 270;

/** A story about a user who is not there yet. */
export async function newStory(stage: Stage, user: string): Promise<Story> {
  const spare = await mint(stage, user);
  const blank = { user, spare, scope: SCOPE, ended: null, begun: false, dropped: false };
  const story: Story = { ...blank, families: [], unknown: null };
  stage.ledger.stories.push(story);
  return story;
}

/** Registers the user of a story and signs them in to the merchant. */
export async function begin(stage: Stage, story: Story): Promise<void> {
  const { user } = story;
  await change(stage, story, { act: "begin" }, () =>
    stage.wire.command("seed", {
      users: [{ publicId: user }],
      connections: [{ user, client: MERCHANT.id, scope: SCOPE }],
    }));
  story.begun = true;
}

/** Redeems a consent token that was never redeemed, as far as anybody knows. */
export async function redeem(stage: Stage, story: Story, consent?: Consent): Promise<void> {
  consent ??= await mint(stage, story.user);
  const unknown = { act: "redeem", consent } as const;
  const answer = await change(
    stage,
    story,
    unknown,
    () => stage.wire.fetchTokens(PARTNER, { consentToken: consent.token }),
  );
  if (answer.refreshToken === null && !surelyValid(consent)) return;
  keep(story, answer, consent);
}

/** Presents a redeemed consent token again: the same refresh token, or nothing (C11). */
export async function retryConsent(stage: Stage, story: Story, family: Family): Promise<void> {
  const { consent } = family;
  if (consent === null) return;
  const answer = await stage.wire.fetchTokens(PARTNER, { consentToken: consent.token });
  const repeats = isAlive(story, family) && family.tokens.length === 1;
  if (answer.refreshToken === null) {
    expect(
      answer.code === "INVALID_TOKEN" && !(repeats && surelyValid(consent)),
      `a redeemed consent token was answered ${answer.code} on retry`,
    );
  } else {
    expect(
      repeats && answer.refreshToken === newest(family),
      "a redeemed consent token was answered with another refresh token",
    );
  }
}

/** The mutation by public id (P2, C12). */
export async function fetchById(stage: Stage, story: Story): Promise<void> {
  keep(story, await stage.wire.fetchTokens(PARTNER, { publicId: story.user }), null);
}

/** Swaps the newest refresh token. */
export async function refresh(stage: Stage, story: Story, family: Family): Promise<void> {
  const answer = await change(
    stage,
    story,
    { act: "refresh", family },
    () => stage.wire.refresh(PARTNER, newest(family)),
  );
  expect(answer.error === null, `the newest refresh token was answered ${answer.error}`);
  expect(!family.tokens.includes(answer.refreshToken), "a refresh gave an old refresh token");
  family.tokens.push(answer.refreshToken);
  family.access = answer.accessToken;
}

/** Presents the refresh token before the newest: the newest again (T5). */
export async function repeat(stage: Stage, family: Family): Promise<void> {
  const spent = family.tokens.at(-2);
  if (spent === undefined) return;
  const answer = await stage.wire.refresh(PARTNER, spent);
  expect(answer.error === null, `the last spent refresh token was answered ${answer.error}`);
  expect(answer.refreshToken === newest(family), "a repeated refresh gave another refresh token");
}

/** Revokes a family by its newest refresh token (T7). */
export async function revoke(stage: Stage, story: Story, family: Family): Promise<void> {
  await change(
    stage,
    story,
    { act: "revoke", family },
    () => stage.wire.revoke(PARTNER, newest(family)),
  );
  family.revoked = true;
}

/** Takes scope back from the delegated connection. */
export async function narrow(stage: Stage, story: Story): Promise<void> {
  const input = { user: story.user, client: PARTNER.id, via: MERCHANT.id, scope: NARROW };
  await change(stage, story, { act: "narrow" }, () => stage.wire.command("narrow", input));
  story.scope = NARROW;
}

/** Ends a story. */
export async function end(stage: Stage, story: Story, ending: Ending): Promise<void> {
  const { user } = story;
  await change(
    stage,
    story,
    { act: "end", ending },
    () =>
      ending === "delete"
        ? stage.wire.command("user-status", { user, status: "deleted" })
        : stage.wire.command("disconnect", {
          user,
          client: ending === "disconnect" ? PARTNER.id : MERCHANT.id,
        }),
  );
  story.ended = ending;
}

/** Gives the rotator a new secret. */
export async function rotateSecret({ wire, ledger }: Stage, secret: string): Promise<void> {
  ledger.rotation.unknown = secret;
  await wire.command("client-secret", { client: ROTATOR.id, secret });
  ledger.rotation.told = secret;
  ledger.rotation.unknown = null;
  ledger.acknowledged += 1;
}

/** Whether nothing but a redemption or an ending refuses a consent token now. */
export function surelyValid({ mintedAt }: Consent): boolean {
  return Date.now() / 1000 < mintedAt + SURELY_VALID_SECONDS;
}

/** Sends what may change something. */
async function change<T>(
  { ledger }: Stage,
  story: Story,
  unknown: Unknown,
  call: () => Promise<T>,
): Promise<T> {
  story.unknown = unknown;
  ledger.touched.add(story);
  const answer = await call();
  story.unknown = null;
  ledger.acknowledged += 1;
  return answer;
}

/** Writes down the tokens of a new family. */
function keep(story: Story, answer: Fetched, consent: Consent | null): void {
  const { accessToken: access, refreshToken: token, code, scope } = answer;
  const by = consent === null ? "public id" : "consent token";
  expect(token !== null && access !== null, `a ${by} that must give tokens was answered ${code}`);
  const known = story.families.some(({ tokens }) => tokens.includes(token));
  expect(!known, `a ${by} was answered with a refresh token that was given before`);
  if (story.unknown?.act !== "narrow") {
    expect(scope === story.scope, `a ${by} gave the scope "${scope}" for "${story.scope}"`);
  }
  story.families.push({ consent, tokens: [token], access, revoked: false });
}

async function mint({ audience }: Stage, user: string): Promise<Consent> {
  const mintedAt = Math.floor(Date.now() / 1000);
  const token = await mintConsentToken({
    key: DEMO_ISSUER_KEY,
    issuer: ISSUER,
    audience,
    user,
    client: PARTNER.id,
    merchant: MERCHANT.id,
    scope: SCOPE,
    now: mintedAt,
  });
  return { token, mintedAt };
}
