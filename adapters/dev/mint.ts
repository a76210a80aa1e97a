/**
 * Signs consent tokens as an issuer would, optionally with a named defect. For demos, tests and the
 * conformance suite.
 * @module
 */
import { signJws } from "../jws/private-jwk.ts";
import { type Defect, DEFECTS } from "./defects.ts";
import { draftConsentToken, type MintRequest } from "./draft.ts";

/**
 * Signs a consent token; with a defect, one that must be refused as {@link DEFECTS} says.
 *
 * @example
 * ```ts
 * import { DEFECTS, mintConsentToken } from "fetch-tokens-for-user/dev";
 * import { exportJWK, generateKeyPair } from "jose";
 *
 * const { privateKey } = await generateKeyPair("ES256", { extractable: true });
 * const request = {
 *   key: { ...await exportJWK(privateKey), kid: "key-1", alg: "ES256" },
 *   issuer: "https://consents.example",
 *   audience: "https://shop.example",
 *   user: "some-user",
 *   client: "some-partner",
 *   merchant: "some-storefront",
 *   scope: "openid",
 *   now: Math.floor(Date.now() / 1000),
 * };
 * const valid = await mintConsentToken(request);
 * const expired = await mintConsentToken(request, "expired");
 * console.assert(valid !== expired && DEFECTS.expired.outcome === "INVALID_TOKEN");
 * ```
 */
export async function mintConsentToken(request: MintRequest, defect?: Defect): Promise<string> {
  const draft = draftConsentToken(request);
  if (defect === undefined) return await signJws(draft.header, draft.claims, request.key);
  return await DEFECTS[defect].mint(draft, request);
}
