/**
 * Signatures that do not belong to the token, or are not signatures at all (C2).
 * @module
 */
import { base64url, fromBase64url } from "../../base/encoding.ts";
import { segment } from "../../base/jws.ts";
import type { CaseSpec } from "../../case.ts";
import { type Flaw, flawed, FORGED, segments, type Variation } from "./flaw.ts";

const FORGERIES: readonly Pick<Flaw, "slug" | "what" | keyof Variation>[] = [
  {
    slug: "altered-signature",
    what: "with one bit of its signature flipped",
    spell: segments((header, claims, signature) => {
      const bytes = fromBase64url(signature) ?? new Uint8Array(1);
      bytes[10] = (bytes[10] ?? 0) ^ 1;
      return [header, claims, base64url(bytes)];
    }),
  },
  {
    slug: "altered-claims",
    what: "with a claim changed after signing",
    spell: segments((header, _, signature, good) => [
      header,
      segment({ ...good.claims, jti: "changed-after-signing" }),
      signature,
    ]),
  },
  {
    slug: "altered-header",
    what: "with a header parameter added after signing",
    spell: segments((_, claims, signature, good) => [
      segment({ ...good.header, note: "added" }),
      claims,
      signature,
    ]),
  },
  {
    slug: "signature-of-another",
    what: "with the signature of another token from the same issuer",
    claims: { jti: "another-token" },
    spell: segments((header, _, signature, good) => [header, segment(good.claims), signature]),
  },
  {
    slug: "no-signature",
    what: "without its signature",
    spell: segments((header, claims) => [header, claims, ""]),
  },
  {
    slug: "truncated-signature",
    what: "with half of its signature",
    spell: segments((header, claims, signature) => [
      header,
      claims,
      signature.slice(0, signature.length >> 1),
    ]),
  },
  { slug: "foreign-key", what: "signed with a foreign key under the issuer's key ID", ...FORGED },
];

/** Cases about signatures. */
export const SIGNATURE: readonly CaseSpec[] = FORGERIES.map((row) =>
  flawed({
    level: "MUST",
    requirements: ["C2.1"],
    attacks: ["CT-24"],
    remedy:
      "Verify the signature over the bytes as received, with the issuer's key, before you use any claim.",
    ...row,
  })
);
