// What a consent token says: a JWT that a trusted issuer signed for one of its merchants.
import { createPublicKey, verify } from "node:crypto";

const VERIFIERS = {
  ES256: (data, key, signature) =>
    verify("sha256", data, { key, dsaEncoding: "ieee-p1363" }, signature),
  RS256: (data, key, signature) => verify("sha256", data, key, signature),
  EdDSA: (data, key, signature) => verify(null, data, key, signature),
};
export const ALGORITHMS = Object.keys(VERIFIERS);
const LONGEST_TOKEN = 16 * 1024;
const IDENTIFIER = /^[!-~]{1,255}$/;
const SCOPE = /^[!#-[\]-~]+( [!#-[\]-~]+)*$/;

export const isIdentifier = (value) => typeof value === "string" && IDENTIFIER.test(value);

/** The claims of a token that this client may redeem now. Throws for any other: why is nobody's business. */
export function readConsent(token, { clientId, issuers, audience, now, skew, longest }) {
  const { header, claims, signed, signature } = takeApart(token);
  checkHeader(header);
  checkTypes(claims);
  const issuer = issuers.get(claims.iss);
  const key = issuer?.keys.find(({ kid, alg }) => kid === header.kid && alg === header.alg);
  if (key === undefined) refuse();
  if (!VERIFIERS[key.alg](signed, createPublicKey({ key, format: "jwk" }), signature)) refuse();
  const { aud, azp, client_id, exp, iat, nbf = iat } = claims;
  if ([aud].flat().length !== 1 || [aud].flat()[0] !== audience) refuse();
  if (client_id !== clientId || azp === clientId || !issuer.merchants.includes(azp)) refuse();
  if (now >= exp + skew || Math.max(iat, nbf) > now + skew || Math.max(iat, nbf) >= exp) refuse();
  if (exp - iat > longest || exp - now > longest + skew) refuse();
  return claims;
}

function refuse() {
  throw new Error("This is no good consent token.");
}

function takeApart(token) {
  if (token.length > LONGEST_TOKEN) refuse();
  const segments = token.split(".");
  if (segments.length !== 3) refuse();
  const [header, claims, signature] = segments.map(fromBase64url);
  const signed = Buffer.from(segments.slice(0, 2).join("."));
  return { header: readObject(header), claims: readObject(claims), signed, signature };
}

/** Strict: no padding, no white space, no stray bits. */
function fromBase64url(text) {
  const bytes = Buffer.from(text, "base64url");
  return bytes.toString("base64url") === text ? bytes : refuse();
}

/** A JSON object in UTF-8 in which no name stands twice. JSON.parse would silently take the last one. */
function readObject(bytes) {
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  let kept = -1; // the value itself is visited, too
  const value = JSON.parse(text, function (_name, member) {
    if (!Array.isArray(this)) kept += 1;
    return member;
  });
  const written = text.match(/"(?:[^"\\]|\\.)*"\s*:?/g)?.filter((match) => match.endsWith(":")) ??
    [];
  return isObject(value) && written.length === kept ? value : refuse();
}

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

function checkHeader({ typ, kid, crit, b64, zip }) {
  if (typeof typ !== "string" || !/^(application\/)?consent\+jwt$/i.test(typ)) refuse();
  if (!isIdentifier(kid)) refuse();
  if ([crit, b64, zip].some((member) => member !== undefined)) refuse();
}

function checkTypes({ iss, sub, client_id, azp, jti, iat, exp, nbf = 0, scope = "none" }) {
  if (typeof iss !== "string" || ![sub, client_id, azp, jti].every(isIdentifier)) refuse();
  if (![iat, exp, nbf].every((time) => Number.isSafeInteger(time) && time >= 0)) refuse();
  if (typeof scope !== "string" || !(scope === "" || SCOPE.test(scope))) refuse();
}
