/**
 * Who gets tokens by public id (P1, P2, R1).
 * @module
 */
import type { CaseSpec } from "../../case.ts";
import { consent, delegate } from "../../stage/consents.ts";
import { controlPublicId, fetchTokens, granted, redeem, refused } from "../../stage/product.ts";
import { actor, harness, unknownUser, user } from "../../stage/stage.ts";
import { equal } from "../../verdict.ts";
import { byPublicId, connectedUser, noConsent } from "../steps.ts";

const LOOK = "On every request, look for a connection between this user and this very client.";

/** Cases about the user and the connection. */
export const PUBLIC_ID: readonly CaseSpec[] = [
  {
    slug: "connected",
    level: "MUST",
    requirements: ["P2.1", "P4"],
    title: "The public id of a connected user gets tokens for that user.",
    remedy: LOOK,
    needs: ["client", "connected-user"],
    run: async (stage) => {
      const publicId = await connectedUser(stage);
      const answer = await fetchTokens(stage, { publicId });
      granted(answer);
      equal(answer.payload?.["publicId"], publicId, "publicId");
    },
  },
  {
    slug: "unknown-user",
    level: "MUST",
    requirements: ["P1"],
    title: "An unknown public id gets NO_USER.",
    remedy: "Return NO_USER when there is no such user.",
    needs: ["client"],
    run: async (stage) => refused(await fetchTokens(stage, { publicId: unknownUser() }), "NO_USER"),
  },
  {
    slug: "unconnected-user",
    level: "MUST",
    requirements: ["P2.2"],
    attacks: ["SC-06"],
    title: "The public id of a user without any connection gets NO_CONSENT.",
    remedy: LOOK,
    needs: ["client", "unconnected-user"],
    run: async (stage) => await noConsent(stage, await user(stage)),
  },
  {
    slug: "merchant-user",
    level: "MUST",
    requirements: ["P2.1", "P2.2"],
    attacks: ["SC-06"],
    title: "The public id of a user who is connected only to a merchant gets NO_CONSENT.",
    remedy: LOOK,
    needs: ["client", "seed"],
    run: async (stage) => await noConsent(stage, await user(stage, actor(stage, "merchant"))),
  },
  {
    slug: "another-partners-user",
    level: "MUST",
    requirements: ["P2.1", "P2.2"],
    attacks: ["SC-06"],
    title: "The public id of a user who is connected only to another partner gets NO_CONSENT.",
    remedy: LOOK,
    needs: ["client", "second-client", "seed"],
    run: async (stage) => {
      const otherPartner = actor(stage, "otherPartner");
      const publicId = await user(stage, otherPartner);
      await controlPublicId(stage, publicId, otherPartner);
      await noConsent(stage, publicId);
    },
  },
  {
    slug: "another-partners-delegation",
    level: "MUST",
    requirements: ["P2.1", "C12"],
    title: "A connection delegated to one partner does not serve another.",
    does: "Redeems a consent token as one partner, then asks by public id as another.",
    remedy: LOOK,
    needs: ["client", "second-client", "seed", "sign"],
    run: async (stage) => {
      const subject = await user(stage, actor(stage, "merchant"));
      await delegate(stage, { user: subject });
      await noConsent(stage, subject, actor(stage, "otherPartner"));
    },
  },
  {
    slug: "suspended-user",
    level: "SHOULD",
    requirements: ["P1", "R1"],
    attacks: ["RF-13"],
    title: "A suspended user's public id gets NO_USER until the user is active again.",
    remedy: "Check the user's status on every request; suspension is reversible.",
    needs: ["client", "seed", "user-status"],
    run: async (stage) => {
      const publicId = await connectedUser(stage);
      await controlPublicId(stage, publicId);
      await harness(stage, "user-status", { user: publicId, status: "suspended" });
      refused(await fetchTokens(stage, { publicId }), "NO_USER");
      await harness(stage, "user-status", { user: publicId, status: "active" });
      await byPublicId(stage, publicId);
    },
  },
  {
    slug: "suspended-user-consent-token",
    level: "SHOULD",
    requirements: ["C8", "R1"],
    title: "A suspended user's consent token gets NO_USER and works once the user is active again.",
    remedy: "Check the user before the consent; a refusal must not consume the token.",
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
    title: "A deleted user's public id gets NO_USER.",
    remedy: "Answer as for an unknown public id.",
    needs: ["client", "seed", "user-status"],
    run: async (stage) => {
      const publicId = await connectedUser(stage);
      await controlPublicId(stage, publicId);
      await harness(stage, "user-status", { user: publicId, status: "deleted" });
      refused(await fetchTokens(stage, { publicId }), "NO_USER");
    },
  },
  {
    slug: "revoked-connection",
    level: "MUST",
    requirements: ["P2.2", "R2"],
    attacks: ["SC-06"],
    title: "After the user has revoked the connection, the public id gets NO_CONSENT.",
    remedy: LOOK,
    needs: ["client", "seed", "revoke"],
    run: async (stage) => {
      const publicId = await connectedUser(stage);
      await controlPublicId(stage, publicId);
      await harness(stage, "revoke", { user: publicId, client: actor(stage, "partner").id });
      await noConsent(stage, publicId);
    },
  },
  {
    slug: "same-no-consent",
    level: "SHOULD",
    requirements: ["P2"],
    attacks: ["SC-06"],
    title: "NO_CONSENT does not reveal why: no connection, a revoked one, or another client's.",
    expects: "The same payload for all three users.",
    remedy: "Use one fixed message per code.",
    needs: ["client", "second-client", "seed", "revoke"],
    run: async (stage) => {
      const revoked = await connectedUser(stage);
      await harness(stage, "revoke", { user: revoked, client: actor(stage, "partner").id });
      const users = [await user(stage), revoked, await user(stage, actor(stage, "otherPartner"))];
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
