/**
 * A valid consent token before signing.
 * @module
 */
import type { JWK } from "jose";
import type { ClientId, PublicId, Seconds } from "../../core/model.ts";
import { hex, systemEntropy } from "../entropy.ts";
import { algorithmOf } from "../jws/jwk.ts";
import type { Entropy } from "../ports.ts";

/** The content and the signer of a consent token. */
export interface MintRequest {
  /** The issuer's private key, with its `kid`. Secret. */
  readonly key: JWK;
  readonly issuer: string;
  /** The identifier of the server that is to redeem the token. */
  readonly audience: string;
  /** `sub` */
  readonly user: PublicId;
  /** `client_id`: the partner that may redeem the token. */
  readonly client: ClientId;
  /** `azp` */
  readonly merchant: ClientId;
  /** Space-delimited. */
  readonly scope: string;
  readonly now: Seconds;
  /** Default 300. */
  readonly lifetimeSeconds?: number;
  /** Default: 128 random bits. */
  readonly jti?: string;
  readonly entropy?: Entropy;
}

/** A token before it is signed. */
export interface Draft {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Header and claims of a valid consent token (C3–C5). */
export function draftConsentToken(request: MintRequest): Draft {
  const { key, issuer, audience, user, client, merchant, scope, now } = request;
  const { lifetimeSeconds = 300, entropy = systemEntropy, jti = hex(entropy.bytes(16)) } = request;
  return {
    header: { alg: algorithmOf(key), typ: "consent+jwt", kid: key.kid },
    claims: {
      iss: issuer,
      aud: audience,
      sub: user,
      client_id: client,
      azp: merchant,
      scope,
      iat: now,
      exp: now + lifetimeSeconds,
      jti,
    },
  };
}
