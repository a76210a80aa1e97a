/**
 * The schema, as introspected, against the vendor's reference (G1–G4), and GraphQL's own rules for
 * documents that use it.
 * @module
 */
import { type CaseSpec, define } from "../case.ts";
import { type FieldShape, mutationRoot, typeOf, type TypeShape } from "../target/introspection.ts";
import { DOCUMENT, granted, graphql, refused } from "../stage/product.ts";
import { actor, type Stage, unknownUser, user } from "../stage/stage.ts";
import { offered } from "../target/target.ts";
import type { Case } from "../case.ts";
import { check, equal, Failure, show } from "../verdict.ts";

const PAYLOAD = "FetchTokensForUserPayload";
const USER_ERROR = "FetchTokensForUserUserError";
const ERROR_CODE = "FetchTokensForUserUserErrorErrorCode";

/** A type of the schema; fails where it is missing. */
function type(stage: Stage, name: string): TypeShape {
  const found = typeOf(offered(stage.target.schema, "schema"), name);
  if (found === null) throw new Failure(`a type ${name}`, "no type of this name");
  return found;
}

function mutation(stage: Stage): FieldShape {
  const root = mutationRoot(offered(stage.target.schema, "schema"));
  const field = type(stage, root ?? "Mutation").fields["fetchTokensForUser"];
  if (field === undefined) throw new Failure("a field fetchTokensForUser", "no such field");
  return field;
}

const REMEDY = "Compare your SDL with the one in the reference, name by name and ! by !.";
const DOES = "Introspects the schema as the partner.";

/** A case about one field of a type. */
function field(typeName: string, name: string, expected: string, requirement: string): CaseSpec {
  return {
    slug: `${typeName === PAYLOAD ? "payload" : "user-error"}-${slugOf(name)}`,
    level: "MUST",
    requirements: [requirement],
    title: `${typeName}.${name} is ${expected}.`,
    does: DOES,
    expects: `The field ${name}: ${expected}, without arguments.`,
    remedy: REMEDY,
    needs: ["client", "schema"],
    run: (stage) => {
      const found = type(stage, typeName).fields[name];
      equal(found?.type, expected, `the type of ${name}`);
      equal(Object.keys(found?.arguments ?? {}).length, 0, `the number of arguments of ${name}`);
      return Promise.resolve();
    },
  };
}

function argument(name: string): CaseSpec {
  return {
    slug: `argument-${slugOf(name)}`,
    level: "MUST",
    requirements: ["G1"],
    title: `The argument ${name} is a nullable String without a default.`,
    does: DOES,
    expects: `fetchTokensForUser(${name}: String).`,
    remedy: REMEDY,
    needs: ["client", "schema"],
    run: (stage) => {
      const found = mutation(stage).arguments[name];
      equal(found?.type, "String", `the type of ${name}`);
      equal(found?.default, null, `the default of ${name}`);
      return Promise.resolve();
    },
  };
}

const SHAPE: readonly CaseSpec[] = [
  {
    slug: "mutation",
    level: "MUST",
    requirements: ["G1"],
    title: "The mutation root has the field fetchTokensForUser.",
    does: DOES,
    expects: "A mutation root with the field fetchTokensForUser.",
    remedy: REMEDY,
    needs: ["client", "schema"],
    run: (stage) => Promise.resolve(void mutation(stage)),
  },
  {
    slug: "arguments",
    level: "MUST",
    requirements: ["G1"],
    title: "The mutation has two flat arguments and no others.",
    does: DOES,
    expects: "The arguments consentToken and publicId; no input object, no further argument.",
    remedy: REMEDY,
    needs: ["client", "schema"],
    run: (stage) => {
      const names = Object.keys(mutation(stage).arguments).sort();
      equal(names.join(" "), "consentToken publicId", "the arguments");
      return Promise.resolve();
    },
  },
  argument("consentToken"),
  argument("publicId"),
  {
    slug: "payload",
    level: "MUST",
    requirements: ["G1", "G2"],
    title: `The mutation returns a nullable ${PAYLOAD}.`,
    does: DOES,
    expects: `fetchTokensForUser: ${PAYLOAD}, an object type.`,
    remedy: REMEDY,
    needs: ["client", "schema"],
    run: (stage) => {
      equal(mutation(stage).type, PAYLOAD, "the type of fetchTokensForUser");
      equal(type(stage, PAYLOAD).kind, "OBJECT", "the kind of the payload");
      return Promise.resolve();
    },
  },
  field(PAYLOAD, "accessToken", "String", "G2"),
  field(PAYLOAD, "expiresIn", "Int", "G2"),
  field(PAYLOAD, "publicId", "String", "G2"),
  field(PAYLOAD, "refreshToken", "String", "G2"),
  field(PAYLOAD, "scope", "String", "G2"),
  field(PAYLOAD, "tokenType", "String", "G2"),
  field(PAYLOAD, "userErrors", `[${USER_ERROR}!]!`, "G2"),
  {
    slug: "payload-nothing-else",
    level: "SHOULD",
    requirements: ["G2"],
    title: "The payload has no fields besides the documented ones.",
    does: DOES,
    expects: "Seven fields.",
    remedy: "Take the others away: callers generate types from the schema.",
    needs: ["client", "schema"],
    run: (stage) => {
      const names = Object.keys(type(stage, PAYLOAD).fields).sort();
      const expected = "accessToken expiresIn publicId refreshToken scope tokenType userErrors";
      equal(names.join(" "), expected, "the fields");
      return Promise.resolve();
    },
  },
  field(USER_ERROR, "code", `${ERROR_CODE}!`, "G3"),
  field(USER_ERROR, "field", "[String!]!", "G3"),
  field(USER_ERROR, "message", "String!", "G3"),
  {
    slug: "error-code-enum",
    level: "MUST",
    requirements: ["G4"],
    title: `${ERROR_CODE} is an enumeration; the doubled "Error" is right.`,
    does: DOES,
    expects: "A type of kind ENUM.",
    remedy: REMEDY,
    needs: ["client", "schema"],
    run: (stage) => {
      equal(type(stage, ERROR_CODE).kind, "ENUM", `the kind of ${ERROR_CODE}`);
      return Promise.resolve();
    },
  },
  {
    slug: "error-codes",
    level: "MUST",
    requirements: ["G4"],
    title: "There are exactly three error codes.",
    does: DOES,
    expects: "INVALID_TOKEN, NO_CONSENT and NO_USER.",
    remedy: "What has no code of these is a top-level error, not a fourth code.",
    needs: ["client", "schema"],
    run: (stage) => {
      const values = [...type(stage, ERROR_CODE).values].sort();
      equal(values.join(" "), "INVALID_TOKEN NO_CONSENT NO_USER", "the values");
      return Promise.resolve();
    },
  },
];

/** Cases that use the schema in other ways than the suite's ordinary document does. */
const DOCUMENTS: readonly CaseSpec[] = [
  {
    slug: "typename",
    level: "MUST",
    requirements: ["G2"],
    title: "__typename of a payload is the documented name.",
    does: "Asks for __typename beside userErrors, with an unknown public id.",
    expects: `__typename ${PAYLOAD}, and ${USER_ERROR} in userErrors.`,
    remedy: "Name the types as the reference does.",
    needs: ["client"],
    run: async (stage) => {
      const query = `mutation { fetchTokensForUser(publicId: "${unknownUser()}") {
        __typename userErrors { __typename code } } }`;
      const { payload } = await graphql(stage, { query });
      equal(payload?.["__typename"], PAYLOAD, "__typename");
      const errors = payload?.["userErrors"] as readonly { __typename?: string }[] | undefined;
      equal(errors?.[0]?.__typename, USER_ERROR, "__typename of a user error");
    },
  },
  {
    slug: "selection",
    level: "MUST",
    requirements: ["G2"],
    title: "A payload holds the selected fields and no others.",
    does: "Asks for scope and userErrors.code alone.",
    expects: "An object with scope and userErrors.",
    remedy: "Use a GraphQL engine to build the response instead of sending the whole payload.",
    needs: ["client", "connected-user"],
    run: async (stage) => {
      const publicId = await user(stage, actor(stage, "partner"));
      const query = `mutation { fetchTokensForUser(publicId: ${JSON.stringify(publicId)}) {
        scope userErrors { code } } }`;
      const { payload } = await graphql(stage, { query });
      equal(Object.keys(payload ?? {}).sort().join(" "), "scope userErrors", "the fields");
      check(typeof payload?.["scope"] === "string", "a scope", payload?.["scope"]);
    },
  },
  {
    slug: "alias",
    level: "MUST",
    requirements: ["G1"],
    title: "The mutation may be given another response name.",
    does: "Asks for `first: fetchTokensForUser(…)` with an aliased field in it.",
    expects: "data.first with the aliased field.",
    remedy: "Use a GraphQL engine to build the response.",
    needs: ["client"],
    run: async (stage) => {
      const query = `mutation { first: fetchTokensForUser(publicId: "${unknownUser()}") {
        problems: userErrors { code } } }`;
      const { json } = await graphql(stage, { query });
      const { data } = json as { data?: { first?: { problems?: { code?: string }[] } } };
      equal(data?.first?.problems?.[0]?.code, "NO_USER", "data.first.problems[0].code");
    },
  },
  {
    slug: "fragment",
    level: "MUST",
    requirements: ["G2", "G3"],
    title: "Fragments on the documented types work.",
    does: "Selects through a named fragment on the payload and one on the user error.",
    expects: "The code of the user error.",
    remedy: "Name the types as the reference does, and use a GraphQL engine.",
    needs: ["client"],
    run: async (stage) => {
      const query = `mutation { fetchTokensForUser(publicId: "${unknownUser()}") { ...P } }
        fragment P on ${PAYLOAD} { accessToken userErrors { ...E } }
        fragment E on ${USER_ERROR} { code }`;
      refused(await graphql(stage, { query }), "NO_USER");
    },
  },
  {
    slug: "operation-name",
    level: "MUST",
    requirements: ["G7"],
    title: "operationName picks one of several operations.",
    does: "Sends two mutations in one document and names the one for the connected user.",
    expects: "Only the named operation is executed.",
    remedy: "Hand operationName to the GraphQL engine.",
    needs: ["client", "connected-user"],
    run: async (stage) => {
      const publicId = JSON.stringify(await user(stage, actor(stage, "partner")));
      const select = "{ accessToken refreshToken scope expiresIn userErrors { code } }";
      const query = `mutation A { fetchTokensForUser(publicId: "${unknownUser()}") ${select} }
        mutation B { fetchTokensForUser(publicId: ${publicId}) ${select} }`;
      granted(await graphql(stage, { query, operationName: "B" }));
      refused(await graphql(stage, { query, operationName: "A" }), "NO_USER");
    },
  },
  {
    slug: "unknown-field",
    level: "MUST",
    requirements: ["G2"],
    title: "A document that asks for an unknown field is not executed.",
    does: "Asks for tokens of a connected user and for a field that does not exist.",
    expects: "A GraphQL error, and no data.",
    remedy: "Validate documents before they are executed.",
    needs: ["client", "connected-user"],
    run: async (stage) => {
      const variables = { publicId: await user(stage, actor(stage, "partner")) };
      const query = DOCUMENT.replace("tokenType", "tokenType password");
      const answer = await graphql(stage, { query, variables });
      check(answer.errors.length > 0, "a GraphQL error", `${answer.errors.length} errors`);
      check(answer.payload === null, "no payload", show(Object.keys(answer.payload ?? {})));
    },
  },
];

function slugOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The cases. */
export const contract: readonly Case[] = define("contract", [...SHAPE, ...DOCUMENTS]);
