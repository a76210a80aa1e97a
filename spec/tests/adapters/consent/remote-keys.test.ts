import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import test from "node:test";
import { createRemoteKeys, REMOTE_KEYS_LIMITS } from "../../../../adapters/consent/remote-keys.ts";
import { createConsentVerifier } from "../../../../adapters/consent/verifier.ts";
import { createService } from "../../../../adapters/direct.ts";
import { generatePrivateJwk, publicJwk } from "../../../../adapters/jws/private-jwk.ts";
import { KeysUnavailable } from "../../../../adapters/ports.ts";
import { createWorld, ISSUER } from "../../support/world.ts";

const { ttlMilliseconds, cooldownMilliseconds } = REMOTE_KEYS_LIMITS;
const [first, second] = await Promise.all([
  generatePrivateJwk("ES256"),
  generatePrivateJwk("ES256"),
]);
const KIDS = [String(first.kid), String(second.kid)] as const;

type Answer = (request: IncomingMessage, response: ServerResponse) => void;
const answerKeys = (...keys: object[]): Answer => (_request, response) => {
  response.setHeader("content-type", "application/json").end(JSON.stringify({ keys }));
};
const answerStatus = (status: number, headers = {}): Answer => (_request, response) =>
  response.writeHead(status, headers).end("<html></html>");

/** An issuer's JWKS endpoint on loopback, which counts, and a clock that stands still. */
async function withIssuer(
  answer: Answer,
  run: (issuer: {
    readonly url: string;
    readonly requests: () => number;
    readonly find: (kid: string) => Promise<string | null>;
    readonly answer: (next: Answer) => void;
    readonly advance: (milliseconds: number) => void;
  }) => Promise<void>,
): Promise<void> {
  let now = 1_000_000;
  let requests = 0;
  const server = createServer((request, response) => {
    requests++;
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;
  const keys = createRemoteKeys(url, { clock: { now: () => now } });
  try {
    await run({
      url,
      requests: () => requests,
      find: async (kid) => (await keys.find(kid))?.kid ?? null,
      answer: (next) => void (answer = next),
      advance: (milliseconds) => void (now += milliseconds),
    });
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

test("C7: keys are fetched once for all who wait, and kept", () =>
  withIssuer(answerKeys(publicJwk(first)), async ({ find, requests, advance }) => {
    assert.deepEqual(await Promise.all([1, 2, 3].map(() => find(KIDS[0]))), Array(3).fill(KIDS[0]));
    advance(ttlMilliseconds - 1);
    assert.equal(await find(KIDS[0]), KIDS[0]);
    assert.equal(requests(), 1);
    advance(1);
    assert.equal(await find(KIDS[0]), KIDS[0]);
    assert.equal(requests(), 2);
  }));

test("C7: an unknown key id asks again, once in a cool-down, and is then no key", () =>
  withIssuer(answerKeys(publicJwk(first)), async ({ find, requests, advance, answer }) => {
    assert.equal(await find(KIDS[0]), KIDS[0]);
    answer(answerKeys(publicJwk(first), publicJwk(second)));
    advance(cooldownMilliseconds - 1);
    assert.equal(await find(KIDS[1]), null);
    assert.equal(requests(), 1);
    advance(1);
    assert.equal(await find(KIDS[1]), KIDS[1]);
    assert.equal(requests(), 2);
  }));

test("C7, CT-27: a key that the issuer removed is refused once the cache has run out", () =>
  withIssuer(answerKeys(publicJwk(first)), async ({ find, advance, answer }) => {
    assert.equal(await find(KIDS[0]), KIDS[0]);
    answer(answerKeys(publicJwk(second)));
    advance(ttlMilliseconds);
    assert.equal(await find(KIDS[0]), null);
  }));

test("C7, CT-28: cached keys serve at most twice their time while the issuer fails", () =>
  withIssuer(answerKeys(publicJwk(first)), async ({ find, advance, answer }) => {
    assert.equal(await find(KIDS[0]), KIDS[0]);
    answer(answerStatus(500));
    advance(2 * ttlMilliseconds - 1);
    assert.equal(await find(KIDS[0]), KIDS[0]);
    await assert.rejects(find(KIDS[1]), KeysUnavailable);
    advance(1);
    await assert.rejects(find(KIDS[0]), KeysUnavailable);
    answer(answerKeys(publicJwk(first)));
    advance(cooldownMilliseconds);
    assert.equal(await find(KIDS[0]), KIDS[0]);
  }));

const BAD_ANSWERS: Readonly<Record<string, Answer>> = {
  "an error": answerStatus(500),
  "a redirect": answerStatus(302, { location: "http://127.0.0.1:1/keys" }),
  "a page": answerStatus(200, { "content-type": "text/html" }),
  "a list": (_request, response) => response.end("[]"),
  "no end of keys": (_request, response) => {
    response.write('{"keys":["');
    response.end("x".repeat(REMOTE_KEYS_LIMITS.maxBytes));
  },
  "a torn answer": (_request, response) => {
    response.writeHead(200, { "content-length": 100 });
    response.write("{");
    setTimeout(() => response.destroy(), 20);
  },
};
for (const [name, answer] of Object.entries(BAD_ANSWERS)) {
  test(`C7, CT-28: ${name} instead of keys is a fault to retry`, () =>
    withIssuer(answer, async ({ find }) => {
      await assert.rejects(find(KIDS[0]), KeysUnavailable);
    }));
}

test("C7, CT-28: keys come over https, or from this machine", () => {
  const clock = { now: () => 0 };
  assert.throws(() => createRemoteKeys("http://issuer.example/jwks", { clock }), RangeError);
  assert.throws(() => createRemoteKeys("file:///jwks", { clock }), RangeError);
  createRemoteKeys("https://issuer.example/jwks", { clock });
});

test("C7: keys that cannot verify a consent token, or share a kid, are left out", () => {
  const symmetric = { kty: "oct", kid: "oct", k: "AAAA" };
  const twice = { ...publicJwk(second), kid: KIDS[0] };
  return withIssuer(answerKeys(symmetric, publicJwk(first)), async ({ find, answer, advance }) => {
    assert.equal(await find(KIDS[0]), KIDS[0]);
    assert.equal(await find("oct"), null);
    answer(answerKeys(publicJwk(first), twice));
    advance(ttlMilliseconds);
    assert.equal(await find(KIDS[0]), null);
  });
});

test("C7, CT-28, C6: while keys cannot be had the answer is retryable and burns nothing", async () => {
  const world = await createWorld();
  const token = await world.issuer.mint();
  const { ports, partner } = world;
  const settings = {
    audience: world.issuer.audience,
    issuers: [{ issuer: ISSUER, merchants: "all" as const }],
  };
  await withIssuer(answerStatus(503), async ({ url, answer }) => {
    const verifier = () => createConsentVerifier([{ issuer: ISSUER, jwksUri: url }], ports);
    const down = createService({ ...ports, consents: await verifier() }, settings);
    await assert.rejects(
      down.fetchTokensForUser(partner.id, { consentToken: token }),
      { code: "SERVICE_UNAVAILABLE" },
    );
    answer(answerKeys(...world.issuer.jwks.keys));
    const up = createService({ ...ports, consents: await verifier() }, settings);
    const { userErrors } = await up.fetchTokensForUser(partner.id, { consentToken: token });
    assert.deepEqual(userErrors, []);
  });
});

test("C7, CT-27: after the clock was set back keys are fetched anew, as if none were known", () =>
  withIssuer(answerKeys(publicJwk(first)), async ({ find, advance, answer, requests }) => {
    assert.equal(await find(KIDS[0]), KIDS[0]);
    answer(answerKeys(publicJwk(second)));
    advance(-3_600_000);
    assert.equal(await find(KIDS[0]), null);
    assert.equal(await find(KIDS[1]), KIDS[1]);
    assert.equal(requests(), 2);
    advance(-3_600_000);
    answer(answerStatus(500));
    await assert.rejects(find(KIDS[1]), KeysUnavailable);
  }));
