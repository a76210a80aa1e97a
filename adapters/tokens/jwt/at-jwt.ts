/**
 * Access tokens as JWTs (T3, RFC 9068), for resource servers that verify signatures offline.
 * Refresh tokens stay opaque. Offline, such a token is valid until its `exp` (R2).
 * @module
 */
import { SignJWT } from "jose";
import type { TokenGrant } from "../../../core/decision.ts";
import type { FamilyId } from "../../../core/model.ts";
import { readScope, writeScope } from "../../../core/scope.ts";
import type { AccessToken } from "../../../core/use.ts";
import { hex, systemEntropy } from "../../entropy.ts";
import { importCryptoKey, importJwks, type VerificationKey } from "../../jws/jwk.ts";
import { MAX_JWS_LENGTH, readCompactJws } from "../../jws/jws.ts";
import { publicJwk } from "../../jws/private-jwk.ts";
import { type Entropy, KeysUnavailable, type TokenSealer } from "../../ports.ts";
import { allKeys, checkSigningKeys, type SigningKeys } from "./signing-keys.ts";

/** Options for JWT access tokens. */
export interface JwtTokensOptions {
  /** `iss`: this server, as in its metadata (RFC 8414). */
  readonly issuer: string;
  /**
   * `aud`: the Users API. Never the audience of consent tokens, so that neither can be used as the
   * other (T3).
   */
  readonly audience: string;
  readonly keys: SigningKeys;
  /** Seals the refresh tokens. Opaque access tokens issued earlier stay valid. */
  readonly opaque: TokenSealer;
  /**
   * The ids of keys that other servers of the same store sign with and this one lacks. Calls with their
   * tokens reject with {@link KeysUnavailable} (A3). Default: none.
   */
  readonly missing?: () => ReadonlySet<string>;
  readonly entropy?: Entropy;
}

const TYPE = "at+jwt";
const NONE: ReadonlySet<string> = new Set();
/** The family id, and a suffix that makes each token unique. */
const JTI = /^([0-9a-f]{32})\.[0-9a-f]{32}$/;

/**
 * Creates a sealer whose access tokens are JWTs, signed with the active key.
 * @throws {RangeError} if the keys are invalid.
 *
 * @example
 * ```ts
 * import { createJwtTokens, newSigningKeys } from "fetch-tokens-for-user/jwt-tokens";
 * import { createOpaqueTokens, generateTokenKeys } from "fetch-tokens-for-user/tokens";
 *
 * const issuer = "https://shop.example";
 * const tokens = await createJwtTokens({
 *   issuer,
 *   audience: "https://users.example",
 *   keys: await newSigningKeys("ES256"),
 *   opaque: createOpaqueTokens({ serverId: issuer, keys: generateTokenKeys() }),
 * });
 * console.assert(typeof tokens.activeKeyId === "string");
 * ```
 */
export async function createJwtTokens(
  { issuer, audience, keys, opaque, missing = () => NONE, entropy = systemEntropy }:
    JwtTokensOptions,
): Promise<TokenSealer> {
  const all = allKeys(checkSigningKeys(keys)).map(publicJwk);
  const verificationKeys = await importJwks({ keys: all }, "this server");
  const { kid, alg } = verificationKeys.get(keys.active.kid ?? "")!;
  const signingKey = await importCryptoKey(keys.active, alg);
  const sign = async (grant: TokenGrant) => {
    const jti = `${grant.family}.${hex(entropy.bytes(16))}`;
    const token = await new SignJWT({ ...claimsOf(grant), iss: issuer, aud: audience, jti })
      .setProtectedHeader({ alg, typ: TYPE, kid })
      .sign(signingKey);
    if (token.length > MAX_JWS_LENGTH) {
      throw new RangeError("Cannot seal a token: its scope is too long");
    }
    return token;
  };
  return {
    activeKeyId: opaque.activeKeyId,
    async seal(grant) {
      const sealed = await opaque.seal(grant);
      return sealed && { ...sealed, accessToken: await sign(grant) };
    },
    async open(token) {
      const claims = await verify(token, verificationKeys, missing());
      if (claims === null) return await opaque.open(token);
      const ours = claims["iss"] === issuer && claims["aud"] === audience;
      return ours ? readClaims(claims) : null;
    },
  };
}

function claimsOf({ user, client, scope, issuedAt, accessExpiresAt }: TokenGrant) {
  return {
    sub: user,
    client_id: client,
    scope: writeScope(scope),
    iat: issuedAt,
    exp: accessExpiresAt,
  };
}

/**
 * The claims of a token that one of these keys signed, expired or not, since an expired one can be
 * revoked (T7).
 */
async function verify(
  token: string,
  keys: ReadonlyMap<string, VerificationKey>,
  missing: ReadonlySet<string>,
): Promise<Readonly<Record<string, unknown>> | null> {
  const read = readCompactJws(token);
  if (typeof read === "string") return null;
  const { kid, typ, alg, ...others } = read.header;
  if (Object.keys(others).length > 0) return null; // our headers contain nothing else
  if (typ !== TYPE || typeof kid !== "string") return null;
  if (missing.has(kid)) throw new KeysUnavailable(`This server lacks the signing key ${kid}`);
  const key = keys.get(kid);
  if (key === undefined || key.alg !== alg) return null;
  return await key.isSigned(token) ? read.claims : null;
}

/** Reads back what this server put into the claims. */
function readClaims(
  { jti, scope, iat, exp }: Readonly<Record<string, unknown>>,
): AccessToken | null {
  const family: FamilyId | undefined = typeof jti === "string" ? JTI.exec(jti)?.[1] : undefined;
  const tokens = typeof scope === "string" ? readScope(scope) : null;
  if (family === undefined || tokens === null) return null;
  if (typeof iat !== "number" || typeof exp !== "number") return null;
  return { kind: "access", family, scope: tokens, issuedAt: iat, expiresAt: exp };
}
