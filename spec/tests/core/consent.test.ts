/** C1–C6: the claims of a consent token whose signature was verified. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Consent, judgeConsent, readConsent } from "../../../core/consent.ts";
import type { Reason } from "../../../core/decision.ts";
import { MESSAGES } from "../../../core/message.ts";
import {
  assertRefused,
  AUDIENCE,
  consentOf,
  createMachine,
  createSeededMachine,
  granted,
  ISSUER,
  redeem,
  START,
} from "../support/machine.ts";

const CLAIMS = {
  iss: ISSUER,
  aud: AUDIENCE,
  sub: "ann",
  client_id: "partner",
  azp: "shop",
  scope: "orders email",
  iat: START,
  exp: START + 300,
  jti: "jti-1",
};

/** Reads claims that went through JSON, as those of a token do. */
function read(part: Record<string, unknown>): Consent | null {
  return readConsent(JSON.parse(JSON.stringify({ ...CLAIMS, ...part })), "digest");
}

test("C4: the claims of a good token are read as they are", () => {
  assert.deepEqual(read({ nbf: START + 1, more: { deep: [] } }), {
    issuer: ISSUER,
    audience: AUDIENCE,
    user: "ann",
    client: "partner",
    merchant: "shop",
    scope: ["email", "orders"],
    issuedAt: START,
    notBefore: START + 1,
    expiresAt: START + 300,
    jti: "jti-1",
    digest: "digest",
  });
});

test("C4: each required claim is required, and null is not a value", () => {
  for (const name of ["iss", "aud", "sub", "client_id", "azp", "iat", "exp", "jti"]) {
    assert.equal(read({ [name]: undefined }), null, `${name} missing`);
    assert.equal(read({ [name]: null }), null, `${name} null`);
  }
});

test("C4, G10: ids of a wrong type, length or alphabet are not claims", () => {
  const bad = ["", " ", "a b", "é", "\ud800", "a\n", "a".repeat(256), 1, true, {}, [], ["a", "b"]];
  for (const name of ["iss", "aud", "sub", "client_id", "azp", "jti"]) {
    for (const value of bad) {
      assert.equal(read({ [name]: value }), null, `${name} ${JSON.stringify(value)}`);
    }
  }
  for (const name of ["iss", "sub", "client_id", "azp", "jti"]) {
    assert.equal(read({ [name]: ["a"] }), null, `${name} as a list`);
    assert.notEqual(read({ [name]: "a".repeat(255) }), null, `${name} of 255 characters`);
  }
  for (const name of ["client_id", "azp"]) assert.equal(read({ [name]: "a:b" }), null, name);
});

test("C4, CT-14: aud is a string or a list of one string", () => {
  assert.equal(read({ aud: [AUDIENCE] })?.audience, AUDIENCE);
  for (const aud of [[], [AUDIENCE, "x"], [[AUDIENCE]], [null], { 0: AUDIENCE, length: 1 }]) {
    assert.equal(read({ aud }), null, JSON.stringify(aud));
  }
});

test("C8, SC-01: a missing scope is empty; null, lists and malformed text are not valid claims", () => {
  assert.deepEqual(read({ scope: undefined })?.scope, []);
  assert.deepEqual(read({ scope: "" })?.scope, []);
  for (const scope of [null, ["email"], 1, {}, " ", "a  b", 'a"']) {
    assert.equal(read({ scope }), null, JSON.stringify(scope));
  }
});

test("C4, CT-19: times are integers from 0 to 2^53−1", () => {
  const bad = ["1800000000", 1.5, -1, 2 ** 53, 1e300, null, true, [1], {}];
  for (const name of ["iat", "exp", "nbf"]) {
    for (const value of bad) {
      assert.equal(read({ [name]: value }), null, `${name} ${JSON.stringify(value)}`);
    }
    assert.equal(readConsent({ ...CLAIMS, [name]: NaN }, "digest"), null);
    assert.equal(readConsent({ ...CLAIMS, [name]: Infinity }, "digest"), null);
    assert.notEqual(read({ [name]: 0 }), null);
    assert.notEqual(read({ [name]: 2 ** 53 - 1 }), null);
  }
});

test("C4: claims named like members of an object prototype are neither read nor followed", () => {
  const json = JSON.stringify(CLAIMS).replace("{", '{"__proto__":{"nbf":9},"constructor":1,');
  assert.equal(readConsent(JSON.parse(json), "digest")?.notBefore, null);
  const inherited = JSON.parse(`{"__proto__":${JSON.stringify(CLAIMS)}}`);
  assert.equal(readConsent(inherited, "digest"), null);
});

/** What is wrong with a consent that was minted now and changed in this part. */
function judge(part: Partial<Consent>, client = "partner"): Reason | null {
  const machine = createMachine();
  return judgeConsent(consentOf(machine, part), client, machine.context());
}

test("C4, CT-11: the issuer is one that is trusted, byte for byte", () => {
  assert.equal(judge({}), null);
  for (const issuer of [`${ISSUER}/`, ISSUER.toUpperCase(), "https://evil.example", "__proto__"]) {
    assert.equal(judge({ issuer }), "consent_issuer", issuer);
  }
});

test("C4, CT-14: the audience is this server, byte for byte", () => {
  for (const audience of [`${AUDIENCE}/`, AUDIENCE.slice(0, -1), AUDIENCE.toUpperCase()]) {
    assert.equal(judge({ audience }), "consent_audience", audience);
  }
});

test("C4, CT-15: only the partner that is named may redeem, and it is not its own merchant", () => {
  assert.equal(judge({}, "rival"), "consent_other_client");
  assert.equal(judge({ client: "Partner" }), "consent_other_client");
  assert.equal(judge({ merchant: "partner" }), "consent_merchant");
});

test("C4, CT-31: an issuer speaks for the merchants it lists and for no other", () => {
  const issuers = [
    { issuer: "https://a.example", merchants: ["shop"] },
    { issuer: "https://b.example", merchants: ["store"] },
    { issuer: "https://c.example", merchants: [] },
  ];
  const machine = createMachine({ issuers });
  const verdict = (issuer: string, merchant: string) =>
    judgeConsent(consentOf(machine, { issuer, merchant }), "partner", machine.context());
  assert.equal(verdict("https://a.example", "shop"), null);
  assert.equal(verdict("https://b.example", "store"), null);
  assert.equal(verdict("https://a.example", "store"), "consent_merchant");
  assert.equal(verdict("https://b.example", "shop"), "consent_merchant");
  assert.equal(verdict("https://c.example", "shop"), "consent_merchant");
  assert.equal(verdict("https://a.example", "sho"), "consent_merchant");
});

const SKEW = 30;
const LIFETIME = 300;

test("C5, CT-17: a token lives to exp + skew, and every second around it is tested", () => {
  const machine = createMachine();
  const consent = consentOf(machine, { issuedAt: START, expiresAt: START + 100 });
  const at = (now: number) =>
    judgeConsent(consent, "partner", { ...machine.context(), now: START + 100 + now });
  for (const early of [-100, -1, 0, 1, SKEW - 1]) assert.equal(at(early), null, `exp${early}`);
  for (const late of [SKEW, SKEW + 1, 3600]) assert.equal(at(late), "consent_expired", `${late}`);
});

test("C5, CT-19: iat and nbf may lie the skew ahead and not a second more", () => {
  for (const ahead of [-1, 0, SKEW - 1, SKEW]) {
    assert.equal(judge({ issuedAt: START + ahead }), null, `iat now+${ahead}`);
    assert.equal(judge({ notBefore: START + ahead }), null, `nbf now+${ahead}`);
  }
  for (const ahead of [SKEW + 1, SKEW + 2]) {
    assert.equal(judge({ issuedAt: START + ahead }), "consent_not_yet_valid", `iat now+${ahead}`);
    assert.equal(judge({ notBefore: START + ahead }), "consent_not_yet_valid", `nbf now+${ahead}`);
  }
});

test("C5, CT-19: iat and nbf lie before exp", () => {
  const expiresAt = START + 10;
  assert.equal(judge({ issuedAt: START + 9, expiresAt }), null);
  for (const issuedAt of [START + 10, START + 11]) {
    assert.equal(judge({ issuedAt, expiresAt }), "consent_claims");
  }
  assert.equal(judge({ notBefore: START + 9, expiresAt }), null);
  for (const notBefore of [START + 10, START + 11]) {
    assert.equal(judge({ notBefore, expiresAt }), "consent_claims");
  }
});

test("C5, CT-18: exp − iat is at most the longest lifetime, to the second", () => {
  assert.equal(judge({ issuedAt: START - 5, expiresAt: START - 5 + LIFETIME }), null);
  const expiresAt = START - 5 + LIFETIME + 1;
  assert.equal(judge({ issuedAt: START - 5, expiresAt }), "consent_lifetime");
});

test("C5, CT-18: exp − now is at most the longest lifetime and the skew, to the second", () => {
  const last = { issuedAt: START + SKEW, expiresAt: START + SKEW + LIFETIME };
  assert.equal(judge(last), null);
  assert.notEqual(judge({ ...last, expiresAt: last.expiresAt + 1 }), null);
});

test("C5, CT-18: ten years ahead, nine million seconds ahead, and one year about to end", () => {
  const year = 365 * 86_400;
  assert.equal(judge({ expiresAt: START + 10 * year }), "consent_lifetime");
  const ahead = START + 9_000_000;
  assert.equal(judge({ issuedAt: ahead, expiresAt: ahead + 60 }), "consent_not_yet_valid");
  assert.equal(judge({ issuedAt: START - year + 60, expiresAt: START + 60 }), "consent_lifetime");
});

test("C5: the greatest times there are neither overflow nor pass", () => {
  const greatest = 2 ** 53 - 1;
  assert.equal(judge({ expiresAt: greatest }), "consent_lifetime");
  assert.notEqual(judge({ issuedAt: greatest - 1, expiresAt: greatest }), null);
  assert.notEqual(judge({ notBefore: greatest - 1, expiresAt: greatest }), null);
  assert.equal(judge({ issuedAt: 0, expiresAt: 1 }), "consent_expired");
});

test("C5: without skew the boundaries are exp and now themselves", () => {
  const machine = createMachine({ consentSkewSeconds: 0 });
  const at = (part: Partial<Consent>, now: number) =>
    judgeConsent(consentOf(machine, part), "partner", { ...machine.context(), now });
  assert.equal(at({}, START + 299), null);
  assert.equal(at({}, START + 300), "consent_expired");
  assert.equal(at({}, START), null);
  assert.equal(at({}, START - 1), "consent_not_yet_valid");
});

test("C1, C6: every flaw is INVALID_TOKEN with one message, changes nothing and burns no jti", () => {
  const flaws: Partial<Consent>[] = [
    { issuer: "https://evil.example" },
    { audience: "https://other.example" },
    { client: "rival" },
    { merchant: "partner" },
    { expiresAt: START },
    { issuedAt: START - 300, expiresAt: START - 30 },
    { issuedAt: START + 31, expiresAt: START + 60 },
    { expiresAt: START + 301 },
  ];
  const { machine } = createSeededMachine();
  const before = machine.state;
  for (const flaw of flaws) {
    const decision = redeem(machine, consentOf(machine, flaw));
    assert.equal(decision.outcome === "refused" && decision.code, "INVALID_TOKEN");
    assert.equal(machine.state, before);
  }
  assert.equal(MESSAGES.INVALID_TOKEN, "Consent token is invalid.");
  assert.equal(granted(redeem(machine, consentOf(machine))).user, "ann");
});

test("C6, CT-15: a token for another partner stays good for that partner", () => {
  const { machine } = createSeededMachine();
  const consent = consentOf(machine);
  assertRefused(redeem(machine, consent, "rival"), "INVALID_TOKEN", "consent_other_client");
  assert.equal(granted(redeem(machine, consent)).client, "partner");
});

test("C6, CT-24: a refused token with the jti of a good one does not burn it", () => {
  const { machine } = createSeededMachine();
  const audience = "https://other.example";
  const forged = consentOf(machine, { audience, digest: "forged" });
  assertRefused(redeem(machine, forged), "INVALID_TOKEN", "consent_audience");
  assert.equal(granted(redeem(machine, consentOf(machine))).repeated, false);
});
