/**
 * Who may refresh (T4), and rotation (T5).
 * @module
 */
import type { CaseSpec } from "../../case.ts";
import { describeReply, refresh, refreshed } from "../../stage/product.ts";
import { actor, advance, freeze, type Stage } from "../../stage/stage.ts";
import { check, control, equal } from "../../verdict.ts";
import type { Reply } from "../../wire/wire.ts";
import { atTokenEndpoint, byPublicId, inactive, invalidGrant, rotate } from "../steps.ts";

/** Refreshes this often; all refresh tokens, the first one first. */
async function chain(stage: Stage, first: string, times: number): Promise<readonly string[]> {
  const tokens = [first];
  for (let time = 0; time < times; time++) {
    tokens.push(await control("a refresh", () => rotate(stage, tokens.at(-1) ?? "")));
  }
  return tokens;
}

/** The distinct refresh tokens of the replies that carry tokens. */
function successors(replies: readonly Reply[]): readonly string[] {
  const successes = replies.filter(({ status }) => status === 200);
  return [...new Set(successes.map((reply) => refreshed(reply).refreshToken))];
}

/** Cases about rotation. */
export const ROTATION: readonly CaseSpec[] = [
  atTokenEndpoint({
    slug: "foreign-client",
    level: "MUST",
    requirements: ["T4.3"],
    attacks: ["RF-01"],
    title: "Another client's refresh token gets invalid_grant and keeps working for its owner.",
    remedy: "Compare the client before doing anything else to the family.",
    needs: ["second-client"],
    run: async (stage, { refreshToken }) => {
      await invalidGrant(stage, refreshToken, actor(stage, "otherPartner"));
      await rotate(stage, refreshToken);
    },
  }),
  atTokenEndpoint({
    slug: "foreign-client-spent-token",
    level: "SHOULD",
    requirements: ["T4", "T5"],
    attacks: ["RF-01"],
    title: "Spent refresh tokens presented by another client do not affect the family.",
    does: "Refreshes four times; another client presents each of the tokens; the owner refreshes.",
    remedy: "Compare the client before detecting reuse.",
    needs: ["second-client"],
    run: async (stage, { refreshToken }) => {
      const tokens = await chain(stage, refreshToken, 4);
      for (const token of tokens) await invalidGrant(stage, token, actor(stage, "otherPartner"));
      await rotate(stage, tokens.at(-1) ?? "");
    },
  }),
  atTokenEndpoint({
    slug: "rotates",
    level: "MAY",
    requirements: ["T5"],
    title: "Each refresh returns a new refresh token.",
    remedy: "Rotate refresh tokens (RFC 9700 §4.14.2).",
    run: async (stage, { refreshToken }) => {
      const tokens = await chain(stage, refreshToken, 3);
      equal(new Set(tokens).size, 4, "the number of distinct refresh tokens");
    },
  }),
  atTokenEndpoint({
    slug: "lost-response",
    level: "SHOULD",
    requirements: ["T5"],
    attacks: ["RF-03"],
    title: "A refresh whose response was lost can be retried with the same token.",
    does: "Refreshes twice with the same token, then with the token from the second response.",
    remedy: "Answer the token before the current one with the current one.",
    run: async (stage, { refreshToken }) => {
      await rotate(stage, refreshToken);
      await rotate(stage, await rotate(stage, refreshToken));
    },
  }),
  atTokenEndpoint({
    slug: "lost-response-same-successor",
    level: "MAY",
    requirements: ["T5"],
    attacks: ["RF-03"],
    title: "A retried refresh returns the same refresh token, however late.",
    does: "Refreshes; retries after 1 s, 31 s and an hour (or just before the token expires).",
    remedy: "Derive refresh tokens, so that a successor can be returned again without storing it.",
    needs: ["seed", "clock"],
    run: async (stage, { refreshToken }) => {
      await freeze(stage);
      const { refreshToken: successor } = refreshed(await refresh(stage, refreshToken));
      const last = Math.min(3600, (stage.target.policy.refreshIdleSeconds ?? 3601) - 1);
      let waited = 0;
      for (const seconds of [1, 31, last]) {
        await advance(stage, Math.max(0, seconds - waited));
        waited = Math.max(seconds, waited);
        const retried = refreshed(await refresh(stage, refreshToken));
        equal(retried.refreshToken, successor, "the refresh token");
      }
    },
  }),
  atTokenEndpoint({
    slug: "delayed-duplicate",
    level: "MAY",
    requirements: ["T5"],
    attacks: ["RF-05"],
    title:
      "A refresh token two generations old works for the declared time; after that it is reuse.",
    does:
      "Refreshes twice; presents the first token in the last second of refreshDuplicateSeconds, and in the next.",
    expects: "The current refresh token; then invalid_grant, and the family has ended.",
    remedy: "Count the time from the moment when that very token was spent.",
    needs: ["seed", "clock", "policy:refreshDuplicateSeconds"],
    run: async (stage, { refreshToken }) => {
      await freeze(stage);
      const window = stage.target.policy.refreshDuplicateSeconds ?? 0;
      const [, , current = ""] = await chain(stage, refreshToken, 2);
      if (window > 0) {
        await advance(stage, window - 1);
        const duplicate = refreshed(await refresh(stage, refreshToken));
        equal(duplicate.refreshToken, current, "the refresh token");
        await advance(stage, 1);
      }
      await invalidGrant(stage, refreshToken);
      await invalidGrant(stage, current);
    },
  }),
  atTokenEndpoint({
    slug: "reuse-ends-the-family",
    level: "SHOULD",
    requirements: ["T5"],
    attacks: ["RF-05"],
    title: "Reuse of an old refresh token ends its family and no other.",
    does:
      "Refreshes four times; presents the first token, the current one, and that of another family.",
    remedy: "End the family: one of its two holders is a thief (RFC 9700 §4.14.2).",
    run: async (stage, { refreshToken, subject }) => {
      const other = await byPublicId(stage, subject);
      const tokens = await chain(stage, refreshToken, 4);
      await invalidGrant(stage, refreshToken);
      await invalidGrant(stage, tokens.at(-1) ?? "");
      await rotate(stage, other.refreshToken);
    },
  }),
  atTokenEndpoint({
    slug: "reuse-ends-access-tokens",
    level: "SHOULD",
    requirements: ["T5"],
    attacks: ["RF-05"],
    title: "Reuse of an old refresh token also ends the access tokens of its family.",
    remedy: "Check the family on every use of an access token.",
    needs: ["probe"],
    run: async (stage, { refreshToken }) => {
      const tokens = await chain(stage, refreshToken, 3);
      const { accessToken } = refreshed(await refresh(stage, tokens.at(-1) ?? ""));
      await invalidGrant(stage, refreshToken);
      await inactive(stage, accessToken);
    },
  }),
  atTokenEndpoint({
    slug: "twenty-at-once",
    level: "SHOULD",
    requirements: ["T5"],
    attacks: ["RF-02", "SY-06"],
    title: "Twenty concurrent refreshes with one token yield one refresh token, which works.",
    expects: "At least one success; the same refresh token in every success.",
    remedy: "Rotate in one transaction, and give the losers the winner's token.",
    run: async (stage, { refreshToken }) => {
      const replies = await Promise.all(
        Array.from({ length: 20 }, () => refresh(stage, refreshToken)),
      );
      const [successor, ...others] = successors(replies);
      check(successor !== undefined, "at least one success", describeReply(replies[0] as Reply));
      equal(others.length, 0, "the number of further refresh tokens");
      await rotate(stage, successor || refreshToken);
    },
  }),
  atTokenEndpoint({
    slug: "leapfrog",
    level: "SHOULD",
    requirements: ["T5"],
    attacks: ["RF-06"],
    title: "Two holders of one family never get two working refresh tokens.",
    does: "Two holders refresh in turn, each with the token it got last, for ten rounds.",
    expects: "At the end at most one refresh token works.",
    remedy: "Keep one current generation per family.",
    run: async (stage, { refreshToken }) => {
      const holders = [refreshToken, refreshToken];
      for (let round = 0; round < 20; round++) {
        const reply = await refresh(stage, holders[round % 2] ?? "");
        if (reply.status !== 200) return;
        holders[round % 2] = refreshed(reply).refreshToken;
      }
      const [one = "", two = ""] = holders;
      const live = successors([await refresh(stage, one), await refresh(stage, two)]);
      check(live.length <= 1, "at most one working refresh token", live.length);
    },
  }),
];
