/**
 * More or less than one input, and odd values (E1–E3, G10).
 * @module
 */
import type { Fault } from "../fault.ts";

const DIRECT = "adapters/direct.ts";
const REQUEST = "core/request.ts";

/** The faults. */
export const INPUT: readonly Fault[] = [
  {
    id: "no-input-no-error",
    title: "Neither input is answered with an empty payload and no error.",
    rules: ["E2"],
    attacks: ["IN-01"],
    edits: [[
      DIRECT,
      "throw new InputError(MESSAGES.BAD_USER_INPUT);",
      'return { ...refused("publicId", "NO_USER"), userErrors: [] };',
    ]],
    caughtBy: ["input/neither", "input/neither-null-variables", "input/both-literals"],
  },
  {
    id: "null-counts",
    title: "An explicit null counts as provided.",
    rules: ["E1", "E3"],
    attacks: ["IN-03"],
    edits: [
      [
        REQUEST,
        "const publicId = args.publicId ?? null;",
        'const publicId = args.publicId === undefined ? null : args.publicId ?? "";',
      ],
      [
        REQUEST,
        "const consentToken = args.consentToken ?? null;",
        'const consentToken = args.consentToken === undefined ? null : args.consentToken ?? "";',
      ],
    ],
    caughtBy: [
      "input/one-literal-null",
      "input/one-null-variable",
      "input/one-token-null-public-id",
    ],
  },
  {
    id: "empty-public-id-absent",
    title: "An empty public id counts as absent.",
    rules: ["E1"],
    attacks: ["IN-04"],
    edits: [[REQUEST, "args.publicId ?? null", "args.publicId || null"]],
    caughtBy: ["input/both-empty-public-id", "input/public-id-empty"],
  },
  {
    id: "empty-token-absent",
    title: "An empty consent token counts as absent.",
    rules: ["E1"],
    attacks: ["IN-04"],
    edits: [[REQUEST, "args.consentToken ?? null", "args.consentToken || null"]],
    caughtBy: ["input/both-empty-token", "input/consent-token-empty"],
  },
  {
    id: "both-consumes",
    title: "Of two inputs the consent token is used up before the request is refused.",
    rules: ["E2", "C6"],
    attacks: ["IN-02"],
    options: { settings: { consentRetrySeconds: 0 } },
    edits: [[
      DIRECT,
      'if (selected.stage === "refused") {',
      `if (args.publicId != null && args.consentToken != null) {
        const consent = await verifyConsentToken(shell, args.consentToken);
        if (!("rejected" in consent)) await shell.run({ type: "fetch", by: "consentToken", client, consent });
      }
      if (selected.stage === "refused") {`,
    ]],
    caughtBy: ["input/both-consumes-nothing"],
  },
  {
    id: "input-guessed",
    title: "A consent token without dots is taken for a public id.",
    rules: ["C1", "C2"],
    attacks: [],
    edits: [[
      DIRECT,
      "const consent = await verifyConsentToken(shell, selected.consentToken);",
      `if (!selected.consentToken.includes(".")) {
        const publicId = selected.consentToken;
        return present(shell, "publicId", await shell.run({ type: "fetch", by: "publicId", client, publicId }));
      }
      const consent = await verifyConsentToken(shell, selected.consentToken);`,
    ]],
    caughtBy: ["input/swapped"],
  },
  {
    id: "public-id-trimmed",
    title: "Blanks around a public id are dropped.",
    rules: ["P1", "G10"],
    attacks: ["IN-04"],
    edits: [[
      DIRECT,
      "const { publicId } = selected;",
      "const publicId = selected.publicId.trim();",
    ]],
    caughtBy: ["input/public-id-trailing-space", "input/public-id-newline"],
  },
  {
    id: "public-id-case-folded",
    title: "Public ids are compared without regard to case.",
    rules: ["P1", "G10"],
    attacks: ["IN-04"],
    edits: [[
      DIRECT,
      "const { publicId } = selected;",
      "const publicId = selected.publicId.toLowerCase();",
    ]],
    caughtBy: ["input/public-id-case"],
  },
  {
    id: "public-id-normalised",
    title: "Public ids are normalised as Unicode (NFKC).",
    rules: ["P1", "G10"],
    attacks: ["IN-04"],
    edits: [[
      DIRECT,
      "const { publicId } = selected;",
      'const publicId = selected.publicId.normalize("NFKC");',
    ]],
    caughtBy: ["input/public-id-full-width"],
  },
  {
    id: "public-id-prefix",
    title: "A public id is looked up by its beginning.",
    rules: ["P1", "G10"],
    attacks: ["IN-04"],
    edits: [[
      "adapters/store/memory.ts",
      "const decision = decide(factsOf(state, keys));",
      `const longer = [...state.users.keys()].find((id) => keys.user && id.startsWith(keys.user));
      const decision = decide(factsOf(state, longer === undefined ? keys : { ...keys, user: longer }));`,
    ]],
    caughtBy: ["input/public-id-prefix"],
  },
  {
    id: "identifiers-unchecked",
    title: "Identifiers may be of any length and hold any character.",
    rules: ["G10"],
    attacks: [],
    edits: [["core/model.ts", "/^[\\x21-\\x7e]{1,255}$/.test(value)", "value.length > 0"]],
    caughtBy: ["consent-token/jti-long", "consent-token/jti-space", "consent-token/sub-space"],
  },
];
