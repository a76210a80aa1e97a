// Verifies consent tokens: JWTs that a trusted issuer signed for one of its merchants.
import { createPublicKey, verify } from "node:crypto";

const FITS = {
  ES256: ({ asymmetricKeyDetails }) => asymmetricKeyDetails.namedCurve === "prime256v1",
  RS256: ({ asymmetricKeyDetails }) => asymmetricKeyDetails.modulusLength >= 2048,
  EdDSA: ({ asymmetricKeyType }) => asymmetricKeyType === "ed25519",
};
export const ALGORITHMS = Object.keys(FITS);
const LONGEST_TOKEN = 16 * 1024;
const SCOPE = /^$|^[!#-[\]-~]+( [!#-[\]-~]+)*$/;

export const isIdentifier = (value) => typeof value === "string" && /^[!-~]{1,255}$/.test(value);

/** The claims of a token that this client may redeem now, else undefined. The reason is not reported. */
export function readConsent(token, situation) {
  try {
    const { header, claims, signed, signature } = parseToken(token);
    const issuer = situation.issuers.get(claims.iss);
    const valid = isHeader(header) && areClaims(claims) && isMeant(claims, issuer, situation) &&
      isTimely(claims, situation) && isSigned(header, issuer, signed, signature);
    return valid ? claims : undefined;
  } catch {
    return undefined;
  }
}

function parseToken(token) {
  const segments = token.length > LONGEST_TOKEN ? [] : token.split(".");
  if (segments.length !== 3) throw new Error("The token must have three segments.");
  const [header, claims, signature] = segments.map(fromBase64url);
  const signed = Buffer.from(`${segments[0]}.${segments[1]}`);
  return { header: readObject(header), claims: readObject(claims), signed, signature };
}

/** Decodes strictly: no padding, no white space, no trailing bits. */
function fromBase64url(text) {
  const bytes = Buffer.from(text, "base64url");
  if (bytes.toString("base64url") !== text) throw new Error("Invalid base64url.");
  return bytes;
}

/** A JSON object in UTF-8 without duplicate names, of which JSON.parse would silently keep the last. */
function readObject(bytes) {
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  let kept = -1; // the root object is also visited
  const value = JSON.parse(text, function (_name, member) {
    if (!Array.isArray(this)) kept += 1;
    return member;
  });
  const strings = text.match(/"(?:[^"\\]|\\.)*"\s*:?/g) ?? [];
  const written = strings.filter((string) => string.endsWith(":")).length;
  if (!text.trimStart().startsWith("{") || written !== kept) {
    throw new Error("Not a JSON object with unique names.");
  }
  return value;
}

const isHeader = ({ typ, kid, crit, b64, zip }) =>
  typeof typ === "string" && /^(application\/)?consent\+jwt$/i.test(typ) && isIdentifier(kid) &&
  [crit, b64, zip].every((member) => member === undefined);

const areClaims = ({ sub, client_id, azp, jti, iat, exp, nbf = 0, scope = "" }) =>
  [sub, client_id, azp, jti].every(isIdentifier) &&
  [iat, exp, nbf].every((time) => Number.isSafeInteger(time) && time >= 0) &&
  typeof scope === "string" && SCOPE.test(scope);

const isMeant = ({ aud, azp, client_id }, issuer, { client, audience }) =>
  [aud].flat().length === 1 && [aud].flat()[0] === audience && client_id === client &&
  azp !== client && issuer.merchants.includes(azp);

function isTimely({ iat, nbf = iat, exp }, { now, policy }) {
  const { consentSkewSeconds: skew, consentMaxLifetimeSeconds: longest } = policy;
  const begins = Math.max(iat, nbf);
  return begins <= now + skew && begins < exp && now < exp + skew && exp - iat <= longest;
}

function isSigned({ kid, alg }, issuer, signed, signature) {
  const jwk = issuer.keys.find((candidate) => candidate.kid === kid && candidate.alg === alg);
  const key = createPublicKey({ key: jwk, format: "jwk" });
  const hash = alg === "EdDSA" ? null : "sha256";
  return FITS[alg](key) && verify(hash, signed, { key, dsaEncoding: "ieee-p1363" }, signature);
}
