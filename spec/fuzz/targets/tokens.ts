/**
 * Tokens: JWTs of any header and claims, well signed or not, at every place that takes one; and mutated
 * tokens of the server itself.
 * @module
 */
import { createHmac } from "node:crypto";
import fc from "fast-check";
import { PATHS } from "../../../adapters/http/metadata.ts";
import { encodeBase64url } from "../../../adapters/jws/base64url.ts";
import { readCompactJws } from "../../../adapters/jws/jws.ts";
import { signJws } from "../../../adapters/jws/private-jwk.ts";
import { MUTATION } from "../../tests/support/http-face.ts";
import { ISSUER, SERVER_ID, USERS_API, type World } from "../../tests/support/world.ts";
import { judgeReply } from "../laws.ts";
import { askSubject, type Form, outcomeOf, type Recipe } from "../subject.ts";
import type { Target } from "../target.ts";
import { type Edit, edit, edits, fill, objectTexts } from "../text.ts";
import { forms, openSubjects } from "./requests.ts";

/** A JWT to be made, and where it is presented. */
interface Presented {
  readonly form: Form;
  readonly kind: Kind;
  readonly header: string;
  readonly claims: string;
  readonly signature: "good" | "other key" | "none" | "HMAC with the public key" | "empty" | "kept";
  readonly edits: readonly Edit[];
  readonly place: (typeof PLACES)[number];
}

type Kind = "consent" | "access";

const PLACES = ["mutation", "bearer", "introspect", "revoke", "refresh"] as const;

const HEADERS: Readonly<Record<Kind, Readonly<Record<string, string>>>> = {
  consent: { alg: '"ES256"', kid: '"es"', typ: '"consent+jwt"' },
  access: { alg: '"ES256"', kid: '"{{kid}}"', typ: '"at+jwt"' },
};
const CLAIMS: Readonly<Record<Kind, Readonly<Record<string, string>>>> = {
  consent: {
    iss: JSON.stringify(ISSUER),
    aud: '"https://partners.example"',
    sub: '"user-merchant-only"',
    client_id: '"partner"',
    azp: '"merchant"',
    scope: '"openid email"',
    iat: "{{now}}",
    exp: "{{soon}}",
    jti: '"{{jti}}"',
  },
  access: {
    iss: JSON.stringify(SERVER_ID),
    aud: JSON.stringify(USERS_API),
    sub: '"user-connected"',
    client_id: '"partner"',
    scope: '"openid"',
    iat: "{{now}}",
    exp: "{{soon}}",
    jti: '"0123456789abcdef0123456789abcdef.0123456789abcdef0123456789abcdef"',
  },
};

const presented: fc.Arbitrary<Presented> = fc.constantFrom<Kind>("consent", "access").chain((
  kind,
) =>
  fc.record({
    form: forms,
    kind: fc.constant(kind),
    header: fc.oneof(
      { weight: 5, arbitrary: fc.constant(objectOf(HEADERS[kind])) },
      objectTexts(HEADERS[kind], 11_000),
      fc.constantFrom("crit", "b64", "zip", "jwk", "jku", "x5u", "x5c", "none").map((name) =>
        objectOf({ ...HEADERS[kind], [name]: '["exp"]' })
      ),
      fc.constantFrom("none", "HS256", "RS256", "EdDSA", "Ed25519", "ES384", "es256").map((alg) =>
        objectOf({ ...HEADERS[kind], alg: JSON.stringify(alg) })
      ),
    ),
    claims: fc.oneof(fc.constant(objectOf(CLAIMS[kind])), objectTexts(CLAIMS[kind], 11_000)),
    signature: fc.oneof(
      { weight: 9, arbitrary: fc.constant("good" as const) },
      fc.constantFrom("other key" as const, "none", "HMAC with the public key", "empty", "kept"),
    ),
    edits: fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, edits),
    place: fc.constantFrom(...PLACES),
  })
);

function objectOf(members: Readonly<Record<string, string>>): string {
  return `{${Object.entries(members).map(([name, text]) => `"${name}":${text}`).join(",")}}`;
}

let made = 0;

/** Makes the token: signed with the issuer's key, or the server's own for access tokens. */
async function make(input: Presented, world: World): Promise<string> {
  const { clock, issuer, signingKeys } = world;
  const now = clock.seconds();
  const names = {
    now: `${now}`,
    soon: `${now + 300}`,
    jti: `fuzz-${made++}`,
    kid: signingKeys.active.kid ?? "",
  };
  const [header, claims] = [fill(input.header, names), fill(input.claims, names)];
  const own = input.kind === "consent" ? issuer.keys.ES256 : signingKeys.active;
  const key = { good: own, "other key": issuer.keys.EdDSA }[input.signature as string] ?? null;
  const unsigned = await signJws(header, claims, key);
  return edit(`${unsigned}${signatureOf(input.signature, unsigned)}`, input.edits);
}

/** Signatures that no private key makes. */
function signatureOf(kind: Presented["signature"], unsigned: string): string {
  if (kind === "kept") return encodeBase64url(new Uint8Array(64));
  if (kind !== "HMAC with the public key") return "";
  return encodeBase64url(createHmac("sha256", "es").update(unsigned.slice(0, -1)).digest());
}

function recipeOf(place: Presented["place"], token: string): Recipe {
  const text = encodeURIComponent(token.replace(/[\ud800-\udfff]/g, ""));
  const json = ["content-type", "application/json"] as const;
  const basic = ["authorization", "Basic {{basic}}"] as const;
  const post = (path: string, body: string): Recipe => ({
    method: "POST",
    path,
    headers: [basic, ["content-type", "application/x-www-form-urlencoded"]],
    body,
  });
  switch (place) {
    case "mutation": {
      const body = JSON.stringify({ query: MUTATION, variables: { consentToken: token } });
      return { method: "POST", path: PATHS.partners, headers: [basic, json], body };
    }
    case "bearer": {
      const bearer = ["authorization", `Bearer ${token}`] as const;
      return {
        method: "POST",
        path: PATHS.users,
        headers: [bearer, json],
        body: '{"query":"{scope}"}',
      };
    }
    case "introspect":
      return post(PATHS.introspect, `token=${text}`);
    case "revoke":
      return post(PATHS.revoke, `token=${text}&token_type_hint=access_token`);
    case "refresh":
      return post(PATHS.token, `grant_type=refresh_token&refresh_token=${text}`);
  }
}

const jwt: Target<Presented> = {
  name: "jwt",
  inputs: presented,
  open: (fault) =>
    openSubjects<Presented>(fault, async (subjects, input) => {
      const subject = subjects[input.form];
      const token = await make(input, subject.world);
      const reply = await askSubject(subject, recipeOf(input.place, token));
      judgeReply(
        reply,
        "",
        [token, ...subject.secrets()].filter((text) => reply.status >= 400 && text !== ""),
      );
      return `${input.place} ${outcomeOf(reply)}`;
    }, (input) => JSON.stringify(input)),
};

/** The server's own tokens, edited, at every place that takes one. */
interface EditedToken {
  readonly form: Form;
  readonly token: "{{access}}" | "{{refresh}}" | "{{consent}}";
  readonly edits: readonly Edit[];
  readonly place: Presented["place"];
}

const edited: Target<EditedToken> = {
  name: "tokens",
  inputs: fc.record({
    form: forms,
    token: fc.constantFrom("{{access}}" as const, "{{refresh}}", "{{consent}}"),
    edits,
    place: fc.constantFrom(...PLACES),
  }),
  open: (fault) =>
    openSubjects<EditedToken>(fault, async (subjects, { form, token, edits: changes, place }) => {
      const subject = subjects[form];
      const text = edit(fill(token, subject.names()), changes);
      readCompactJws(text);
      return `${place} ${outcomeOf(await askSubject(subject, recipeOf(place, text)))}`;
    }, (input) => JSON.stringify(input)),
};

/** Targets of tokens. */
export const TOKEN_TARGETS: readonly Target[] = [jwt, edited] as readonly Target[];
