/**
 * Consent tokens that are redeemed too often, too late or at somebody else's cost (C6, C9–C14).
 * @module
 */
import type { Edit, Fault } from "../fault.ts";

const FETCH = "core/fetch.ts";
const SHELL = "adapters/shell.ts";
const VERIFIER = "adapters/consent/verifier.ts";
const TRANSACT =
  "const decision = await ports.store.transact(keysOf(command), (facts) => { seen.user = facts.user !== null; return decide(command, facts, context()); });";

/** Looks first and writes later, with a moment between, where another request can come in. */
export function looksThenWrites(when: string): Edit {
  return [
    SHELL,
    TRANSACT,
    `const look = async () => {
       const found = decide(command, await ports.store.read(keysOf(command)), context());
       await new Promise((resolve) => setTimeout(resolve, 50));
       return await ports.store.transact(keysOf(command), () => found);
     };
     const decision = ${when}
       ? await look()
       : await ports.store.transact(keysOf(command), (facts) => decide(command, facts, context()));`,
  ];
}

/** The faults. */
export const REDEMPTIONS: readonly Fault[] = [
  {
    id: "look-then-write",
    title: "Whether a consent token was used is looked up first and written down later.",
    rules: ["C9", "C11"],
    attacks: ["CT-22", "SY-06"],
    edits: [looksThenWrites('command.type === "fetch"')],
    caughtBy: ["consent-token/twenty-at-once"],
  },
  {
    id: "stale-replica",
    title: "Whether a consent token was used is read from a replica that lags behind.",
    rules: ["C9"],
    attacks: ["CT-21", "CT-25", "IN-06", "SY-05"],
    edits: [[
      FETCH,
      "if (facts.consentUse !== null) return",
      "if (facts.consentUse !== null && facts.consentUse.redeemedAt + 5 <= context.now) return",
    ]],
    caughtBy: ["consent-token/twenty-at-once", "consent-token/twice", "input/aliased-consent"],
  },
  {
    id: "jti-before-signature",
    title:
      "The jti is written down before the signature is verified: a forged token burns a genuine one.",
    rules: ["C6"],
    attacks: ["CT-24"],
    edits: [
      [
        VERIFIER,
        "const FORBIDDEN_PARAMETERS",
        "const SEEN = new Map<unknown, string>(); const FORBIDDEN_PARAMETERS",
      ],
      [
        VERIFIER,
        "const { iss } = claims;",
        `const { iss, jti } = claims;
         if (SEEN.has(jti) && SEEN.get(jti) !== token) return { rejected: "consent_redeemed" };
         SEEN.set(jti, token);`,
      ],
    ],
    caughtBy: ["consent-token/burns-nothing-forged", "consent-token/burns-nothing-wrong-audience"],
  },
  {
    id: "jti-of-any-issuer-taken",
    title: "A jti is remembered without its issuer.",
    rules: ["C13"],
    attacks: [],
    edits: [
      [
        "core/evolve.ts",
        "pair(keys.consent.issuer, keys.consent.jti)",
        'pair("", keys.consent.jti)',
      ],
      ["core/evolve.ts", "pair(change.use.issuer, change.use.jti)", 'pair("", change.use.jti)'],
    ],
    caughtBy: ["consent-token/jti-of-each-issuer"],
  },
  {
    id: "jti-forgotten-at-expiry",
    title:
      "A used jti is forgotten when the token has expired; after a step of the clock it is good again.",
    rules: ["C13"],
    attacks: ["CT-23", "CT-25"],
    edits: [
      ["core/settings.ts", "CLOCK_MARGIN_SECONDS = 3600", "CLOCK_MARGIN_SECONDS = 0"],
      [
        SHELL,
        TRANSACT,
        `await ports.store.sweep(
           { generationStartedAt: 0, familyStartedAt: 0, consentKeepUntil: now(), withdrawnAt: 0 },
           1000,
         );
         ${TRANSACT}`,
      ],
    ],
    caughtBy: ["consent-token/replay-after-expiry"],
  },
  {
    id: "jti-deleted-with-user",
    title: "That a consent token was used is deleted together with the user.",
    rules: ["C13"],
    attacks: [],
    edits: [[
      "core/evolve.ts",
      "state.users.delete(user);",
      "state.users.delete(user); state.consentUses.clear();",
    ]],
    caughtBy: ["consent-token/again-after-deletion"],
  },
  {
    id: "retry-starts-anew",
    title: "A consent token whose family has ended starts another one.",
    rules: ["C11"],
    attacks: ["CT-21"],
    edits: [[
      FETCH,
      "if (facts.consentUse !== null) return",
      "if (facts.consentUse !== null && facts.family !== null) return",
    ]],
    caughtBy: ["consent-token/again-after-token-revocation"],
  },
  {
    id: "retry-for-ever",
    title: "A retry is answered without end, as long as the token is good.",
    rules: ["C11"],
    attacks: ["CT-21"],
    edits: [[FETCH, "&& now < use.redeemedAt + settings.consentRetrySeconds;", ";"]],
    caughtBy: ["consent-token/retry-window"],
  },
  {
    id: "retry-a-second-short",
    title: "A retry is refused in the last second in which it should be answered.",
    rules: ["C11"],
    attacks: [],
    edits: [[
      FETCH,
      "now < use.redeemedAt + settings.consentRetrySeconds",
      "now + 1 < use.redeemedAt + settings.consentRetrySeconds",
    ]],
    caughtBy: ["consent-token/retry-window"],
  },
  {
    id: "retry-refused",
    title: "No retry is answered, though a window is declared.",
    rules: ["C11"],
    attacks: [],
    edits: [[FETCH, "if (!retried || family === null", "if (retried || family === null"]],
    caughtBy: ["consent-token/retry"],
  },
  {
    id: "retry-same-access-token",
    title: "A retry is answered with the very response that was given before.",
    rules: ["C11", "R1"],
    attacks: ["SC-09"],
    edits: [
      [
        "adapters/direct.ts",
        'const NO_DIGEST = sha256("");',
        'const NO_DIGEST = sha256(""); const ANSWERS = new Map();',
      ],
      [
        "adapters/direct.ts",
        'return present( shell, "consentToken", await shell.run({ type: "fetch", by: "consentToken", client, consent }), );',
        `const decision = await shell.run({ type: "fetch", by: "consentToken", client, consent });
         const known = ANSWERS.get(consent.digest);
         if (known && decision.outcome === "granted") return known;
         const answer = await present(shell, "consentToken", decision);
         ANSWERS.set(consent.digest, answer);
         return answer;`,
      ],
    ],
    caughtBy: ["consent-token/retry", "consent-token/retry-narrowed"],
  },
  {
    id: "refusal-establishes",
    title: "A consent token that is refused for its scope establishes the connection all the same.",
    rules: ["C9"],
    attacks: [],
    edits: [[
      FETCH,
      'if (scope.length === 0) return refuse("NO_CONSENT", "no_effective_scope"); const existing',
      `if (scope.length === 0) {
         const parties = { user: consent.user, client: client.id, source: source.id };
         const connection = establish(parties, sourceScope, consent.issuedAt, context);
         const changes = [{ type: "connection-established" as const, connection }];
         return { ...refuse("NO_CONSENT", "no_effective_scope"), changes };
       }
       const existing`,
    ]],
    caughtBy: ["consent-token/refusal-establishes-nothing"],
  },
  {
    id: "not-established",
    title: "A redemption gives tokens and remembers no connection for the public id.",
    rules: ["C12"],
    attacks: [],
    edits: [[
      FETCH,
      "for (const candidate of [...facts.candidates].sort(byPrecedence)) {",
      "for (const candidate of facts.candidates.filter(({ source }) => source === null)) {",
    ]],
    caughtBy: ["consent-token/then-public-id"],
  },
  {
    id: "reason-told",
    title: "The message of INVALID_TOKEN tells the reason.",
    rules: ["C1"],
    attacks: ["SY-02"],
    edits: [[
      "adapters/direct.ts",
      'return refused("consentToken", "INVALID_TOKEN");',
      `const answer = refused("consentToken", "INVALID_TOKEN");
       return { ...answer, userErrors: [{ ...answer.userErrors[0], message: consent.rejected }] };`,
    ]],
    caughtBy: ["consent-token/one-message"],
  },
  {
    id: "user-before-token",
    title: "The user is looked at before the token: an expired token tells who exists.",
    rules: ["C8"],
    attacks: ["SY-02"],
    edits: [[
      FETCH,
      "const flaw = judgeConsent(consent, client.id, context);",
      `const early = refuseUser(consent.user, facts);
       if (early !== null) return early;
       const flaw = judgeConsent(consent, client.id, context);`,
    ]],
    caughtBy: ["consent-token/precedence"],
  },
  {
    id: "merchant-withdrawal-forgotten",
    title: "A withdrawal from the merchant does not void consent that is on its way.",
    rules: ["C14"],
    attacks: ["CT-30"],
    edits: [[FETCH, "facts.merchantWithdrawal?.directAt ?? -1,", "-1,"]],
    caughtBy: ["consent-token/withdrawn-from-merchant"],
  },
  {
    id: "nothing-to-withdraw",
    title: "To disconnect where there is no connection does nothing.",
    rules: ["C14"],
    attacks: ["CT-30"],
    edits: [[
      "core/connection.ts",
      'return grant(null, [...revoked, { type: "withdrawn", withdrawal }]);',
      'return grant(null, revoked.length === 0 ? [] : [...revoked, { type: "withdrawn", withdrawal }]);',
    ]],
    caughtBy: [
      "consent-token/withdrawn-without-connection-partner",
      "consent-token/withdrawn-without-connection-merchant",
    ],
  },
  {
    id: "retry-after-withdrawal",
    title: "A retry is answered while its family lives, though the user withdrew.",
    rules: ["C11", "C14"],
    attacks: ["CT-21", "CT-30"],
    edits: [[
      FETCH,
      'if ("code" in verified) { return verified.code === "INVALID_TOKEN"',
      `if ("code" in verified && verified.reason !== "withdrawn_after_consent") {
         return verified.code === "INVALID_TOKEN"`,
    ]],
    caughtBy: ["consent-token/again-after-direct-withdrawal"],
  },
  {
    id: "withdrawal-before-redemption",
    title: "Whether the user withdrew from the merchant is looked at before the redemption.",
    rules: ["C11"],
    attacks: [],
    edits: [[
      FETCH,
      "if (facts.consentUse !== null) return",
      `if ("code" in verified && verified.reason === "withdrawn_after_consent") {
         if (facts.clientWithdrawal === null) return verified;
       }
       if (facts.consentUse !== null) return`,
    ]],
    caughtBy: ["consent-token/again-after-withdrawal-and-return"],
  },
  {
    id: "no-retry-past-exp",
    title: "A retry is refused from exp on, though the clock difference is forgiven elsewhere.",
    rules: ["C11"],
    attacks: [],
    edits: [[
      FETCH,
      "use.digest === consent.digest &&",
      "use.digest === consent.digest && now < consent.expiresAt &&",
    ]],
    caughtBy: ["consent-token/retry-past-exp"],
  },
  {
    id: "expired-retry",
    title: "Within the window a retry is answered, however long ago the token expired.",
    rules: ["C11", "C5"],
    attacks: ["CT-21"],
    edits: [[
      FETCH,
      'if ("code" in verified) { return verified.code === "INVALID_TOKEN"',
      `if ("code" in verified && verified.reason !== "consent_expired") {
         return verified.code === "INVALID_TOKEN"`,
    ]],
    caughtBy: ["consent-token/retry-past-exp"],
  },
  {
    id: "other-partner-served",
    title: "A consent token for another partner is answered by the caller's own connection.",
    rules: ["C4"],
    attacks: ["CT-15"],
    edits: [[
      FETCH,
      'if ("code" in verified) return verified; const established = establishDelegation',
      `if ("code" in verified) {
         const mine = command.consent.client !== client.id && verifyConnection(command.consent.user, facts);
         return mine && !("code" in mine) ? issue(establishConnection(mine), context) : verified;
       }
       const established = establishDelegation`,
    ]],
    caughtBy: ["consent-token/other-partner-connected"],
  },
];
