/** SY-01, G9: whatever is sent and refused, no secret in it comes back or is written down. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import fc from "fast-check";
import { PATHS } from "../../../../adapters/http/metadata.ts";
import {
  type Answer,
  basic,
  createFace,
  type Face,
  MUTATION,
  type Sent,
} from "../../support/http-face.ts";

/** What must not be seen: random, so that it stands nowhere by chance. Some of it is a GraphQL name. */
interface Secrets {
  readonly consentToken: string;
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly clientSecret: string;
  readonly name: string;
}

async function secretsOf({ world }: Face): Promise<Secrets> {
  const { service, issuer, partner, users } = world;
  const payload = await service.fetchTokensForUser(partner.id, { publicId: users.connected });
  return {
    consentToken: await issuer.mint(),
    accessToken: payload.accessToken ?? "",
    refreshToken: payload.refreshToken ?? "",
    clientSecret: partner.secret,
    name: `N${Buffer.from(partner.secret).toString("hex")}`,
  };
}

/** Documents that are wrong in every way that an engine has a message for. `S` stands for the secret. */
const DOCUMENTS = [
  'mutation { fetchTokensForUser("S") { scope } }',
  'mutation { fetchTokensForUser(consentToken: "S) { scope } }',
  "mutation { fetchTokensForUser(consentToken: S) { scope } }",
  "mutation { fetchTokensForUser(consentToken: $S) { scope } }",
  'mutation { fetchTokensForUser(consentToken: ["S"]) { scope } }',
  'mutation { fetchTokensForUser(consentToken: {a: "S"}) { scope } }',
  "mutation { fetchTokensForUser(consentToken: {S: 1}) { scope } }",
  'mutation { fetchTokensForUser(consentToken: """S""" publicId: "S") { scope } }',
  'mutation { fetchTokensForUser(consentToken: "S") { scope scope: tokenType } }',
  'mutation { fetchTokensForUser(consentToken: "S") { scope } fetchTokensForUser(publicId: "S") { scope } }',
  'mutation { fetchTokensForUser(consentToken: "S", consentToken: "S") { scope } }',
  'mutation { fetchTokensForUser(S: "S") { scope } }',
  'mutation { fetchTokensForUser(consentToken: "S") { S } }',
  'mutation { S(consentToken: "S") { scope } }',
  'mutation { fetchTokensForUser(consentToken: "S") { ...S } }',
  'mutation { fetchTokensForUser(consentToken: "S") { ... on S { scope } } }',
  'mutation { fetchTokensForUser(consentToken: "S") @S { scope } }',
  'mutation { fetchTokensForUser(consentToken: "S") @skip(if: "S") { scope } }',
  'mutation { fetchTokensForUser(consentToken: "S") @include(if: S) { scope } }',
  "mutation S { fetchTokensForUser { scope } } mutation S { fetchTokensForUser { scope } }",
  'mutation ($S: String) { fetchTokensForUser(consentToken: "S") { scope } }',
  'mutation ($a: Int = "S") { fetchTokensForUser(consentToken: $a) { scope } }',
  'mutation ($a: S = "S") { fetchTokensForUser(consentToken: $a) { scope } }',
  "mutation ($a: String = S) { fetchTokensForUser(consentToken: $a) { scope } }",
  'mutation ($a: [String!]! = ["S"]) { fetchTokensForUser(consentToken: $a) { scope } }',
  'fragment S on S { S } mutation { fetchTokensForUser(consentToken: "S") { scope } }',
  '{ apiVersion } mutation { fetchTokensForUser(consentToken: "S") { scope } }',
  "subscription { S }",
  "{ __type(name: S) { name } }",
  'mutation { fetchTokensForUser(consentToken: "S" publicId: "S") { scope } }',
  'mutation { fetchTokensForUser(consentToken: "S") { scope } }',
  "S",
  '"S"',
  "{ S",
  "{ apiVersion } #S\n}",
  '{ a: "\\uS" }',
];

const HEADERS = (face: Face, secret: string): Sent["headers"][] => [
  { ...basic(face.world.otherPartner), "content-type": "application/json" },
  { ...basic(face.world.otherPartner), "content-type": "application/json", accept: secret },
  { ...basic(face.world.otherPartner), "content-type": secret },
  { authorization: `Basic ${secret}`, "content-type": "application/json" },
  { authorization: `Bearer ${secret}`, "content-type": "application/json" },
  { authorization: secret, "content-type": "application/json" },
  { ...basic({ id: secret, secret: "x" }), "content-type": "application/json" },
  { ...basic({ id: "partner", secret: `${secret}x` }), "content-type": "application/json" },
  { ...basic(face.world.otherPartner), "content-type": "application/x-www-form-urlencoded" },
  { "content-type": "application/x-www-form-urlencoded", "x-request-id": secret },
];

const FORMS = [
  "grant_type=refresh_token&refresh_token=S",
  "grant_type=S",
  "grant_type=refresh_token&refresh_token=S&refresh_token=S",
  "grant_type=refresh_token&refresh_token=Sx&scope=S",
  "token=Sx&token_type_hint=S",
  "token=S&client_id=S&client_secret=S",
  "S",
  "S=S&S=S",
];

/** Bodies of every kind: GraphQL with the secret in the text or beside it, forms, broken JSON. */
function bodiesWith(secret: string): fc.Arbitrary<string> {
  const query = fc.constantFrom(...DOCUMENTS).map((text) => text.replaceAll("S", secret));
  const variables = fc.constantFrom<unknown>(
    undefined,
    { consentToken: secret },
    { consentToken: [secret] },
    { consentToken: { [secret]: secret } },
    { [secret]: secret },
    secret,
  );
  const operationName = fc.constantFrom(undefined, secret);
  return fc.oneof(
    fc.record({ query, variables, operationName }).map((body) => JSON.stringify(body)),
    fc.record({ query: fc.constant(MUTATION), variables }).map((body) => JSON.stringify(body)),
    fc.constantFrom(...FORMS).map((form) => form.replaceAll("S", secret)),
    fc.constantFrom(
      `{"query": ${secret}}`,
      `{"${secret}": 1, "${secret}": 2}`,
      `["${secret}"]`,
      secret,
      JSON.stringify({ query: secret.repeat(300) }),
    ),
  );
}

test("SY-01, G9, C1: no secret of a refused request is in a response, a record or an event", async () => {
  const face = await createFace();
  const { otherPartner, events } = face.world;
  // An answer with a token of its own is not a refusal; nothing here is the caller's to redeem.
  const secrets = Object.values(await secretsOf(face)).filter((text) =>
    text !== otherPartner.secret
  );
  const paths = [...Object.values(PATHS), "/S", `${PATHS.partners}?query=S`, `${PATHS.users}?S=S`];
  const requests = fc.constantFrom(...secrets).chain((secret) =>
    fc.record({
      method: fc.constantFrom("POST", "POST", "POST", "GET", "PUT"),
      path: fc.constantFrom(...paths).map((path) => path.replaceAll("S", secret)),
      headers: fc.constantFrom(...HEADERS(face, secret)),
      body: bodiesWith(secret),
    })
  );
  events.length = 0;
  const seen = new Set<number>();
  await fc.assert(
    fc.asyncProperty(requests, async ({ method, path, headers, body }) => {
      const sent = { method, path, headers, ...(method !== "GET" && { body }) };
      const answer = await face.send(sent as Sent);
      seen.add(answer.status);
      assert.ok(answer.status < 500, `${answer.status} for what a caller sent`);
      assertUntold(face, answer, secrets);
    }),
    { seed: 1, numRuns: 1500 },
  );
  for (const status of [200, 400, 401, 404, 405, 406, 415]) {
    assert.ok(seen.has(status), `no ${status}`);
  }
});

test("SY-01, G9: no error repeats what stands in the query document or in its variables", async () => {
  const face = await createFace();
  const secrets = Object.values(await secretsOf(face));
  const headers = { ...basic(face.world.merchant), "content-type": "application/json" };
  let errors = 0;
  for (const secret of secrets) {
    const bodies = [
      ...DOCUMENTS.map((text) => ({ query: text.replaceAll("S", secret) })),
      { query: MUTATION, variables: { consentToken: { [secret]: secret } } },
      { query: MUTATION, variables: { publicId: [secret] } },
      { query: `query ${secret} { apiVersion }`, operationName: `${secret}x` },
    ];
    for (const body of bodies) {
      const answer = await face.send({ headers, body });
      errors += answer.json.errors?.length ?? 0;
      assertUntold(face, answer, secrets);
    }
  }
  assert.ok(errors > 150, `only ${errors} errors`);
});

/** No secret is in an answer, nor in what was written down since the last time. */
function assertUntold(face: Face, answer: Answer, secrets: readonly string[]): void {
  const told = [
    answer.text,
    JSON.stringify([...answer.headers]),
    JSON.stringify(face.records.splice(0)),
    JSON.stringify(face.world.events.splice(0)),
  ].join("\n");
  for (const secret of secrets) assert.ok(!holds(told, secret), told);
}

/** Whether a text holds a secret, or a good part of it. */
function holds(text: string, secret: string): boolean {
  for (let at = 0; at + 16 <= secret.length; at += 8) {
    if (text.includes(secret.slice(at, at + 16))) return true;
  }
  return false;
}

test("tool: a part of a secret is found", () => {
  const secret = "0123456789abcdefghijklmnopqrstuvwxyz";
  assert.ok(holds(`x ${secret.slice(5, 30)} y`, secret));
  assert.ok(!holds(`x ${secret.slice(5, 15)} y`, secret));
});
