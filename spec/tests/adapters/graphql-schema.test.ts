/** G1–G4: the schema to the letter. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type GraphQLNamedType,
  isEnumType,
  isIntrospectionType,
  isObjectType,
  parse,
  print,
  printSchema,
  visit,
} from "graphql";
import { createSchema } from "../../../adapters/graphql.ts";

const SCHEMA = createSchema({ fetchTokensForUser: () => Promise.reject(new Error("not called")) });

/** A type of the schema in SDL, without descriptions. */
function sdlOf(name: string): string {
  const document = visit(parse(printSchema(SCHEMA)), {
    enter: (node) => "description" in node ? { ...node, description: undefined } : undefined,
  });
  const found = document.definitions.find((node) => "name" in node && node.name?.value === name);
  assert.ok(found, `no type ${name}`);
  return print(found);
}

test("G1: the mutation has two flat nullable arguments and a nullable payload", () => {
  assert.equal(
    sdlOf("Mutation"),
    "type Mutation {\n" +
      "  fetchTokensForUser(consentToken: String, publicId: String): FetchTokensForUserPayload\n}",
  );
});

test("G2: the payload has six nullable token fields and userErrors", () => {
  assert.equal(
    sdlOf("FetchTokensForUserPayload"),
    `type FetchTokensForUserPayload {
  accessToken: String
  expiresIn: Int
  publicId: String
  refreshToken: String
  scope: String
  tokenType: String
  userErrors: [FetchTokensForUserUserError!]!
}`,
  );
});

test("G3: the user error", () => {
  assert.equal(
    sdlOf("FetchTokensForUserUserError"),
    `type FetchTokensForUserUserError {
  code: FetchTokensForUserUserErrorErrorCode!
  field: [String!]!
  message: String!
}`,
  );
});

test("G4: the error codes", () => {
  assert.equal(
    sdlOf("FetchTokensForUserUserErrorErrorCode"),
    "enum FetchTokensForUserUserErrorErrorCode {\n  INVALID_TOKEN\n  NO_CONSENT\n  NO_USER\n}",
  );
});

test("G1, G2, G3, G4: there is nothing else but a query root of one field, and all is described", () => {
  assert.equal(sdlOf("Query"), "type Query {\n  apiVersion: String!\n}");
  const types = Object.values(SCHEMA.getTypeMap()).filter((type) => !isIntrospectionType(type));
  const named = types.filter((type) => isObjectType(type) || isEnumType(type));
  assert.equal(named.length, 5);
  const silent = named.flatMap((type: GraphQLNamedType) => {
    const members = isObjectType(type)
      ? Object.values(type.getFields()).flatMap((field) => [field, ...field.args])
      : isEnumType(type)
      ? type.getValues()
      : [];
    const isRoot = ["Query", "Mutation"].includes(type.name);
    return [...(isRoot ? [] : [type]), ...members].filter(({ description }) => !description);
  });
  assert.deepEqual(silent.map(({ name }) => name), []);
});
