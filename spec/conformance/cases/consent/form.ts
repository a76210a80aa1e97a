/**
 * The compact serialization of a consent token (C2), spelled in other ways than it should be.
 * @module
 */
import type { Level } from "../../../requirements/model.ts";
import { segment } from "../../base/jws.ts";
import type { CaseSpec } from "../../case.ts";
import { redeem, refused } from "../../stage/product.ts";
import { flawed, segments, type Variation } from "./flaw.ts";

const STRICT =
  "Read the compact form strictly: three segments of base64url without padding, and nothing around them.";

/** Another spelling of a signed token. */
interface Spelling {
  readonly slug: string;
  readonly level: Level;
  readonly what: string;
  readonly spell: NonNullable<Variation["spell"]>;
  readonly remedy?: string;
}

const SPELLINGS: readonly Spelling[] = [
  {
    slug: "two-segments",
    level: "MUST",
    what: "without its third segment",
    spell: segments((header, claims) => [header, claims]),
  },
  {
    slug: "four-segments",
    level: "MUST",
    what: "with a fourth segment",
    spell: (token) => `${token}.AAAA`,
  },
  {
    slug: "five-segments",
    level: "MUST",
    what: "in five segments, like an encrypted token,",
    spell: (token) => `${token}.AAAA.AAAA`,
  },
  { slug: "empty-segments", level: "MUST", what: "of two dots", spell: () => ".." },
  { slug: "one-dot", level: "MUST", what: "of one dot", spell: () => "." },
  { slug: "trailing-dot", level: "MUST", what: "followed by a dot", spell: (token) => `${token}.` },
  {
    slug: "json-serialization",
    level: "MUST",
    what: "in the JSON serialization",
    spell: (token) => {
      const [header, payload, signature] = token.split(".");
      return JSON.stringify({ payload, protected: header, signature });
    },
    remedy: "Accept only the compact serialization (RFC 7519 §1).",
  },
  {
    slug: "padded-header",
    level: "SHOULD",
    what: "with padding after its header",
    spell: segments((header, claims, signature) => [`${header}=`, claims, signature]),
  },
  {
    slug: "padded-signature",
    level: "SHOULD",
    what: "with padding after its signature",
    spell: (token) => `${token}==`,
  },
  {
    slug: "stray-bit",
    level: "SHOULD",
    what: "with a stray bit in the last character of its signature",
    spell: segments((header, claims, signature) => [header, claims, strayBit(signature)]),
  },
  {
    slug: "trailing-newline",
    level: "SHOULD",
    what: "followed by a line break",
    spell: (token) => `${token}\n`,
  },
  {
    slug: "leading-space",
    level: "SHOULD",
    what: "preceded by a space",
    spell: (token) => ` ${token}`,
  },
  {
    slug: "inner-space",
    level: "SHOULD",
    what: "with a line break in its signature",
    spell: (token) => `${token.slice(0, -4)}\n${token.slice(-4)}`,
  },
  {
    slug: "bearer-prefix",
    level: "SHOULD",
    what: "preceded by the word Bearer",
    spell: (token) => `Bearer ${token}`,
  },
  {
    slug: "percent-encoded",
    level: "SHOULD",
    what: "with percent-encoded dots",
    spell: (token) => token.replaceAll(".", "%2E"),
  },
];

/** The other spelling of the last character, with a bit that decoders ignore. */
function strayBit(segment: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const index = alphabet.indexOf(segment.at(-1) ?? "A");
  return segment.slice(0, -1) + alphabet[index ^ 1];
}

/** Cases about spelling. */
export const FORM: readonly CaseSpec[] = [
  ...SPELLINGS.map((row) =>
    flawed({ requirements: ["C2.1"], attacks: ["IN-08"], remedy: STRICT, ...row })
  ),
  flawed({
    slug: "standard-alphabet",
    level: "SHOULD",
    requirements: ["C2"],
    what: "in the standard base64 alphabet",
    remedy: STRICT,
    claims: { note: "???>>>???>>>???" }, // becomes "_" in base64url and "/" in base64
    spell: (token) => token.replaceAll("-", "+").replaceAll("_", "/"),
  }),
  {
    slug: "empty-payload-segment",
    level: "MUST",
    requirements: ["C1", "C2"],
    title: "A consent token with an empty payload segment is refused with INVALID_TOKEN.",
    remedy: STRICT,
    needs: ["client"],
    run: async (stage) => {
      const header = segment({ alg: "ES256", kid: "k", typ: "consent+jwt" });
      refused(await redeem(stage, `${header}..AAAA`), "INVALID_TOKEN");
    },
  },
];
