import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeProtectedHeader } from "jose";
import { type Defect, DEFECTS, isDefect } from "../../../../adapters/dev/defects.ts";
import { createWorld, type IssuerAlgorithm } from "../../support/world.ts";
import { assertGranted, assertRefused } from "../../support/consent-checks.ts";

const ALGORITHMS: readonly IssuerAlgorithm[] = ["ES256", "RS256", "EdDSA"];
const NAMES = Object.keys(DEFECTS) as Defect[];

for (const alg of ALGORITHMS) {
  test(`C2, C9: a consent token signed with ${alg} is redeemed`, async () => {
    const world = await createWorld();
    const token = await world.issuer.mint({ alg });
    assert.equal(decodeProtectedHeader(token).alg, alg);
    await assertGranted(world, token);
  });

  test(`C1, C6, CT-24: each named defect of a ${alg} token is refused alike and burns no jti`, async () => {
    const world = await createWorld();
    for (const defect of NAMES) {
      const { outcome, reason } = DEFECTS[defect];
      const jti = `jti-of-${defect}`;
      const token = await world.issuer.mint({ alg, jti, defect });
      await assertRefused(world, token, reason, { code: outcome, hint: defect });
      await assertGranted(world, await world.issuer.mint({ alg, jti }), `genuine after ${defect}`);
    }
  });
}

test("C4: each named defect is refused as it says where the issuer's merchants are listed", async () => {
  const { merchant, issuer: { issuer } } = await createWorld();
  const settings = { issuers: [{ issuer, merchants: [merchant.id] }] };
  const world = await createWorld({ settings }); // has the same ids
  for (const defect of NAMES) {
    const entry = DEFECTS[defect];
    const { outcome, reason } = entry.ifMerchantsListed ?? entry;
    const token = await world.issuer.mint({ defect });
    await assertRefused(world, token, reason, { code: outcome, hint: defect });
  }
});

test("C5: each named defect stays one where skew and lifetime are as generous as they can be", async () => {
  const settings = { consentSkewSeconds: 300, consentMaxLifetimeSeconds: 3600 };
  const world = await createWorld({ settings });
  for (const lifetimeSeconds of [1, 300, 3600]) {
    for (const defect of NAMES) {
      const { outcome, reason } = DEFECTS[defect];
      const token = await world.issuer.mint({ defect, lifetimeSeconds });
      await assertRefused(world, token, reason, { code: outcome, hint: defect });
    }
  }
});

test("C4: what is asked of a minted token is what it says", async () => {
  const world = await createWorld();
  const token = await world.issuer.mint({
    jti: "chosen",
    scope: "email",
    lifetimeSeconds: 7,
    client: world.otherPartner.id,
    user: world.users.connected,
  });
  const consent = await world.ports.consents.verify(token);
  const now = world.clock.seconds();
  assert.ok(!("rejected" in consent));
  assert.deepEqual({ ...consent, digest: consent.digest.length }, {
    issuer: world.issuer.issuer,
    audience: world.issuer.audience,
    user: world.users.connected,
    client: world.otherPartner.id,
    merchant: world.merchant.id,
    scope: ["email"],
    issuedAt: now,
    notBefore: null,
    expiresAt: now + 7,
    jti: "chosen",
    digest: 64,
  });
});

test("C1: the names of defects can be flags, and each has one line of help", () => {
  for (const name of NAMES) {
    assert.match(name, /^[a-z]+(-[a-z]+)*$/);
    assert.match(DEFECTS[name].text, /^[^\n]{5,60}\.$/);
    assert.ok(isDefect(name));
  }
  assert.ok(!isDefect("toString") && !isDefect("none"));
});
