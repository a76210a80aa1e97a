/**
 * The form of a consent token (C2, C3): header parameters, kinds of token, encoding, size.
 * @module
 */
import { consent, type Draft, draft, issuerKey, sign, signAnything } from "../stage/consents.ts";
import type { CaseSpec } from "../case.ts";
import { utf8 } from "../base/encoding.ts";
import { type Part, segment, signWith } from "../base/jws.ts";
import { describeAnswer, granted, hideConsent, notGranted, redeem } from "../stage/product.ts";
import { actor, type Stage, user } from "../stage/stage.ts";
import type { Level } from "../../requirements/model.ts";
import { check } from "../verdict.ts";
import { flawed } from "./flawed.ts";

const CRITICAL =
  "Refuse crit unless every extension in it is understood and processed (RFC 7515 §4.1.11).";
const KIND = "Compare typ with consent+jwt before the claims are looked at (RFC 8725 §3.11).";
const STRICT =
  "Read the compact form strictly: three segments of base64url without padding, nothing around them.";
const NO_NAME_TWICE =
  "Refuse JSON in which an object has one name twice, at any depth and however it is escaped: most parsers keep the last one in silence, others the first.";
const OBJECTS =
  "Header and claims are UTF-8 JSON objects; refuse anything else as an invalid token.";

/** A header parameter that a good token would not have. */
function parameter(
  slug: string,
  level: Level,
  what: string,
  header: Readonly<Record<string, unknown>>,
  remedy: string,
): CaseSpec {
  const isType = "typ" in header;
  return flawed({
    slug,
    level,
    requirements: [isType ? "C3" : "C2"],
    attacks: [isType ? "CT-07" : "CT-06"],
    what,
    remedy,
    make: (stage, good) => sign(stage, { ...good, header: { ...good.header, ...header } }),
  });
}

const PARAMETERS: readonly CaseSpec[] = [
  parameter("crit-unknown", "MUST", "with an unknown critical extension", {
    crit: ["urn:unknown"],
    "urn:unknown": true,
  }, CRITICAL),
  parameter(
    "crit-empty",
    "MUST",
    "with an empty list of critical extensions",
    { crit: [] },
    CRITICAL,
  ),
  parameter("crit-absent", "MUST", "whose critical extension is not in the header", {
    crit: ["exp"],
  }, CRITICAL),
  parameter("crit-registered", "MUST", "that calls a registered parameter critical", {
    crit: ["alg"],
  }, CRITICAL),
  parameter(
    "crit-text",
    "MUST",
    "with a text for its list of critical extensions",
    { crit: "exp" },
    CRITICAL,
  ),
  parameter(
    "b64-false",
    "MUST",
    "that says its payload is not encoded, and that this is critical",
    {
      b64: false,
      crit: ["b64"],
    },
    "Refuse b64 (RFC 7797): a JWT is always encoded.",
  ),
  parameter(
    "b64-false-silently",
    "SHOULD",
    "that says its payload is not encoded",
    { b64: false },
    "Refuse b64 (RFC 7797): a JWT is always encoded.",
  ),
  parameter(
    "zip",
    "SHOULD",
    "that says it is compressed",
    { zip: "DEF" },
    "Refuse zip: it is for encrypted tokens.",
  ),
];

const TYPES: readonly CaseSpec[] = [
  parameter("typ-missing", "MAY", "without typ", { typ: undefined }, KIND),
  parameter("typ-jwt", "MAY", "with typ JWT, as an id token has", { typ: "JWT" }, KIND),
  parameter("typ-access-token", "SHOULD", "with typ at+jwt, as an access token has", {
    typ: "at+jwt",
  }, KIND),
  parameter("typ-logout", "SHOULD", "with typ logout+jwt, as a logout token has", {
    typ: "logout+jwt",
  }, KIND),
  parameter("typ-client-assertion", "SHOULD", "with typ client-authentication+jwt", {
    typ: "client-authentication+jwt",
  }, KIND),
  parameter(
    "typ-dpop",
    "SHOULD",
    "with typ dpop+jwt, as a DPoP proof has",
    { typ: "dpop+jwt" },
    KIND,
  ),
  parameter("typ-list", "SHOULD", "with a list for its typ", { typ: ["consent+jwt"] }, KIND),
];

/** A signed token spelled in another way than it should be. */
function spelled(
  slug: string,
  level: Level,
  what: string,
  spell: (token: string) => string,
  remedy = STRICT,
): CaseSpec {
  return flawed({
    slug,
    level,
    requirements: ["C2"],
    attacks: ["IN-08"],
    what,
    remedy,
    make: async (stage, good) => {
      const token = spell(await sign(stage, good));
      if (token.length > 16) hideConsent(stage, token);
      return token;
    },
  });
}

const segments = (change: (...parts: string[]) => readonly string[]) => (token: string) =>
  change(...token.split(".")).join(".");

/** The other spelling of the last character, with a stray bit that decoders ignore. */
function strayBit(segment: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const index = alphabet.indexOf(segment.at(-1) ?? "A");
  return segment.slice(0, -1) + alphabet[index ^ 1];
}

const SPELLINGS: readonly CaseSpec[] = [
  spelled(
    "two-segments",
    "MUST",
    "without its third segment",
    (token) => token.slice(0, token.lastIndexOf(".")),
  ),
  spelled("four-segments", "MUST", "with a fourth segment", (token) => `${token}.AAAA`),
  spelled(
    "five-segments",
    "MUST",
    "in five segments, as an encrypted one",
    (token) => `${token}.AAAA.AAAA`,
  ),
  spelled("empty-segments", "MUST", "of two dots", () => ".."),
  spelled("one-dot", "MUST", "of one dot", () => "."),
  spelled(
    "padded-header",
    "SHOULD",
    "with padding behind its header",
    segments((a = "", b = "", c = "") => [`${a}=`, b, c]),
  ),
  spelled(
    "padded-signature",
    "SHOULD",
    "with padding behind its signature",
    (token) => `${token}==`,
  ),
  spelled(
    "stray-bit",
    "SHOULD",
    "with a stray bit in the last character of its signature",
    segments((a = "", b = "", c = "") => [a, b, strayBit(c)]),
  ),
  spelled("trailing-newline", "SHOULD", "with a line break behind it", (token) => `${token}\n`),
  spelled("leading-space", "SHOULD", "with a space before it", (token) => ` ${token}`),
  spelled(
    "inner-space",
    "SHOULD",
    "with a line break in its signature",
    (token) => `${token.slice(0, -4)}\n${token.slice(-4)}`,
  ),
  spelled("trailing-dot", "MUST", "with a dot behind it", (token) => `${token}.`),
  spelled("bearer-prefix", "SHOULD", "with Bearer before it", (token) => `Bearer ${token}`),
  spelled(
    "percent-encoded",
    "SHOULD",
    "with its dots percent-encoded",
    (token) => token.replaceAll(".", "%2E"),
  ),
  spelled("json-serialization", "MUST", "in the JSON serialization", (token) => {
    const [header, payload, signature] = token.split(".");
    return JSON.stringify({ payload, protected: header, signature });
  }, "Read the compact serialization only (RFC 7519 §1)."),
  flawed({
    slug: "standard-alphabet",
    level: "SHOULD",
    requirements: ["C2"],
    what: "in the alphabet of plain base64",
    remedy: STRICT,
    make: async (stage, good) => {
      // The question marks come out as "_" in base64url and "/" in base64.
      const claims = { ...good.claims, note: "???>>>???>>>???" };
      const token = (await sign(stage, { ...good, claims })).replaceAll("-", "+").replaceAll(
        "_",
        "/",
      );
      hideConsent(stage, token);
      return token;
    },
  }),
];

/** A token whose header or claims are not what JSON objects should be, with a signature that is right. */
function raw(
  slug: string,
  level: Level,
  what: string,
  make: (good: Draft) => { readonly header: Part; readonly payload: Part },
  remedy = OBJECTS,
): CaseSpec {
  return flawed({
    slug,
    level,
    requirements: ["C2"],
    what,
    remedy,
    needs: ["sign", "issuer-key"],
    make: (stage, good) => {
      const { header, payload } = make(good);
      return signAnything(stage, header, payload, signWith(issuerKey(stage)));
    },
  });
}

/** A JSON object that has one member twice. */
function doubled(object: object, first: string): string {
  return `{${first},${JSON.stringify(object).slice(1)}`;
}

const CONTENTS: readonly CaseSpec[] = [
  raw(
    "header-list",
    "MUST",
    "whose header is a list",
    ({ header, claims }) => ({ header: [header], payload: claims }),
  ),
  raw(
    "header-no-json",
    "MUST",
    "whose header is no JSON",
    ({ claims }) => ({ header: "{alg:ES256}", payload: claims }),
  ),
  raw(
    "claims-list",
    "MUST",
    "whose claims are a list",
    ({ header, claims }) => ({ header, payload: [claims] }),
  ),
  raw(
    "claims-text",
    "MUST",
    "whose claims are a JSON text",
    ({ header, claims }) => ({ header, payload: JSON.stringify(JSON.stringify(claims)) }),
  ),
  raw(
    "claims-null",
    "MUST",
    "whose claims are null",
    ({ header }) => ({ header, payload: "null" }),
  ),
  raw(
    "claims-no-json",
    "MUST",
    "whose claims are no JSON",
    ({ header }) => ({ header, payload: "{" }),
  ),
  raw("claims-empty", "MUST", "without any claims", ({ header }) => ({ header, payload: "{}" })),
  raw("claims-not-utf-8", "SHOULD", "whose claims are no UTF-8", ({ header, claims }) => {
    const bytes = utf8(JSON.stringify({ ...claims, note: "#" }));
    return { header, payload: bytes.map((byte) => byte === 0x23 ? 0xff : byte) };
  }),
  raw(
    "claims-byte-order-mark",
    "SHOULD",
    "whose claims begin with a byte order mark",
    ({ header, claims }) => ({ header, payload: `\ufeff${JSON.stringify(claims)}` }),
  ),
  raw(
    "header-member-twice",
    "SHOULD",
    "that names alg twice",
    ({ header, claims }) => ({ header: doubled(header, '"alg":"none"'), payload: claims }),
    NO_NAME_TWICE,
  ),
  raw(
    "claim-twice",
    "SHOULD",
    "that names sub twice",
    ({ header, claims }) => ({ header, payload: doubled(claims, '"sub":"somebody-else"') }),
    NO_NAME_TWICE,
  ),
  raw(
    "claim-twice-nested",
    "SHOULD",
    "that names a member twice deeper down",
    ({ header, claims }) => ({ header, payload: doubled(claims, '"note":{"a":1,"a":2}') }),
    NO_NAME_TWICE,
  ),
  raw(
    "claim-twice-escaped",
    "SHOULD",
    "that names sub twice, once with an escape",
    ({ header, claims }) => ({ header, payload: doubled(claims, '"s\\u0075b":"somebody-else"') }),
    NO_NAME_TWICE,
  ),
];

/** Something oversized: it may be refused in whatever orderly way, but it must be refused. */
function oversized(slug: string, what: string, make: (stage: Stage) => Promise<string>): CaseSpec {
  return {
    slug,
    level: "SHOULD",
    requirements: ["C2", "A2"],
    attacks: ["IN-08"],
    title: `A consent token ${what} is refused without much work.`,
    does: `Presents a consent token ${what}.`,
    expects: "A refusal in GraphQL, or a status from 400 to 499; no tokens.",
    remedy: "Compare the length with a limit (16 KiB) before anything is decoded.",
    needs: ["client", "merchant-user", "sign"],
    run: async (stage) => notGranted(await redeem(stage, await make(stage))),
  };
}

const SIZES: readonly CaseSpec[] = [
  oversized(
    "above-16-kib",
    "of more than 16 KiB, with a good signature",
    async (stage) =>
      await consent(stage, {
        user: await user(stage, actor(stage, "merchant")),
        claims: { note: "x".repeat(16_384) },
      }),
  ),
  oversized("one-mebibyte", "of 1 MiB", () => Promise.resolve(`${"A".repeat(1 << 20)}.A.A`)),
  oversized("many-segments", "of 10 000 segments", () => Promise.resolve("A.".repeat(10_000))),
  oversized("many-members", "with 1500 header parameters", async (stage) => {
    const members = Array.from({ length: 1500 }, (_, index) => [`p${index}`, index]);
    return await consent(stage, {
      user: await user(stage, actor(stage, "merchant")),
      header: Object.fromEntries(members),
    });
  }),
  {
    slug: "deeply-nested",
    level: "SHOULD",
    requirements: ["A2"],
    attacks: ["IN-08"],
    title: "A deeply nested claim is no trouble.",
    does: "Presents a token with a claim of 2000 nested lists.",
    expects: "Tokens or a refusal; no status of 500 or more.",
    remedy: "Parse without recursion, or limit the depth.",
    needs: ["client", "merchant-user", "sign", "issuer-key"],
    run: async (stage) => {
      const { header, claims } = draft(stage, {
        user: await user(stage, actor(stage, "merchant")),
      });
      const nested = `"note":${"[".repeat(2000)}${"]".repeat(2000)}`;
      const token = await signAnything(
        stage,
        header,
        doubled(claims, nested),
        signWith(issuerKey(stage)),
      );
      const answer = await redeem(stage, token);
      check(answer.status < 500, "no status of 500 or more", describeAnswer(answer));
    },
  },
];

/** A variation that changes nothing. */
function harmless(
  slug: string,
  level: Level,
  requirement: string,
  title: string,
  header: object,
  claims: object,
  remedy: string,
): CaseSpec {
  return {
    slug,
    level,
    requirements: [requirement],
    title,
    does: "Presents a good consent token in this form.",
    expects: "Tokens.",
    remedy,
    needs: ["client", "merchant-user", "sign"],
    run: async (stage) => {
      const good = draft(stage, { user: await user(stage, actor(stage, "merchant")) });
      const changed = {
        header: { ...good.header, ...header },
        claims: { ...good.claims, ...claims },
      };
      granted(await redeem(stage, await sign(stage, changed)));
    },
  };
}

const HARMLESS: readonly CaseSpec[] = [
  harmless("unknown-claim", "MUST", "C4", "Claims that are not understood are ignored.", {}, {
    note: "ignored",
    "https://example.com/claim": { a: [1, null, "ü"] },
  }, "Ignore them (RFC 7519 §4)."),
  harmless(
    "unknown-parameter",
    "MUST",
    "C2",
    "Header parameters that are not understood are ignored.",
    {
      note: "ignored",
    },
    {},
    "Ignore them, unless crit names them (RFC 7515 §4).",
  ),
  harmless(
    "typ-media-type",
    "MAY",
    "C3",
    "typ may begin with application/.",
    {
      typ: "application/consent+jwt",
    },
    {},
    "Take an omitted application/ as there (RFC 7515 §4.1.9).",
  ),
  harmless(
    "typ-case",
    "MAY",
    "C3",
    "typ is compared without regard to case.",
    { typ: "Consent+JWT" },
    {},
    "Media types have no case (RFC 7515 §4.1.9).",
  ),
];

/** Cases about form. */
export const FORM: readonly CaseSpec[] = [
  ...HARMLESS,
  ...PARAMETERS,
  ...TYPES,
  ...SPELLINGS,
  ...CONTENTS,
  ...SIZES,
  {
    slug: "empty-payload-segment",
    level: "MUST",
    requirements: ["C1", "C2"],
    title: "A consent token with an empty payload is refused.",
    does: "Presents a header and a signature with nothing between.",
    expects: "userErrors code INVALID_TOKEN, and no tokens.",
    remedy: STRICT,
    needs: ["client"],
    run: async (stage) => {
      const token = `${segment({ alg: "ES256", kid: "k", typ: "consent+jwt" })}..AAAA`;
      const answer = await redeem(stage, token);
      notGranted(answer);
      check(answer.code === "INVALID_TOKEN", "INVALID_TOKEN", describeAnswer(answer));
    },
  },
];
