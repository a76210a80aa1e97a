/**
 * Signs anything: any header, any payload, with any key. Needs only WebCrypto.
 * @module
 */
import { base64url, fromBase64url, hex, utf8 } from "./encoding.ts";
import { randomBytes } from "./ambient.ts";

/** The algorithms that consent tokens may be signed with. */
export type Algorithm = "ES256" | "RS256" | "EdDSA";

/** All of them. */
export const ALGORITHMS: readonly Algorithm[] = ["ES256", "RS256", "EdDSA"];

/** A private key that the suite has. */
export interface SigningKey {
  readonly alg: Algorithm;
  readonly kid: string;
  /** As a key set publishes it: `kty`, parameters, `kid`, `alg`, `use`. */
  readonly publicJwk: Readonly<Record<string, unknown>>;
  readonly privateJwk: JsonWebKey;
}

/** What is signed: an object becomes JSON; text and bytes stay as they are. */
export type Part = object | string | Uint8Array<ArrayBuffer>;

/** Makes a signature. */
export type Sign = (input: Uint8Array<ArrayBuffer>) => Promise<Uint8Array>;

const SIGNING = {
  ES256: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
  RS256: {
    name: "RSASSA-PKCS1-v1_5",
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
    hash: "SHA-256",
  },
  EdDSA: { name: "Ed25519" },
} as const;

/** A kind of key that does not fit its algorithm (RFC 7518 §3.3, §3.4). */
export type Unfit = "rsa-1024" | "p-384" | "rsa-as-es256";

const UNFIT: Readonly<
  Record<
    Unfit,
    {
      readonly alg: Algorithm;
      readonly generation: RsaHashedKeyGenParams | (EcKeyGenParams & EcdsaParams);
    }
  >
> = {
  "rsa-1024": { alg: "RS256", generation: { ...SIGNING.RS256, modulusLength: 1024 } },
  "p-384": { alg: "ES256", generation: { ...SIGNING.ES256, namedCurve: "P-384" } },
  "rsa-as-es256": { alg: "ES256", generation: SIGNING.RS256 },
};

/** Generates a key. */
export async function generateKey(
  alg: Algorithm,
  kid: string = hex(randomBytes(8)),
): Promise<SigningKey> {
  const pair = await crypto.subtle.generateKey(SIGNING[alg], true, ["sign", "verify"]);
  const { privateKey } = pair as CryptoKeyPair;
  return toSigningKey(alg, kid, await crypto.subtle.exportKey("jwk", privateKey));
}

/** Generates a key that is published for an algorithm for which RFC 7518 does not allow it. */
export async function generateUnfitKey(unfit: Unfit): Promise<SigningKey> {
  const { alg, generation } = UNFIT[unfit];
  const pair = await crypto.subtle.generateKey(generation, true, ["sign", "verify"]);
  const { privateKey } = pair as CryptoKeyPair;
  const { alg: _, ...jwk } = await crypto.subtle.exportKey("jwk", privateKey);
  return toSigningKey(alg, hex(randomBytes(8)), jwk);
}

/** Signs with a key of {@link generateUnfitKey}: a valid signature of an unfit key. */
export function signWithUnfit({ privateJwk }: SigningKey, unfit: Unfit): Sign {
  return async (input) => {
    const { generation } = UNFIT[unfit];
    const key = await crypto.subtle.importKey("jwk", privateJwk, generation, false, ["sign"]);
    return new Uint8Array(await crypto.subtle.sign(generation, key, input));
  };
}

/** A private JWK as a key. */
export function toSigningKey(alg: Algorithm, kid: string, jwk: JsonWebKey): SigningKey {
  const { kty, crv, x, y, n, e, d, p, q, dp, dq, qi } = jwk;
  const numbers = without({ kty, crv, x, y, n, e });
  return {
    alg,
    kid,
    publicJwk: { ...numbers, kid, alg, use: "sig" },
    privateJwk: without({ ...numbers, d, p, q, dp, dq, qi }) as JsonWebKey,
  };
}

/** Signs with a key, with its own algorithm or another that the key could be used with. */
export function signWith(key: SigningKey, as: Algorithm | "PS256" = key.alg): Sign {
  return async (input) => {
    const algorithm = as === "PS256"
      ? { name: "RSA-PSS", hash: "SHA-256", saltLength: 32 }
      : SIGNING[as];
    const imported = await crypto.subtle.importKey("jwk", key.privateJwk, algorithm, false, [
      "sign",
    ]);
    return new Uint8Array(await crypto.subtle.sign(algorithm, imported, input));
  };
}

/** Signs with HMAC-SHA-256 under bytes that should not be a key. */
export function signWithSecret(secret: Uint8Array<ArrayBuffer>): Sign {
  return async (input) => {
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    const key = await crypto.subtle.importKey("raw", secret, algorithm, false, ["sign"]);
    return new Uint8Array(await crypto.subtle.sign(algorithm, key, input));
  };
}

/** Makes an empty signature. */
export const unsigned: Sign = () => Promise.resolve(new Uint8Array(0));

/** A compact JWS (RFC 7515 §7.1). */
export async function compact(header: Part, payload: Part, sign: Sign): Promise<string> {
  const input = `${segment(header)}.${segment(payload)}`;
  return `${input}.${base64url(await sign(utf8(input)))}`;
}

/** One segment of a compact JWS. */
export function segment(part: Part): string {
  if (part instanceof Uint8Array || typeof part === "string") return base64url(part);
  return base64url(JSON.stringify(part));
}

/** The SubjectPublicKeyInfo of a key (RFC 5280 §4.1), as bytes. */
export async function spkiOf(key: SigningKey): Promise<Uint8Array<ArrayBuffer>> {
  const { kty, crv, x, y, n, e } = key.publicJwk as JsonWebKey;
  const jwk = without({ kty, crv, x, y, n, e }) as JsonWebKey;
  const imported = await crypto.subtle.importKey("jwk", jwk, SIGNING[key.alg], true, ["verify"]);
  return new Uint8Array(await crypto.subtle.exportKey("spki", imported));
}

/** Header and claims of a compact JWS, for people; `null` if it is not one. */
export function describeJws(token: string): string | null {
  const [header, payload] = token.split(".").map((part) => {
    const bytes = fromBase64url(part);
    return bytes === null ? null : new TextDecoder().decode(bytes);
  });
  return header?.startsWith("{") && payload ? `header ${header} claims ${payload}` : null;
}

function without<T extends object>(object: T): T {
  return JSON.parse(JSON.stringify(object));
}
