/**
 * Signs consent tokens as an issuer would and, with a named defect, as no issuer should. For demos,
 * tests and the conformance suite.
 * @module
 */
import { signJws } from "../jws/private-jwk.ts";
import { type Defect, DEFECTS } from "./defects.ts";
import { draftConsentToken, type MintRequest } from "./draft.ts";

/** Signs a consent token; with a defect, one that must be refused as {@link DEFECTS} says. */
export async function mintConsentToken(request: MintRequest, defect?: Defect): Promise<string> {
  const draft = draftConsentToken(request);
  if (defect === undefined) return await signJws(draft.header, draft.claims, request.key);
  return await DEFECTS[defect].mint(draft, request);
}
