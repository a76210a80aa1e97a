/**
 * Attacks by tokens: consent tokens whose JSON, encoding or signature is odd, and tokens of one kind used
 * as another.
 * @module
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { DEMO_ISSUER_KEY } from "../../adapters/dev/demo.ts";
import { PATHS } from "../../adapters/http/metadata.ts";
import { basic, type Edit, outcomeOf, PARTNER, type Row, type Target, USER } from "./target.ts";

/** A claim given the same name twice, once with an escape. */
const twice = (name: string, value: string): Edit => (json) =>
  json.replace("{", `{"\\u00${name.charCodeAt(0).toString(16)}${name.slice(1)}":${value},`);

/** A claim as JSON text, which may be a number that no JSON writer writes. */
const as = (name: string, text: string): Edit => (json) =>
  json.replace(new RegExp(`"${name}":("[^"]*"|\\d+)`), `"${name}":${text}`);

const now = () => Math.floor(Date.now() / 1000);

/** Claims that a genuine issuer's key signs, and that must be refused. */
const CLAIMS: readonly Edit[] = [
  ...[
    "1e308",
    "1e999",
    "-1",
    "9007199254740993",
    "1e18",
    '"2000000000"',
    "null",
    "true",
    "[]",
    "{}",
  ]
    .map((text) => as("exp", text)),
  ...["-1", "1e308", '"0"', "null", "0", "-0"].map((text) => as("iat", text)),
  as("exp", `${now() + 100}.5`),
  as("iat", `${now()}.5`),
  ...['"nbf":"0"', '"nbf":-1', '"nbf":1e308', '"nbf":null', '"nbf":0.5']
    .map((member): Edit => (json) => json.replace("{", `{${member},`)),
  twice("exp", String(now() + 200)),
  twice("sub", `"${USER}"`),
  twice("iss", '"https://issuer.demo.invalid"'),
  twice("jti", '"other"'),
  { aud: [["urn:fetch-tokens-for-user:demo"]] },
  { aud: { 0: "urn:fetch-tokens-for-user:demo", length: 1 } },
  { aud: "urn:fetch-tokens-for-user:demo\u0000" },
  { aud: "URN:fetch-tokens-for-user:demo" },
  { iss: "https://issuer.demo.invalid/" },
  { iss: "https://issuer.demo.invalid\u0000" },
  { iss: "__proto__" },
  { iss: "constructor" },
  { iss: ["https://issuer.demo.invalid"] },
  { azp: "demo-partner" },
  { azp: "demo-merchant\u0000" },
  { azp: ["demo-merchant"] },
  { client_id: "demo-partneｒ" },
  { client_id: ["demo-partner"] },
  { jti: "" },
  { jti: "a b" },
  { jti: "é" },
  { jti: "a".repeat(256) },
  { jti: { toString: "a" } },
  { sub: "demo connected" },
  { sub: 1 },
  { scope: ["openid"] },
  { scope: "openid  email" },
  { scope: 'openid"' },
  { scope: "openid\temail" },
  (json) => `${json} `.repeat(2),
  (json) => `[${json}]`,
  (json) => `\ufeff${json}`,
  (json) => json.replace("{", `{"__proto__":{"admin":true},"exp":1,`),
];

/** Headers that must be refused. */
const HEADERS: readonly Edit[] = [
  { kid: "../../../../etc/passwd" },
  { kid: "' UNION SELECT 'secret" },
  { kid: "__proto__" },
  { kid: "constructor" },
  { kid: "toString" },
  { kid: "demo-1\u0000" },
  { kid: "demo-1 " },
  { kid: ["demo-1"] },
  { kid: undefined },
  { kid: "k".repeat(8_000) },
  { alg: ["ES256"] },
  { alg: "es256" },
  { alg: "ES256K" },
  { alg: "EdDSA" },
  { alg: "HS256" },
  { alg: "none" },
  { typ: "consent+jwt\u0000" },
  { typ: "application/application/consent+jwt" },
  { typ: "consent+jwt; charset=utf-8" },
  { typ: ["consent+jwt"] },
  { typ: "JWT" },
  { b64: true },
  { crit: [] },
  twice("alg", '"ES256"'),
  twice("typ", '"consent+jwt"'),
  twice("kid", '"demo-1"'),
];

/** Changes to the text of a genuine token. */
const TEXTS: Readonly<Record<string, (token: string) => string>> = {
  "padding": (token) => `${token}=`,
  "a line break at the end": (token) => `${token}\n`,
  "a space in front": (token) => ` ${token}`,
  "a fourth segment": (token) => `${token}.`,
  "five segments, as a JWE": (token) => `${token}.a.b`,
  "no signature": (token) => token.replace(/[^.]*$/, ""),
  "a signature of zeros": (token) => token.replace(/[^.]*$/, "A".repeat(86)),
  "trailing bits in the signature": (token) => `${token.slice(0, -1)}${next(token.slice(-1))}`,
  "the alphabet of plain base64": (token) => token.replace(/[-_]/, "+").replace(/$/, "/"),
  "a signature in DER": (token) => token.replace(/[^.]*$/, der),
  "a signature with a byte more": (token) => token.replace(/[^.]*$/, (text) => `${text}AA`),
  "the JSON form": (token) => {
    const [header, payload, signature] = token.split(".");
    return JSON.stringify({ protected: header, payload, signature });
  },
};

/** The next character of base64url: it differs in the last bits, which encode nothing. */
function next(character: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  return alphabet[(alphabet.indexOf(character) + 1) % 64] ?? "";
}

function der(signature: string): string {
  const bytes = Buffer.from(signature, "base64url");
  const integer = (part: Uint8Array) => Buffer.concat([Buffer.from([2, part.length + 1, 0]), part]);
  const parts = Buffer.concat([integer(bytes.subarray(0, 32)), integer(bytes.subarray(32))]);
  return Buffer.concat([Buffer.from([0x30, parts.length]), parts]).toString("base64url");
}

/** The other signature that ECDSA accepts for the same bytes: (r, n − s). */
function mirrored(token: string): string {
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  return token.replace(/[^.]*$/, (signature) => {
    const bytes = Buffer.from(signature, "base64url");
    const s = order - BigInt(`0x${bytes.subarray(32).toString("hex")}`);
    const other = Buffer.from(s.toString(16).padStart(64, "0"), "hex");
    return Buffer.concat([bytes.subarray(0, 32), other]).toString("base64url");
  });
}

async function redeem({ mutate }: Target, consentToken: string): Promise<string> {
  return outcomeOf(await mutate({ consentToken }));
}

/** All of them. */
export const TOKEN_ATTACKS: readonly Row[] = [
  {
    ids: ["C2", "C4", "C5", "CT-14", "CT-18"],
    name: "claims of odd types, numbers, names and characters, signed by the genuine key",
    async attack(target) {
      for (const claims of CLAIMS) {
        const shown = typeof claims === "function" ? claims('{"exp":1,"iat":1}') : claims;
        const outcome = await redeem(target, await target.mint(claims));
        assert.equal(outcome, "INVALID_TOKEN", JSON.stringify(shown));
      }
      assert.equal(await redeem(target, await target.mint()), "granted");
    },
  },
  {
    ids: ["C2", "C3", "CT-01", "CT-07"],
    name: "headers with paths, SQL and prototypes for key ids, and odd algorithms and types",
    async attack(target) {
      for (const header of HEADERS) {
        const outcome = await redeem(target, await target.mint({}, header));
        assert.equal(outcome, "INVALID_TOKEN", JSON.stringify(header));
      }
    },
  },
  {
    ids: ["C2", "C6"],
    name: "another encoding of a genuine token; the genuine one is still good",
    async attack(target) {
      const token = await target.mint();
      for (const [name, change] of Object.entries(TEXTS)) {
        assert.equal(await redeem(target, change(token)), "INVALID_TOKEN", name);
      }
      assert.equal(await redeem(target, token), "granted");
    },
  },
  {
    ids: ["C11", "CT-21"],
    name: "the other valid signature of a redeemed token, within the retry window",
    async attack(target) {
      const token = await target.mint();
      assert.equal(await redeem(target, token), "granted");
      assert.equal(await redeem(target, mirrored(token)), "INVALID_TOKEN");
      assert.equal(await redeem(target, token), "granted");
      assert.equal(await redeem(target, mirrored(await target.mint())), "granted"); // it is valid
    },
  },
  {
    ids: ["C2", "C3", "T3", "RF-12", "CT-07"],
    name: "every token in every other token's place",
    async attack(target) {
      const { send, form, mutate, fetchTokens, mint } = target;
      const { accessToken, refreshToken } = await fetchTokens();
      const consentToken = await mint();
      const bodyOf = (token: string) => token.replace(/^ftfu_.t_/, "");
      const swapped = [`ftfu_rt_${bodyOf(accessToken)}`, `ftfu_at_${bodyOf(refreshToken)}`];
      const others = (own: string) =>
        [accessToken, refreshToken, consentToken, ...swapped].filter((token) => token !== own);
      for (const token of others(consentToken)) {
        assert.equal(outcomeOf(await mutate({ consentToken: token })), "INVALID_TOKEN");
        assert.equal(outcomeOf(await mutate({ publicId: token.slice(0, 255) })), "NO_USER");
      }
      for (const token of others(refreshToken)) {
        const fields = { grant_type: "refresh_token", refresh_token: token };
        assert.match((await form(PATHS.token, fields)).body, /invalid_grant/);
      }
      for (const token of others(accessToken)) {
        const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
        const body = '{"query":"{scope}"}';
        assert.equal((await send({ path: PATHS.users, headers, body })).status, 401);
      }
      assert.equal(await redeem(target, consentToken), "granted");
    },
  },
  {
    ids: ["T2"],
    name: "a token with any one character changed, cut or repeated",
    async attack({ form, fetchTokens }) {
      const { accessToken } = await fetchTokens();
      for (let at = 0; at < accessToken.length; at += 5) {
        const [head, tail] = [accessToken.slice(0, at), accessToken.slice(at + 1)];
        const changed = head + (accessToken[at] === "A" ? "B" : "A") + tail;
        for (
          const token of [
            changed,
            head + tail,
            `${accessToken.slice(0, at + 1)}${accessToken.slice(at)}`,
          ]
        ) {
          const { body } = await form(PATHS.introspect, { token });
          assert.equal(body, '{"active":false}', `at ${at}`);
        }
      }
    },
  },
  {
    ids: ["T4", "RF-01"],
    name: "a refresh token in another client's hands ends nothing, however often it is tried",
    async attack({ form, fetchTokens }) {
      const { refreshToken } = await fetchTokens();
      const fields = { grant_type: "refresh_token", refresh_token: refreshToken };
      const other = { id: "demo-other-partner", secret: "demo-other-partner-secret" };
      for (let count = 0; count < 10; count++) {
        assert.match((await form(PATHS.token, fields, other)).body, /invalid_grant/);
        assert.equal((await form(PATHS.revoke, { token: refreshToken }, other)).status, 200);
      }
      assert.equal((await form(PATHS.token, fields)).status, 200);
    },
  },
  {
    ids: ["C9", "R2", "SC-11"],
    name: "redemptions, a withdrawal and uses at once: nothing is live afterwards",
    async attack(target) {
      const { mint, mutate, command, form } = target;
      const tokens = await Promise.all(
        Array.from({ length: 8 }, () => mint({ sub: "attacked-1" })),
      );
      const work = tokens.map((consentToken) => mutate({ consentToken }));
      const withdrawn = command("disconnect", { user: "attacked-1", client: "demo-merchant" });
      const [replies] = await Promise.all([Promise.all(work), withdrawn]);
      assert.equal((await withdrawn).status, 200);
      for (const { body } of replies) {
        const token = JSON.parse(body).data.fetchTokensForUser.accessToken;
        if (token === null) continue;
        assert.equal((await form(PATHS.introspect, { token })).body, '{"active":false}');
      }
      assert.equal(outcomeOf(await mutate({ publicId: "attacked-1" })), "NO_CONSENT");
    },
  },
  {
    ids: ["C7", "C2"],
    name: "an issuer with ten thousand keys, or with one key ten thousand times",
    async attack(target) {
      const { d: _, ...key } = DEMO_ISSUER_KEY;
      const many = (kid: (index: number) => string) => ({
        issuer: "https://many.example",
        merchants: ["demo-merchant"],
        jwks: { keys: Array.from({ length: 10_000 }, (_, index) => ({ ...key, kid: kid(index) })) },
      });
      const { status } = await target.command("trust", many(() => "same"));
      assert.ok(status === 400 || status === 413);
      assert.equal(await redeem(target, await target.mint()), "granted");
    },
  },
  {
    ids: ["T1", "C5", "A5"],
    name: "clocks at the ends of time: refused or served, and right again afterwards",
    async attack(target) {
      const { command, mutate, fetchTokens, form } = target;
      const { accessToken } = await fetchTokens();
      for (const text of [-1, 0.5, "1", 2 ** 41, 2 ** 53, null]) {
        const { status } = await command("clock", { now: text });
        assert.equal(status, text === null ? 200 : 400, String(text));
      }
      for (const seconds of [0, 1, 2 ** 31, 2 ** 32, 17_577_215_999]) {
        assert.equal((await command("clock", { now: seconds })).status, 200);
        const { status, body } = await mutate({ publicId: USER });
        assert.equal(status, 200, String(seconds));
        const payload = JSON.parse(body).data.fetchTokensForUser;
        assert.ok(payload === null || payload.expiresIn === 3600, body);
      }
      await command("clock", { now: null });
      assert.equal((await form(PATHS.introspect, { token: accessToken })).status, 200);
      assert.equal(outcomeOf(await mutate({ publicId: USER })), "granted");
    },
  },
  {
    ids: ["T8", "G8"],
    name: "an access token in place of credentials, and credentials in place of an access token",
    async attack({ send, fetchTokens }) {
      const { accessToken } = await fetchTokens();
      const asked = (path: string, authorization: string) =>
        send({
          path,
          headers: { authorization, "content-type": "application/json" },
          body: '{"query":"{__typename}"}',
        });
      const encoded = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;
      for (
        const authorization of [`Bearer ${accessToken}`, encoded(`${PARTNER.id}:${accessToken}`)]
      ) {
        assert.equal((await asked(PATHS.partners, authorization)).status, 401);
      }
      for (
        const authorization of [basic(PARTNER), encoded(`:${accessToken}`), encoded(accessToken)]
      ) {
        assert.equal((await asked(PATHS.users, authorization)).status, 401);
      }
      assert.equal((await asked(PATHS.users, `Bearer ${accessToken}`)).status, 200);
    },
  },
];
