/** E1–E3, G5, G6: what goes in and what comes out, the same at every face. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { graphql } from "graphql";
import { InputError } from "../../../adapters/direct.ts";
import { createSchema } from "../../../adapters/graphql.ts";
import type { Store } from "../../../adapters/ports.ts";
import { createMemoryStore } from "../../../adapters/store/memory.ts";
import { SCOPE } from "../support/world.ts";
import { type Answer, createFace, type Face, jsonBy, MUTATION } from "../support/http-face.ts";

const FIELDS = "accessToken expiresIn publicId refreshToken scope tokenType " +
  "userErrors { code field message }";

/** What each argument may be: absent, null, empty, or something unknown. */
const VALUES = [undefined, null, "", "nobody"] as const;
type Value = string | null | undefined;

/** The ways in which a document can carry the same two arguments. */
const WRITINGS: Readonly<Record<string, (args: Record<string, Value>) => object>> = {
  literals: (args) => ({ query: `mutation { fetchTokensForUser${literals(args)} { ${FIELDS} } }` }),
  variables: (args) => ({ query: MUTATION, variables: args }),
  defaults: (args) => ({ query: withDefaults(args) }),
  "defaults against explicit variables": (args) => ({
    query: withDefaults({ publicId: "other", consentToken: "other" }),
    variables: { publicId: args["publicId"] ?? null, consentToken: args["consentToken"] ?? null },
  }),
};

function literals(args: Record<string, Value>): string {
  const given = Object.entries(args).filter(([, value]) => value !== undefined);
  const list = given.map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  return list.length === 0 ? "" : `(${list.join(", ")})`;
}

function withDefaults(args: Record<string, Value>): string {
  const variable = (name: string) => {
    const value = args[name];
    return `$${name}: String${value === undefined ? "" : ` = ${JSON.stringify(value)}`}`;
  };
  return `mutation (${variable("publicId")}, ${variable("consentToken")}) {
    fetchTokensForUser(publicId: $publicId, consentToken: $consentToken) { ${FIELDS} }
  }`;
}

/** A store that counts how often it is asked for anything but the calling client. */
function watchedStore(): { store: Store; lookups: () => number } {
  const memory = createMemoryStore();
  let lookups = 0;
  return {
    lookups: () => lookups,
    store: {
      ...memory,
      read(keys) {
        lookups += Object.keys(keys).some((key) => key !== "client") ? 1 : 0;
        return memory.read(keys);
      },
      transact(keys, decide) {
        lookups++;
        return memory.transact(keys, decide);
      },
    },
  };
}

function send(face: Face, body: object): Promise<Answer> {
  return face.send({ headers: jsonBy(face.world.partner), body });
}

function assertBadInput({ status, json }: Answer): void {
  assert.equal(status, 200);
  assert.deepEqual(json.data, { fetchTokensForUser: null });
  assert.equal(json.errors.length, 1);
  assert.equal(json.errors[0].extensions.code, "BAD_USER_INPUT");
  assert.deepEqual(json.errors[0].path, ["fetchTokensForUser"]);
}

const EMPTY = {
  accessToken: null,
  expiresIn: null,
  publicId: null,
  refreshToken: null,
  scope: null,
  tokenType: null,
};

function assertUserError({ status, json }: Answer, code: string, field: string): void {
  assert.equal(status, 200);
  assert.equal(json.errors, undefined);
  const { userErrors: [error, ...others], ...tokens } = json.data.fetchTokensForUser;
  assert.deepEqual(tokens, EMPTY);
  assert.equal(others.length, 0);
  assert.deepEqual([error.code, error.field], [code, [field]]);
}

for (const [name, write] of Object.entries(WRITINGS)) {
  test(`E1, E2, E3, IN-01, IN-02, IN-03, IN-04: the truth table, by ${name}`, async () => {
    const watched = watchedStore();
    const face = await createFace({}, { store: watched.store });
    for (const publicId of VALUES) {
      for (const consentToken of VALUES) {
        const before = watched.lookups();
        const answer = await send(face, write({ publicId, consentToken }));
        if ((publicId ?? null) !== null && (consentToken ?? null) === null) {
          assertUserError(answer, "NO_USER", "publicId");
        } else if ((publicId ?? null) === null && (consentToken ?? null) !== null) {
          assertUserError(answer, "INVALID_TOKEN", "consentToken");
        } else {
          assertBadInput(answer);
          assert.equal(watched.lookups(), before, "something was looked up");
        }
      }
    }
  });
}

test("E1, E3: an argument whose variable is declared and not sent is absent", async () => {
  const face = await createFace();
  const { connected } = face.world.users;
  for (const variables of [{ publicId: connected }, { publicId: connected, consentToken: null }]) {
    const { json } = await send(face, { query: MUTATION, variables });
    assert.equal(json.data.fetchTokensForUser.publicId, connected);
  }
});

test("E2, IN-02: both inputs, each valid, are refused and the consent token is not used up", async () => {
  const face = await createFace();
  const consentToken = await face.world.issuer.mint();
  assertBadInput(await face.mutate({ publicId: face.world.users.connected, consentToken }));
  const { json } = await face.mutate({ consentToken });
  assert.equal(json.data.fetchTokensForUser.scope, SCOPE);
});

test("E3, G9: a value of another type is refused, is not repeated, and nothing is looked up", async () => {
  const watched = watchedStore();
  const face = await createFace({}, { store: watched.store });
  const before = watched.lookups();
  for (const value of [7, 7.5, true, ["hush-hush"], { "hush-hush": "hush-hush" }]) {
    for (const name of ["publicId", "consentToken"]) {
      const { status, json, text } = await send(face, {
        query: MUTATION,
        variables: { [name]: value },
      });
      assert.equal(status, 200);
      assert.equal(json.errors[0].extensions.code, "BAD_USER_INPUT");
      assert.ok(json.errors[0].message.includes(`$${name} `));
      assert.ok(!text.includes("hush-hush"));
    }
    await assert.rejects(
      face.world.service.fetchTokensForUser("partner", { publicId: value } as object),
      InputError,
    );
  }
  assert.equal(watched.lookups(), before);
});

test("G5, G6: success fills all six fields, and a refusal none", async () => {
  const face = await createFace();
  const { users, clock } = face.world;
  const { status, json } = await face.mutate({ publicId: users.connected });
  const { accessToken, refreshToken, ...rest } = json.data.fetchTokensForUser;
  assert.equal(status, 200);
  assert.ok(accessToken && refreshToken && accessToken !== refreshToken);
  assert.deepEqual(rest, {
    expiresIn: 3600,
    publicId: users.connected,
    scope: SCOPE,
    tokenType: "Bearer",
    userErrors: [],
  });
  clock.advance(1);
  assertUserError(await face.mutate({ publicId: "nobody" }), "NO_USER", "publicId");
  assertUserError(await face.mutate({ publicId: users.unconnected }), "NO_CONSENT", "publicId");
  assertUserError(await face.mutate({ consentToken: "a.b.c" }), "INVALID_TOKEN", "consentToken");
});

/** A command in words, so that two worlds can be asked the same; tokens differ by their MACs' nonces. */
const COMMANDS = [
  "connected",
  "merchantOnly",
  "unconnected",
  "nobody",
  "",
  "mint",
  "foreign",
  "x.y.z",
];

test("E3, A1, G5: direct, GraphQL and HTTP give the same answer to the same commands", async () => {
  const commands = fc.array(fc.constantFrom(...COMMANDS), { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(commands, async (list) => {
      const [direct, byGraphql, http] = await Promise.all([
        answersOf(list, ({ world }, args) => world.service.fetchTokensForUser("partner", args)),
        answersOf(list, async ({ world }, args) => {
          const result = await graphql({
            schema: createSchema(world.service),
            source: MUTATION,
            variableValues: args,
            contextValue: { client: { id: "partner" }, requestId: "1" },
          });
          return result.data?.["fetchTokensForUser"];
        }),
        answersOf(
          list,
          async (face, args) => (await face.mutate(args)).json.data.fetchTokensForUser,
        ),
      ]);
      assert.deepEqual(byGraphql, direct);
      assert.deepEqual(http, direct);
    }),
    { seed: 1, numRuns: 25 },
  );
});

type Ask = (face: Face, args: Record<string, string>) => Promise<unknown>;

/** The answers of a new world, with tokens replaced by whether there is one. */
async function answersOf(commands: readonly string[], ask: Ask): Promise<readonly unknown[]> {
  const face = await createFace();
  const { users, issuer } = face.world;
  const answers: unknown[] = [];
  for (const command of commands) {
    const args: Record<string, string> = command === "mint"
      ? { consentToken: await issuer.mint() }
      : command === "foreign"
      ? { consentToken: await issuer.mint({ client: "other-partner" }) }
      : command === "x.y.z"
      ? { consentToken: command }
      : { publicId: (users as Record<string, string>)[command] ?? command };
    const payload = JSON.parse(JSON.stringify(await ask(face, args)));
    const { accessToken, refreshToken } = payload;
    answers.push({ ...payload, accessToken: !!accessToken, refreshToken: !!refreshToken });
  }
  return answers;
}
