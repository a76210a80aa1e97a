import { test } from "node:test";
import type { Reason } from "../../../../core/decision.ts";
import { createWorld, START, type World } from "../../support/world.ts";
import { assertGranted, assertRefused } from "../../support/consent-checks.ts";

/** Times relative to the moment at which the token is presented; `null` where it is granted. */
interface Case {
  readonly iat: number;
  readonly exp: number;
  readonly nbf?: number;
  readonly refused: Reason | null;
}

async function check(world: World, cases: readonly Case[]): Promise<void> {
  const now = world.clock.seconds();
  for (const [index, { iat, exp, nbf, refused }] of cases.entries()) {
    const token = await world.issuer.sign(
      { alg: "ES256", typ: "consent+jwt", kid: "es" },
      {
        iss: world.issuer.issuer,
        aud: world.issuer.audience,
        sub: world.users.merchantOnly,
        client_id: world.partner.id,
        azp: world.merchant.id,
        scope: "email",
        iat: now + iat,
        exp: now + exp,
        ...(nbf !== undefined && { nbf: now + nbf }),
        jti: `time-${index}`,
      },
    );
    const hint = `iat ${iat}, exp ${exp}, nbf ${nbf}`;
    if (refused === null) await assertGranted(world, token, hint);
    else await assertRefused(world, token, refused, { hint });
  }
}

const YEAR = 365 * 24 * 3600;

for (const s of [0, 1, 30, 300]) {
  const settings = { consentSkewSeconds: s, consentMaxLifetimeSeconds: 300 };

  test(`C5, CT-17: with a skew of ${s} s, a token is good until the last second before exp + skew`, async () => {
    const world = await createWorld({ settings });
    const token = (jti: string) => world.issuer.mint({ jti, lifetimeSeconds: 100, now: START });
    const exp = START + 100;
    const seconds = [exp - 2, exp - 1, exp, exp + 1, exp + s - 1, exp + s, exp + s + 1];
    for (const second of new Set(seconds)) {
      const jti = `at-${second}`;
      world.clock.set(second);
      if (second < exp + s) await assertGranted(world, await token(jti), jti);
      else await assertRefused(world, await token(jti), "consent_expired", { hint: jti });
    }
  });

  test(`C5, CT-19: with a skew of ${s} s, iat and nbf lie at most that far ahead`, async () => {
    const world = await createWorld({ settings });
    await check(world, [
      { iat: s - 1, exp: s + 200, refused: null },
      { iat: s, exp: s + 200, refused: null },
      { iat: s + 1, exp: s + 200, refused: "consent_not_yet_valid" },
      { iat: s + 2, exp: s + 200, refused: "consent_not_yet_valid" },
      { iat: 0, nbf: s - 1, exp: s + 2, refused: s + 2 > 300 ? "consent_lifetime" : null },
      { iat: s, nbf: s, exp: s + 200, refused: null },
      { iat: s, nbf: s + 1, exp: s + 200, refused: "consent_not_yet_valid" },
      { iat: 0, nbf: -YEAR, exp: 200, refused: null },
    ]);
  });

  test(`C5, CT-18: with a skew of ${s} s, no token lives longer than it may`, async () => {
    const world = await createWorld({ settings });
    await check(world, [
      { iat: 0, exp: 299, refused: null },
      { iat: 0, exp: 300, refused: null },
      { iat: 0, exp: 301, refused: "consent_lifetime" },
      { iat: s, exp: s + 300, refused: null },
      { iat: s, exp: s + 301, refused: "consent_lifetime" },
      { iat: s + 1, exp: s + 301, refused: "consent_not_yet_valid" },
      { iat: -300, exp: 1, refused: "consent_lifetime" },
      { iat: 0, exp: 10 * YEAR, refused: "consent_lifetime" },
      { iat: 60 - YEAR, exp: 60, refused: "consent_lifetime" },
      { iat: 9_000_000, exp: 9_000_300, refused: "consent_not_yet_valid" },
    ]);
  });
}

test("C5, CT-19: iat and nbf are before exp", async () => {
  const world = await createWorld();
  await check(world, [
    { iat: 9, exp: 10, refused: null },
    { iat: 10, exp: 10, refused: "consent_claims" },
    { iat: 11, exp: 10, refused: "consent_claims" },
    { iat: 0, nbf: 9, exp: 10, refused: null },
    { iat: 0, nbf: 10, exp: 10, refused: "consent_claims" },
    { iat: 0, nbf: 11, exp: 10, refused: "consent_claims" },
    { iat: 10, nbf: 0, exp: 10, refused: "consent_claims" },
    { iat: 0, nbf: YEAR, exp: 10, refused: "consent_claims" },
  ]);
});

test("C5: the longest lifetime is the one that was set", async () => {
  const world = await createWorld({ settings: { consentMaxLifetimeSeconds: 10 } });
  await check(world, [
    { iat: 0, exp: 10, refused: null },
    { iat: 0, exp: 11, refused: "consent_lifetime" },
    { iat: 30, exp: 40, refused: null },
  ]);
});

test("C5: time counts in whole seconds, rounded down", async () => {
  const world = await createWorld({ settings: { consentSkewSeconds: 0 } });
  const token = (jti: string) => world.issuer.mint({ jti, lifetimeSeconds: 1, now: START });
  world.clock.advance(0.999);
  await assertGranted(world, await token("a"));
  world.clock.advance(0.001);
  await assertRefused(world, await token("b"), "consent_expired");
});
