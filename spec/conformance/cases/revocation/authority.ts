/**
 * Tokens whose authority ends (R1–R3).
 * @module
 */
import type { CaseSpec } from "../../case.ts";
import type { Need } from "../../needs.ts";
import { delegate } from "../../stage/consents.ts";
import {
  fetchTokens,
  granted,
  introspect,
  refresh,
  refreshed,
  type Tokens,
} from "../../stage/product.ts";
import { actor, client, connect, harness, merchant, type Stage, user } from "../../stage/stage.ts";
import { offered, type Party, someScope, wholeScope } from "../../target/target.ts";
import { control, equalScope } from "../../verdict.ts";
import { active, byPublicId, dead, inactive, rotate, someTokens } from "../steps.ts";

/** Something that ends authority, and what gives it back if it is reversible. */
interface End extends Pick<CaseSpec, "slug" | "requirements" | "attacks"> {
  /** Ends the sentence "Tokens stop working when …". */
  readonly when: string;
  readonly need: Need;
  /** The client cannot probe its own tokens. */
  readonly lockedOut?: boolean;
  end(stage: Stage, parties: Parties): Promise<unknown>;
  undo?(stage: Stage, parties: Parties): Promise<unknown>;
}

interface Parties {
  readonly subject: string;
  readonly owner: Party;
  /** The merchant of a delegation; the owner of a direct connection. */
  readonly shop: Party;
}

/** Makes the case of a direct or delegated connection. */
function endOf(kind: "direct" | "delegated") {
  const delegated = kind === "delegated";
  return ({ slug, when, need, lockedOut, end, undo, ...row }: End): CaseSpec => ({
    ...row,
    slug: `${kind}-${slug}`,
    level: "SHOULD",
    title: `Tokens of a ${kind} connection ${
      undo ? "do not work while" : "stop working when"
    } ${when}.`,
    expects: `The access token is inactive, the refresh token gets invalid_grant${
      undo ? "; afterwards both work again" : ""
    }.`,
    remedy:
      "Compute on every use, from client, user, connection and source, whether a token is live.",
    needs: ["seed", "probe", ...(delegated ? ["issuers"] as const : []), need],
    run: async (stage) => {
      const owner = await client(stage);
      const shop = delegated ? await merchant(stage) : owner;
      const subject = await user(stage, shop);
      const parties = { subject, owner, shop };
      const tokens = await control("the tokens before", async () => {
        const found = delegated
          ? await delegate(stage, { user: subject, client: owner, merchant: shop })
          : await byPublicId(stage, subject, owner);
        await active(stage, found.accessToken, owner);
        return found;
      });
      await end(stage, parties);
      if (lockedOut) await inactiveForOthers(stage, tokens);
      else await dead(stage, tokens, owner);
      if (undo === undefined) return;
      await undo(stage, parties);
      await active(stage, tokens.accessToken, owner);
      if (stage.target.has.has("token-endpoint")) await rotate(stage, tokens.refreshToken, owner);
    },
  });
}

/** A resource server asks, or the bearer at the Users API. */
async function inactiveForOthers(stage: Stage, { accessToken }: Tokens): Promise<void> {
  const { introspection, users } = stage.target.endpoints;
  const server = stage.target.cast.resourceServer;
  if (users === undefined && introspection !== undefined && server !== null) {
    return await inactive(stage, accessToken, server);
  }
  const target = { ...stage.target, endpoints: { users: offered(users, "probe") } };
  await inactive({ ...stage, target }, accessToken);
}

const ENDS: readonly End[] = [
  {
    slug: "connection-revoked",
    when: "the user revokes the connection",
    need: "revoke",
    requirements: ["R2", "R3"],
    end: (stage, { subject, owner, shop }) => {
      const via = shop === owner ? {} : { via: shop.id };
      return harness(stage, "revoke", { user: subject, client: owner.id, ...via });
    },
  },
  {
    slug: "disconnected",
    when: "the user disconnects from the client",
    need: "disconnect",
    requirements: ["R2", "P3"],
    end: (stage, { subject, owner }) =>
      harness(stage, "disconnect", { user: subject, client: owner.id }),
  },
  {
    slug: "user-suspended",
    when: "the user is suspended",
    need: "user-status",
    requirements: ["R1"],
    attacks: ["RF-13"],
    end: (stage, { subject }) => setUser(stage, subject, "suspended"),
    undo: (stage, { subject }) => setUser(stage, subject, "active"),
  },
  {
    slug: "user-deleted",
    when: "the user is deleted",
    need: "user-status",
    requirements: ["R1"],
    attacks: ["RF-13"],
    end: (stage, { subject }) => setUser(stage, subject, "deleted"),
  },
  {
    slug: "client-disabled",
    when: "the client is disabled",
    need: "client-status",
    requirements: ["R1"],
    attacks: ["RF-13", "CT-13"],
    lockedOut: true,
    end: (stage, { owner }) => setClient(stage, owner, "disabled"),
    undo: (stage, { owner }) => setClient(stage, owner, "enabled"),
  },
  {
    slug: "registration-emptied",
    when: "the client is registered for no consented scope",
    need: "client-scope",
    requirements: ["R1", "P4"],
    end: (stage, { owner }) => harness(stage, "client-scope", { client: owner.id, scope: "other" }),
    undo: (stage, { owner }) =>
      harness(stage, "client-scope", { client: owner.id, scope: wholeScope(stage.target) }),
  },
];

const SOURCE_ENDS: readonly End[] = [
  {
    slug: "source-revoked",
    when: "the user revokes the merchant connection",
    need: "revoke",
    requirements: ["R2", "P4"],
    attacks: ["SC-10"],
    end: (stage, { subject, shop }) => harness(stage, "revoke", { user: subject, client: shop.id }),
  },
  {
    slug: "merchant-disabled",
    when: "the merchant is disabled",
    need: "client-status",
    requirements: ["R1", "P4"],
    attacks: ["CT-13"],
    end: (stage, { shop }) => setClient(stage, shop, "disabled"),
    undo: (stage, { shop }) => setClient(stage, shop, "enabled"),
  },
  {
    slug: "source-emptied",
    when: "the merchant connection is narrowed to nothing",
    need: "narrow",
    requirements: ["R1", "P4"],
    end: (stage, { subject, shop }) =>
      harness(stage, "narrow", { user: subject, client: shop.id, scope: "other" }),
    undo: (stage, { subject, shop }) => connect(stage, subject, shop),
  },
];

function setUser(stage: Stage, user: string, status: "active" | "suspended" | "deleted") {
  return harness(stage, "user-status", { user, status });
}

function setClient(stage: Stage, { id }: Party, status: "enabled" | "disabled") {
  return harness(stage, "client-status", { client: id, status });
}

/** Cases about authority. */
export const BY_AUTHORITY: readonly CaseSpec[] = [
  ...ENDS.map(endOf("direct")),
  ...[...ENDS, ...SOURCE_ENDS].map(endOf("delegated")),
  {
    slug: "no-revival",
    level: "SHOULD",
    requirements: ["R3"],
    title: "A new consent does not revive the tokens of a revoked connection.",
    does: "Revokes a connection, connects the user again, uses the old tokens, asks by public id.",
    remedy: "Give the connection a new id with each new consent after a revocation.",
    needs: ["client", "seed", "revoke", "probe"],
    run: async (stage) => {
      const partner = actor(stage, "partner");
      const tokens = await someTokens(stage);
      await harness(stage, "revoke", { user: tokens.subject, client: partner.id });
      await connect(stage, tokens.subject, partner);
      await dead(stage, tokens);
      await byPublicId(stage, tokens.subject);
    },
  },
  {
    slug: "others-live",
    level: "SHOULD",
    requirements: ["R2"],
    title: "Revoking a connection does not affect the tokens of other clients or other users.",
    remedy: "Revoke by connection.",
    needs: ["client", "second-client", "seed", "revoke", "probe"],
    run: async (stage) => {
      const [partner, other] = [actor(stage, "partner"), actor(stage, "otherPartner")];
      const subject = await user(stage, partner, other);
      const tokens = await byPublicId(stage, subject);
      const elsewhere = await byPublicId(stage, subject, other);
      const neighbour = await someTokens(stage);
      await harness(stage, "revoke", { user: subject, client: partner.id });
      await inactive(stage, tokens.accessToken);
      await active(stage, elsewhere.accessToken, other);
      await active(stage, neighbour.accessToken);
    },
  },
  {
    slug: "withdrawal-while-refreshing",
    level: "SHOULD",
    requirements: ["R2"],
    attacks: ["SC-11"],
    title: "Once a connection is revoked, none of its tokens works, whatever was in flight.",
    does:
      "Refreshes, asks by public id and revokes concurrently, ten times; then uses all tokens that came back.",
    remedy: "Compute liveness on every use from the connection's row.",
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
        if (reply.status === 200) await dead(stage, refreshed(reply));
        if (answer.code === null) await dead(stage, granted(answer));
      }
    },
  },
  {
    slug: "narrowed-access-token",
    level: "SHOULD",
    requirements: ["R1"],
    attacks: ["SC-09"],
    title: "Introspection returns the scope that is effective now, not the scope as issued.",
    does: "Narrows the connection, introspects; connects with the whole scope, introspects again.",
    expects: "The narrower scope, then the token's whole scope.",
    remedy: "Compute the scope on every introspection.",
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
