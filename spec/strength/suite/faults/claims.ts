/**
 * What a consent token says, taken too lightly (C4, C8).
 * @module
 */
import type { Edit, Fault } from "../fault.ts";

const CONSENT = "core/consent.ts";
const VERIFIER = "adapters/consent/verifier.ts";
const HARNESS = "adapters/dev/harness.ts";
const AUDIENCE = 'if (consent.audience !== settings.audience) return "consent_audience";';
const IDS = "if (!isIdentifier(iss) || !isIdentifier(aud) || !isIdentifier(sub)) return null;";
const CLIENTS =
  "if (!isClientId(client_id) || !isClientId(azp) || !isIdentifier(jti)) return null;";
const DESTRUCTURED = "const { iss, sub, client_id, azp, iat, nbf, exp, jti } = claims;";

/** Issuers are found by something else than their exact name. */
function findsIssuer(by: (iss: string, names: string) => string): readonly Edit[] {
  return [
    [
      VERIFIER,
      'const source = typeof iss === "string" ? sources.get(iss) : undefined;',
      `const source = sources.get(${by("String(iss)", "[...sources.keys()]")});`,
    ],
    [
      HARNESS,
      "known.get(String(issuer))?.keys.verify(token)",
      `known.get(${by("String(issuer)", "[...known.keys()]")})?.keys.verify(token)`,
    ],
    [
      CONSENT,
      "settings.issuers.find(({ issuer }) => issuer === consent.issuer)",
      `settings.issuers.find(({ issuer }) =>
         issuer === ${by("consent.issuer", "settings.issuers.map((other) => other.issuer)")})`,
    ],
  ];
}

/** The faults. */
export const CLAIMS: readonly Fault[] = [
  {
    id: "audience-prefix",
    title: "The audience of a consent token may be the beginning of this server's identifier.",
    rules: ["C4"],
    attacks: ["CT-14"],
    edits: [[
      CONSENT,
      AUDIENCE,
      'if (!settings.audience.startsWith(consent.audience)) return "consent_audience";',
    ]],
    caughtBy: ["consent-token/aud-prefix"],
  },
  {
    id: "audience-longer",
    title: "The audience of a consent token may begin with this server's identifier.",
    rules: ["C4"],
    attacks: ["CT-14"],
    edits: [[
      CONSENT,
      AUDIENCE,
      'if (!consent.audience.startsWith(settings.audience)) return "consent_audience";',
    ]],
    caughtBy: ["consent-token/aud-longer", "consent-token/aud-slash"],
  },
  {
    id: "audience-optional",
    title: "A consent token without an audience is for every server.",
    rules: ["C4"],
    attacks: ["CT-14"],
    edits: [
      [CONSENT, IDS, "if (!isIdentifier(iss) || !isIdentifier(sub)) return null;"],
      [
        CONSENT,
        AUDIENCE,
        'if (isIdentifier(consent.audience) && consent.audience !== settings.audience) return "consent_audience";',
      ],
    ],
    caughtBy: [
      "consent-token/aud-missing",
      "consent-token/aud-null",
      "consent-token/aud-empty-list",
    ],
  },
  {
    id: "audience-of-many",
    title: "The first audience of a list counts, whoever else is in it.",
    rules: ["C4"],
    attacks: ["CT-14"],
    edits: [[
      CONSENT,
      'Array.isArray(claims["aud"]) && claims["aud"].length === 1',
      'Array.isArray(claims["aud"])',
    ]],
    caughtBy: ["consent-token/aud-two"],
  },
  {
    id: "any-issuer",
    title: "An unknown issuer is taken for the one that is known.",
    rules: ["C4"],
    attacks: ["CT-11"],
    edits: findsIssuer((iss, names) =>
      `(${names}.includes(${iss}) ? ${iss} : ${names}.find((n) => n.includes("main")))`
    ),
    caughtBy: ["consent-token/iss-unknown", "consent-token/iss-slash"],
  },
  {
    id: "issuer-normalised",
    title: "Issuers are compared as URLs, without regard to case and a slash at the end.",
    rules: ["C4"],
    attacks: ["CT-11"],
    edits: findsIssuer((iss) => `${iss}.toLowerCase().replace(/\\/$/, "")`),
    caughtBy: ["consent-token/iss-slash", "consent-token/iss-case"],
  },
  {
    id: "issuers-in-an-object",
    title: "Issuers are kept in a plain object, which has more names than issuers.",
    rules: ["C4", "A2"],
    attacks: ["CT-11"],
    edits: [[
      VERIFIER,
      'const source = typeof iss === "string" ? sources.get(iss) : undefined;',
      'const source = iss === "__proto__" ? {} as KeySource : sources.get(iss as string);',
    ]],
    caughtBy: ["consent-token/iss-prototype"],
  },
  {
    id: "any-merchant",
    title: "The connection with any merchant will do as the source, whichever azp names.",
    rules: ["C8"],
    attacks: [],
    edits: [[
      "core/evolve.ts",
      "connections.find((found) => found.client === merchant && found.source === null)",
      "connections.find((found) => found.source === null)",
    ]],
    caughtBy: ["consent-token/unknown-merchant"],
  },
  {
    id: "scope-missing-is-all",
    title: "A consent token without scope delegates everything.",
    rules: ["C8"],
    attacks: ["SC-01"],
    edits: [[
      CONSENT,
      "if (value === undefined) return NO_SCOPE;",
      'if (!value) return ["email", "openid", "profile"];',
    ]],
    caughtBy: ["consent-token/no-scope", "consent-token/empty-scope"],
  },
  {
    id: "scope-list",
    title: "scope may be a list.",
    rules: ["C4"],
    attacks: [],
    edits: [[
      CONSENT,
      "if (value === undefined) return NO_SCOPE;",
      'if (value === undefined) return NO_SCOPE; if (Array.isArray(value)) return readScope(value.join(" "));',
    ]],
    caughtBy: ["consent-token/scope-list"],
  },
  {
    id: "scope-lenient",
    title: "A scope is read leniently: any blanks between, any characters within.",
    rules: ["G6"],
    attacks: [],
    edits: [
      ["core/scope.ts", 'const tokens = text.split(" ");', "const tokens = text.split(/\\s+/);"],
      [
        "core/scope.ts",
        "return tokens.every((token) => TOKEN.test(token)) ?",
        "return tokens.length > 0 ?",
      ],
    ],
    caughtBy: ["consent-token/scope-double-space", "consent-token/scope-quote"],
  },
  {
    id: "jti-optional",
    title: "A consent token without jti is good, once and again.",
    rules: ["C4"],
    attacks: ["CT-21"],
    edits: [
      [
        CONSENT,
        DESTRUCTURED,
        "const { iss, sub, client_id, azp, iat, nbf, exp, jti = String(digest) } = claims;",
      ],
    ],
    caughtBy: ["consent-token/jti-missing"],
  },
  {
    id: "claims-coerced",
    title: "Numbers in the place of names are taken for texts.",
    rules: ["C4", "G10"],
    attacks: [],
    edits: [[
      CONSENT,
      DESTRUCTURED,
      `const { iss, client_id, azp, iat, nbf, exp } = claims;
       const [sub, jti] = [claims["sub"], claims["jti"]].map((value) => value && String(value));`,
    ]],
    caughtBy: ["consent-token/jti-number", "consent-token/sub-number", "consent-token/sub-list"],
  },
  {
    id: "client-optional",
    title: "A consent token without client_id is for whoever presents it.",
    rules: ["C4"],
    attacks: ["CT-15"],
    edits: [
      [CONSENT, CLIENTS, "if (!isClientId(azp) || !isIdentifier(jti)) return null;"],
      [
        "adapters/direct.ts",
        "const consent = await verifyConsentToken(shell, selected.consentToken);",
        `const read = await verifyConsentToken(shell, selected.consentToken);
         const consent = "rejected" in read ? read : { ...read, client: read.client ?? client };`,
      ],
    ],
    caughtBy: ["consent-token/client-id-missing"],
  },
];
