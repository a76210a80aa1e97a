/**
 * What the tests of consent tokens ask again and again. No test runner in here.
 * @module
 */
import assert from "node:assert/strict";
import { type Draft, draftConsentToken } from "../../../adapters/dev/draft.ts";
import type { FetchTokensForUserPayload, UserErrorCode } from "../../../adapters/direct.ts";
import type { Reason } from "../../../core/decision.ts";
import { type IssuerAlgorithm, SCOPE, type World } from "./world.ts";

const MESSAGES: Readonly<Record<UserErrorCode, string>> = {
  INVALID_TOKEN: "Consent token is invalid.",
  NO_CONSENT: "User has not consented to the requested scope.",
  NO_USER: "No user found.",
};

/** Header and claims of a good token, with a jti of its own, to be spoiled and signed. */
export function draft(
  { issuer, clock, ports, partner, merchant, users }: World,
  alg: IssuerAlgorithm = "ES256",
): Draft {
  return draftConsentToken({
    key: issuer.keys[alg],
    issuer: issuer.issuer,
    audience: issuer.audience,
    user: users.merchantOnly,
    client: partner.id,
    merchant: merchant.id,
    scope: SCOPE,
    now: clock.seconds(),
    entropy: ports.entropy,
  });
}

/** Presents a consent token as the partner, or as another client. */
export function redeem(
  world: World,
  consentToken: string,
  client: string = world.partner.id,
): Promise<FetchTokensForUserPayload> {
  return world.service.fetchTokensForUser(client, { consentToken });
}

/** Asserts that a consent token gives tokens. */
export async function assertGranted(world: World, token: string, hint = ""): Promise<void> {
  const { userErrors, accessToken } = await redeem(world, token);
  assert.deepEqual(userErrors, [], `${hint} was refused: ${world.events.at(-1)?.reason}`);
  assert.ok(accessToken);
}

/**
 * Asserts that a consent token is refused with the uniform answer (C1, G5), that one audit event says
 * why and repeats nothing of the token (A4, SY-01), and that nothing changed.
 */
export async function assertRefused(
  world: World,
  token: string,
  reason: Reason,
  { code = "INVALID_TOKEN", client = world.partner.id, hint = "" }: {
    readonly code?: UserErrorCode;
    readonly client?: string;
    readonly hint?: string;
  } = {},
): Promise<void> {
  const before = world.events.length;
  const payload = await redeem(world, token, client);
  const [event, ...more] = world.events.slice(before);
  assert.equal(event?.reason, reason, hint);
  assert.deepEqual(payload, {
    accessToken: null,
    expiresIn: null,
    publicId: null,
    refreshToken: null,
    scope: null,
    tokenType: null,
    userErrors: [{ code, field: ["consentToken"], message: MESSAGES[code] }],
  }, hint);
  assert.deepEqual([event?.outcome, event?.code, event?.changes, more], [
    "refused",
    code,
    undefined,
    [],
  ]);
  const signature = token.split(".").at(-1) ?? "";
  assert.ok(signature.length < 20 || !JSON.stringify(event).includes(signature), hint);
}
