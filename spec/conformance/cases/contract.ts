/**
 * The schema, as introspected, against the vendor's reference (G1–G4), and GraphQL's own rules for
 * documents that use it.
 * @module
 */
import { type Case, type CaseSpec, define } from "../case.ts";
import { DOCUMENT, granted, graphql, refused } from "../stage/product.ts";
import { type Stage, unknownUser } from "../stage/stage.ts";
import { type FieldShape, mutationRoot, typeOf, type TypeShape } from "../target/introspection.ts";
import { offered } from "../target/target.ts";
import { check, equal, Failure, show } from "../verdict.ts";
import { connectedUser } from "./steps.ts";

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

/** Something that the schema must say. */
interface SchemaRow extends Pick<CaseSpec, "slug" | "requirements" | "title" | "dependsOn"> {
  /** Default MUST. */
  readonly level?: CaseSpec["level"];
  /** Default: compare the SDL. */
  readonly remedy?: string;
  inspect(stage: Stage): void;
}

function schema({ inspect, ...row }: SchemaRow): CaseSpec {
  return {
    level: "MUST",
    remedy: "Compare your SDL with the reference, name by name and ! by !.",
    needs: ["client", "schema"],
    run: (stage) => Promise.resolve(inspect(stage)),
    ...row,
  };
}

/** The fields of a type, none of which takes arguments. */
interface Fields extends Required<Pick<CaseSpec, "requirements" | "dependsOn">> {
  readonly of: string;
  /** The slug of a case begins with it. */
  readonly prefix: string;
  /** The type of each field, in the notation of the SDL. */
  readonly types: Readonly<Record<string, string>>;
}

function fields({ of, prefix, types, requirements, dependsOn }: Fields): readonly CaseSpec[] {
  return Object.entries(types).map(([name, expected]) =>
    schema({
      slug: `${prefix}-${kebab(name)}`,
      requirements,
      dependsOn,
      title: `${of}.${name} has the type ${expected} and takes no arguments.`,
      inspect: (stage) => {
        const found = type(stage, of).fields[name];
        equal(found?.type, expected, `the type of ${name}`);
        equal(Object.keys(found?.arguments ?? {}).length, 0, `the number of arguments of ${name}`);
      },
    })
  );
}

function argument(name: string): CaseSpec {
  return schema({
    slug: `argument-${kebab(name)}`,
    requirements: ["G1"],
    title: `The argument ${name} is a nullable String without a default.`,
    inspect: (stage) => {
      const found = mutation(stage).arguments[name];
      equal(found?.type, "String", `the type of ${name}`);
      equal(found?.default, null, `the default of ${name}`);
    },
  });
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** Fails unless these are the names, in whatever order. */
function equalNames(found: readonly string[], expected: string, what: string): void {
  equal([...found].sort().join(" "), expected, what);
}

const SHAPE: readonly CaseSpec[] = [
  schema({
    slug: "mutation",
    requirements: ["G1"],
    title: "The mutation root has the field fetchTokensForUser.",
    inspect: (stage) => void mutation(stage),
  }),
  schema({
    slug: "arguments",
    requirements: ["G1"],
    title: "fetchTokensForUser takes exactly the arguments consentToken and publicId.",
    inspect: (stage) =>
      equalNames(
        Object.keys(mutation(stage).arguments),
        "consentToken publicId",
        "the arguments",
      ),
  }),
  argument("consentToken"),
  argument("publicId"),
  schema({
    slug: "payload",
    requirements: ["G1", "G2"],
    title: `fetchTokensForUser returns a nullable object of the type ${PAYLOAD}.`,
    inspect: (stage) => {
      equal(mutation(stage).type, PAYLOAD, "the type of fetchTokensForUser");
      equal(type(stage, PAYLOAD).kind, "OBJECT", "the kind of the payload");
    },
  }),
  ...fields({
    of: PAYLOAD,
    prefix: "payload",
    requirements: ["G2"],
    dependsOn: ["contract/payload"],
    types: {
      accessToken: "String",
      expiresIn: "Int",
      publicId: "String",
      refreshToken: "String",
      scope: "String",
      tokenType: "String",
      userErrors: `[${USER_ERROR}!]!`,
    },
  }),
  schema({
    slug: "payload-nothing-else",
    level: "SHOULD",
    requirements: ["G2"],
    dependsOn: ["contract/payload"],
    title: "The payload has no fields besides the seven documented ones.",
    remedy: "Remove the other fields: callers generate types from the schema.",
    inspect: (stage) =>
      equalNames(
        Object.keys(type(stage, PAYLOAD).fields),
        "accessToken expiresIn publicId refreshToken scope tokenType userErrors",
        "the fields",
      ),
  }),
  ...fields({
    of: USER_ERROR,
    prefix: "user-error",
    requirements: ["G3"],
    dependsOn: ["contract/payload-user-errors"],
    types: { code: `${ERROR_CODE}!`, field: "[String!]!", message: "String!" },
  }),
  schema({
    slug: "error-code-enum",
    requirements: ["G4"],
    dependsOn: ["contract/user-error-code"],
    title: `${ERROR_CODE} is an enum (the doubled "Error" is correct).`,
    inspect: (stage) => equal(type(stage, ERROR_CODE).kind, "ENUM", `the kind of ${ERROR_CODE}`),
  }),
  schema({
    slug: "error-codes",
    requirements: ["G4"],
    dependsOn: ["contract/error-code-enum"],
    title: "The error codes are exactly INVALID_TOKEN, NO_CONSENT and NO_USER.",
    remedy: "Report everything else as a top-level error instead of adding a code.",
    inspect: (stage) =>
      equalNames(type(stage, ERROR_CODE).values, "INVALID_TOKEN NO_CONSENT NO_USER", "the values"),
  }),
];

const USE_AN_ENGINE = "Let a GraphQL engine build the response.";

/** Cases that use the schema in other ways than the suite's ordinary document does. */
const DOCUMENTS: readonly CaseSpec[] = [
  {
    slug: "typename",
    level: "MUST",
    requirements: ["G2"],
    dependsOn: ["contract/payload", "contract/payload-user-errors"],
    title: "__typename returns the documented names of the payload and the user error.",
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
    dependsOn: ["contract/payload-scope", "contract/payload-user-errors"],
    title: "The payload contains exactly the selected fields.",
    does: "Requests only scope and userErrors.code for a connected user.",
    remedy: USE_AN_ENGINE,
    needs: ["client", "connected-user"],
    run: async (stage) => {
      const publicId = JSON.stringify(await connectedUser(stage));
      const query = `mutation { fetchTokensForUser(publicId: ${publicId}) {
        scope userErrors { code } } }`;
      const { payload } = await graphql(stage, { query });
      equalNames(Object.keys(payload ?? {}), "scope userErrors", "the fields");
      check(typeof payload?.["scope"] === "string", "a scope", payload?.["scope"]);
    },
  },
  {
    slug: "alias",
    level: "MUST",
    requirements: ["G1"],
    title: "The mutation and its fields can be aliased.",
    remedy: USE_AN_ENGINE,
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
    dependsOn: ["contract/payload", "contract/payload-user-errors"],
    title: "Named fragments on the documented types work.",
    remedy: `Name the types as the reference does. ${USE_AN_ENGINE}`,
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
    requirements: ["G7.1"],
    title: "operationName selects the one operation that is executed.",
    does: "Sends two mutations in one document: A for an unknown user, B for a connected one.",
    expects: "Tokens for operationName B; NO_USER for A.",
    remedy: "Pass operationName to the GraphQL engine.",
    needs: ["client", "connected-user"],
    run: async (stage) => {
      const publicId = JSON.stringify(await connectedUser(stage));
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
    title: "A document with an unknown field gets a GraphQL error and is not executed.",
    remedy: "Validate documents before executing them.",
    needs: ["client", "connected-user"],
    run: async (stage) => {
      const variables = { publicId: await connectedUser(stage) };
      const query = DOCUMENT.replace("tokenType", "tokenType password");
      const answer = await graphql(stage, { query, variables });
      check(answer.errors.length > 0, "a GraphQL error", `${answer.errors.length} errors`);
      check(answer.payload === null, "no payload", show(Object.keys(answer.payload ?? {})));
    },
  },
];

/** The cases. */
export const contract: readonly Case[] = define("contract", [...SHAPE, ...DOCUMENTS]);
