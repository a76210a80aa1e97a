/**
 * Who signed a consent token, and how (C2): forgeries.
 * @module
 */
import { ATTACKER, ATTACKER_CERTIFICATE, openTrap } from "../stage/attacker.ts";
import { consent, type Draft, draft, issuerKey, sign, signAnything } from "../stage/consents.ts";
import type { CaseSpec } from "../case.ts";
import { base64, base64url, fromBase64url, utf8 } from "../base/encoding.ts";
import {
  type Algorithm,
  generateKey,
  generateUnfitKey,
  segment,
  type Sign,
  type SigningKey,
  signWith,
  signWithSecret,
  signWithUnfit,
  spkiOf,
  type Unfit,
  unsigned,
} from "../base/jws.ts";
import { granted, hideConsent, redeem, refused } from "../stage/product.ts";
import { actor, harness, merchant, type Stage, user } from "../stage/stage.ts";
import { offered } from "../target/target.ts";
import type { Level } from "../../requirements/model.ts";
import type { Need } from "../needs.ts";
import { check, control, mayFail } from "../verdict.ts";
import { type Flaw, flawed } from "./flawed.ts";

const VERIFY =
  "Verify the signature over the bytes as they came, with the key of the issuer, before any claim is used.";
const ALLOW =
  "Take the algorithm from the key, not from the header: one key, one algorithm, and a list of those allowed.";
const NO_KEYS = "Never take a key, or the address of one, from a token.";

/** Replaces the segments of a signed token. */
function edit(stage: Stage, token: string, change: (parts: string[]) => readonly string[]): string {
  const edited = change(token.split(".")).join(".");
  hideConsent(stage, edited);
  return edited;
}

const FORGED: readonly CaseSpec[] = [
  {
    slug: "altered-signature",
    what: "with one bit of its signature changed",
    make: async (stage: Stage, good: Draft) =>
      edit(stage, await sign(stage, good), ([header = "", claims = "", signature = ""]) => {
        const bytes = fromBase64url(signature) ?? new Uint8Array(1);
        bytes[10] = (bytes[10] ?? 0) ^ 1;
        return [header, claims, base64url(bytes)];
      }),
  },
  {
    slug: "altered-claims",
    what: "with one claim changed after it was signed",
    make: async (stage: Stage, good: Draft) => {
      const claims = segment({ ...good.claims, jti: "changed-after-it-was-signed" });
      return edit(
        stage,
        await sign(stage, good),
        ([header = "", , signature = ""]) => [header, claims, signature],
      );
    },
  },
  {
    slug: "altered-header",
    what: "with a header parameter added after it was signed",
    make: async (stage: Stage, good: Draft) => {
      const header = segment({ ...good.header, note: "added" });
      return edit(
        stage,
        await sign(stage, good),
        ([, claims = "", signature = ""]) => [header, claims, signature],
      );
    },
  },
  {
    slug: "no-signature",
    what: "without its signature",
    make: async (stage: Stage, good: Draft) =>
      edit(stage, await sign(stage, good), ([header = "", claims = ""]) => [header, claims, ""]),
  },
  {
    slug: "truncated-signature",
    what: "with half of its signature",
    make: async (stage: Stage, good: Draft) =>
      edit(
        stage,
        await sign(stage, good),
        (
          [header = "", claims = "", signature = ""],
        ) => [header, claims, signature.slice(0, signature.length >> 1)],
      ),
  },
  {
    slug: "signature-of-another",
    what: "with the signature of another token of the same issuer",
    make: async (stage: Stage, good: Draft) => {
      const other = { ...good, claims: { ...good.claims, jti: "another-token" } };
      const foreign = (await sign(stage, other)).split(".")[2] ?? "";
      return edit(
        stage,
        await sign(stage, good),
        ([header = "", claims = ""]) => [header, claims, foreign],
      );
    },
  },
  {
    slug: "foreign-key",
    what: "signed by somebody else under the key id of the issuer",
    make: (stage: Stage, { header, claims }: Draft) =>
      signAnything(stage, { ...header, alg: "ES256" }, claims, signWith(ATTACKER)),
  },
].map((flaw) =>
  flawed({ ...flaw, level: "MUST", requirements: ["C2"], attacks: ["CT-24"], remedy: VERIFY })
);

/** A token under another algorithm name than its key has. */
function algorithm(
  slug: string,
  what: string,
  alg: unknown,
  by: (stage: Stage) => Sign | Promise<Sign>,
  attacks: readonly string[],
  more: { readonly level?: Level; readonly needs?: readonly Need[] } = {},
): CaseSpec {
  return flawed({
    slug,
    level: more.level ?? "MUST",
    requirements: ["C2"],
    attacks,
    what,
    remedy: ALLOW,
    needs: more.needs ?? ["sign"],
    make: async (stage, { header, claims }) =>
      await signAnything(stage, { ...header, alg }, claims, await by(stage)),
  });
}

/** The public key that an attacker would feed to HMAC. */
async function publicBytes(stage: Stage, form: "pem" | "der" | "jwk"): Promise<Sign> {
  if (form === "jwk") {
    const [jwk] = offered(stage.target.issuer, "sign").publicJwks;
    return signWithSecret(utf8(JSON.stringify(offered(jwk, "issuer-key"))));
  }
  const der = await spkiOf(issuerKey(stage));
  if (form === "der") return signWithSecret(der);
  const lines = base64(der).replace(/.{64}/g, "$&\n").trimEnd();
  return signWithSecret(utf8(`-----BEGIN PUBLIC KEY-----\n${lines}\n-----END PUBLIC KEY-----\n`));
}

const ALGORITHM: readonly CaseSpec[] = [
  algorithm("alg-none", "with alg none and no signature", "none", () => unsigned, ["CT-01"]),
  algorithm("alg-none-mixed-case", "with alg nOnE and no signature", "nOnE", () => unsigned, [
    "CT-01",
  ]),
  algorithm("alg-none-capital", "with alg None and no signature", "None", () => unsigned, [
    "CT-01",
  ]),
  algorithm("alg-empty", "with an empty alg and no signature", "", () => unsigned, ["CT-01"]),
  algorithm("alg-missing", "without alg and without signature", undefined, () => unsigned, [
    "CT-01",
  ]),
  algorithm("alg-list", "with a list for its alg", ["ES256", "none"], () => unsigned, ["CT-01"]),
  algorithm(
    "alg-none-signed",
    "with alg none and a signature of the issuer",
    "none",
    (stage) => signWith(issuerKey(stage)),
    ["CT-01"],
    { needs: ["sign", "issuer-key"] },
  ),
  algorithm(
    "hmac-pem",
    "with HS256 under the issuer's public key as PEM",
    "HS256",
    (stage) => publicBytes(stage, "pem"),
    ["CT-02"],
    { needs: ["sign", "issuer-key"] },
  ),
  algorithm(
    "hmac-der",
    "with HS256 under the issuer's public key as DER",
    "HS256",
    (stage) => publicBytes(stage, "der"),
    ["CT-02"],
    { needs: ["sign", "issuer-key"] },
  ),
  algorithm(
    "hmac-jwk",
    "with HS256 under the issuer's public key as JWK",
    "HS256",
    (stage) => publicBytes(stage, "jwk"),
    ["CT-02"],
    { needs: ["sign", "issuer-key"] },
  ),
  algorithm(
    "hmac-client-secret",
    "with HS256 under the partner's own secret",
    "HS256",
    (stage) => signWithSecret(utf8(actor(stage, "partner").secret)),
    ["CT-02"],
  ),
  algorithm(
    "hmac-zero",
    "with HS256 under a key of zeros",
    "HS256",
    () => signWithSecret(new Uint8Array(32)),
    ["CT-02"],
  ),
  algorithm(
    "alg-of-another-key",
    "with RS256 in its header over a signature of an ES256 key",
    "RS256",
    (stage) => signWith(issuerKey(stage, "ES256")),
    ["CT-03"],
    { needs: ["sign", "ES256"] },
  ),
  algorithm(
    "alg-unknown",
    "with an algorithm that there is not",
    "ES256K-R",
    (stage) => signWith(issuerKey(stage)),
    ["CT-03"],
    { needs: ["sign", "issuer-key"] },
  ),
  flawed({
    slug: "pss",
    level: "SHOULD",
    requirements: ["C2"],
    attacks: ["CT-03"],
    what: "signed with PS256 by the issuer's RS256 key",
    remedy: ALLOW,
    needs: ["sign", "RS256"],
    make: (stage, { header, claims }) => {
      const key = issuerKey(stage, "RS256");
      return signAnything(
        stage,
        { ...header, alg: "PS256", kid: key.kid },
        claims,
        signWith(key, "PS256"),
      );
    },
  }),
  flawed({
    slug: "ecdsa-der",
    level: "MUST",
    requirements: ["C2"],
    what: "with its ECDSA signature as DER instead of two numbers",
    remedy: "Take ES256 signatures as 64 bytes, R and S (RFC 7518 §3.4), and as nothing else.",
    needs: ["sign", "ES256"],
    make: async (stage, { header, claims }) => {
      const key = issuerKey(stage, "ES256");
      const by: Sign = async (input) => derOf(await signWith(key)(input));
      return await signAnything(stage, { ...header, alg: "ES256", kid: key.kid }, claims, by);
    },
  }),
  flawed({
    slug: "ecdsa-zero",
    level: "MUST",
    requirements: ["C2"],
    what: "with an ECDSA signature of zeros",
    remedy: "Refuse R and S of 0: update the cryptographic library (CVE-2022-21449).",
    needs: ["sign", "ES256"],
    make: (stage, { header, claims }) => {
      const { kid } = issuerKey(stage, "ES256");
      const by: Sign = () => Promise.resolve(new Uint8Array(64));
      return signAnything(stage, { ...header, alg: "ES256", kid }, claims, by);
    },
  }),
];

/** R and S as a DER sequence of two integers. */
function derOf(signature: Uint8Array): Uint8Array {
  const integer = (bytes: Uint8Array) => {
    const body = (bytes[0] ?? 0) < 128 ? [...bytes] : [0, ...bytes];
    return [2, body.length, ...body];
  };
  const body = [...integer(signature.slice(0, 32)), ...integer(signature.slice(32))];
  return Uint8Array.of(48, body.length, ...body);
}

/** A token that brings the attacker's key along. */
function bringsKey(slug: string, what: string, header: object, kid: "own" | "issuer"): CaseSpec {
  return flawed({
    slug,
    level: "MUST",
    requirements: ["C2"],
    attacks: ["CT-04"],
    what,
    remedy: NO_KEYS,
    make: (stage, good) => {
      const base = { ...good.header, alg: "ES256", ...(kid === "own" && { kid: ATTACKER.kid }) };
      return signAnything(stage, { ...base, ...header }, good.claims, signWith(ATTACKER));
    },
  });
}

/** A token that names an address of the attacker's keys: it is refused, and nobody goes there. */
function namesAddress(parameter: "jku" | "x5u"): CaseSpec {
  const flaw: Flaw = {
    slug: `${parameter}-not-fetched`,
    level: "MUST",
    requirements: ["C2"],
    attacks: ["CT-04"],
    what: `whose ${parameter} leads to the keys of somebody else`,
    remedy: NO_KEYS,
    needs: ["sign", "loopback"],
    make: (stage, { header, claims }) =>
      signAnything(
        stage,
        { ...header, alg: "ES256", kid: ATTACKER.kid },
        claims,
        signWith(ATTACKER),
      ),
  };
  const base = flawed(flaw);
  return {
    ...base,
    expects: `${base.expects} No request to the address in ${parameter}.`,
    run: async (stage) => {
      const trap = await openTrap();
      try {
        const make: Flaw["make"] = (stage, good) =>
          flaw.make(stage, { ...good, header: { ...good.header, [parameter]: trap.url } });
        await flawed({ ...flaw, make }).run(stage);
        check(trap.visits() === 0, `no request to the ${parameter}`, `${trap.visits()} requests`);
      } finally {
        await trap.close();
      }
    },
  };
}

const KEYS: readonly CaseSpec[] = [
  bringsKey("embedded-jwk", "that brings the key it is signed with as jwk", {
    jwk: ATTACKER.publicJwk,
  }, "own"),
  bringsKey("embedded-jwk-same-kid", "that brings its key as jwk under the issuer's key id", {
    jwk: ATTACKER.publicJwk,
  }, "issuer"),
  bringsKey("embedded-certificate", "that brings a certificate for its key as x5c", {
    x5c: [ATTACKER_CERTIFICATE],
  }, "own"),
  namesAddress("jku"),
  namesAddress("x5u"),
  flawed({
    slug: "key-of-another-issuer",
    level: "MUST",
    requirements: ["C2"],
    attacks: ["CT-11"],
    what: "that one trusted issuer signed in the name of another",
    remedy: "Look for the key among those of the issuer that iss names, and nowhere else.",
    needs: ["sign", "issuers"],
    make: (stage, { header, claims }) => {
      const other = offered(stage.target.otherIssuer, "issuers");
      const key = offered(other.keys[0], "issuers");
      return signAnything(stage, { ...header, alg: key.alg, kid: key.kid }, claims, signWith(key));
    },
  }),
  flawed({
    slug: "kid-missing",
    level: "MAY",
    requirements: ["C2"],
    what: "without kid",
    remedy: "Require kid: it says which key is meant, so no other is tried.",
    needs: ["sign", "issuer-key"],
    make: (stage, { header, claims }) =>
      signAnything(stage, { ...header, kid: undefined }, claims, signWith(issuerKey(stage))),
  }),
  flawed({
    slug: "kid-unknown",
    level: "MAY",
    requirements: ["C2"],
    attacks: ["CT-27"],
    what: "with a key id that the issuer does not have",
    remedy: "Use the key that kid names, and no other.",
    needs: ["sign", "issuer-key"],
    make: (stage, { header, claims }) =>
      signAnything(stage, { ...header, kid: "unknown" }, claims, signWith(issuerKey(stage))),
  }),
  flawed({
    slug: "kid-number",
    level: "MAY",
    requirements: ["C2", "G10"],
    what: "with a number for kid",
    remedy: "A kid is a string of 1 to 255 printable characters.",
    needs: ["sign", "issuer-key"],
    make: (stage, { header, claims }) =>
      signAnything(stage, { ...header, kid: 1 }, claims, signWith(issuerKey(stage))),
  }),
  ...[
    ["kid-path", "../../../../../../dev/null", "that is a path to an empty file"],
    ["kid-injection", "x' UNION SELECT '' -- ", "that is a piece of SQL"],
    ["kid-prototype", "__proto__", "that every object has"],
  ].map(([slug = "", kid = "", what = ""]) =>
    flawed({
      slug,
      level: "MUST",
      requirements: ["C2"],
      what: `signed with an empty HMAC key under a kid ${what}`,
      remedy: "Look kid up in a map of known keys; never in files, queries or plain objects.",
      make: (stage, { header, claims }) =>
        signAnything(
          stage,
          { ...header, alg: "HS256", kid },
          claims,
          signWithSecret(new Uint8Array(1)),
        ),
    })
  ),
  {
    slug: "key-removed",
    level: "SHOULD",
    requirements: ["C7"],
    attacks: ["CT-27", "CT-13"],
    title: "A consent token whose key was removed from the issuer's set is refused.",
    does:
      "Redeems a token of an issuer, replaces the issuer's keys, presents a second token of the old key.",
    expects: "Tokens, then userErrors code INVALID_TOKEN.",
    remedy: "Replace the whole key set; do not add to it.",
    needs: ["client", "merchant-user", "issuers", "seed"],
    run: (stage) => keyRemoved(stage),
  },
];

/** A key that is no good for its algorithm, published by a trusted issuer among good ones. */
function unfit(
  slug: string,
  what: string,
  kind: Unfit,
  alg: Algorithm,
  remedy: string,
): CaseSpec {
  return {
    slug,
    level: "MUST",
    requirements: ["C2"],
    attacks: ["CT-03"],
    title: `${what} verifies nothing.`,
    does:
      "Has an issuer trusted that publishes such a key beside a good one; presents a token signed with it. Whether the harness takes the key does not matter.",
    expects: "userErrors code INVALID_TOKEN.",
    remedy,
    needs: ["client", "merchant-user", "seed", "issuers", alg],
    run: async (stage) => {
      const shop = actor(stage, "merchant");
      const good = await generateKey(offered(stage.target.issuer, "issuers").alg);
      const bad = await generateUnfitKey(kind);
      const issuer = `https://unfit-${good.kid}.issuer.invalid`;
      const trust = (...keys: readonly SigningKey[]) => {
        const jwks = { keys: keys.map(({ publicJwk }) => publicJwk) };
        return harness(stage, "trust", { issuer, jwks, merchants: [shop.id] });
      };
      const signer = { issuer, alg: good.alg, kid: good.kid, keys: [good], publicJwks: [] };
      await trust(good);
      await control("a token of the good key", async () => {
        const subject = await user(stage, shop);
        granted(await redeem(stage, await consent(stage, { user: subject, issuer: signer })));
      });
      await mayFail(() => trust(good, bad));
      const { header, claims } = draft(stage, { user: await user(stage, shop), issuer: signer });
      const named = { ...header, alg: bad.alg, kid: bad.kid };
      refused(
        await redeem(stage, await signAnything(stage, named, claims, signWithUnfit(bad, kind))),
        "INVALID_TOKEN",
      );
    },
  };
}

const UNFIT: readonly CaseSpec[] = [
  unfit(
    "rsa-1024",
    "An RSA key of 1024 bits",
    "rsa-1024",
    "RS256",
    "RFC 7518 §3.3: refuse RSA keys below 2048 bits when keys are read, or when they are used.",
  ),
  unfit(
    "curve-of-another-algorithm",
    "A P-384 key that is published for ES256",
    "p-384",
    "ES256",
    "RFC 7518 §3.4: ES256 is P-256. Compare kty and crv of a key with its alg; a library may take any curve.",
  ),
  unfit(
    "type-of-another-algorithm",
    "An RSA key that is published for ES256",
    "rsa-as-es256",
    "ES256",
    "RFC 8725 §3.1: compare kty and crv of a key with its alg; a library may go by the key alone.",
  ),
];

async function keyRemoved(stage: Stage): Promise<void> {
  const shop = await merchant(stage);
  const [before, after] = [await generateKey("ES256"), await generateKey("ES256")];
  const issuer = `https://rotating-${before.kid}.issuer.invalid`;
  const trust = (key: typeof before) =>
    harness(stage, "trust", { issuer, jwks: { keys: [key.publicJwk] }, merchants: [shop.id] });
  const signer = {
    issuer,
    alg: "ES256" as Algorithm,
    kid: before.kid,
    keys: [before],
    publicJwks: [],
  };
  const mint = async () =>
    await consent(stage, { user: await user(stage, shop), merchant: shop, issuer: signer });
  await trust(before);
  await control("a token of the first key", async () => granted(await redeem(stage, await mint())));
  const late = await mint();
  await trust(after);
  refused(await redeem(stage, late), "INVALID_TOKEN");
}

/** The algorithms that a trusted issuer may use. */
function accepted(alg: Algorithm): CaseSpec {
  return {
    slug: `signed-${alg.toLowerCase()}`,
    level: "MAY",
    requirements: ["C2"],
    title: `A consent token signed with ${alg} is accepted.`,
    does: `Presents a good consent token signed with ${alg}.`,
    expects: "Tokens.",
    remedy: `Support ${alg}, or leave it out of the declared algorithms.`,
    needs: ["client", "merchant-user", "sign", alg],
    run: async (stage) => {
      const key = issuerKey(stage, alg);
      const { header, claims } = draft(stage, {
        user: await user(stage, actor(stage, "merchant")),
      });
      const token = await signAnything(
        stage,
        { ...header, alg, kid: key.kid },
        claims,
        signWith(key),
      );
      granted(await redeem(stage, token));
    },
  };
}

/** Cases about signatures, algorithms and keys. */
export const SIGNATURE: readonly CaseSpec[] = [
  ...FORGED,
  ...ALGORITHM,
  ...KEYS,
  ...UNFIT,
  accepted("ES256"),
  accepted("RS256"),
  accepted("EdDSA"),
];
