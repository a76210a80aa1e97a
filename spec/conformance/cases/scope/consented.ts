/**
 * The scope of tokens by public id (G6, P4).
 * @module
 */
import type { CaseSpec } from "../../case.ts";
import { actor, client, connect, harness, user } from "../../stage/stage.ts";
import { someScope, wholeScope } from "../../target/target.ts";
import { check, equal, sortScope } from "../../verdict.ts";
import { byPublicId, connectedUser, getsScope, noConsent } from "../steps.ts";

const INTERSECT =
  "Issue the intersection of the consented and the registered scope, computed on every request.";

/** Cases about the consented scope. */
export const CONSENTED: readonly CaseSpec[] = [
  {
    slug: "grammar",
    level: "MUST",
    requirements: ["G6.3"],
    title: "scope is a list of tokens separated by single spaces (RFC 6749 §3.3).",
    remedy: "Join the tokens with one space, without commas or empty tokens.",
    needs: ["client", "connected-user"],
    run: async (stage) => {
      const { scope } = await byPublicId(stage, await connectedUser(stage));
      const token = "[\\x21\\x23-\\x5b\\x5d-\\x7e]+";
      check(new RegExp(`^${token}(?: ${token})*$`).test(scope), "tokens and single spaces", scope);
    },
  },
  {
    slug: "no-duplicates",
    level: "SHOULD",
    requirements: ["G6"],
    title: "scope contains no token twice, even if the user consented to a token twice.",
    remedy: "Keep scopes as sets.",
    needs: ["client", "seed"],
    run: async (stage) => {
      const twice = someScope(stage.target, 0, 1, 0);
      const subject = await user(stage, [actor(stage, "partner"), twice]);
      const tokens = (await byPublicId(stage, subject)).scope.split(" ");
      equal(new Set(tokens).size, tokens.length, "the number of distinct tokens");
    },
  },
  {
    slug: "sorted",
    level: "MAY",
    requirements: ["G6"],
    title: "The tokens of scope are sorted by code units.",
    remedy: "Sort them, so that equal scopes are equal strings.",
    needs: ["client", "seed"],
    run: async (stage) => {
      const reverse = sortScope(wholeScope(stage.target)).split(" ").reverse().join(" ");
      const subject = await user(stage, [actor(stage, "partner"), reverse]);
      const { scope } = await byPublicId(stage, subject);
      equal(scope, sortScope(scope), "scope");
    },
  },
  {
    slug: "consented",
    level: "MUST",
    requirements: ["P4"],
    title: "Tokens by public id carry the consented scope, not the larger registered one.",
    remedy: INTERSECT,
    needs: ["client", "seed"],
    run: async (stage) => {
      const scope = someScope(stage.target, 1);
      await getsScope(stage, await user(stage, [actor(stage, "partner"), scope]), scope);
    },
  },
  {
    slug: "registered",
    level: "SHOULD",
    requirements: ["P4"],
    attacks: ["SC-03"],
    title: "Tokens by public id carry no scope that the client is not registered for.",
    remedy: INTERSECT,
    needs: ["client", "seed"],
    run: async (stage) => {
      const registered = someScope(stage.target, 0, 2);
      const own = await client(stage, registered);
      const subject = await user(stage, [own, wholeScope(stage.target)]);
      await getsScope(stage, subject, registered, own);
    },
  },
  {
    slug: "nothing-in-common",
    level: "SHOULD",
    requirements: ["P2", "P4"],
    title: "If the consented and the registered scope are disjoint, the public id gets NO_CONSENT.",
    remedy: "Treat an empty scope as no consent; never issue a token without scope.",
    needs: ["client", "seed"],
    run: async (stage) => {
      const own = await client(stage, someScope(stage.target, 0));
      await noConsent(stage, await user(stage, [own, someScope(stage.target, 1)]), own);
    },
  },
  {
    slug: "registration-changes",
    level: "SHOULD",
    requirements: ["P4", "R1"],
    title: "A change of the registered scope takes effect at once, in both directions.",
    does: "Narrows the registered scope of a client, asks, restores it, asks again.",
    remedy: INTERSECT,
    needs: ["client", "seed", "client-scope"],
    run: async (stage) => {
      const own = await client(stage);
      const publicId = await user(stage, own);
      for (const scope of [someScope(stage.target, 0), wholeScope(stage.target)]) {
        await harness(stage, "client-scope", { client: own.id, scope });
        await getsScope(stage, publicId, scope, own);
      }
    },
  },
  {
    slug: "narrowed",
    level: "MUST",
    requirements: ["P4"],
    attacks: ["SC-09"],
    title: "After the user has narrowed the consent, tokens carry only what is left.",
    expects: "The narrower scope; NO_CONSENT if nothing is left.",
    remedy: INTERSECT,
    needs: ["client", "seed", "narrow"],
    run: async (stage) => {
      const publicId = await connectedUser(stage);
      const name = { user: publicId, client: actor(stage, "partner").id };
      const scope = someScope(stage.target, 1, 2);
      await harness(stage, "narrow", { ...name, scope });
      await getsScope(stage, publicId, scope);
      await harness(stage, "narrow", { ...name, scope: someScope(stage.target, 0) });
      await noConsent(stage, publicId);
    },
  },
  {
    slug: "consented-anew",
    level: "SHOULD",
    requirements: ["P4", "R1"],
    title: "A later consent replaces the scope of a direct connection instead of adding to it.",
    remedy:
      "Replace the scope; do not add to it. This includes the harness: seed of an existing connection replaces its scope.",
    needs: ["client", "seed"],
    run: async (stage) => {
      const partner = actor(stage, "partner");
      const publicId = await user(stage, [partner, someScope(stage.target, 0, 1)]);
      const later = someScope(stage.target, 1, 2);
      await connect(stage, publicId, [partner, later]);
      await getsScope(stage, publicId, later);
    },
  },
];
