/**
 * Attacks and bad inputs, as data: what is sent, what must happen, the rules that answer it, and
 * where it was seen. A check in `house/` ensures that each has a test that cites it.
 * @module
 */

/** The first letters of an attack's id. */
export type AttackGroup = "IN" | "CA" | "CT" | "SC" | "RF" | "SY";

/** One attack, or one piece of bad input. */
export interface Attack {
  /** `CT-24`: the group and a number. Stable: never used again for another attack. */
  readonly id: string;
  readonly group: AttackGroup;
  /** What is sent, and what must happen. */
  readonly text: string;
  /** The ids of the rules that answer it. */
  readonly rules: readonly string[];
  /** A public advisory, a standard's section or a peer's bug; `null` where none is known. */
  readonly reference: string | null;
}

/** What the groups are about, in the order in which they are read. */
export const ATTACK_GROUPS: Readonly<Record<AttackGroup, string>> = {
  IN: "Input",
  CA: "Client authentication",
  CT: "Consent tokens",
  SC: "Scope, consent, delegation",
  RF: "Tokens and refresh",
  SY: "System",
};

function attack(
  id: string,
  rules: readonly string[],
  text: string,
  reference: string | null = null,
): Attack {
  return { id, group: id.slice(0, 2) as AttackGroup, text, rules, reference };
}

const INPUT: readonly Attack[] = [
  attack("IN-01", ["E1", "E2"], "Neither input: one fixed error, and nothing is looked up."),
  attack(
    "IN-02",
    ["E1", "E2"],
    "Both inputs, each of them valid: an error; the consent token is not consumed and the " +
      "public id is not looked up.",
  ),
  attack(
    "IN-03",
    ["E1", "E3"],
    "One valid input, the other an explicit null, as a literal and as a variable: accepted.",
    "GraphQL §6.4.1",
  ),
  attack(
    "IN-04",
    ["E1", "E2"],
    "One valid input, the other an empty or blank string: two inputs; the empty one never " +
      "counts as absent.",
  ),
  attack(
    "IN-06",
    ["A2", "C11"],
    "The mutation under a hundred aliases in one document: limits count fields, not requests, and one " +
      "consent token issues once.",
    "CVE-2026-41213",
  ),
  attack(
    "IN-07",
    ["G7", "A2"],
    "A JSON array of a thousand operations: refused, or limited like aliases.",
  ),
  attack(
    "IN-08",
    ["C2", "A2"],
    "A consent token of 1 MiB, of 100,000 segments, or with a header of 10,000 keys: refused " +
      "for its size before any decoding.",
  ),
  attack(
    "IN-10",
    ["G7", "T6"],
    "A mutation by GET, a wrong content type, duplicate JSON keys, repeated form parameters: a clear " +
      "4xx, never a 500.",
    "RFC 6749 §3.2",
  ),
  attack(
    "IN-11",
    ["A2", "C2"],
    "A document, a body or the claims of a token that nest thousands of brackets: refused before any " +
      "parser recurses.",
  ),
  attack(
    "IN-12",
    ["A2"],
    "A flood of queries, of calls of OAuth endpoints, of anonymous requests; a short introspection with " +
      "a huge result: each is charged to a budget, and no result of a query exceeds 64 KiB.",
  ),
  attack(
    "IN-13",
    ["A2"],
    "Two `Host` fields or a malformed one, a transfer coding other than `chunked`, one beside a length: " +
      "refused, and the connection is closed. The absolute form means what the origin form means.",
    "RFC 9112 §3.2, §6.1",
  ),
  attack(
    "IN-14",
    ["A2"],
    "A thousand header fields in front of a second `Host` or another transfer coding: refused all the " +
      "same. A request behind an `Upgrade` that is ignored: the connection is closed, so nobody waits " +
      "for its response.",
    "RFC 9112 §3.2, RFC 9110 §7.8",
  ),
];

const CLIENT_AUTHENTICATION: readonly Attack[] = [
  attack(
    "CA-02",
    ["T4"],
    "Basic and a secret in the body at once: refused.",
    "RFC 6749 §2.3",
  ),
  attack(
    "CA-09",
    ["G8"],
    "A secret was rotated: both work during the overlap, then only the new one.",
  ),
  attack(
    "CA-14",
    ["A2", "G8"],
    "Thousands of wrong secrets at any endpoint, for a real client and for an unknown one: 429" +
      " with `Retry-After` after the first few, alike for both, while the correct secret keeps " +
      "working.",
  ),
  attack(
    "CA-10",
    ["G8"],
    "A secret leaked: the operator invalidates it immediately; the current or a new secret " +
      "keeps working.",
  ),
  attack(
    "CA-11",
    ["A2"],
    "Somebody guesses secrets: a chosen secret of fewer than 32 characters is refused at registration.",
  ),
];

const CONSENT_TOKENS: readonly Attack[] = [
  attack(
    "CT-01",
    ["C2"],
    "`alg` none in any spelling, with an empty signature: `INVALID_TOKEN`.",
    "RFC 8725 §3.2",
  ),
  attack(
    "CT-02",
    ["C2"],
    "An HMAC keyed with the bytes of the issuer's public key (PEM, DER, JWK): `INVALID_TOKEN`.",
    "CVE-2026-34950, CVE-2026-22817",
  ),
  attack(
    "CT-03",
    ["C2"],
    "A key used with another algorithm than its own (RS256 for ES256, PS256 for RS256, a JWK without " +
      "`alg`): `INVALID_TOKEN`.",
    "CVE-2026-44699",
  ),
  attack(
    "CT-04",
    ["C2"],
    "`jwk`, `jku`, `x5u` or `x5c` of the attacker in the header: `INVALID_TOKEN`, and no outbound " +
      "request.",
    "CVE-2018-0114, RFC 8725 §3.10",
  ),
  attack(
    "CT-06",
    ["C2"],
    "An unknown `crit`, `b64: false`, or `zip`: `INVALID_TOKEN`.",
    "RFC 7515 §4.1.11, RFC 7797",
  ),
  attack(
    "CT-07",
    ["C3"],
    "A valid signature on another kind of token (access token, id token, client assertion, " +
      "DPoP proof, logout token): `INVALID_TOKEN`.",
    "RFC 8725 §3.11",
  ),
  attack(
    "CT-11",
    ["C4"],
    "`iss` unknown, with a trailing slash, in another case, or a number: `INVALID_TOKEN`; keys" +
      " are looked up only by the exact issuer.",
    "RFC 8725 §3.8",
  ),
  attack(
    "CT-13",
    ["C8", "R1", "G8", "C4"],
    "The merchant is disabled: `NO_CONSENT`, and that delegation can no longer be refreshed. " +
      "The issuer is no longer trusted: `INVALID_TOKEN`. The partner is disabled: 401.",
    "CVE-2026-1486, CVE-2026-1609",
  ),
  attack(
    "CT-14",
    ["C4"],
    "`aud` missing, null, empty, an object, a prefix of the right one, or the right one beside another: " +
      "`INVALID_TOKEN`.",
    "CVE-2026-55669",
  ),
  attack(
    "CT-15",
    ["C4", "C6"],
    "A token for another partner: `INVALID_TOKEN` with the same bytes as any other, and its " +
      "`jti` is not consumed.",
    "CVE-2026-55672",
  ),
  attack(
    "CT-17",
    ["C5"],
    "A token in each second around `exp` and around `exp` plus the tolerated skew: accepted " +
      "before the boundary, refused from it on.",
    "Keycloak issue 34805",
  ),
  attack(
    "CT-18",
    ["C5"],
    "A token that lives for ten years, one issued months from now, one that lived for a year and is in " +
      "its last minutes: `INVALID_TOKEN`.",
    "fosite issue 853",
  ),
  attack(
    "CT-19",
    ["C5"],
    "`nbf` or `iat` at the last tolerated second and one later; `nbf` that is a string or " +
      "after `exp`: only the first is accepted.",
    "RFC 7523 §3",
  ),
  attack(
    "CT-21",
    ["C11"],
    "The same token twice, one after the other: the same refresh token or `INVALID_TOKEN`; never a " +
      "second connection or family.",
  ),
  attack(
    "CT-22",
    ["C9", "C11"],
    "The same token twenty times at once: one connection, one family, and every success carries the " +
      "same refresh token.",
    "CVE-2020-15222",
  ),
  attack(
    "CT-23",
    ["C13"],
    "A replay between `exp` and the end of the tolerated skew, and after the clock was set " +
      "back by up to an hour: `INVALID_TOKEN`.",
    "esignet pull request 2018",
  ),
  attack(
    "CT-24",
    ["C6"],
    "A forged token with the `jti` of a token still to come: refused, and the genuine one is accepted " +
      "afterwards.",
    "Keycloak issue 49215",
  ),
  attack(
    "CT-25",
    ["C9", "C13"],
    "A replay after a restart of the server: `INVALID_TOKEN`.",
    "CVE-2026-9802",
  ),
  attack(
    "CT-27",
    ["C7"],
    "A token signed with a key that was taken out of the key set: refused once the cached set has " +
      "ended.",
    "GHSA-675f-rq2r-jw82",
  ),
  attack(
    "CT-28",
    ["C7", "A3"],
    "The key set is huge, endlessly slow, a redirect to another host, an error page: bounded " +
      "work, a retryable error other than `INVALID_TOKEN`, and no `jti` is consumed.",
  ),
  attack(
    "CT-30",
    ["C14"],
    "A token issued before a withdrawal and redeemed for the first time after it: `NO_CONSENT`.",
  ),
  attack(
    "CT-32",
    ["C14", "C10"],
    "An issuer's clock, or that of the node that took a withdrawal or narrowing, is off by the skew: " +
      "consent from before it is dated after it, and still undoes nothing.",
  ),
  attack(
    "CT-31",
    ["C4"],
    "A trusted issuer names a merchant that is listed only for another issuer: `INVALID_TOKEN`.",
  ),
  attack(
    "CT-40",
    ["C2"],
    "An issuer's RSA key comes from a library whose primes can be guessed (ROCA), so that anyone can " +
      "compute the private key: the key is refused.",
    "CVE-2017-15361",
  ),
];

const SCOPES: readonly Attack[] = [
  attack("SC-01", ["C8"], "A token without `scope`: the empty scope, so `NO_CONSENT`; never all."),
  attack(
    "SC-02",
    ["C8", "P4"],
    "A token with more scope than its source has: the intersection is issued, or `NO_CONSENT` " +
      "if it is empty; never the union.",
    "CVE-2026-56668, zitadel issue 12319",
  ),
  attack(
    "SC-03",
    ["C8", "P4", "G6"],
    "A token with more scope than the partner is registered for: the excess is dropped, and " +
      "`scope` shows what was issued.",
    "RFC 6749 §3.3",
  ),
  attack(
    "SC-06",
    ["P2"],
    "A public id without a connection, with a withdrawn one, with another client's only: the same " +
      "bytes, `NO_CONSENT`.",
  ),
  attack(
    "SC-07",
    ["T6"],
    "A refresh that asks for more scope: `invalid_scope`, and the refresh token still works.",
    "RFC 6749 §6",
  ),
  attack(
    "SC-09",
    ["R1", "T6"],
    "The consent was narrowed after tokens were issued: refresh and introspection grant no more than " +
      "what is left.",
    "Keycloak issue 43734",
  ),
  attack(
    "SC-10",
    ["R1", "R2", "P2"],
    "The merchant's buyer connection was revoked after a delegation: every token that rests on it is " +
      "dead at its next use, and the public id is `NO_CONSENT`.",
    "Keycloak issue 29614",
  ),
  attack(
    "SC-11",
    ["R2"],
    "The user withdraws while tokens are being issued: no token is live after the withdrawal returned.",
    "Keycloak issue 51312",
  ),
  attack(
    "SC-13",
    ["R4", "C8"],
    "A consent token whose source would itself be a delegated connection: `NO_CONSENT`.",
    "CVE-2026-9704",
  ),
  attack(
    "SC-14",
    ["T1", "G6"],
    "An access token issued just before its family's end: it does not outlive the family, and " +
      "`expiresIn` says so.",
  ),
];

const TOKENS: readonly Attack[] = [
  attack(
    "RF-01",
    ["T4"],
    "A client presents another client's refresh token, current or spent: `invalid_grant`, and " +
      "the owner is unaffected.",
    "CVE-2026-55672",
  ),
  attack(
    "RF-02",
    ["T5"],
    "Twenty refreshes at once with one token: every success carries the same successor, and exactly " +
      "one refresh token is current.",
    "Keycloak issue 45647",
  ),
  attack(
    "RF-03",
    ["T5"],
    "A lost response, retried after a second, half a minute, an hour: answered each time.",
    "FAPI 2.0 §5.3.2.1",
  ),
  attack(
    "RF-05",
    ["T5"],
    "A refresh token that was spent long ago: `invalid_grant`, and only that family ends.",
    "Keycloak issue 26532",
  ),
  attack(
    "RF-06",
    ["T5"],
    "Two holders of one family take turns for a hundred rounds: there is never more than one current " +
      "generation.",
  ),
  attack(
    "RF-08",
    ["R2", "T7"],
    "Revocation and refresh at once: as if one had come after the other; nothing lives after the " +
      "revocation returned.",
    "Keycloak issue 51312",
  ),
  attack(
    "RF-09",
    ["T5", "A3"],
    "A crash before the new generation is stored, and one before the reply: the client " +
      "continues with the token it has; there is always exactly one current token.",
  ),
  attack(
    "RF-10",
    ["A3"],
    "The store fails during a revocation or redemption: a retryable error, never a success.",
    "CVE-2020-15223",
  ),
  attack(
    "RF-12",
    ["T3", "T7", "T8"],
    "A refresh token used as bearer token: refused. A revocation with the wrong hint: performed.",
    "RFC 7009 §2.1",
  ),
  attack(
    "RF-13",
    ["R1"],
    "A refresh after the user was suspended or deleted or the client disabled: refused.",
    "CVE-2023-22492",
  ),
  attack(
    "RF-15",
    ["T1"],
    "A family kept busy for longer than its absolute lifetime, and one left idle: both end on time.",
    "Spring Authorization Server issue 2318",
  ),
  attack(
    "RF-16",
    ["T2", "T3"],
    "Keys rotate: old refresh tokens still work, new tokens use the new key, and the old key is " +
      "published until the last token it signed has expired.",
    "hydra issue 3942",
  ),
  attack(
    "RF-18",
    ["T7"],
    "A token revoked twice, and an unknown one: 200 each time.",
    "RFC 7009 §2.2",
  ),
  attack(
    "RF-19",
    ["T7"],
    "A refresh token is revoked: its access tokens are inactive, other families and the connection are " +
      "untouched.",
    "RFC 7009 §2.1",
  ),
];

const SYSTEM: readonly Attack[] = [
  attack(
    "SY-01",
    ["G9", "A4"],
    "Any refused request: response, log, audit event and error contain no byte of a token or " +
      "secret.",
  ),
  attack(
    "SY-02",
    ["G8", "C1"],
    "An unknown client beside a wrong secret, an unknown key beside a bad signature: the same bytes " +
      "after the same work.",
  ),
  attack(
    "SY-03",
    ["P5", "R5"],
    "Tokens issued, refreshed and expired without end on one connection: the number of rows stays " +
      "bounded.",
    "hydra issue 1574",
  ),
  attack(
    "SY-05",
    ["C9", "R2"],
    "A store that serves a stale read: nothing is issued twice, and nothing revoked is served.",
  ),
  attack(
    "SY-06",
    ["C9", "T5"],
    "Two processes on one database, conflicts between transactions: retried within, one outcome.",
  ),
  attack(
    "SY-20",
    ["A3"],
    "The reader of the log stalls or is gone, or its disk is full: the server goes on, its memory stays " +
      "bounded, and it stops when asked. Lost lines are counted, and the count is logged.",
  ),
  attack(
    "SY-21",
    ["A3"],
    "A flood of requests without valid credentials: it adds a bounded number of lines per " +
      "second to the log, and one line that counts the rest.",
  ),
  attack(
    "SY-30",
    ["A3"],
    "The database file, its log or their folder is deleted, renamed or replaced under the running " +
      "server: nothing more is acknowledged, and the server is not ready until it is restarted.",
  ),
  attack(
    "SY-31",
    ["G8"],
    "The harness of a demo server is called from another machine, with a forged `Host`, or through a " +
      "proxy: refused without the harness secret.",
  ),
  attack(
    "SY-07",
    ["A5", "R5"],
    "The clock jumps ahead by three months for a minute, or back by an hour: nothing is deleted, and " +
      "no window stays open.",
  ),
  attack(
    "SY-22",
    ["A3", "T2"],
    "A key file is deleted, replaced by another, or damaged, before a start or while the server runs: no " +
      "key is created in its place, no token is refused for good, and the message says what to do.",
  ),
  attack(
    "SY-23",
    ["A3"],
    "The path of a database is mistyped in a command that works on an existing one: the command fails, " +
      "names the path, and creates nothing. A server that creates one logs a warning.",
  ),
  attack(
    "SY-27",
    ["A3"],
    "The standard output of a command is closed or full, or its reader is gone: the command fails. If " +
      "it made a client secret, it says how to get another one.",
  ),
  attack(
    "SY-24",
    ["A3", "T2"],
    "A key file or an issuers file holds something else, is a folder, a pipe, a device or a link to " +
      "nothing, or is out of reach: the message names the file, the reason and the fix, and nothing " +
      "waits.",
  ),
  attack(
    "SY-25",
    ["T2"],
    "Other users of the machine can write to a key file or an issuers file: refused. They can read a " +
      "key file: warned about.",
  ),
  attack(
    "SY-26",
    ["A3", "C4"],
    "A mistake in the issuers file or in the name of an environment variable: an error at the " +
      "start. While the server runs, a broken or deleted issuers file changes nothing and shows " +
      "in health and log; an empty list, or an entry that was removed, ends the trust " +
      "immediately.",
  ),
  attack(
    "SY-32",
    ["G8"],
    "Thousands of failed authentications are timed: an unknown client, a wrong secret and a disabled " +
      "client cannot be told apart (area under the ROC curve within 0.5 ± 0.02).",
  ),
  attack(
    "SY-40",
    ["A2"],
    "Ten thousand idle connections from one address: others still connect, since idle connections of the " +
      "address with the most are closed first.",
  ),
  attack(
    "SY-42",
    ["A2"],
    "Several times as many requests as the server can answer: the rest get 503 or 429 at once, health " +
      "checks are answered, and the server recovers within seconds. Slow senders take nobody's place.",
  ),
  attack(
    "SY-41",
    ["A3"],
    "The server is asked to stop under load: readiness says so first, requests are served meanwhile, and " +
      "a proxy that never retries sees no failed request.",
  ),
];

/** Every attack, group by group. */
export const ATTACKS: readonly Attack[] = [
  ...INPUT,
  ...CLIENT_AUTHENTICATION,
  ...CONSENT_TOKENS,
  ...SCOPES,
  ...TOKENS,
  ...SYSTEM,
];

const BY_ID: ReadonlyMap<string, Attack> = new Map(ATTACKS.map((row) => [row.id, row]));

/** The attack with this id, or `undefined`. */
export function attackById(id: string): Attack | undefined {
  return BY_ID.get(id);
}
