import assert from "node:assert/strict";
import { test } from "node:test";
import { createConsentVerifier } from "../../../../adapters/consent/verifier.ts";
import { createService } from "../../../../adapters/direct.ts";
import { generatePrivateJwk, publicJwk } from "../../../../adapters/jws/private-jwk.ts";
import type { Reason } from "../../../../core/decision.ts";
import { AUDIENCE, createWorld, SCOPE, type World } from "../../support/world.ts";
import { assertGranted, assertRefused, draft, redeem } from "../../support/consent-checks.ts";

type Members = Record<string, unknown>;

/** A token signed by the issuer, with other claims than a good one has. */
async function tokenWith(world: World, members: Members): Promise<string> {
  const { header, claims } = draft(world);
  return await world.issuer.sign(header, { ...claims, ...members });
}

async function assertEachRefused(
  world: World,
  reason: Reason,
  variants: readonly Members[],
): Promise<void> {
  for (const members of variants) {
    const hint = JSON.stringify(members) ?? "";
    await assertRefused(world, await tokenWith(world, members), reason, { hint });
  }
}

test("C4: each required claim must be there, with the right type", async () => {
  const world = await createWorld();
  for (const name of ["aud", "sub", "client_id", "azp", "iat", "exp", "jti"]) {
    const wrong = [undefined, null, true, {}, [], ["a", "b"], ""].map((value) => ({
      [name]: value,
    }));
    await assertEachRefused(world, "consent_claims", wrong);
  }
});

test("C4, G10: identifiers in claims are 1 to 255 printable ASCII characters", async () => {
  const world = await createWorld();
  for (const name of ["aud", "sub", "client_id", "azp", "jti"]) {
    const wrong = [7, " x", "x ", "x y", "é", "x\n", "\u0000", "x".repeat(256)];
    await assertEachRefused(world, "consent_claims", wrong.map((value) => ({ [name]: value })));
  }
  for (const name of ["client_id", "azp"]) {
    await assertEachRefused(world, "consent_claims", [{ [name]: "a/b" }, { [name]: "a%20b" }]);
  }
  await assertGranted(world, await tokenWith(world, { jti: "!".repeat(255) }));
});

test("C4, CT-14: the audience is this server alone", async () => {
  const world = await createWorld();
  await assertEachRefused(world, "consent_claims", [
    { aud: undefined },
    { aud: null },
    { aud: [] },
    { aud: [AUDIENCE, "https://other.example"] },
    { aud: [AUDIENCE, AUDIENCE] },
    { aud: { [AUDIENCE]: true } },
    { aud: [[AUDIENCE]] },
    { aud: 7 },
  ]);
  await assertEachRefused(world, "consent_audience", [
    { aud: AUDIENCE.slice(0, -1) },
    { aud: `${AUDIENCE}/` },
    { aud: AUDIENCE.toUpperCase() },
    { aud: ["https://other.example"] },
    { aud: "https://users.example" },
  ]);
  await assertGranted(world, await tokenWith(world, { aud: AUDIENCE }));
  await assertGranted(world, await tokenWith(world, { aud: [AUDIENCE] }));
});

test("C4, C6, CT-15: another partner's token is refused and stays good for its owner", async () => {
  const world = await createWorld();
  const token = await world.issuer.mint();
  const client = world.otherPartner.id;
  await assertRefused(world, token, "consent_other_client", { client });
  await assertGranted(world, token);
  await assertRefused(world, token, "consent_other_client", { client });
  await assertEachRefused(world, "consent_other_client", [
    { client_id: world.partner.id.toUpperCase() },
    { client_id: world.merchant.id },
  ]);
});

test("C4: the merchant is not the partner itself", async () => {
  const world = await createWorld();
  const { partner, users } = world;
  const token = await tokenWith(world, { azp: partner.id, sub: users.connected });
  await assertRefused(world, token, "consent_merchant");
});

test("C4: times are integers from 0 to 2^53-1", async () => {
  const world = await createWorld();
  const now = world.clock.seconds();
  const wrong = [`${now}`, now + 0.5, -1, 2 ** 53, 1e300, null, [now], { now }, true];
  for (const name of ["iat", "nbf", "exp"]) {
    await assertEachRefused(world, "consent_claims", wrong.map((value) => ({ [name]: value })));
  }
  await assertRefused(
    world,
    await tokenWith(world, { exp: Number.MAX_SAFE_INTEGER }),
    "consent_lifetime",
  );
});

test("C8, SC-01: a token without scope, or with none left, is not consent", async () => {
  const world = await createWorld();
  for (const scope of [undefined, "", "unregistered"]) {
    const token = await tokenWith(world, { scope });
    await assertRefused(world, token, "no_effective_scope", { code: "NO_CONSENT" });
  }
});

test("C4: a scope that RFC 6749 would not take makes the token invalid", async () => {
  const world = await createWorld();
  const wrong = [null, 7, ["email"], " email", "email ", "email  openid", 'em"ail', "e\\mail", "é"];
  await assertEachRefused(world, "consent_claims", wrong.map((scope) => ({ scope })));
});

test("C8: the token is judged before the user, the user before the consent", async () => {
  const world = await createWorld();
  const nobody = { sub: "nobody", azp: "no-merchant", scope: undefined };
  const stale = { ...nobody, iat: 1, exp: 2 };
  await assertRefused(world, await tokenWith(world, stale), "consent_expired");
  const gone = await tokenWith(world, nobody);
  await assertRefused(world, gone, "user_unknown", { code: "NO_USER" });
  const unknown = await tokenWith(world, { azp: "no-merchant" });
  await assertRefused(world, unknown, "merchant_unknown", { code: "NO_CONSENT" });
});

test("C4, CT-31: an issuer speaks for its own merchants alone, with its own keys alone", async () => {
  const keys = [
    await generatePrivateJwk("ES256", "same"),
    await generatePrivateJwk("ES256", "same"),
  ];
  const [a, b] = ["https://a.example", "https://b.example"];
  const world = await createWorld();
  await world.service.registerClient({ id: "merchant-b", scope: SCOPE });
  await world.service.connect(world.users.merchantOnly, "merchant-b", SCOPE);
  world.events.length = 0;
  const consents = await createConsentVerifier(
    [a, b].map((issuer, at) => ({ issuer, jwks: { keys: keys.slice(at, at + 1).map(publicJwk) } })),
  );
  const issuers = [{ issuer: a, merchants: ["merchant"] }, {
    issuer: b,
    merchants: ["merchant-b"],
  }];
  const service = createService({ ...world.ports, consents }, { audience: AUDIENCE, issuers });
  const two = { ...world, service };
  const mint = (at: number, issuer: string, merchant: string) =>
    world.issuer.mint({ key: keys[at]!, issuer, merchant });

  await assertGranted(two, await mint(0, a, "merchant"));
  await assertGranted(two, await mint(1, b, "merchant-b"));
  await assertRefused(two, await mint(0, a, "merchant-b"), "consent_merchant");
  await assertRefused(two, await mint(1, b, "merchant"), "consent_merchant");
  await assertRefused(two, await mint(0, b, "merchant-b"), "consent_signature");
  await assertRefused(two, await mint(1, a, "merchant"), "consent_signature");
  await assertRefused(two, await world.issuer.mint(), "consent_issuer");
});

test("CT-13: an issuer that is trusted no more is refused, though its keys are still known", async () => {
  const world = await createWorld();
  const issuers = [{ issuer: "https://other.example", merchants: "all" }] as const;
  const service = createService(world.ports, { audience: AUDIENCE, issuers });
  const token = await world.issuer.mint();
  await assertRefused({ ...world, service }, token, "consent_issuer");
  await assertGranted(world, token);
});

test("C1: a service without keys refuses every consent token alike", async () => {
  const world = await createWorld();
  const { consents: _, ...ports } = world.ports;
  const service = createService(ports, { audience: AUDIENCE });
  await assertRefused({ ...world, service }, await world.issuer.mint(), "consent_issuer");
});

test("C1: every invalid token gets the same answer, byte for byte", async () => {
  const world = await createWorld();
  const answers = new Set<string>();
  for (const defect of ["expired", "forged", "alg-none", "for-other-client", "padded"] as const) {
    answers.add(JSON.stringify(await redeem(world, await world.issuer.mint({ defect }))));
  }
  answers.add(JSON.stringify(await redeem(world, "")));
  assert.equal(answers.size, 1);
});
