/**
 * GraphQL documents as text: mostly by the grammar, some nested or repeated beyond all use, some broken.
 * @module
 */
import fc from "fast-check";
import { edit, edits, nested, oddTexts, repeated } from "./text.ts";

const NAMES = [
  "fetchTokensForUser",
  "accessToken",
  "scope",
  "userErrors",
  "code",
  "user",
  "publicId",
  "apiVersion",
  "__typename",
  "__schema",
  "__type",
  "types",
  "fields",
  "type",
  "ofType",
  "name",
  "a",
  "{{canary}}",
  "__proto__",
  "constructor",
];
const TYPES = [
  "String",
  "Int",
  "Mutation",
  "Query",
  "User",
  "FetchTokensForUserPayload",
  "__Type",
  "a",
];
const DIRECTIVES = ["skip", "include", "deprecated", "specifiedBy", "oneOf", "a"];
const STRINGS = [
  '"{{consent}}"',
  '"{{user}}"',
  '"\\ud800"',
  '"\\u{110000}"',
  '"\\u{1F600}"',
  '"\\uD83D\\uDE00"',
  '""',
  '"""block"""',
  '"""\n  a\n    \\""" b\n"""',
  '"\\x"',
  '"open',
  '"""open',
];
const NUMBERS = [
  "0",
  "-0",
  "01",
  "1e999",
  "123456789012345678901234567890",
  "-9.9E-9",
  "1.",
  "0xF",
];

const name = fc.constantFrom(...NAMES);

/** Values, selections and directives, which hold each other. */
const { value, selections, directives } = fc.letrec<
  { value: string; selection: string; selections: string; directives: string; args: string }
>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom("null", "true", "$a", "$b", "ENUM", ...STRINGS, ...NUMBERS),
    oddTexts.map((text) => JSON.stringify(text)),
    fc.array(tie("value"), { maxLength: 3 }).map((items) => `[${items.join(" ")}]`),
    fc.array(fc.tuple(name, tie("value")), { maxLength: 3 })
      .map((fields) => `{${fields.map(([key, inner]) => `${key}:${inner}`).join(" ")}}`),
  ),
  args: fc.oneof(
    { weight: 3, arbitrary: fc.constant("") },
    {
      weight: 2,
      arbitrary: fc.constantFrom(
        '(publicId:"{{user}}")',
        '(consentToken:"{{consent}}")',
        "(publicId:$a)",
      ),
    },
    fc.array(
      fc.tuple(fc.constantFrom("publicId", "consentToken", "name", "if", "a"), tie("value")),
      { maxLength: 3 },
    ).map((list) => `(${list.map(([key, inner]) => `${key}:${inner}`).join(",")})`),
  ),
  directives: fc.oneof(
    { weight: 6, arbitrary: fc.constant("") },
    fc.array(fc.tuple(fc.constantFrom(...DIRECTIVES), tie("args")), { maxLength: 3 })
      .map((list) => list.map(([key, args]) => `@${key}${args}`).join("")),
  ),
  selection: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    name,
    fc.tuple(name, name, tie("args"), tie("directives")).map(([alias, field, args, on]) =>
      `${alias}:${field}${args}${on}`
    ),
    fc.tuple(name, tie("args"), tie("directives"), tie("selections")).map((parts) =>
      parts.join("")
    ),
    fc.tuple(fc.constantFrom("", ...TYPES), tie("directives"), tie("selections"))
      .map(([type, on, inner]) => `...${type === "" ? "" : `on ${type}`}${on}${inner}`),
    fc.constantFrom("...f", "...g", "...h"),
  ),
  selections: fc.array(tie("selection"), { minLength: 1, maxLength: 4 })
    .map((list) => `{${list.join(" ")}}`),
}));

const typeRef = fc.oneof(
  fc.constantFrom("String", "String!", "[String]", "Int", "a", "[[String!]!]!", "User"),
  fc.tuple(fc.constant("["), fc.constantFrom("String", "a"), fc.constant("]"))
    .chain((parts) => nested(parts, 60_000)),
);

const variables = fc.oneof(
  { weight: 3, arbitrary: fc.constant("") },
  fc.constant("($a:String)"),
  fc.array(
    fc.tuple(fc.constantFrom("a", "b", "{{canary}}"), typeRef, fc.option(value), directives),
    {
      maxLength: 3,
    },
  ).map((list) =>
    `(${
      list.map(([key, type, preset, on]) =>
        `$${key}:${type}${preset === null ? "" : `=${preset}`}${on}`
      ).join(" ")
    })`
  ),
);

const operation = fc.tuple(
  fc.constantFrom("query", "mutation", "subscription", "mutation a", "query {{canary}}"),
  variables,
  directives,
  selections,
).map((parts) => parts.join(""));

const fragment = fc.tuple(
  fc.constantFrom("f", "g", "h"),
  fc.constantFrom(...TYPES),
  directives,
  selections,
)
  .map(([key, type, on, inner]) => `fragment ${key} on ${type}${on}${inner}`);

const byGrammar = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: operation },
    { weight: 3, arbitrary: fragment },
    selections,
    fc.constantFrom(
      "type a{a:a}",
      "extend type Query{a:a}",
      "schema{query:a}",
      "directive@a on FIELD",
    ),
  ),
  { minLength: 1, maxLength: 4 },
).map((list) => list.join("\n"));

const PAYLOAD = [
  "accessToken",
  "expiresIn",
  "publicId",
  "a:refreshToken",
  "scope",
  "tokenType",
  "userErrors{code field message}",
  "...on FetchTokensForUserPayload{scope}",
  "__typename@skip(if:true)",
];
const ARGUMENTS = [
  'publicId:"{{user}}"',
  'consentToken:"{{consent}}"',
  "publicId:null",
  "publicId:$a",
];

/** Mutations that fit the schema, most of them within its limits. */
const mutations = fc.array(
  fc.tuple(
    fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...ARGUMENTS) },
      oddTexts.map((text) => `publicId:${JSON.stringify(text)}`),
      oddTexts.map((text) => `consentToken:${JSON.stringify(text)}`),
    ),
    fc.subarray(PAYLOAD, { minLength: 1 }),
  ),
  { minLength: 1, maxLength: 12 },
).map((fields) => {
  const list = fields.map(([args, payload], index) =>
    `a${index}:fetchTokensForUser(${args}){${payload.join(" ")}}`
  ).join(" ");
  return `mutation${list.includes(":$a)") ? "($a:String)" : ""}{${list}}`;
});

/** Queries that fit the schema of one API or the other. */
const queries = fc.oneof(
  fc.subarray(["apiVersion", "a:apiVersion", "__typename", '__type(name:"User"){name}'], {
    minLength: 1,
  }),
  fc.subarray(["scope", "user{clientId publicId scope}", "__schema{types{name}}"], {
    minLength: 1,
  }),
).map((fields) => `{${fields.join(" ")}}`);

/** What opens, stands inside and closes, after a beginning and before an end. */
const NESTED: readonly (readonly [string, readonly [string, string, string], string])[] = [
  ["", ["[", "", "]"], ""],
  ["", ["{a", "", "}"], ""],
  ["", ["{a{", "b", "}}"], ""],
  ["", ["{__typename ...", "{__typename}", "}"], ""],
  ["", ["{...on Query", "{apiVersion}", "}"], ""],
  ["{a(a:", ["[", "1", "]"], ")}"],
  ["{a(a:", ["{a:", "1", "}"], ")}"],
  ["{a(a:", ["[{a:", "1", "}]"], ")}"],
  ["query($a:", ["[", "String", "]"], "){apiVersion}"],
  ["query($a:String=", ["[", "1", "]"], "){apiVersion}"],
  ["{apiVersion@a(a:", ["[", "1", "]"], ")}"],
  ["query@a(a:", ["{a:", "1", "}"], "){apiVersion}"],
  ["query($a:Int@a(a:", ["[", "1", "]"], ")){apiVersion}"],
  ["type A{a:", ["[", "A", "]"], "}"],
  ["type A{a(a:A=", ["[", "1", "]"], "):A}"],
  ["{__schema{types{fields{type", ["{ofType", "{name}", "}"], "}}}}"],
  ["{__schema", ["{types{fields{type", "{name}", "}}}"], "}"],
  ["", ["{user", "{scope}", "}"], ""],
];

/** Pieces that stand next to each other, between a beginning and an end. */
const REPEATED: readonly (readonly [string, string, string])[] = [
  ["{", "apiVersion ", "}"],
  ["{", "a#:apiVersion ", "}"],
  ["{", "a#:__schema{types{name fields{name description args{name description}}}} ", "}"],
  ["{", 'a#:__type(name:"Mutation"){fields{description args{description}}} ', "}"],
  ["{", "__typename@skip(if:true) ", "}"],
  ["{apiVersion", "@include(if:true)", "}"],
  ["{apiVersion", "@a#", "}"],
  ["mutation{", 'a#:fetchTokensForUser(publicId:"{{user}}"){accessToken refreshToken} ', "}"],
  ["query(", "$a#:String ", "){apiVersion}"],
  ["{a(a:[", '"a#" ', "])}"],
  ["{a(", "a#:1 ", ")}"],
  ["{...f0}", "fragment f# on Query{apiVersion ...f} ", "fragment f on Query{apiVersion}"],
  ["{...f}fragment f on Query{", "...f ", "}"],
  ["", "query a#{apiVersion}", ""],
  ["", "{apiVersion}", ""],
  ["#", "\u00e9", "\n{apiVersion}"],
  ["{apiVersion}", ",", ""],
  ["{apiVersion}", "\ufeff", ""],
  ['{a(a:"""', '\\"""\n ', '""")}'],
  ["{", "x", "}"],
  ["{a(a:", "9", ")}"],
  ['{a(a:"', "\\u0041", '")}'],
];

/** Documents of every kind. */
export const documents: fc.Arbitrary<string> = fc.oneof(
  { weight: 5, arbitrary: byGrammar },
  { weight: 4, arbitrary: mutations },
  { weight: 1, arbitrary: queries },
  {
    weight: 1,
    arbitrary: fc.tuple(mutations, edits).map(([text, changes]) => edit(text, changes)),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(byGrammar, edits).map(([text, changes]) => edit(text, changes)),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(...NESTED).chain(([before, parts, after]) =>
      nested(parts, 60_000).map((text) => before + text + after)
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(...REPEATED).chain(([before, piece, after]) =>
      repeated(piece, 60_000).map((text) => before + text + after)
    ),
  },
  oddTexts,
);
