/**
 * The scope of a refresh (T6).
 * @module
 */
import type { CaseSpec } from "../../case.ts";
import { refresh, refreshed, refusedWith } from "../../stage/product.ts";
import { actor, connect, harness, type Stage, user } from "../../stage/stage.ts";
import { someScope, wholeScope } from "../../target/target.ts";
import { check, equalScope } from "../../verdict.ts";
import type { Reply } from "../../wire/wire.ts";
import { atTokenEndpoint, byPublicId, invalidGrant, rotate } from "../steps.ts";

/** Refreshes with a scope. */
function refreshFor(stage: Stage, refreshToken: string, scope: string): Promise<Reply> {
  return refresh(stage, refreshToken, undefined, { scope });
}

/** Fails unless a refresh without scope gets this scope; the refresh token to use next. */
async function keepsScope(stage: Stage, refreshToken: string, expected: string): Promise<string> {
  const next = refreshed(await refresh(stage, refreshToken));
  equalScope(next.scope, expected, "scope of a refresh without scope");
  return next.refreshToken || refreshToken;
}

/** Cases about scope. */
export const REFRESH_SCOPE: readonly CaseSpec[] = [
  atTokenEndpoint({
    slug: "scope-kept",
    level: "SHOULD",
    requirements: ["T6"],
    title: "A refresh without scope keeps the scope.",
    remedy: "Treat an omitted scope as the whole granted scope (RFC 6749 §6).",
    needs: ["seed"],
    run: async (stage, { refreshToken }) =>
      void await keepsScope(stage, refreshToken, wholeScope(stage.target)),
  }),
  atTokenEndpoint({
    slug: "scope-narrower",
    level: "SHOULD",
    requirements: ["T6"],
    title: "A refresh can ask for less scope, and a later one gets the whole scope again.",
    remedy: "Narrow the access token, not the family (RFC 6749 §6).",
    needs: ["seed"],
    run: async (stage, { refreshToken }) => {
      const scope = someScope(stage.target, 1);
      const narrow = refreshed(await refreshFor(stage, refreshToken, scope));
      equalScope(narrow.scope, scope);
      await keepsScope(stage, narrow.refreshToken || refreshToken, wholeScope(stage.target));
    },
  }),
  atTokenEndpoint({
    slug: "scope-wider",
    level: "MUST",
    requirements: ["T6.1"],
    attacks: ["SC-07"],
    title: "A refresh for more scope than was granted does not get it.",
    expects: "invalid_scope, or tokens without the additional scope.",
    remedy: "Do not issue scope that was not originally granted (RFC 6749 §6).",
    run: async (stage, { refreshToken }) => {
      const reply = await refreshFor(stage, refreshToken, "admin everything");
      if (reply.status !== 200) return refusedWith(reply, 400, "invalid_scope");
      const { scope } = refreshed(reply);
      check(!/\b(?:admin|everything)\b/.test(scope), "no more than was granted", scope);
    },
  }),
  atTokenEndpoint({
    slug: "scope-wider-than-family",
    level: "MUST",
    requirements: ["T6.1"],
    attacks: ["SC-07"],
    title: "A later consent to more scope does not widen an older family.",
    does:
      "Gets tokens for a part of the scope, connects the user with the whole, refreshes without scope and with the whole.",
    expects: "That part; then invalid_scope or the part again.",
    remedy: "Store the scope of the first issuance with the family.",
    needs: ["seed"],
    run: async (stage) => {
      const [partner, part] = [actor(stage, "partner"), someScope(stage.target, 1)];
      const subject = await user(stage, [partner, part]);
      const { refreshToken } = await byPublicId(stage, subject);
      await connect(stage, subject, partner);
      const current = await keepsScope(stage, refreshToken, part);
      const reply = await refreshFor(stage, current, wholeScope(stage.target));
      if (reply.status === 200) equalScope(refreshed(reply).scope, part);
      else refusedWith(reply, 400, "invalid_scope");
    },
  }),
  atTokenEndpoint({
    slug: "scope-wider-harms-nothing",
    level: "SHOULD",
    requirements: ["T6"],
    attacks: ["SC-07"],
    title: "A refresh for too much scope gets invalid_scope and does not affect the token.",
    remedy: "Check the scope before rotating.",
    run: async (stage, { refreshToken }) => {
      refusedWith(await refreshFor(stage, refreshToken, "admin"), 400, "invalid_scope");
      await rotate(stage, refreshToken);
    },
  }),
  atTokenEndpoint({
    slug: "scope-empty",
    level: "MUST",
    requirements: ["T6.2"],
    title: "An empty scope parameter counts as omitted.",
    remedy: "Treat a parameter without a value as omitted (RFC 6749 §3.2).",
    needs: ["seed"],
    run: async (stage, { refreshToken }) => {
      const { scope } = refreshed(await refreshFor(stage, refreshToken, ""));
      equalScope(scope, wholeScope(stage.target));
    },
  }),
  atTokenEndpoint({
    slug: "scope-malformed",
    level: "SHOULD",
    requirements: ["T6"],
    title: "A scope with a line break and quotation marks gets invalid_scope.",
    remedy: "Check the grammar of the scope (RFC 6749 §3.3 and §5.2).",
    run: async (stage, { refreshToken }) =>
      refusedWith(await refreshFor(stage, refreshToken, 'a\n"b"'), 400, "invalid_scope"),
  }),
  atTokenEndpoint({
    slug: "scope-narrowed-meanwhile",
    level: "SHOULD",
    requirements: ["T6", "R1"],
    attacks: ["SC-09"],
    title: "A refresh gets only what the user still consents to.",
    does:
      "Narrows the connection, refreshes; refreshes with what was removed; refreshes when nothing is left.",
    expects: "The narrower scope; invalid_scope; invalid_grant.",
    remedy: "Compute the effective scope on every refresh.",
    needs: ["seed", "narrow"],
    run: async (stage, { refreshToken, subject }) => {
      const name = { user: subject, client: actor(stage, "partner").id };
      const left = someScope(stage.target, 0, 1);
      await harness(stage, "narrow", { ...name, scope: left });
      const current = await keepsScope(stage, refreshToken, left);
      const removed = someScope(stage.target, 2);
      refusedWith(await refreshFor(stage, current, removed), 400, "invalid_scope");
      await harness(stage, "narrow", { ...name, scope: removed });
      await invalidGrant(stage, current);
    },
  }),
];
