/**
 * Attacks by what a well-formed request carries: JSON, GraphQL documents, forms, credentials, ids.
 * @module
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { PATHS } from "../../adapters/http/metadata.ts";
import { MUTATION } from "../tests/support/http-face.ts";
import { basic, OTHER, outcomeOf, PARTNER, type Row, type Target, USER } from "./target.ts";

/** Posts a body as JSON, whatever it is. */
function postJson({ send }: Target, body: string, path: string = PATHS.partners) {
  const headers = { authorization: basic(PARTNER), "content-type": "application/json" };
  return send({ path, headers, body });
}

/** Variables as JSON text, by the outcome that the mutation must have. */
const VARIABLES: Readonly<Record<string, readonly string[]>> = {
  BAD_USER_INPUT: [
    "{}",
    `{"__proto__":{"publicId":"${USER}"}}`,
    `{"constructor":{"prototype":{"publicId":"${USER}"}}}`,
    `{"publicId":["${USER}"]}`,
    `{"publicId":{"toString":"${USER}"}}`,
    '{"publicId":1e999}',
    '{"publicId":-0}',
    '{"publicId":true}',
    `{"publicId":${"[".repeat(20)}${"]".repeat(20)}}`,
    `{"publicId":"${USER}","consentToken":""}`,
  ],
  NO_USER: [
    // Nothing is trimmed, folded or normalized.
    `{"publicId":"${USER} "}`,
    `{"publicId":"${USER}\\u0000"}`,
    `{"publicId":"${USER.toUpperCase()}"}`,
    '{"publicId":"demo-ｃonnected"}',
    '{"publicId":"demo-connecte\\u0064\\u0301"}',
    '{"publicId":"demo\\u2010connected"}',
    `{"publicId":"\\ufeff${USER}"}`,
    `{"publicId":"${USER}\\u200b"}`,
    '{"publicId":"\\ud800"}',
    `{"publicId":"' OR '1'='1"}`,
    '{"publicId":"%"}',
    '{"publicId":"__proto__"}',
    '{"publicId":"constructor"}',
  ],
  granted: [`{"publicId":"${USER}","__proto__":null,"admin":true}`, `{"publi\\u0063Id":"${USER}"}`],
};

/** Bodies that are not one plain operation. */
const BODIES: readonly string[] = [
  `{"__proto__":{"query":"{apiVersion}"}}`,
  `{"query":"{apiVersion}","quer\\u0079":"{apiVersion}"}`,
  `{"query":"{apiVersion}","variables":{"a":1,"\\u0061":2}}`,
  `{"query":{"toString":"{apiVersion}"}}`,
  `{"query":"{apiVersion}","variables":[]}`,
  `{"query":"{apiVersion}","variables":1e400}`,
  `{"query":"{apiVersion}","operationName":["a"]}`,
  `{"query":"{apiVersion}"}{"query":"{apiVersion}"}`,
  `{"query":"{apiVersion}"}\u0000`,
  `{"query":"{apiVersion}",}`,
  `{query:"{apiVersion}"}`,
  `"{apiVersion}"`,
  "null",
  "",
];

const fragments = (count: number) =>
  Array.from(
    { length: count },
    (_, index) => `fragment f${index} on Query { ...f${index + 1} ...f${index + 1} }`,
  ).join(" ");

/** Documents made to cost more to judge than to send. */
const DOCUMENTS: readonly string[] = [
  `{ apiVersion ${"@skip(if: false) ".repeat(700)} }`,
  `query ${"@a ".repeat(1900)} { apiVersion }`,
  `{ ...f0 } ${fragments(40)} fragment f40 on Query { apiVersion }`,
  "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }",
  `{ ${"... { apiVersion } ".repeat(900)} }`,
  `{ ${"a: apiVersion ".repeat(130)} }`,
  `{ ${"apiVersion ".repeat(3900)} }`,
  `query (${Array.from({ length: 900 }, (_, i) => `$a${i}: Int`).join()}) { apiVersion }`,
  `query ($a: ${"[".repeat(3000)}Int${"]".repeat(3000)}) { apiVersion }`,
  `{ a(b: ${"{c: ".repeat(3000)}1${"}".repeat(3000)}) }`,
  `{ apiVersion(a: "${"\\u{110000}".repeat(900)}") }`,
  `{ apiVersion(a: """${'\\"""'.repeat(3000)}""") }`,
  `{ apiVersion(a: ${"9".repeat(50_000)}) }`,
  `{ ${"x".repeat(60_000)} }`,
  `{ __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }`,
  `subscription { apiVersion }`,
  `{ apiVersion } ${"query { apiVersion } ".repeat(500)}`,
];

/** Basic credentials by the bytes before base64, and whether they are the partner's. */
const CREDENTIALS: readonly (readonly [valid: boolean, authorization: string])[] = [
  [true, basic(PARTNER)],
  [true, basic(PARTNER).replace("Basic ", "bAsIc   ")],
  [true, encoded(`demo%2dpartner:${PARTNER.secret.replaceAll("-", "%2D")}`)],
  [false, encoded(`demo%252dpartner:${PARTNER.secret}`)],
  [false, encoded(`demo-partner%00:${PARTNER.secret}`)],
  [false, encoded(`demo-partner:${PARTNER.secret}%0a`)],
  [false, encoded(`demo-partner:${PARTNER.secret}:`)],
  [false, encoded(`:demo-partner:${PARTNER.secret}`)],
  [false, encoded(` demo-partner:${PARTNER.secret}`)],
  [false, encoded(`demo+partner:${PARTNER.secret}`)],
  [false, encoded(`DEMO-PARTNER:${PARTNER.secret}`)],
  [false, encoded(`demo-partne%zz:${PARTNER.secret}`)],
  [false, encoded(`demo‐partner:${PARTNER.secret}`)],
  [false, encoded(`ｄemo-partner:${PARTNER.secret}`)],
  [false, encoded(`__proto__:${PARTNER.secret}`)],
  [false, encoded("demo-partner:")],
  [false, encoded("demo-partner")],
  [false, encoded(":")],
  [false, `Basic ${Buffer.from([0xff, 0xfe, 0x3a, 0x80]).toString("base64")}`],
  [false, `${basic(PARTNER)}, ${basic(PARTNER)}`],
  [false, `${basic(PARTNER)} realm="x"`],
  [false, basic(PARTNER).replace("Basic", "Bearer")],
  [false, basic(PARTNER).replace("Basic ", "Basic\t")],
  [false, basic(PARTNER).slice(6)],
];

function encoded(credentials: string): string {
  return `Basic ${Buffer.from(credentials).toString("base64")}`;
}

/** Forms for the token endpoint, and the error each must get. `R` stands for a live refresh token. */
const FORMS: Readonly<Record<string, readonly string[]>> = {
  invalid_request: [
    "",
    "grant%5Ftype=refresh_token&grant_type=refresh_token&refresh_token=R",
    "grant_type=refresh_token&refresh_token=R&refresh_token=",
    "grant_type=refresh_token&refresh_token[]=R",
    "grant_type=refresh_token&__proto__=R",
    "grant_type=refresh_token&refresh_token=R&client_id=demo-other-partner",
    "grant_type=refresh_token&refresh_token=R&client_secret=x",
    "grant_type=refresh_token&refresh_token=R&client_assertion=x",
  ],
  unsupported_grant_type: [
    "grant_type=refresh_token%00&refresh_token=R",
    "grant_type=REFRESH_TOKEN&refresh_token=R",
    "grant_type=refresh_token;refresh_token=R",
    "grant_type=client_credentials",
    "grant_type=password&username=a&password=b",
  ],
  invalid_grant: [
    "grant_type=refresh_token&refresh_token=R%00",
    "grant_type=refresh_token&refresh_token=%20R",
    "grant_type=refresh_token&refresh_token=R%3D",
    "grant_type=refresh_token&refresh_token=%FF%FE",
    `grant_type=refresh_token&refresh_token=${"a".repeat(16_000)}`,
  ],
  invalid_scope: [
    "grant_type=refresh_token&refresh_token=R&scope=openid%00",
    "grant_type=refresh_token&refresh_token=R&scope=openid%0aemail",
    "grant_type=refresh_token&refresh_token=R&scope=OPENID",
    "grant_type=refresh_token&refresh_token=R&scope=*",
    `grant_type=refresh_token&refresh_token=R&scope=${"a+".repeat(7_000)}a`,
  ],
};

/** What a terminal, a line reader or a viewer of logs could take for something else. */
const LOG_TEXTS = [
  '\n{"kind":"audit","action":"forged"}\n',
  "\u001b[2J\u001b[31mforged",
  "\u202eforged\u2066",
  "\u2028forged",
  "\u0085forged\u009b31m",
  '"},{"forged":"',
];

/** All of them. */
export const INPUT_ATTACKS: readonly Row[] = [
  {
    ids: ["E1", "E2", "P1", "G10", "IN-03"],
    name: "variables of every type, prototypes, lookalikes: nothing is converted or normalized",
    async attack({ mutate }) {
      for (const [outcome, texts] of Object.entries(VARIABLES)) {
        for (const text of texts) assert.equal(outcomeOf(await mutate(text)), outcome, text);
      }
    },
  },
  {
    ids: ["G7", "IN-10"],
    name: "bodies that hide a second query, or a query elsewhere",
    async attack(target) {
      for (const body of BODIES) {
        const { status, body: text } = await postJson(target, body);
        assert.equal(status, 400, `${body}: ${text}`);
      }
    },
  },
  {
    ids: ["A2", "IN-11", "IN-12"],
    name: "directives, fragments, fields, variables, numbers and names by the thousand",
    async attack(target) {
      for (const query of DOCUMENTS) {
        const { status, body } = await postJson(target, JSON.stringify({ query }));
        const { errors, data } = JSON.parse(body);
        assert.ok(status === 200 || status === 400, query.slice(0, 60));
        assert.ok(data == null && errors.length >= 1, query.slice(0, 60));
        assert.ok(body.length < 65_536, `${body.length} bytes for ${query.slice(0, 60)}`);
      }
    },
  },
  {
    ids: ["A2"],
    name: "a hundred variables that do not fit are answered in bounded size",
    async attack(target) {
      const names = Array.from({ length: 100 }, (_, index) => `a${index}`);
      const uses = names.map((name) => `${name}: __type(name: $${name}) { name }`).join(" ");
      const query = `query (${names.map((name) => `$${name}: String!`).join()}) { ${uses} }`;
      const variables = Object.fromEntries(names.map((name) => [name, { a: "x".repeat(300) }]));
      const { status, body } = await postJson(target, JSON.stringify({ query, variables }));
      assert.ok(status === 200 || status === 400);
      assert.ok(body.length < 65_536 && !body.includes("xxx"));
    },
  },
  {
    ids: ["G8", "G10"],
    name: "credentials that decode in more than one way",
    async attack({ send }) {
      for (const [valid, authorization] of CREDENTIALS) {
        const headers = { authorization, "content-type": "application/json" };
        const { status } = await send({ headers, body: '{"query":"{apiVersion}"}' });
        assert.equal(status, valid ? 200 : 401, authorization);
      }
    },
  },
  {
    ids: ["T4", "T6", "CA-02"],
    name: "forms with repeated, hidden, empty and foreign parameters",
    async attack({ form, fetchTokens }) {
      const { refreshToken } = await fetchTokens();
      for (const [error, forms] of Object.entries(FORMS)) {
        for (const text of forms) {
          const { status, body } = await form(PATHS.token, text.replace("=R", `=${refreshToken}`));
          assert.equal(JSON.parse(body).error, error, text.slice(0, 80));
          assert.equal(status, 400);
        }
      }
      const genuine = { grant_type: "refresh_token", refresh_token: refreshToken };
      assert.equal((await form(PATHS.token, genuine)).status, 200, "none of it cost the token");
    },
  },
  {
    ids: ["A2"],
    name: "a form of thousands of parameters, and one that only repeats separators",
    async attack({ form }) {
      const names = Array.from({ length: 2000 }, (_, index) => `a${index}`).join("&");
      for (const text of [names, "&".repeat(16_000), "%".repeat(16_000), "=".repeat(16_000)]) {
        assert.equal((await form(PATHS.token, text)).status, 400);
      }
      assert.equal((await form(PATHS.token, "&".repeat(17_000))).status, 413);
    },
  },
  {
    ids: ["G9", "SY-01"],
    name: "no input writes a line, a control character or a change of direction into the log",
    async attack(target) {
      const { send, mutate, form, command, mint } = target;
      const before = target.log().length;
      for (const text of LOG_TEXTS) {
        const inUrl = encodeURIComponent(text);
        const latin1 = Buffer.from(text).toString("latin1").replace(/[\r\n\0]/g, " ");
        await send({ path: `/${inUrl}?a=${inUrl}` });
        await send({ headers: { "user-agent": latin1, "x-request-id": latin1, referer: latin1 } })
          .catch(() => {}); // not a valid header
        await mutate({ publicId: text });
        await mutate({ publicId: USER }, { id: text, secret: text });
        await mutate({ consentToken: await mint({ jti: text }, { kid: text }) });
        await mutate({ consentToken: await mint({ iss: text, scope: text }) });
        const query = `query ${text} { apiVersion }`;
        await postJson(target, JSON.stringify({ query, operationName: text }));
        await form(PATHS.token, { grant_type: text, scope: text, refresh_token: text });
        await command("seed", { users: [{ publicId: text }] });
        await command(inUrl, { [text]: text });
      }
      const lines = target.log().slice(before).split("\n").filter((line) => line !== "");
      assert.ok(lines.length > 0);
      for (const line of lines) {
        const record = JSON.parse(line);
        assert.ok(typeof record.kind === "string" && !("forged" in record), line);
        assert.ok(!/[^\x20-\x7e]/.test(line), line);
      }
    },
  },
  {
    ids: ["G8", "CT-13"],
    name: "what a client asks about another client's tokens looks like garbage",
    async attack({ form, fetchTokens }) {
      const { accessToken, refreshToken } = await fetchTokens();
      for (const path of [PATHS.introspect, PATHS.revoke]) {
        const garbage = await form(path, { token: "garbage" }, OTHER);
        for (const token of [accessToken, refreshToken, `${accessToken}x`]) {
          const { status, body } = await form(path, { token }, OTHER);
          assert.deepEqual([status, body], [garbage.status, garbage.body]);
        }
      }
      assert.match((await form(PATHS.introspect, { token: accessToken })).body, /"active":true/);
    },
  },
  {
    ids: ["E2", "IN-02"],
    name: "fields of one request do not lend each other their arguments",
    async attack(target) {
      const query = `mutation ($publicId: String = "${USER}") {
        a: fetchTokensForUser(publicId: $publicId, consentToken: null) { accessToken }
        b: fetchTokensForUser { accessToken }
      }`;
      const { body } = await postJson(target, JSON.stringify({ query }));
      const { data, errors } = JSON.parse(body);
      assert.ok(data.a.accessToken !== null && data.b === null && errors.length === 1);
      const again = await postJson(target, JSON.stringify({ query: MUTATION, variables: null }));
      assert.equal(outcomeOf(again), "BAD_USER_INPUT");
    },
  },
];
