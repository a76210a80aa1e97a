/**
 * The algorithm of a consent token (C2): none, confused, unknown, or a signature in another encoding.
 * @module
 */
import type { Level } from "../../../requirements/model.ts";
import { base64, utf8 } from "../../base/encoding.ts";
import {
  ALGORITHMS,
  type Sign,
  signWith,
  signWithSecret,
  spkiOf,
  unsigned,
} from "../../base/jws.ts";
import type { CaseSpec } from "../../case.ts";
import type { Need } from "../../needs.ts";
import { issuerKey } from "../../stage/consents.ts";
import { actor, type Stage } from "../../stage/stage.ts";
import { offered } from "../../target/target.ts";
import { accepted, type Change, flawed } from "./flaw.ts";

/** A token under an algorithm that its key does not have. */
interface Confusion {
  readonly slug: string;
  readonly level?: Level;
  readonly what: string;
  readonly header?: Change;
  readonly by?: (stage: Stage) => Sign | Promise<Sign>;
  readonly needs?: readonly Need[];
}

const UNSIGNED: readonly Confusion[] = [
  { slug: "alg-none", what: "with alg none and no signature", header: { alg: "none" } },
  { slug: "alg-none-mixed-case", what: "with alg nOnE and no signature", header: { alg: "nOnE" } },
  { slug: "alg-none-capital", what: "with alg None and no signature", header: { alg: "None" } },
  { slug: "alg-empty", what: "with an empty alg and no signature", header: { alg: "" } },
  { slug: "alg-missing", what: "without alg and signature", header: { alg: undefined } },
  { slug: "alg-list", what: "whose alg is a list", header: { alg: ["ES256", "none"] } },
  {
    slug: "alg-none-signed",
    what: "with alg none and a signature of the issuer",
    header: { alg: "none" },
    by: (stage) => signWith(issuerKey(stage)),
    needs: ["issuer-key"],
  },
];

const HMAC: readonly Confusion[] = [
  {
    slug: "hmac-pem",
    what: "with HS256 under the issuer's public key as PEM",
    by: async (stage) => {
      const lines = base64(await spkiOf(issuerKey(stage))).replace(/.{64}/g, "$&\n").trimEnd();
      const pem = `-----BEGIN PUBLIC KEY-----\n${lines}\n-----END PUBLIC KEY-----\n`;
      return signWithSecret(utf8(pem));
    },
    needs: ["issuer-key"],
  },
  {
    slug: "hmac-der",
    what: "with HS256 under the issuer's public key as DER",
    by: async (stage) => signWithSecret(await spkiOf(issuerKey(stage))),
    needs: ["issuer-key"],
  },
  {
    slug: "hmac-jwk",
    what: "with HS256 under the issuer's public key as JWK",
    by: ({ target }) => {
      const [jwk] = offered(target.issuer, "sign").publicJwks;
      return signWithSecret(utf8(JSON.stringify(offered(jwk, "issuer-key"))));
    },
    needs: ["issuer-key"],
  },
  {
    slug: "hmac-client-secret",
    what: "with HS256 under the partner's own secret",
    by: (stage) => signWithSecret(utf8(actor(stage, "partner").secret)),
  },
  {
    slug: "hmac-zero",
    what: "with HS256 under a key of zeros",
    by: () => signWithSecret(new Uint8Array(32)),
  },
];

const MISMATCHED: readonly Confusion[] = [
  {
    slug: "alg-of-another-key",
    what: "with alg RS256 and an ES256 signature",
    header: { alg: "RS256" },
    by: (stage) => signWith(issuerKey(stage, "ES256")),
    needs: ["ES256"],
  },
  {
    slug: "alg-unknown",
    what: "with an unknown algorithm",
    header: { alg: "ES256K-R" },
    by: (stage) => signWith(issuerKey(stage)),
    needs: ["issuer-key"],
  },
  {
    slug: "pss",
    level: "SHOULD",
    what: "signed with PS256 by the issuer's RS256 key",
    header: (_, stage) => ({ alg: "PS256", kid: issuerKey(stage, "RS256").kid }),
    by: (stage) => signWith(issuerKey(stage, "RS256"), "PS256"),
    needs: ["RS256"],
  },
];

function confused(attack: string, defaults: Partial<Confusion>, row: Confusion): CaseSpec {
  return flawed({
    level: "MUST",
    requirements: ["C2.2"],
    attacks: [attack],
    remedy:
      "Take the algorithm from the key, not from the header: one key, one algorithm, and a list of those allowed.",
    ...defaults,
    ...row,
  });
}

/** The header of a token signed with the issuer's ES256 key. */
const ES256: Change = (_, stage) => ({ alg: "ES256", kid: issuerKey(stage, "ES256").kid });

const ENCODINGS: readonly CaseSpec[] = [
  flawed({
    slug: "ecdsa-der",
    level: "MUST",
    requirements: ["C2.1"],
    what: "with a DER-encoded ECDSA signature",
    remedy: "Accept ES256 signatures only as 64 bytes, R and S (RFC 7518 §3.4).",
    needs: ["ES256"],
    header: ES256,
    by: (stage) => async (input) => derOf(await signWith(issuerKey(stage, "ES256"))(input)),
  }),
  flawed({
    slug: "ecdsa-zero",
    level: "MUST",
    requirements: ["C2.1"],
    what: "with an ECDSA signature of zeros",
    remedy: "Refuse R and S of 0: update the cryptographic library (CVE-2022-21449).",
    needs: ["ES256"],
    header: ES256,
    by: () => () => Promise.resolve(new Uint8Array(64)),
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

/** Cases about algorithms. */
export const ALGORITHM: readonly CaseSpec[] = [
  ...UNSIGNED.map((row) => confused("CT-01", { by: () => unsigned }, row)),
  ...HMAC.map((row) => confused("CT-02", { header: { alg: "HS256" } }, row)),
  ...MISMATCHED.map((row) => confused("CT-03", {}, row)),
  ...ENCODINGS,
  ...ALGORITHMS.map((alg) =>
    accepted({
      slug: `signed-${alg.toLowerCase()}`,
      level: "MAY",
      requirements: ["C2"],
      title: `A consent token signed with ${alg} is accepted.`,
      remedy: `Support ${alg}, or remove it from the declared algorithms.`,
      needs: [alg],
      header: (_, stage) => ({ alg, kid: issuerKey(stage, alg).kid }),
      by: (stage) => signWith(issuerKey(stage, alg)),
    })
  ),
];
