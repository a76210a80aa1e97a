/**
 * The key of a consent token (C2, C7): brought along, looked up in the wrong place, unfit, or removed.
 * @module
 */
import {
  type Algorithm,
  generateKey,
  generateUnfitKey,
  type SigningKey,
  signWith,
  signWithSecret,
  signWithUnfit,
  type Unfit,
} from "../../base/jws.ts";
import type { CaseSpec } from "../../case.ts";
import { ATTACKER, ATTACKER_CERTIFICATE, openTrap } from "../../stage/attacker.ts";
import { consent, draft, issuerKey } from "../../stage/consents.ts";
import { granted, redeem, refused } from "../../stage/product.ts";
import { actor, harness, merchant, type Stage, user } from "../../stage/stage.ts";
import { type Issuer, offered } from "../../target/target.ts";
import { check, control, mayFail } from "../../verdict.ts";
import { type Flaw, flawed, vary } from "./flaw.ts";

const NO_KEYS = "Never take a key, or the address of one, from a token.";

/** A token that brings the attacker's key along, or names where it is. */
function bringsKey({ slug, what, header, needs }: Pick<Flaw, "slug" | "what" | "needs"> & {
  readonly header: Readonly<Record<string, unknown>>;
}): CaseSpec {
  return flawed({
    slug,
    level: "MUST",
    requirements: ["C2.1"],
    attacks: ["CT-04"],
    what,
    remedy: NO_KEYS,
    ...(needs !== undefined && { needs }),
    header: { alg: "ES256", ...header },
    by: () => signWith(ATTACKER),
  });
}

const BROUGHT: readonly CaseSpec[] = [
  bringsKey({
    slug: "embedded-jwk",
    what: "that embeds its own key as jwk",
    header: { kid: ATTACKER.kid, jwk: ATTACKER.publicJwk },
  }),
  bringsKey({
    slug: "embedded-jwk-same-kid",
    what: "that embeds its own key as jwk under the issuer's key ID",
    header: { jwk: ATTACKER.publicJwk },
  }),
  bringsKey({
    slug: "embedded-certificate",
    what: "that embeds a certificate for its own key as x5c",
    header: { kid: ATTACKER.kid, x5c: [ATTACKER_CERTIFICATE] },
  }),
  ...(["jku", "x5u"] as const).map((parameter): CaseSpec => {
    const pointingAt = (url: string) =>
      bringsKey({
        slug: `${parameter}-not-fetched`,
        what: `whose ${parameter} points to foreign keys`,
        header: { kid: ATTACKER.kid, [parameter]: url },
        needs: ["loopback"],
      });
    return {
      ...pointingAt(""),
      expects: `userErrors code INVALID_TOKEN, and no request to the ${parameter} URL.`,
      run: async (stage) => {
        const trap = await openTrap();
        try {
          await pointingAt(trap.url).run(stage);
          check(trap.visits() === 0, `no request to the ${parameter}`, `${trap.visits()} requests`);
        } finally {
          await trap.close();
        }
      },
    };
  }),
];

const KID = "Use the key that kid names, and no other.";

const LOOKED_UP: readonly CaseSpec[] = [
  flawed({
    slug: "key-of-another-issuer",
    level: "MUST",
    requirements: ["C2.3"],
    attacks: ["CT-11"],
    what: "that one trusted issuer signed in the name of another",
    remedy: "Look for the key among those of the issuer that iss names, and nowhere else.",
    needs: ["issuers"],
    header: (_, stage) => {
      const { alg, kid } = otherKey(stage);
      return { alg, kid };
    },
    by: (stage) => signWith(otherKey(stage)),
  }),
  flawed({
    slug: "kid-missing",
    level: "MAY",
    requirements: ["C2"],
    what: "without kid",
    remedy: `Require kid. ${KID}`,
    needs: ["issuer-key"],
    header: { kid: undefined },
    by: (stage) => signWith(issuerKey(stage)),
  }),
  flawed({
    slug: "kid-unknown",
    level: "MAY",
    requirements: ["C2"],
    attacks: ["CT-27"],
    what: "with a kid that the issuer does not have",
    remedy: KID,
    needs: ["issuer-key"],
    header: { kid: "unknown" },
    by: (stage) => signWith(issuerKey(stage)),
  }),
  flawed({
    slug: "kid-number",
    level: "MAY",
    requirements: ["C2", "G10"],
    what: "whose kid is a number",
    remedy: "A kid is a string of 1 to 255 printable characters.",
    needs: ["issuer-key"],
    header: { kid: 1 },
    by: (stage) => signWith(issuerKey(stage)),
  }),
  ...[
    { slug: "kid-path", kid: "../../../../../../dev/null", what: "whose kid is a path" },
    { slug: "kid-injection", kid: "x' UNION SELECT '' -- ", what: "whose kid is SQL" },
    { slug: "kid-prototype", kid: "__proto__", what: "whose kid is __proto__" },
  ].map(({ slug, kid, what }) =>
    flawed({
      slug,
      level: "MUST",
      requirements: ["C2.2"],
      what: `${what}, signed with HS256 under an empty key,`,
      remedy: "Look kid up in a map of known keys; never in files, queries or plain objects.",
      header: { alg: "HS256", kid },
      by: () => signWithSecret(new Uint8Array(1)),
    })
  ),
];

function otherKey({ target }: Stage): SigningKey {
  return offered(offered(target.otherIssuer, "issuers").keys[0], "issuers");
}

/** A trusted issuer of the case's own, with its first key. */
async function issuerOf(stage: Stage, alg: Algorithm): Promise<Issuer & { key: SigningKey }> {
  offered(stage.target.issuer, "issuers");
  const key = await generateKey(alg);
  const issuer = `https://issuer-${key.kid}.invalid`;
  return { issuer, alg, kid: key.kid, keys: [key], publicJwks: [], key };
}

/** Replaces the keys of an issuer that speaks for one merchant. */
function trust(
  stage: Stage,
  { issuer }: Issuer,
  shop: { readonly id: string },
  keys: readonly SigningKey[],
): Promise<unknown> {
  const jwks = { keys: keys.map(({ publicJwk }) => publicJwk) };
  return harness(stage, "trust", { issuer, jwks, merchants: [shop.id] });
}

/** A key that does not fit its algorithm, published by a trusted issuer beside one that does. */
interface UnfitKey {
  readonly slug: Unfit | "curve-of-another-algorithm" | "type-of-another-algorithm";
  readonly kind: Unfit;
  readonly alg: Algorithm;
  readonly title: string;
  readonly remedy: string;
}

const UNFIT: readonly UnfitKey[] = [
  {
    slug: "rsa-1024",
    kind: "rsa-1024",
    alg: "RS256",
    title: "An issuer's 1024-bit RSA key verifies nothing.",
    remedy:
      "RFC 7518 §3.3: refuse RSA keys below 2048 bits, either when you read keys or when you use them.",
  },
  {
    slug: "curve-of-another-algorithm",
    kind: "p-384",
    alg: "ES256",
    title: "An issuer's P-384 key that is published for ES256 verifies nothing.",
    remedy:
      "RFC 7518 §3.4: ES256 is P-256. Compare kty and crv of a key with its alg; a library may accept any curve.",
  },
  {
    slug: "type-of-another-algorithm",
    kind: "rsa-as-es256",
    alg: "ES256",
    title: "An issuer's RSA key that is published for ES256 verifies nothing.",
    remedy:
      "RFC 8725 §3.1: compare kty and crv of a key with its alg; a library may look only at the key.",
  },
];

function unfit({ slug, kind, alg, title, remedy }: UnfitKey): CaseSpec {
  return {
    slug,
    level: "MUST",
    requirements: [kind === "rsa-1024" ? "C2.5" : "C2.2"],
    attacks: ["CT-03"],
    title,
    does:
      "A trusted issuer publishes the key beside a fit one, and signs a token with it. The harness may refuse the key.",
    expects: "userErrors code INVALID_TOKEN.",
    remedy,
    needs: ["client", "merchant-user", "seed", "issuers", alg],
    run: async (stage) => {
      const shop = actor(stage, "merchant");
      const issuer = await issuerOf(stage, offered(stage.target.issuer, "issuers").alg);
      const bad = await generateUnfitKey(kind);
      await trust(stage, issuer, shop, [issuer.key]);
      await control("a token of the fit key", async () => {
        granted(
          await redeem(stage, await consent(stage, { user: await user(stage, shop), issuer })),
        );
      });
      await mayFail(() => trust(stage, issuer, shop, [issuer.key, bad]));
      const good = draft(stage, { user: await user(stage, shop), issuer });
      const header = { alg: bad.alg, kid: bad.kid };
      const token = await vary(stage, good, { header, by: () => signWithUnfit(bad, kind) });
      refused(await redeem(stage, token), "INVALID_TOKEN");
    },
  };
}

const REMOVED: CaseSpec = {
  slug: "key-removed",
  level: "SHOULD",
  requirements: ["C7"],
  attacks: ["CT-27", "CT-13"],
  title: "After an issuer replaced its keys, a token of the old key is refused with INVALID_TOKEN.",
  remedy: "Replace the whole key set; do not add to it.",
  needs: ["client", "merchant-user", "issuers", "seed"],
  run: async (stage) => {
    const shop = await merchant(stage);
    const issuer = await issuerOf(stage, "ES256");
    const mint = async () =>
      await consent(stage, { user: await user(stage, shop), merchant: shop, issuer });
    await trust(stage, issuer, shop, [issuer.key]);
    await control("a token of the first key", async () => {
      granted(await redeem(stage, await mint()));
    });
    const late = await mint();
    await trust(stage, issuer, shop, [await generateKey("ES256")]);
    refused(await redeem(stage, late), "INVALID_TOKEN");
  },
};

/** Cases about keys. */
export const KEYS: readonly CaseSpec[] = [
  ...BROUGHT,
  ...LOOKED_UP,
  ...UNFIT.map(unfit),
  REMOVED,
];
