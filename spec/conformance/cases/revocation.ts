/**
 * How tokens end: revoked by their client (RFC 7009), or because authority ended (R1–R3).
 * @module
 */
import { delegate } from "../stage/consents.ts";
import { type CaseSpec, define } from "../case.ts";
import {
  basic,
  fetchTokens,
  form,
  granted,
  introspect,
  isAlive,
  refresh,
  refreshed,
  refusedWith,
  revokeToken,
  type Tokens,
  WRONG_SECRET,
} from "../stage/product.ts";
import { actor, client, connect, harness, merchant, type Stage, user } from "../stage/stage.ts";
import { offered, type Party, someScope, wholeScope } from "../target/target.ts";
import type { Case } from "../case.ts";
import type { Need } from "../needs.ts";
import { check, control, equal, equalScope } from "../verdict.ts";
import { flip, someTokens } from "./tokens.ts";

const NEEDS: readonly Need[] = ["client", "connected-user", "revocation-endpoint"];

/** Whether the refresh token of a family is worth anything; asks without rotating it where that can be. */
async function isDead(
  stage: Stage,
  { accessToken, refreshToken }: Tokens,
  owner?: Party,
): Promise<void> {
  const { token, introspection, users } = stage.target.endpoints;
  if (introspection !== undefined || users !== undefined) {
    check(!await isAlive(stage, accessToken, owner), "a dead access token", "a live one");
  }
  if (token !== undefined) {
    refusedWith(await refresh(stage, refreshToken, owner), 400, "invalid_grant");
  }
}

/** The positive twin: before the end the access token lived. */
async function lives(stage: Stage, { accessToken }: Tokens, owner?: Party): Promise<void> {
  const { introspection, users } = stage.target.endpoints;
  if (introspection === undefined && users === undefined) return;
  await control(
    "the access token before",
    async () =>
      check(await isAlive(stage, accessToken, owner), "a live access token", "a dead one"),
  );
}

const BY_CLIENT: readonly CaseSpec[] = [
  {
    slug: "refresh-token",
    level: "MUST",
    requirements: ["T7"],
    attacks: ["RF-19"],
    title: "A revoked refresh token is dead.",
    does: "Revokes a refresh token, then presents it.",
    expects: "Status 200, then invalid_grant.",
    remedy: "RFC 7009 §2: end the family.",
    needs: [...NEEDS, "token-endpoint"],
    run: async (stage) => {
      const { refreshToken } = await someTokens(stage);
      equal((await revokeToken(stage, refreshToken)).status, 200, "status");
      refusedWith(await refresh(stage, refreshToken), 400, "invalid_grant");
    },
  },
  {
    slug: "refresh-token-ends-access-token",
    level: "SHOULD",
    requirements: ["T7"],
    attacks: ["RF-19"],
    title: "With a refresh token its access tokens end.",
    does: "Revokes a refresh token and asks whether the access token lives.",
    expects: "It does not.",
    remedy: "RFC 7009 §2.1.",
    needs: [...NEEDS, "probe"],
    run: async (stage) => {
      const tokens = await someTokens(stage);
      await lives(stage, tokens);
      await revokeToken(stage, tokens.refreshToken);
      check(!await isAlive(stage, tokens.accessToken), "a dead access token", "a live one");
    },
  },
  {
    slug: "access-token",
    level: "SHOULD",
    requirements: ["T7"],
    title: "A revoked access token is dead, and its family with it.",
    does: "Revokes an access token; asks whether it lives; presents the refresh token.",
    expects: "It does not; invalid_grant.",
    remedy: "RFC 7009 §2.1: who revokes one token of a family wants it ended.",
    needs: [...NEEDS, "probe", "token-endpoint"],
    run: async (stage) => {
      const tokens = await someTokens(stage);
      await lives(stage, tokens);
      equal((await revokeToken(stage, tokens.accessToken)).status, 200, "status");
      await isDead(stage, tokens);
    },
  },
  {
    slug: "spent-refresh-token",
    level: "SHOULD",
    requirements: ["T7"],
    title: "To revoke a spent refresh token ends the family, too.",
    does: "Refreshes, revokes the first refresh token, presents the second.",
    expects: "invalid_grant.",
    remedy: "Any genuine token of a family ends it.",
    needs: [...NEEDS, "token-endpoint"],
    run: async (stage) => {
      const { refreshToken } = await someTokens(stage);
      const next = await control(
        "a refresh",
        async () => refreshed(await refresh(stage, refreshToken)),
      );
      await revokeToken(stage, refreshToken);
      await isDead(stage, next);
    },
  },
  {
    slug: "unknown-token",
    level: "MUST",
    requirements: ["T7"],
    attacks: ["RF-18"],
    title: "To revoke what is no token is answered with 200.",
    does: "Revokes garbage and an altered refresh token; then refreshes.",
    expects: "Status 200, twice; then tokens.",
    remedy: "RFC 7009 §2.2.",
    needs: NEEDS,
    run: async (stage) => {
      const { refreshToken } = await someTokens(stage);
      const altered = flip(refreshToken, refreshToken.length >> 1);
      for (const token of ["garbage", altered]) {
        equal((await revokeToken(stage, token)).status, 200, "status");
      }
      if (stage.target.endpoints.token !== undefined) refreshed(await refresh(stage, refreshToken));
    },
  },
  {
    slug: "twice",
    level: "MUST",
    requirements: ["T7"],
    attacks: ["RF-18"],
    title: "To revoke a token twice is answered with 200 twice.",
    does: "Revokes a refresh token twice.",
    expects: "Status 200, twice.",
    remedy: "RFC 7009 §2.2.",
    needs: NEEDS,
    run: async (stage) => {
      const { refreshToken } = await someTokens(stage);
      equal((await revokeToken(stage, refreshToken)).status, 200, "status");
      equal((await revokeToken(stage, refreshToken)).status, 200, "status");
    },
  },
  {
    slug: "foreign-client",
    level: "MUST",
    requirements: ["T7"],
    title: "A client cannot revoke another client's token.",
    does: "Revokes a partner's tokens as another client; asks whether they live.",
    expects: "They do, whatever the status.",
    remedy: "RFC 7009 §2.1: compare the client.",
    needs: [...NEEDS, "second-client", "probe"],
    run: async (stage) => {
      const tokens = await someTokens(stage);
      for (const token of [tokens.refreshToken, tokens.accessToken]) {
        await revokeToken(stage, token, actor(stage, "otherPartner"));
      }
      check(await isAlive(stage, tokens.accessToken), "a live access token", "a dead one");
      if (stage.target.endpoints.token !== undefined) {
        refreshed(await refresh(stage, tokens.refreshToken));
      }
    },
  },
  {
    slug: "foreign-client-status",
    level: "MAY",
    requirements: ["T7"],
    title: "The attempt to revoke another client's token is answered like that for an unknown one.",
    does: "Revokes a partner's refresh token as another client.",
    expects: "Status 200.",
    remedy: "Do not tell strangers which tokens exist.",
    needs: [...NEEDS, "second-client"],
    run: async (stage) => {
      const { refreshToken } = await someTokens(stage);
      equal(
        (await revokeToken(stage, refreshToken, actor(stage, "otherPartner"))).status,
        200,
        "status",
      );
    },
  },
  {
    slug: "unauthenticated",
    level: "MUST",
    requirements: ["T7"],
    title: "Nobody may revoke without authentication.",
    does: "Revokes a refresh token without credentials, and with a wrong secret; then refreshes.",
    expects: "Status 401 (or 400), and the token still works.",
    remedy: "RFC 7009 §2.1.",
    needs: [...NEEDS, "probe"],
    run: async (stage) => {
      const { accessToken, refreshToken } = await someTokens(stage);
      const wrong = basic({ id: actor(stage, "partner").id, secret: WRONG_SECRET });
      for (const authorization of [null, wrong]) {
        const { status } = await revokeToken(stage, refreshToken, { authorization });
        check(status === 401 || status === 400, "status 401", `status ${status}`);
      }
      check(await isAlive(stage, accessToken), "a live access token", "a dead one");
    },
  },
  {
    slug: "no-token",
    level: "MUST",
    requirements: ["T7"],
    title: "Without token a request is invalid.",
    does: "Posts an empty form.",
    expects: "Status 400.",
    remedy: "RFC 7009 §2.1: token is required.",
    needs: NEEDS,
    run: async (stage) => {
      const url = offered(stage.target.endpoints.revocation, "revocation-endpoint");
      equal((await form(stage, url, {}, actor(stage, "partner"))).status, 400, "status");
    },
  },
  {
    slug: "hint",
    level: "MUST",
    requirements: ["T7"],
    attacks: ["RF-12"],
    title: "A wrong token_type_hint does not hide a token.",
    does: "Revokes a refresh token with the hint access_token; then presents it.",
    expects: "Status 200, then invalid_grant.",
    remedy: "RFC 7009 §2.1: a hint is a hint.",
    needs: [...NEEDS, "token-endpoint"],
    run: async (stage) => {
      const { refreshToken } = await someTokens(stage);
      await revokeToken(stage, refreshToken, undefined, { token_type_hint: "access_token" });
      refusedWith(await refresh(stage, refreshToken), 400, "invalid_grant");
    },
  },
  {
    slug: "other-families-live",
    level: "SHOULD",
    requirements: ["T7"],
    attacks: ["RF-19"],
    title: "To revoke a token leaves other families and the connection.",
    does:
      "Gets tokens twice for one user, revokes the first; refreshes the second; asks once more by public id.",
    expects: "Tokens, twice.",
    remedy: "End the family, not the connection.",
    needs: [...NEEDS, "token-endpoint"],
    run: async (stage) => {
      const { refreshToken, subject } = await someTokens(stage);
      const other = granted(await fetchTokens(stage, { publicId: subject }));
      await revokeToken(stage, refreshToken);
      refreshed(await refresh(stage, other.refreshToken));
      granted(await fetchTokens(stage, { publicId: subject }));
    },
  },
  {
    slug: "while-refreshing",
    level: "SHOULD",
    requirements: ["R2", "T7"],
    attacks: ["RF-08"],
    title: "Once a revocation has returned nothing of the family lives, whatever was in flight.",
    does: "Refreshes and revokes at once, ten times; then tries all tokens that came back.",
    expects: "None of them lives.",
    remedy: "Revocation and rotation write the same row, one after the other.",
    needs: [...NEEDS, "token-endpoint", "probe"],
    run: async (stage) => {
      for (let round = 0; round < 10; round++) {
        const { refreshToken } = await someTokens(stage);
        const [reply] = await Promise.all([
          refresh(stage, refreshToken),
          revokeToken(stage, refreshToken),
          refresh(stage, refreshToken),
        ]);
        refusedWith(await refresh(stage, refreshToken), 400, "invalid_grant");
        if (reply.status === 200) await isDead(stage, refreshed(reply));
      }
    },
  },
];

/** Something by which authority ends, and, where it is reversible, by which it comes back. */
interface End {
  readonly slug: string;
  readonly what: string;
  readonly needs: readonly Need[];
  readonly attacks?: readonly string[];
  readonly requirements: readonly string[];
  end(stage: Stage, parties: Parties): Promise<unknown>;
  undo?(stage: Stage, parties: Parties): Promise<unknown>;
}

interface Parties {
  readonly subject: string;
  readonly owner: Party;
  readonly shop: Party;
}

/** Tokens of a direct or delegated connection die with the authority they rest on, and only then. */
function ends(
  { slug, what, needs, attacks, requirements, end, undo }: End,
  delegated: boolean,
): CaseSpec {
  const kind = delegated ? "delegated" : "direct";
  return {
    slug: `${kind}-${slug}`,
    level: "SHOULD",
    requirements,
    attacks: attacks ?? [],
    title: `Tokens of a ${kind} connection ${undo ? "rest while" : "die when"} ${what}.`,
    does: `Gets tokens through a ${kind} connection; ${what}; uses them${
      undo ? "; undoes that, uses them again" : ""
    }.`,
    expects: `The access token is inactive and the refresh token invalid_grant${
      undo ? "; then both work again" : ""
    }.`,
    remedy: "Compute from client, user, connection and source at every use whether a token lives.",
    needs: ["seed", "probe", ...(delegated ? ["issuers"] as const : []), ...needs],
    run: async (stage) => {
      const owner = await client(stage);
      const shop = delegated ? await merchant(stage) : owner;
      const subject = await user(stage, shop);
      const parties = { subject, owner, shop };
      const tokens = await control("the tokens before", () => obtain(stage, parties, delegated));
      await lives(stage, tokens, owner);
      await end(stage, parties);
      if (slug === "client-disabled") await isDeadForOthers(stage, tokens);
      else await isDead(stage, tokens, owner);
      if (undo === undefined) return;
      await undo(stage, parties);
      check(
        await isAlive(stage, tokens.accessToken, owner),
        "a live access token again",
        "a dead one",
      );
      if (stage.target.endpoints.token !== undefined) {
        refreshed(await refresh(stage, tokens.refreshToken, owner));
      }
    },
  };
}

async function obtain(
  stage: Stage,
  { subject, owner, shop }: Parties,
  delegated: boolean,
): Promise<Tokens> {
  return delegated
    ? await delegate(stage, { user: subject, client: owner, merchant: shop })
    : granted(await fetchTokens(stage, { publicId: subject }, owner));
}

/** A disabled client cannot ask any more: a resource server does, or the bearer. */
async function isDeadForOthers(stage: Stage, { accessToken }: Tokens): Promise<void> {
  const { introspection, users } = stage.target.endpoints;
  const server = introspection === undefined ? undefined : stage.target.cast.resourceServer;
  const alive = users === undefined && server
    ? (await introspect(stage, accessToken, server)).active
    : await isAlive({
      ...stage,
      target: { ...stage.target, endpoints: { users: offered(users, "probe") } },
    }, accessToken);
  check(!alive, "a dead access token", "a live one");
}

const ENDS: readonly End[] = [
  {
    slug: "connection-revoked",
    what: "the user withdraws",
    needs: ["revoke"],
    requirements: ["R2", "R3"],
    end: (stage, { subject, owner, shop }) =>
      harness(stage, "revoke", {
        user: subject,
        client: owner.id,
        ...(shop !== owner && { via: shop.id }),
      }),
  },
  {
    slug: "disconnected",
    what: "the user disconnects from the client",
    needs: ["disconnect"],
    requirements: ["R2", "P3"],
    end: (stage, { subject, owner }) =>
      harness(stage, "disconnect", { user: subject, client: owner.id }),
  },
  {
    slug: "user-suspended",
    what: "the user is suspended",
    needs: ["user-status"],
    attacks: ["RF-13"],
    requirements: ["R1"],
    end: (stage, { subject }) =>
      harness(stage, "user-status", { user: subject, status: "suspended" }),
    undo: (stage, { subject }) =>
      harness(stage, "user-status", { user: subject, status: "active" }),
  },
  {
    slug: "user-deleted",
    what: "the user is deleted",
    needs: ["user-status"],
    attacks: ["RF-13"],
    requirements: ["R1"],
    end: (stage, { subject }) =>
      harness(stage, "user-status", { user: subject, status: "deleted" }),
  },
  {
    slug: "client-disabled",
    what: "the client is disabled",
    needs: ["client-status"],
    attacks: ["RF-13", "CT-13"],
    requirements: ["R1"],
    end: (stage, { owner }) =>
      harness(stage, "client-status", { client: owner.id, status: "disabled" }),
    undo: (stage, { owner }) =>
      harness(stage, "client-status", { client: owner.id, status: "enabled" }),
  },
  {
    slug: "registration-emptied",
    what: "the client is registered for nothing of it any more",
    needs: ["client-scope"],
    requirements: ["R1", "P4"],
    end: (stage, { owner }) => harness(stage, "client-scope", { client: owner.id, scope: "other" }),
    undo: (stage, { owner }) =>
      harness(stage, "client-scope", { client: owner.id, scope: wholeScope(stage.target) }),
  },
];

const SOURCE_ENDS: readonly End[] = [
  {
    slug: "source-revoked",
    what: "the user withdraws from the merchant",
    needs: ["revoke"],
    attacks: ["SC-10"],
    requirements: ["R2", "P4"],
    end: (stage, { subject, shop }) => harness(stage, "revoke", { user: subject, client: shop.id }),
  },
  {
    slug: "merchant-disabled",
    what: "the merchant is disabled",
    needs: ["client-status"],
    attacks: ["CT-13"],
    requirements: ["R1", "P4"],
    end: (stage, { shop }) =>
      harness(stage, "client-status", { client: shop.id, status: "disabled" }),
    undo: (stage, { shop }) =>
      harness(stage, "client-status", { client: shop.id, status: "enabled" }),
  },
  {
    slug: "source-emptied",
    what: "the merchant connection is narrowed to nothing",
    needs: ["narrow"],
    requirements: ["R1", "P4"],
    end: (stage, { subject, shop }) =>
      harness(stage, "narrow", { user: subject, client: shop.id, scope: "other" }),
    undo: (stage, { subject, shop }) => connect(stage, subject, shop),
  },
];

const BY_AUTHORITY: readonly CaseSpec[] = [
  ...ENDS.map((end) => ends(end, false)),
  ...ENDS.map((end) => ends(end, true)),
  ...SOURCE_ENDS.map((end) => ends(end, true)),
  {
    slug: "no-revival",
    level: "SHOULD",
    requirements: ["R3"],
    title: "A new consent does not revive the tokens of a withdrawn connection.",
    does: "Gets tokens, withdraws, connects anew, uses the old tokens; asks by public id.",
    expects: "The old ones stay dead; new ones are granted.",
    remedy: "A new consent makes a new connection with a new id.",
    needs: ["client", "seed", "revoke", "probe"],
    run: async (stage) => {
      const partner = actor(stage, "partner");
      const tokens = await someTokens(stage);
      await harness(stage, "revoke", { user: tokens.subject, client: partner.id });
      await connect(stage, tokens.subject, partner);
      await isDead(stage, tokens);
      granted(await fetchTokens(stage, { publicId: tokens.subject }));
    },
  },
  {
    slug: "others-live",
    level: "SHOULD",
    requirements: ["R2"],
    title: "To withdraw from one client leaves the tokens of another, and of other users.",
    does: "Gets tokens of two users at one client and of one of them at another; withdraws once.",
    expects: "Only the tokens of that user at that client die.",
    remedy: "Revoke by connection.",
    needs: ["client", "second-client", "seed", "revoke", "probe"],
    run: async (stage) => {
      const [partner, other] = [actor(stage, "partner"), actor(stage, "otherPartner")];
      const subject = await user(stage, partner, other);
      const tokens = granted(await fetchTokens(stage, { publicId: subject }));
      const elsewhere = granted(await fetchTokens(stage, { publicId: subject }, other));
      const neighbour = await someTokens(stage);
      await harness(stage, "revoke", { user: subject, client: partner.id });
      check(!await isAlive(stage, tokens.accessToken), "a dead access token", "a live one");
      check(
        await isAlive(stage, elsewhere.accessToken, other),
        "a live access token of the other client",
        "a dead one",
      );
      check(
        await isAlive(stage, neighbour.accessToken),
        "a live access token of the other user",
        "a dead one",
      );
    },
  },
  {
    slug: "withdrawal-while-refreshing",
    level: "SHOULD",
    requirements: ["R2"],
    attacks: ["SC-11"],
    title:
      "Once a withdrawal has returned no token of the connection lives, whatever was in flight.",
    does:
      "Refreshes, asks by public id and withdraws at once, ten times; then tries all tokens that came back.",
    expects: "None of them lives.",
    remedy: "Compute liveness at use from the connection's row.",
    needs: ["client", "seed", "revoke", "probe", "token-endpoint"],
    run: async (stage) => {
      const partner = actor(stage, "partner");
      for (let round = 0; round < 10; round++) {
        const { refreshToken, subject } = await someTokens(stage);
        const [reply, answer] = await Promise.all([
          refresh(stage, refreshToken),
          fetchTokens(stage, { publicId: subject }),
          harness(stage, "revoke", { user: subject, client: partner.id }),
        ]);
        if (reply.status === 200) await isDead(stage, refreshed(reply));
        if (answer.code === null) await isDead(stage, granted(answer));
      }
    },
  },
  {
    slug: "narrowed-access-token",
    level: "SHOULD",
    requirements: ["R1"],
    attacks: ["SC-09"],
    title: "An access token is worth what the user still consents to.",
    does:
      "Gets tokens, narrows the connection, introspects; connects with the whole again, introspects.",
    expects: "The narrower scope, then that of the token.",
    remedy: "Introspection answers the scope that is effective now.",
    needs: ["client", "seed", "narrow", "introspection-endpoint"],
    run: async (stage) => {
      const partner = actor(stage, "partner");
      const { accessToken, subject } = await someTokens(stage);
      const scope = someScope(stage.target, 1);
      await harness(stage, "narrow", { user: subject, client: partner.id, scope });
      equalScope((await introspect(stage, accessToken)).members["scope"], scope);
      await connect(stage, subject, partner);
      equalScope((await introspect(stage, accessToken)).members["scope"], wholeScope(stage.target));
    },
  },
];

/** The cases. */
export const revocation: readonly Case[] = define("revocation", [...BY_CLIENT, ...BY_AUTHORITY]);
