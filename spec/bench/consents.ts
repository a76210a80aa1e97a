/**
 * Consent tokens for the benchmark, signed ahead of time. Every round starts on fresh data, so each
 * round can redeem the same ones.
 * @module
 */
import { Buffer } from "node:buffer";
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";

/** The algorithms that consent tokens are measured with. */
export type Algorithm = "ES256" | "RS256" | "EdDSA";

/** What every token says. */
export interface Claims {
  readonly audience: string;
  readonly client: string;
  readonly merchant: string;
  readonly scope: string;
}

/** An issuer with a key for each algorithm. */
export interface Issuer {
  /** As in a server's file of issuers. */
  readonly trust: object;
  /** The token of this number, for the user of this name; the same one until it is too old. */
  token(algorithm: Algorithm, number: number, user: string): string;
}

/** As long as a server allows. A token is replaced long before. */
export const CONSENT_SECONDS = 3600;
const MAX_AGE_SECONDS = 1800;
const ISSUER = "https://issuer.bench.invalid";

/** Makes an issuer with fresh keys. */
export function createIssuer({ audience, client, merchant, scope }: Claims): Issuer {
  const keys = {
    ES256: generateKeyPairSync("ec", { namedCurve: "P-256" }),
    RS256: generateKeyPairSync("rsa", { modulusLength: 2048 }),
    EdDSA: generateKeyPairSync("ed25519"),
  };
  const jwks = Object.entries(keys).map(([alg, { publicKey }]) => ({
    ...publicKey.export({ format: "jwk" }),
    kid: alg,
    alg,
    use: "sig",
  }));
  const pools = { ES256: createPool(), RS256: createPool(), EdDSA: createPool() };
  return {
    trust: { issuer: ISSUER, merchants: [merchant], jwks: { keys: jwks } },
    token(alg, number, user) {
      const now = Math.floor(Date.now() / 1000);
      return pools[alg].take(number, now, () => {
        const header = encode({ alg, typ: "consent+jwt", kid: alg });
        const claims = encode({
          iss: ISSUER,
          aud: audience,
          sub: user,
          client_id: client,
          azp: merchant,
          scope,
          iat: now,
          exp: now + CONSENT_SECONDS,
          jti: `bench-${now}-${number}`,
        });
        return signed(`${header}.${claims}`, alg, keys[alg].privateKey);
      });
    },
  };
}

function createPool() {
  let began = 0;
  let tokens: string[] = [];
  return {
    take(number: number, now: number, mint: () => string): string {
      if (now - began > MAX_AGE_SECONDS) [began, tokens] = [now, []];
      return tokens[number] ??= mint();
    },
  };
}

function signed(text: string, alg: Algorithm, key: KeyObject): string {
  const hash = alg === "EdDSA" ? null : "sha256";
  const signature = sign(hash, Buffer.from(text), { key, dsaEncoding: "ieee-p1363" });
  return `${text}.${signature.toString("base64url")}`;
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
