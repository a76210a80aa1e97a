/**
 * Who gets tokens by public id, and with which scope (P1–P4, C8, C10, R1, R3, R4).
 * @module
 */
import { consent, delegate } from "../stage/consents.ts";
import { type CaseSpec, define } from "../case.ts";
import { controlPublicId, fetchTokens, granted, redeem, refused } from "../stage/product.ts";
import {
  actor,
  advance,
  client,
  connect,
  freeze,
  harness,
  merchant,
  now,
  type Stage,
  unknownUser,
  user,
} from "../stage/stage.ts";
import { someScope, wholeScope } from "../target/target.ts";
import type { Case } from "../case.ts";
import { check, equal, equalScope, Failure, sortScope } from "../verdict.ts";
import { PRECEDENCE } from "./precedence.ts";

const ASK =
  "Look for a connection between this user and this very client; judge it at every request.";
const MEET =
  "Issue what connection, registration and source have in common, computed at every request.";
const NEWEST =
  "Remember the iat that a connection rests on; the same or a later one replaces its scope.";
const OLDER =
  "A token with an earlier iat than the connection rests on leaves it as it is. Its own tokens get what both scopes have in common; where that is nothing, NO_CONSENT.";

const WHO: readonly CaseSpec[] = [
  {
    slug: "connected",
    level: "MUST",
    requirements: ["P2", "P4"],
    title: "A connected user's public id is answered with tokens for that user.",
    does: "Asks by the public id of a user who is connected to the partner.",
    expects: "Tokens; publicId is the one that was asked for.",
    remedy: ASK,
    needs: ["client", "connected-user"],
    run: async (stage) => {
      const publicId = await user(stage, actor(stage, "partner"));
      const answer = await fetchTokens(stage, { publicId });
      granted(answer);
      equal(answer.payload?.["publicId"], publicId, "publicId");
    },
  },
  {
    slug: "unknown-user",
    level: "MUST",
    requirements: ["P1"],
    title: "A public id that no user has is answered with NO_USER.",
    does: "Asks by a random public id.",
    expects: "userErrors code NO_USER.",
    remedy: "Answer NO_USER where there is no such user.",
    needs: ["client"],
    run: async (stage) => refused(await fetchTokens(stage, { publicId: unknownUser() }), "NO_USER"),
  },
  {
    slug: "unconnected-user",
    level: "MUST",
    requirements: ["P2"],
    attacks: ["SC-06"],
    title: "A user without any connection is answered with NO_CONSENT.",
    does: "Asks by the public id of a user who is connected to nobody.",
    expects: "userErrors code NO_CONSENT.",
    remedy: ASK,
    needs: ["client", "unconnected-user"],
    run: async (stage) =>
      refused(await fetchTokens(stage, { publicId: await user(stage) }), "NO_CONSENT"),
  },
  {
    slug: "merchant-user",
    level: "MUST",
    requirements: ["P2"],
    attacks: ["SC-06"],
    title: "A user who is connected to a merchant alone is answered with NO_CONSENT.",
    does: "Asks by the public id of a user whose only connection is with a merchant.",
    expects: "userErrors code NO_CONSENT.",
    remedy: ASK,
    needs: ["client", "seed"],
    run: async (stage) => {
      const publicId = await user(stage, actor(stage, "merchant"));
      refused(await fetchTokens(stage, { publicId }), "NO_CONSENT");
    },
  },
  {
    slug: "another-partners-user",
    level: "MUST",
    requirements: ["P2"],
    attacks: ["SC-06"],
    title: "A user who is connected to another partner alone is answered with NO_CONSENT.",
    does: "Asks as each of two partners for a user who is connected to one of them.",
    expects: "Tokens for that one, NO_CONSENT for the other.",
    remedy: ASK,
    needs: ["client", "second-client", "seed"],
    run: async (stage) => {
      const [partner, otherPartner] = [actor(stage, "partner"), actor(stage, "otherPartner")];
      const publicId = await user(stage, otherPartner);
      await controlPublicId(stage, publicId, otherPartner);
      refused(await fetchTokens(stage, { publicId }, partner), "NO_CONSENT");
    },
  },
  {
    slug: "another-partners-delegation",
    level: "MUST",
    requirements: ["P2", "C12"],
    title: "What is delegated to one partner is no connection of another.",
    does: "Redeems a consent token as one partner, then asks by public id as the other.",
    expects: "Tokens, then NO_CONSENT.",
    remedy: ASK,
    needs: ["client", "second-client", "seed", "sign"],
    run: async (stage) => {
      const subject = await user(stage, actor(stage, "merchant"));
      await delegate(stage, { user: subject });
      const other = await fetchTokens(stage, { publicId: subject }, actor(stage, "otherPartner"));
      refused(other, "NO_CONSENT");
    },
  },
  {
    slug: "suspended-user",
    level: "SHOULD",
    requirements: ["P1", "R1"],
    attacks: ["RF-13"],
    title: "A suspended user is nobody, until resumed.",
    does: "Suspends a connected user, asks, resumes the user, asks again.",
    expects: "NO_USER, then tokens.",
    remedy: "Judge the user's status at every request; suspension is reversible.",
    needs: ["client", "seed", "user-status"],
    run: async (stage) => {
      const publicId = await user(stage, actor(stage, "partner"));
      await controlPublicId(stage, publicId);
      await harness(stage, "user-status", { user: publicId, status: "suspended" });
      refused(await fetchTokens(stage, { publicId }), "NO_USER");
      await harness(stage, "user-status", { user: publicId, status: "active" });
      granted(await fetchTokens(stage, { publicId }));
    },
  },
  {
    slug: "suspended-user-consent-token",
    level: "SHOULD",
    requirements: ["C8", "R1"],
    title:
      "A consent token of a suspended user is answered with NO_USER, and good again once resumed.",
    does: "Suspends a user, presents a good token, resumes the user, presents it again.",
    expects: "NO_USER, then tokens.",
    remedy: "Judge the user before the consent; consume nothing in a refusal.",
    needs: ["client", "seed", "sign", "user-status"],
    run: async (stage) => {
      const subject = await user(stage, actor(stage, "merchant"));
      const token = await consent(stage, { user: subject });
      await harness(stage, "user-status", { user: subject, status: "suspended" });
      refused(await redeem(stage, token), "NO_USER");
      await harness(stage, "user-status", { user: subject, status: "active" });
      granted(await redeem(stage, token));
    },
  },
  {
    slug: "deleted-user",
    level: "SHOULD",
    requirements: ["P1"],
    title: "A deleted user is nobody.",
    does: "Deletes a connected user and asks.",
    expects: "userErrors code NO_USER.",
    remedy: "Answer like for an unknown public id.",
    needs: ["client", "seed", "user-status"],
    run: async (stage) => {
      const publicId = await user(stage, actor(stage, "partner"));
      await controlPublicId(stage, publicId);
      await harness(stage, "user-status", { user: publicId, status: "deleted" });
      refused(await fetchTokens(stage, { publicId }), "NO_USER");
    },
  },
  {
    slug: "revoked-connection",
    level: "MUST",
    requirements: ["P2", "R2"],
    attacks: ["SC-06"],
    title: "After the user withdrew, the public id is answered with NO_CONSENT.",
    does: "Revokes a direct connection and asks.",
    expects: "userErrors code NO_CONSENT.",
    remedy: ASK,
    needs: ["client", "seed", "revoke"],
    run: async (stage) => {
      const partner = actor(stage, "partner");
      const publicId = await user(stage, partner);
      await controlPublicId(stage, publicId);
      await harness(stage, "revoke", { user: publicId, client: partner.id });
      refused(await fetchTokens(stage, { publicId }), "NO_CONSENT");
    },
  },
  {
    slug: "same-no-consent",
    level: "SHOULD",
    requirements: ["P2"],
    attacks: ["SC-06"],
    title:
      "NO_CONSENT does not tell a missing connection from a withdrawn one or another client's.",
    does: "Asks for three such users.",
    expects: "The same payload, three times.",
    remedy: "One fixed message for each code.",
    needs: ["client", "second-client", "seed", "revoke"],
    run: async (stage) => {
      const partner = actor(stage, "partner");
      const withdrawn = await user(stage, partner);
      await harness(stage, "revoke", { user: withdrawn, client: partner.id });
      const users = [await user(stage), withdrawn, await user(stage, actor(stage, "otherPartner"))];
      const payloads: string[] = [];
      for (const publicId of users) {
        const answer = await fetchTokens(stage, { publicId });
        refused(answer, "NO_CONSENT");
        payloads.push(JSON.stringify(answer.payload));
      }
      for (const payload of payloads) equal(payload, payloads[0], "the payload");
    },
  },
];

const SCOPE: readonly CaseSpec[] = [
  {
    slug: "grammar",
    level: "MUST",
    requirements: ["G6"],
    title: "scope is a list of tokens separated by single spaces.",
    does: "Asks for tokens of a connected user.",
    expects: "A scope by RFC 6749 §3.3.",
    remedy: "Join the tokens with one space; no commas, no empty tokens.",
    needs: ["client", "connected-user"],
    run: async (stage) => {
      const scope = await scopeOf(stage, await user(stage, actor(stage, "partner")));
      const token = "[\\x21\\x23-\\x5b\\x5d-\\x7e]+";
      check(new RegExp(`^${token}(?: ${token})*$`).test(scope), "tokens and single spaces", scope);
    },
  },
  {
    slug: "no-duplicates",
    level: "SHOULD",
    requirements: ["G6"],
    title: "scope names no token twice.",
    does: "Connects a user with a scope that names a token twice, and asks.",
    expects: "Distinct tokens.",
    remedy: "Keep scopes as sets.",
    needs: ["client", "seed"],
    run: async (stage) => {
      const twice = someScope(stage.target, 0, 1, 0);
      const scope = await scopeOf(stage, await user(stage, [actor(stage, "partner"), twice]));
      const tokens = scope.split(" ");
      equal(new Set(tokens).size, tokens.length, "the number of distinct tokens");
    },
  },
  {
    slug: "sorted",
    level: "MAY",
    requirements: ["G6"],
    title: "The tokens of scope are sorted.",
    does: "Connects a user with a scope in reverse order, and asks.",
    expects: "Tokens in the order of their code units.",
    remedy: "Sort them, so that equal scopes are equal texts.",
    needs: ["client", "seed"],
    run: async (stage) => {
      const reverse = sortScope(wholeScope(stage.target)).split(" ").reverse().join(" ");
      const scope = await scopeOf(stage, await user(stage, [actor(stage, "partner"), reverse]));
      equal(scope, sortScope(scope), "scope");
    },
  },
  {
    slug: "consented",
    level: "MUST",
    requirements: ["P4"],
    title: "Tokens by public id carry the consented scope, not the registered one.",
    does: "Connects a user with a part of the registered scope, and asks.",
    expects: "That part.",
    remedy: MEET,
    needs: ["client", "seed"],
    run: async (stage) => {
      const scope = someScope(stage.target, 1);
      const subject = await user(stage, [actor(stage, "partner"), scope]);
      equalScope(await scopeOf(stage, subject), scope);
    },
  },
  {
    slug: "registered",
    level: "SHOULD",
    requirements: ["P4"],
    attacks: ["SC-03"],
    title: "Tokens carry no more than the client is registered for.",
    does:
      "Connects a user with the whole scope to a client that is registered for a part, and asks.",
    expects: "That part.",
    remedy: MEET,
    needs: ["client", "seed"],
    run: async (stage) => {
      const own = await client(stage, someScope(stage.target, 0, 2));
      const subject = await user(stage, [own, wholeScope(stage.target)]);
      const { scope } = granted(await fetchTokens(stage, { publicId: subject }, own));
      equalScope(scope, someScope(stage.target, 0, 2));
    },
  },
  {
    slug: "nothing-in-common",
    level: "SHOULD",
    requirements: ["P2", "P4"],
    title: "Where consent and registration have nothing in common there is no consent.",
    does:
      "Connects a user with one scope token to a client that is registered for another, and asks.",
    expects: "userErrors code NO_CONSENT.",
    remedy: "An empty scope is no consent, never a token without scope.",
    needs: ["client", "seed"],
    run: async (stage) => {
      const own = await client(stage, someScope(stage.target, 0));
      const publicId = await user(stage, [own, someScope(stage.target, 1)]);
      refused(await fetchTokens(stage, { publicId }, own), "NO_CONSENT");
    },
  },
  {
    slug: "registration-changes",
    level: "SHOULD",
    requirements: ["P4", "R1"],
    title: "A change of the registered scope counts at once, in both directions.",
    does: "Narrows the registered scope of a client, asks, widens it again, asks.",
    expects: "The narrower scope, then the consented one.",
    remedy: MEET,
    needs: ["client", "seed", "client-scope"],
    run: async (stage) => {
      const own = await client(stage);
      const publicId = await user(stage, own);
      await harness(stage, "client-scope", { client: own.id, scope: someScope(stage.target, 0) });
      const narrow = granted(await fetchTokens(stage, { publicId }, own));
      equalScope(narrow.scope, someScope(stage.target, 0));
      await harness(stage, "client-scope", { client: own.id, scope: wholeScope(stage.target) });
      equalScope(
        granted(await fetchTokens(stage, { publicId }, own)).scope,
        wholeScope(stage.target),
      );
    },
  },
  {
    slug: "narrowed",
    level: "MUST",
    requirements: ["P4"],
    attacks: ["SC-09"],
    title: "After the user narrowed the consent, tokens carry what is left.",
    does: "Narrows a direct connection and asks; narrows it to nothing and asks.",
    expects: "The narrower scope, then NO_CONSENT.",
    remedy: MEET,
    needs: ["client", "seed", "narrow"],
    run: async (stage) => {
      const partner = actor(stage, "partner");
      const publicId = await user(stage, partner);
      const name = { user: publicId, client: partner.id };
      await harness(stage, "narrow", { ...name, scope: someScope(stage.target, 1, 2) });
      equalScope(await scopeOf(stage, publicId), someScope(stage.target, 1, 2));
      await harness(stage, "narrow", { ...name, scope: someScope(stage.target, 0) });
      refused(await fetchTokens(stage, { publicId }), "NO_CONSENT");
    },
  },
  {
    slug: "consented-anew",
    level: "SHOULD",
    requirements: ["P4", "R1"],
    title: "A later consent replaces the scope of a direct connection.",
    does: "Connects a user with one scope, then with another, and asks.",
    expects: "The scope of the later consent alone.",
    remedy:
      "Replace, do not add. In the harness, too: seed of a connection that is there already replaces its scope.",
    needs: ["client", "seed"],
    run: async (stage) => {
      const partner = actor(stage, "partner");
      const publicId = await user(stage, [partner, someScope(stage.target, 0, 1)]);
      await connect(stage, publicId, [partner, someScope(stage.target, 1, 2)]);
      equalScope(await scopeOf(stage, publicId), someScope(stage.target, 1, 2));
    },
  },
];

async function scopeOf(stage: Stage, publicId: string): Promise<string> {
  return granted(await fetchTokens(stage, { publicId })).scope;
}

/** Delegation: what a consent token passes on. */
const DELEGATION: readonly CaseSpec[] = [
  {
    slug: "delegated-scope",
    level: "MUST",
    requirements: ["C8"],
    title: "Tokens by consent token carry the scope of the token.",
    does: "Redeems a token with a part of the scope that the user consented to.",
    expects: "That part.",
    remedy: "Issue what token, source and registration have in common.",
    needs: ["client", "seed", "sign"],
    run: async (stage) => {
      const subject = await user(stage, actor(stage, "merchant"));
      const { scope } = await delegate(stage, { user: subject, scope: someScope(stage.target, 1) });
      equalScope(scope, someScope(stage.target, 1));
    },
  },
  {
    slug: "within-source",
    level: "SHOULD",
    requirements: ["C8", "P4"],
    attacks: ["SC-02"],
    title: "No more is delegated than the user consented to at the merchant.",
    does: "Redeems a token with the whole scope of a user whose merchant connection has a part.",
    expects: "That part.",
    remedy: "Intersect with the effective scope of the source; never a union.",
    needs: ["client", "seed", "sign"],
    run: async (stage) => {
      const part = someScope(stage.target, 0, 1);
      const subject = await user(stage, [actor(stage, "merchant"), part]);
      equalScope((await delegate(stage, { user: subject })).scope, part);
      equalScope(await scopeOf(stage, subject), part);
    },
  },
  {
    slug: "within-merchant-registration",
    level: "SHOULD",
    requirements: ["C8", "P4"],
    attacks: ["SC-02"],
    title: "No more is delegated than the merchant is registered for.",
    does: "Redeems a token of a merchant that is registered for a part of the scope.",
    expects: "That part.",
    remedy: "The source's effective scope is limited by the registration of its client.",
    needs: ["client", "seed", "issuers"],
    run: async (stage) => {
      const shop = await merchant(stage, someScope(stage.target, 2));
      const subject = await user(stage, shop);
      const { scope } = await delegate(stage, { user: subject, merchant: shop });
      equalScope(scope, someScope(stage.target, 2));
    },
  },
  {
    slug: "within-registration",
    level: "SHOULD",
    requirements: ["C8", "P4"],
    attacks: ["SC-03"],
    title: "No more is delegated than the partner is registered for.",
    does: "Redeems a token with the whole scope as a client that is registered for a part.",
    expects: "That part.",
    remedy: "Intersect with the registered scope of the partner.",
    needs: ["client", "seed", "sign"],
    run: async (stage) => {
      const own = await client(stage, someScope(stage.target, 1, 2));
      const subject = await user(stage, actor(stage, "merchant"));
      equalScope(
        (await delegate(stage, { user: subject, client: own })).scope,
        someScope(stage.target, 1, 2),
      );
    },
  },
  {
    slug: "delegation-is-no-source",
    level: "SHOULD",
    requirements: ["R4", "C8"],
    attacks: ["SC-13"],
    title: "A delegated connection is no source of another.",
    does:
      "Redeems a token as one partner, then presents a token that names this partner as the merchant as another one.",
    expects: "Tokens, then NO_CONSENT.",
    remedy: "The source is a direct connection; depth is one.",
    needs: ["client", "second-client", "seed", "issuers"],
    run: async (stage) => {
      const first = await merchant(stage);
      const subject = await user(stage, actor(stage, "merchant"));
      await delegate(stage, { user: subject, client: first });
      const token = await consent(stage, { user: subject, merchant: first });
      refused(await redeem(stage, token), "NO_CONSENT");
    },
  },
  {
    slug: "source-withdrawn",
    level: "SHOULD",
    requirements: ["R2", "P4"],
    attacks: ["SC-10"],
    title:
      "Without the merchant connection a delegation is worth nothing, and a new one does not revive it.",
    does:
      "Redeems a token, withdraws from the merchant, asks by public id; connects to the merchant anew, asks again.",
    expects: "Tokens, NO_CONSENT, NO_CONSENT.",
    remedy: "A delegation names the connection it rests on by id, and that id never lives again.",
    needs: ["client", "seed", "sign", "revoke"],
    run: async (stage) => {
      const shop = actor(stage, "merchant");
      const subject = await user(stage, shop);
      await delegate(stage, { user: subject });
      await harness(stage, "revoke", { user: subject, client: shop.id });
      refused(await fetchTokens(stage, { publicId: subject }), "NO_CONSENT");
      await connect(stage, subject, shop);
      refused(await fetchTokens(stage, { publicId: subject }), "NO_CONSENT");
    },
  },
  {
    slug: "source-narrowed",
    level: "SHOULD",
    requirements: ["P4", "R1"],
    attacks: ["SC-09"],
    title: "A delegation follows its source when that is narrowed.",
    does: "Redeems a token, narrows the merchant connection, asks by public id.",
    expects: "The narrower scope.",
    remedy: MEET,
    needs: ["client", "seed", "sign", "narrow"],
    run: async (stage) => {
      const shop = actor(stage, "merchant");
      const subject = await user(stage, shop);
      await delegate(stage, { user: subject });
      const scope = someScope(stage.target, 0);
      await harness(stage, "narrow", { user: subject, client: shop.id, scope });
      equalScope(await scopeOf(stage, subject), scope);
    },
  },
  {
    slug: "merchant-disabled",
    level: "SHOULD",
    requirements: ["C8", "R1"],
    attacks: ["CT-13"],
    title:
      "While its merchant is disabled a delegation is worth nothing, and works again afterwards.",
    does:
      "Redeems a token, disables the merchant, asks by public id and with a new token; enables it, asks.",
    expects: "NO_CONSENT twice, then tokens.",
    remedy: "Judge the merchant's status at every request; disabling is reversible.",
    needs: ["client", "seed", "issuers", "client-status"],
    run: async (stage) => {
      const shop = await merchant(stage);
      const subject = await user(stage, shop);
      await delegate(stage, { user: subject, merchant: shop });
      await harness(stage, "client-status", { client: shop.id, status: "disabled" });
      refused(await fetchTokens(stage, { publicId: subject }), "NO_CONSENT");
      const token = await consent(stage, { user: subject, merchant: shop });
      refused(await redeem(stage, token), "NO_CONSENT");
      await harness(stage, "client-status", { client: shop.id, status: "enabled" });
      granted(await fetchTokens(stage, { publicId: subject }));
    },
  },
  {
    slug: "delegations-are-separate",
    level: "SHOULD",
    requirements: ["P3"],
    title: "To withdraw from one merchant leaves the delegation through another.",
    does: "Redeems tokens of two merchants, withdraws from one, asks by public id.",
    expects: "Tokens with the scope of the other.",
    remedy: "One connection for each source; look at all of them.",
    needs: ["client", "seed", "sign", "revoke"],
    run: async (stage) => {
      const [one, two] = [actor(stage, "merchant"), actor(stage, "otherMerchant")];
      const subject = await user(stage, one, two);
      await delegate(stage, { user: subject, merchant: one, scope: someScope(stage.target, 0) });
      await delegate(stage, { user: subject, merchant: two, scope: someScope(stage.target, 1) });
      await harness(stage, "revoke", { user: subject, client: two.id });
      equalScope(await scopeOf(stage, subject), someScope(stage.target, 0));
    },
  },
  {
    slug: "never-merged",
    level: "SHOULD",
    requirements: ["P3"],
    title: "The scopes of two connections are never added up.",
    does: "Redeems tokens of two merchants with different scopes, asks by public id.",
    expects: "The scope of one of them.",
    remedy: "One connection serves; no union.",
    needs: ["client", "seed", "sign"],
    run: async (stage) => {
      const [one, two] = [actor(stage, "merchant"), actor(stage, "otherMerchant")];
      const subject = await user(stage, one, two);
      await delegate(stage, { user: subject, merchant: one, scope: someScope(stage.target, 0) });
      await delegate(stage, { user: subject, merchant: two, scope: someScope(stage.target, 1) });
      const scope = await scopeOf(stage, subject);
      if (![0, 1].some((place) => scope === someScope(stage.target, place))) {
        throw new Failure("the scope of one of the two", `"${scope}"`);
      }
    },
  },
  {
    slug: "disconnect",
    level: "SHOULD",
    requirements: ["P3"],
    title: "To disconnect ends every connection with the client in one step.",
    does: "Gives a user a direct and a delegated connection, disconnects, asks by public id.",
    expects: "Tokens, then NO_CONSENT.",
    remedy: "Revoke all active connections between the two.",
    needs: ["client", "seed", "sign", "disconnect"],
    run: async (stage) => {
      const [partner, shop] = [actor(stage, "partner"), actor(stage, "merchant")];
      const subject = await user(stage, partner, shop);
      await delegate(stage, { user: subject });
      await controlPublicId(stage, subject);
      await harness(stage, "disconnect", { user: subject, client: partner.id });
      refused(await fetchTokens(stage, { publicId: subject }), "NO_CONSENT");
    },
  },
];

/** Consents in and out of order (C10). */
const ORDER: readonly CaseSpec[] = [
  {
    slug: "newer-consent-replaces",
    level: "SHOULD",
    requirements: ["C10"],
    title: "A later consent token replaces the scope of the delegation.",
    does: "Redeems a token with one scope, then a later one with another; asks by public id.",
    expects: "The scope of the later one, both times.",
    remedy: NEWEST,
    needs: ["client", "seed", "sign", "clock"],
    run: (stage) => twoConsents(stage, [0], 0, [1], 1, [1], [1]),
  },
  {
    slug: "newer-consent-widens",
    level: "SHOULD",
    requirements: ["C10"],
    title: "A later consent token may also widen the delegation.",
    does: "Redeems a token with a part of the scope, then a later one with more.",
    expects: "The wider scope.",
    remedy: NEWEST,
    needs: ["client", "seed", "sign", "clock"],
    run: (stage) => twoConsents(stage, [0], 0, [0, 1], 1, [0, 1], [0, 1]),
  },
  {
    slug: "consent-of-the-same-second",
    level: "MAY",
    requirements: ["C10"],
    title: "A consent token of the same second replaces the scope, too.",
    does: "Redeems two tokens with the same iat and different scopes.",
    expects: "The scope of the one that was redeemed last.",
    remedy: NEWEST,
    needs: ["client", "seed", "sign", "clock"],
    run: (stage) => twoConsents(stage, [0], 0, [1, 2], 0, [1, 2], [1, 2]),
  },
  {
    slug: "older-consent",
    level: "MAY",
    requirements: ["C10"],
    title:
      "An earlier consent token leaves the connection as it is, and gets what both have in common.",
    does: "Redeems a token, then an earlier one with a scope that overlaps.",
    expects: "The overlap; by public id the scope of the later token.",
    remedy: OLDER,
    needs: ["client", "seed", "sign", "clock"],
    run: (stage) => twoConsents(stage, [0, 1], 0, [1, 2], -5, [1], [0, 1]),
  },
  {
    slug: "older-consent-widens-nothing",
    level: "SHOULD",
    requirements: ["C10"],
    title: "An earlier consent token never widens what a later one left.",
    does: "Redeems a token with a part of the scope, then an earlier one with the whole.",
    expects: "By public id the scope of the later token.",
    remedy: OLDER,
    needs: ["client", "seed", "sign", "clock"],
    run: async (stage) => {
      await freeze(stage);
      const subject = await user(stage, actor(stage, "merchant"));
      await delegate(stage, {
        user: subject,
        scope: someScope(stage.target, 0),
        issuedAt: now(stage),
      });
      await redeem(stage, await consent(stage, { user: subject, issuedAt: now(stage) - 5 }));
      equalScope(await scopeOf(stage, subject), someScope(stage.target, 0));
    },
  },
  {
    slug: "older-consent-nothing-in-common",
    level: "MAY",
    requirements: ["C10"],
    title: "An earlier consent token that has nothing in common with the later one is no consent.",
    does: "Redeems a token, then an earlier one with another scope.",
    expects: "userErrors code NO_CONSENT.",
    remedy: OLDER,
    needs: ["client", "seed", "sign", "clock"],
    run: async (stage) => {
      await freeze(stage);
      const subject = await user(stage, actor(stage, "merchant"));
      await delegate(stage, {
        user: subject,
        scope: someScope(stage.target, 0),
        issuedAt: now(stage),
      });
      const older = { user: subject, scope: someScope(stage.target, 1), issuedAt: now(stage) - 5 };
      refused(await redeem(stage, await consent(stage, older)), "NO_CONSENT");
    },
  },
  {
    slug: "narrowed-after-consent",
    level: "MAY",
    requirements: ["C10"],
    title: "A consent from before the user narrowed the delegation does not widen it again.",
    does: "Redeems a token, narrows the delegation, then redeems a token signed before that.",
    expects: "By public id the narrowed scope.",
    remedy:
      "To narrow is a decision of the user, too: remember its moment like that of a consent. Within the same second the consent wins.",
    needs: ["client", "seed", "sign", "clock", "narrow"],
    run: async (stage) => {
      await freeze(stage);
      const [partner, shop] = [actor(stage, "partner"), actor(stage, "merchant")];
      const subject = await user(stage, shop);
      await delegate(stage, { user: subject });
      const before = await consent(stage, { user: subject });
      await advance(stage, 5);
      const scope = someScope(stage.target, 0);
      await harness(stage, "narrow", { user: subject, client: partner.id, via: shop.id, scope });
      await redeem(stage, before);
      equalScope(await scopeOf(stage, subject), scope);
    },
  },
];

/** Redeems two tokens of one user; compares the scope of the second answer and of a request by public id. */
async function twoConsents(
  stage: Stage,
  first: readonly number[],
  firstAt: number,
  second: readonly number[],
  secondAt: number,
  issued: readonly number[],
  left: readonly number[],
): Promise<void> {
  await freeze(stage);
  const at = now(stage) - 10;
  const subject = await user(stage, actor(stage, "merchant"));
  await delegate(stage, {
    user: subject,
    scope: someScope(stage.target, ...first),
    issuedAt: at + firstAt,
  });
  const { scope } = await delegate(stage, {
    user: subject,
    scope: someScope(stage.target, ...second),
    issuedAt: at + secondAt,
  });
  equalScope(scope, someScope(stage.target, ...issued), "scope of the second answer");
  equalScope(await scopeOf(stage, subject), someScope(stage.target, ...left), "scope by public id");
}

/** The cases. */
export const scopeDelegation: readonly Case[] = define("scope-delegation", [
  ...WHO,
  ...SCOPE,
  ...DELEGATION,
  ...PRECEDENCE,
  ...ORDER,
]);
