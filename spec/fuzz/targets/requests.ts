/**
 * Whole requests to the server in both token forms: GraphQL documents, JSON bodies, forms, credentials,
 * tokens.
 * @module
 */
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { PATHS } from "../../../adapters/http/metadata.ts";
import { MUTATION } from "../../tests/support/http-face.ts";
import { documents } from "../documents.ts";
import {
  askSubject,
  type Form,
  outcomeOf,
  type Recipe,
  showRecipe,
  startSubject,
  type Subject,
} from "../subject.ts";
import type { Fault, Session, Target } from "../target.ts";
import { edit, edits, jsonTexts, objectTexts, oddTexts, repeated } from "../text.ts";

/** A request, and to which of the two servers it goes. */
export interface Sent extends Recipe {
  readonly form: Form;
}

/** Both forms of the server. */
export interface Subjects {
  readonly opaque: Subject;
  readonly jwt: Subject;
}

/** Opens both forms; every function but `attempt` goes to both. */
export async function openSubjects<Input>(
  fault: Fault | undefined,
  attempt: (subjects: Subjects, input: Input) => Promise<string>,
  show: (input: Input) => string,
): Promise<Session<Input>> {
  const subjects = {
    opaque: await startSubject("opaque", fault),
    jwt: await startSubject("jwt", fault),
  };
  const both = async (work: (subject: Subject) => Promise<void>) => {
    for (const subject of Object.values(subjects)) await work(subject);
  };
  return {
    attempt: (input) => attempt(subjects, input),
    show,
    prepare: () => both((subject) => subject.prepare()),
    confirm: () => both((subject) => subject.confirm()),
    close: () => both((subject) => subject.close()),
  };
}

/** The form of tokens. */
export const forms: fc.Arbitrary<Form> = fc.constantFrom("opaque", "jwt");

function requestTarget(name: string, recipes: fc.Arbitrary<Recipe>): Target<Sent> {
  return {
    name,
    inputs: fc.tuple(forms, recipes).map(([form, recipe]) => ({ form, ...recipe })),
    open: (fault) =>
      openSubjects<Sent>(
        fault,
        async (subjects, sent) => outcomeOf(await askSubject(subjects[sent.form], sent)),
        showRecipe,
      ),
  };
}

const BASIC = ["authorization", "Basic {{basic}}"] as const;
const BEARER = ["authorization", "Bearer {{access}}"] as const;
const JSON_TYPE = ["content-type", "application/json"] as const;
const FORM_TYPE = ["content-type", "application/x-www-form-urlencoded"] as const;

/** Documents, by POST and now and then by GET, to both APIs. */
const graphql = requestTarget(
  "graphql",
  fc.record({
    path: fc.constantFrom(PATHS.partners, PATHS.partners, PATHS.users),
    query: documents,
    variables: fc.option(
      fc.constantFrom('{"a":"{{consent}}"}', '{"a":null}', '{"a":[["{{user}}"]]}', "{}"),
    ),
    byGet: fc.nat(15).map((dice) => dice === 0),
  }).map(({ path, query, variables, byGet }) => {
    const authorization = path === PATHS.users ? BEARER : BASIC;
    const members = [["query", JSON.stringify(query)], ["variables", variables ?? "null"]];
    if (byGet) {
      const search = members.map(([name, text]) =>
        `${name}=${encode(name === "query" ? query : text ?? "")}`
      );
      return {
        method: "GET",
        path: `${path}?${search.join("&")}`,
        headers: [authorization],
        body: "",
      };
    }
    const body = `{${members.map(([name, text]) => `"${name}":${text}`).join(",")}}`;
    return { method: "POST", path, headers: [authorization, JSON_TYPE], body };
  }),
);

/** As in a query string; a lone surrogate, which has no encoding, becomes what it would in UTF-8. */
function encode(text: string): string {
  return encodeURIComponent(Buffer.from(text).toString());
}

/** Bodies that are JSON, or nearly; with headers that say so, or nearly. */
const json = requestTarget(
  "json",
  fc.record({
    path: fc.constantFrom(PATHS.partners, PATHS.users),
    body: fc.oneof(
      objectTexts({
        query: JSON.stringify(MUTATION),
        variables: '{"publicId":"{{user}}"}',
        operationName: "null",
        extensions: "{}",
      }),
      jsonTexts(["publicId", "consentToken"]).map((text) =>
        `{"query":${JSON.stringify(MUTATION)},"variables":{"publicId":${text}}}`
      ),
      jsonTexts(["query", "variables"]),
    ),
    type: fc.oneof(
      { weight: 8, arbitrary: fc.constant("application/json") },
      fc.constantFrom(
        "application/json; charset=utf8",
        "application/json;charset=utf-16",
        "",
        "text/json",
      ),
      edits.map((changes) => edit("application/json; charset=utf-8", changes)),
    ),
    accept: fc.oneof(
      { weight: 8, arbitrary: fc.constant("*/*") },
      fc.constantFrom(
        "application/graphql-response+json",
        "text/html",
        "application/json;q=0",
        ",;,",
      ),
      edits.map((changes) =>
        edit("application/graphql-response+json, application/json;q=0.9", changes)
      ),
    ),
  }).map(({ path, body, type, accept }) => ({
    method: "POST",
    path,
    headers: [path === PATHS.users ? BEARER : BASIC, ["content-type", type], ["accept", accept]],
    body,
  })),
);

const FIELDS = [
  "grant_type=refresh_token",
  "refresh_token={{refresh}}",
  "token={{access}}",
  "token={{refresh}}",
  "token={{consent}}",
  "token_type_hint=access_token",
  "scope=openid+email",
  "scope=%00",
  "client_id={{client}}",
  "client_secret={{secret}}",
  "client_assertion={{canary}}",
  "&",
  "=",
  "a=%ff",
  "%=%",
  "scope=",
  "__proto__=1",
];

/** Forms for the token, revocation and introspection endpoints. */
const form = requestTarget(
  "forms",
  fc.record({
    path: fc.constantFrom(PATHS.token, PATHS.revoke, PATHS.introspect),
    fields: fc.array(
      fc.oneof(
        { weight: 6, arbitrary: fc.constantFrom(...FIELDS) },
        oddTexts.map((text) => `scope=${encode(text)}`),
        oddTexts.map((text) => `refresh_token=${encode(text)}`),
        oddTexts.map((text) => `token=${text}`),
        fc.tuple(oddTexts, oddTexts).map(([name, value]) => `${encode(name)}=${encode(value)}`),
        repeated("a#=b&", 20_000),
        repeated("scope+", 20_000).map((text) => `scope=${text}`),
        fc.tuple(fc.constantFrom("token={{access}}", "refresh_token={{refresh}}"), edits)
          .map(([text, changes]) => edit(text, changes)),
      ),
      { maxLength: 6 },
    ),
    good: fc.boolean(),
    basic: fc.nat(5).map((dice) => dice > 0),
    changes: fc.oneof({ weight: 9, arbitrary: fc.constant([]) }, edits),
  }).map(({ path, fields, good, basic, changes }) => {
    const usual = path === PATHS.token
      ? "grant_type=refresh_token&refresh_token={{refresh}}"
      : "token={{access}}";
    const body = edit([...(good ? [usual] : []), ...fields].join("&"), changes);
    return { method: "POST", path, headers: [...(basic ? [BASIC] : []), FORM_TYPE], body };
  }),
);

/** Authorization headers, before every endpoint. */
const basic = requestTarget(
  "basic",
  fc.record({
    path: fc.constantFrom(PATHS.partners, PATHS.users, PATHS.token, PATHS.revoke, PATHS.introspect),
    headers: fc.array(
      fc.oneof(
        fc.constantFrom(
          "Basic {{basic}}",
          "basic   {{basic}}",
          "Basic {{basic}}=",
          "Bearer {{access}}",
          "Basic",
          "Basic Og==",
          "",
          "Negotiate a",
        ),
        fc.tuple(oddTexts, oddTexts).map(([id, secret]) => `Basic ${base64(`${id}:${secret}`)}`),
        oddTexts.map((secret) => `Basic ${base64(`partner:${secret}`)}`),
        fc.constantFrom("%", "%zz", "%00", "%C3%28", "%70artner", "+")
          .chain((text) =>
            edits.map((changes) => `Basic ${base64(edit(`partner:${text}`, changes))}`)
          ),
        fc.tuple(fc.constantFrom("Basic {{basic}}", "Bearer {{access}}"), edits)
          .map(([text, changes]) => edit(text, changes)),
        oddTexts,
        repeated("=", 15_000).map((text) => `Basic ${text}`),
      ),
      { minLength: 1, maxLength: 3 },
    ),
  }).map(({ path, headers }) => ({
    method: "POST",
    path,
    headers: [
      ...headers.map((value) => ["authorization", value] as const),
      path.startsWith("/oauth/") ? FORM_TYPE : JSON_TYPE,
    ],
    body: path.startsWith("/oauth/") ? "token={{access}}" : '{"query":"{__typename}"}',
  })),
);

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

/** Targets of well-formed requests. */
export const REQUEST_TARGETS: readonly Target<Sent>[] = [graphql, json, form, basic];
