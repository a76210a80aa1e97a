/**
 * Answers that are not what the vendor documents (G5, G6).
 * @module
 */
import type { Fault } from "../fault.ts";

const DIRECT = "adapters/direct.ts";

/** The faults. */
export const ANSWERS: readonly Fault[] = [
  {
    id: "token-type-lower-case",
    title: "tokenType is bearer.",
    rules: ["G5"],
    attacks: [],
    edits: [[
      DIRECT,
      'tokenType: "Bearer", userErrors',
      'tokenType: "bearer" as never, userErrors',
    ]],
    caughtBy: ["tokens-refresh/token-type"],
  },
  {
    id: "expires-in-milliseconds",
    title: "expiresIn is in milliseconds.",
    rules: ["G6", "T1"],
    attacks: [],
    edits: [[
      DIRECT,
      "expiresIn: grant.accessExpiresAt - grant.issuedAt, publicId",
      "expiresIn: (grant.accessExpiresAt - grant.issuedAt) * 1000, publicId",
    ]],
    caughtBy: ["tokens-refresh/expires-in-plausible", "tokens-refresh/access-token-last-second"],
  },
  {
    id: "expires-in-moment",
    title: "expiresIn is the moment of expiry.",
    rules: ["G6"],
    attacks: [],
    edits: [[
      DIRECT,
      "expiresIn: grant.accessExpiresAt - grant.issuedAt, publicId",
      "expiresIn: grant.accessExpiresAt, publicId",
    ]],
    caughtBy: ["tokens-refresh/expires-in-plausible"],
  },
  {
    id: "expires-in-too-long",
    title: "An access token dies a minute before expiresIn says so.",
    rules: ["G6", "T1"],
    attacks: [],
    edits: [["core/use.ts", "now >= token.expiresAt", "now >= token.expiresAt - 60"]],
    caughtBy: ["tokens-refresh/access-token-last-second"],
  },
  {
    id: "scope-with-commas",
    title: "The tokens of a scope are separated by commas.",
    rules: ["G6"],
    attacks: [],
    edits: [[
      DIRECT,
      'scope: writeScope(grant.scope), tokenType: "Bearer", userErrors',
      'scope: grant.scope.join(","), tokenType: "Bearer", userErrors',
    ]],
    caughtBy: ["scope-delegation/narrowed"],
  },
  {
    id: "scope-as-asked",
    title: "scope says what the consent token asked for, not what was issued.",
    rules: ["G6", "C8"],
    attacks: ["SC-03"],
    edits: [[
      DIRECT,
      'return present( shell, "consentToken", await shell.run({ type: "fetch", by: "consentToken", client, consent }), );',
      `const answer = await present(
        shell,
        "consentToken",
        await shell.run({ type: "fetch", by: "consentToken", client, consent }),
      );
      return answer.scope === null ? answer : { ...answer, scope: writeScope(consent.scope) };`,
    ]],
    caughtBy: ["scope-delegation/within-source", "scope-delegation/within-registration"],
  },
  {
    id: "public-id-left-out",
    title: "A success does not say for whom.",
    rules: ["G5"],
    attacks: [],
    edits: [[DIRECT, "publicId: grant.user,", "publicId: null,"]],
    caughtBy: [
      "scope-delegation/connected",
      "consent-token/redeem",
      "tokens-refresh/success-is-whole",
    ],
  },
  {
    id: "error-beside-tokens",
    title: "A success carries a user error as a warning.",
    rules: ["G5"],
    attacks: [],
    edits: [[
      DIRECT,
      "userErrors: [],",
      'userErrors: [{ code: "NO_CONSENT" as const, field: ["publicId"], message: "Expires soon." }],',
    ]],
    caughtBy: ["scope-delegation/connected", "client-authentication/credentials"],
  },
  {
    id: "tokens-beside-error",
    title: "A failure carries a token.",
    rules: ["G5"],
    attacks: [],
    edits: [[
      DIRECT,
      "accessToken: null, expiresIn: null,",
      'accessToken: "none", expiresIn: null,',
    ]],
    caughtBy: ["scope-delegation/unknown-user", "consent-token/aud-other"],
  },
  {
    id: "empty-for-null",
    title: "A failure has an empty scope and expiresIn 0 instead of null.",
    rules: ["G5"],
    attacks: [],
    edits: [
      [DIRECT, "accessToken: null, expiresIn: null,", "accessToken: null, expiresIn: 0,"],
      [DIRECT, "scope: null, tokenType: null,", 'scope: "", tokenType: null,'],
    ],
    caughtBy: ["tokens-refresh/failure-is-nothing"],
  },
  {
    id: "two-user-errors",
    title: "A failure has two user errors.",
    rules: ["G5"],
    attacks: [],
    edits: [[
      DIRECT,
      "userErrors: [{ code, field: [field], message: MESSAGES[code] }],",
      "userErrors: [0, 1].map(() => ({ code, field: [field], message: MESSAGES[code] })),",
    ]],
    caughtBy: ["tokens-refresh/failure-is-nothing"],
  },
  {
    id: "field-with-input",
    title: "The field of a user error is a path into an input object that there is not.",
    rules: ["G5"],
    attacks: [],
    edits: [[DIRECT, "field: [field],", 'field: ["input", field],']],
    caughtBy: ["tokens-refresh/user-error-field"],
  },
  {
    id: "field-always-public-id",
    title: "Every user error is about publicId.",
    rules: ["G5"],
    attacks: [],
    edits: [[DIRECT, "field: [field],", 'field: ["publicId"],']],
    caughtBy: ["tokens-refresh/user-error-field"],
  },
  {
    id: "errors-thrown",
    title: "Users who have not consented are top-level errors.",
    rules: ["G4", "P2"],
    attacks: [],
    edits: [[
      DIRECT,
      "return refused(field, code); }",
      "throw new InputError(MESSAGES[code]); }",
    ]],
    caughtBy: ["scope-delegation/unknown-user", "scope-delegation/unconnected-user"],
  },
  {
    id: "answers-cached",
    title: "Answers by public id are remembered and given again.",
    rules: ["P2", "R1", "R2"],
    attacks: ["SY-05", "SC-06"],
    edits: [
      [
        DIRECT,
        'const NO_DIGEST = sha256("");',
        'const NO_DIGEST = sha256(""); const ANSWERS = new Map();',
      ],
      [
        DIRECT,
        "const { publicId } = selected;",
        `const { publicId } = selected;
        const known = ANSWERS.get(client + publicId);
        if (known) return known;`,
      ],
      [
        DIRECT,
        'return present( shell, "publicId", await shell.run({ type: "fetch", by: "publicId", client, publicId }), );',
        `const answer = await present(
          shell,
          "publicId",
          await shell.run({ type: "fetch", by: "publicId", client, publicId }),
        );
        if (answer.accessToken !== null) ANSWERS.set(client + publicId, answer);
        return answer;`,
      ],
    ],
    caughtBy: ["scope-delegation/revoked-connection", "tokens-refresh/new-access-token"],
  },
];
