/**
 * Header and claims that are not JSON objects with unique names, and tokens that are too large (C2).
 * @module
 */
import type { Level } from "../../../requirements/model.ts";
import { utf8 } from "../../base/encoding.ts";
import { signWith } from "../../base/jws.ts";
import type { CaseSpec } from "../../case.ts";
import { consent, draft, issuerKey, signAnything } from "../../stage/consents.ts";
import { describeAnswer, notGranted, redeem } from "../../stage/product.ts";
import { actor, type Stage, user } from "../../stage/stage.ts";
import { check } from "../../verdict.ts";
import { flawed, type Variation } from "./flaw.ts";

const OBJECTS =
  "Header and claims are UTF-8 JSON objects; refuse anything else as an invalid token.";
const UNIQUE_NAMES =
  "Refuse JSON objects with duplicate names, at any depth and however they are escaped: most parsers silently keep the last one, others the first.";

/** A token with a valid signature over something else than two JSON objects. */
interface Content {
  readonly slug: string;
  readonly level: Level;
  readonly what: string;
  readonly raw: NonNullable<Variation["raw"]>;
  readonly remedy?: string;
}

const CONTENTS: readonly Content[] = [
  {
    slug: "header-list",
    level: "MUST",
    what: "whose header is a list",
    raw: ({ header, claims }) => ({ header: [header], payload: claims }),
  },
  {
    slug: "header-no-json",
    level: "MUST",
    what: "whose header is not JSON",
    raw: ({ claims }) => ({ header: "{alg:ES256}", payload: claims }),
  },
  {
    slug: "claims-list",
    level: "MUST",
    what: "whose claims are a list",
    raw: ({ header, claims }) => ({ header, payload: [claims] }),
  },
  {
    slug: "claims-text",
    level: "MUST",
    what: "whose claims are a JSON string",
    raw: ({ header, claims }) => ({ header, payload: JSON.stringify(JSON.stringify(claims)) }),
  },
  {
    slug: "claims-null",
    level: "MUST",
    what: "whose claims are null",
    raw: ({ header }) => ({ header, payload: "null" }),
  },
  {
    slug: "claims-no-json",
    level: "MUST",
    what: "whose claims are not JSON",
    raw: ({ header }) => ({ header, payload: "{" }),
  },
  {
    slug: "claims-empty",
    level: "MUST",
    what: "without any claims",
    raw: ({ header }) => ({ header, payload: "{}" }),
  },
  {
    slug: "claims-not-utf-8",
    level: "SHOULD",
    what: "whose claims are not UTF-8",
    raw: ({ header, claims }) => {
      const bytes = utf8(JSON.stringify({ ...claims, note: "#" }));
      return { header, payload: bytes.map((byte) => byte === 0x23 ? 0xff : byte) };
    },
  },
  {
    slug: "claims-byte-order-mark",
    level: "SHOULD",
    what: "whose claims start with a byte order mark",
    raw: ({ header, claims }) => ({ header, payload: `\ufeff${JSON.stringify(claims)}` }),
  },
  {
    slug: "header-member-twice",
    level: "SHOULD",
    what: "with two alg parameters",
    raw: ({ header, claims }) => ({
      header: prepend('"alg":"none"', header),
      payload: claims,
    }),
    remedy: UNIQUE_NAMES,
  },
  {
    slug: "claim-twice",
    level: "SHOULD",
    what: "with two sub claims",
    raw: ({ header, claims }) => ({ header, payload: prepend('"sub":"somebody-else"', claims) }),
    remedy: UNIQUE_NAMES,
  },
  {
    slug: "claim-twice-nested",
    level: "SHOULD",
    what: "with a duplicate name inside a claim",
    raw: ({ header, claims }) => ({ header, payload: prepend('"note":{"a":1,"a":2}', claims) }),
    remedy: UNIQUE_NAMES,
  },
  {
    slug: "claim-twice-escaped",
    level: "SHOULD",
    what: "with two sub claims, one of them escaped,",
    raw: ({ header, claims }) => ({
      header,
      payload: prepend('"s\\u0075b":"somebody-else"', claims),
    }),
    remedy: UNIQUE_NAMES,
  },
];

/** A JSON object with a member before its own, which may have the same name as one of them. */
function prepend(member: string, object: object): string {
  return `{${member},${JSON.stringify(object).slice(1)}`;
}

/** Larger than any genuine token. It may be refused in any orderly way. */
interface Oversized {
  readonly slug: string;
  readonly what: string;
  readonly make: (stage: Stage) => string | Promise<string>;
}

const SIZES: readonly Oversized[] = [
  {
    slug: "above-16-kib",
    what: "of more than 16 KiB with a valid signature",
    make: async (stage) =>
      await consent(stage, {
        user: await user(stage, actor(stage, "merchant")),
        claims: { note: "x".repeat(16_384) },
      }),
  },
  { slug: "one-mebibyte", what: "of 1 MiB", make: () => `${"A".repeat(1 << 20)}.A.A` },
  { slug: "many-segments", what: "of 10,000 segments", make: () => "A.".repeat(10_000) },
  {
    slug: "many-members",
    what: "with 1,500 header parameters",
    make: async (stage) => {
      const members = Array.from({ length: 1500 }, (_, index) => [`p${index}`, index]);
      return await consent(stage, {
        user: await user(stage, actor(stage, "merchant")),
        header: Object.fromEntries(members),
      });
    },
  },
];

/** Cases about what is signed. */
export const CONTENT: readonly CaseSpec[] = [
  ...CONTENTS.map((row) =>
    flawed({
      requirements: ["C2"],
      remedy: OBJECTS,
      needs: ["issuer-key"],
      by: (stage) => signWith(issuerKey(stage)),
      ...row,
    })
  ),
  ...SIZES.map(({ slug, what, make }): CaseSpec => ({
    slug,
    level: "SHOULD",
    requirements: ["C2", "A2"],
    attacks: ["IN-08"],
    title: `A consent token ${what} is refused.`,
    expects: "Any GraphQL refusal, or a status from 400 to 499.",
    remedy: "Compare the length with a limit (16 KiB) before you decode anything.",
    needs: ["client", "merchant-user", "sign"],
    run: async (stage) => notGranted(await redeem(stage, await make(stage))),
  })),
  {
    slug: "deeply-nested",
    level: "SHOULD",
    requirements: ["A2"],
    attacks: ["IN-08"],
    title: "A claim of 2,000 nested lists causes no server error.",
    remedy: "Parse without recursion, or limit the depth.",
    needs: ["client", "merchant-user", "sign", "issuer-key"],
    run: async (stage) => {
      const { header, claims } = draft(stage, {
        user: await user(stage, actor(stage, "merchant")),
      });
      const payload = prepend(`"note":${"[".repeat(2000)}${"]".repeat(2000)}`, claims);
      const token = await signAnything(stage, header, payload, signWith(issuerKey(stage)));
      const answer = await redeem(stage, token);
      check(answer.status < 500, "no status of 500 or more", describeAnswer(answer));
    },
  },
];
