/**
 * How a client is refused (G8), and what its status and a new secret change (R1).
 * @module
 */
import type { CaseSpec } from "../../case.ts";
import {
  basic,
  controlPublicId,
  describeAnswer,
  fetchTokens,
  granted,
  graphql,
  notGranted,
  WRONG_SECRET,
} from "../../stage/product.ts";
import { actor, advance, client, freeze, harness, type Stage, user } from "../../stage/stage.ts";
import { hideParty } from "../../target/target.ts";
import { check, equal } from "../../verdict.ts";
import { connectedUser } from "../steps.ts";

const UNKNOWN_ID = "nobody-0123456789";

/** No credentials, and a wrong secret. */
function badHeaders(stage: Stage): readonly (string | null)[] {
  return [null, basic({ id: actor(stage, "partner").id, secret: WRONG_SECRET })];
}

/** Cases about refused clients. */
export const REFUSALS: readonly CaseSpec[] = [
  {
    slug: "status-401",
    level: "SHOULD",
    requirements: ["G8"],
    title: "Missing or wrong credentials get status 401.",
    remedy: "Answer 401, not 403 and not 200 with an error.",
    needs: ["client"],
    run: async (stage) => {
      for (const authorization of badHeaders(stage)) {
        const { status } = await fetchTokens(stage, { publicId: "x" }, { authorization });
        equal(status, 401, "status");
      }
    },
  },
  {
    slug: "challenge",
    level: "MUST",
    requirements: ["G8.3", "G8.4"],
    title: "A response with status 401 has a WWW-Authenticate header; a Basic one names a realm.",
    does: "Asks without credentials, then with a wrong secret.",
    remedy: 'Add WWW-Authenticate: Basic realm="…" (RFC 9110 §15.5.2, RFC 7617 §2).',
    needs: ["client"],
    run: async (stage) => {
      for (const authorization of badHeaders(stage)) {
        const { status, headers } = await fetchTokens(stage, { publicId: "x" }, { authorization });
        const challenge = headers["www-authenticate"] ?? "";
        if (status !== 401) continue;
        check(challenge !== "", "a WWW-Authenticate header", "none");
        const realm = !/^basic\b/i.test(challenge) || /\brealm="/i.test(challenge);
        check(realm, "a realm in the Basic challenge", challenge);
      }
    },
  },
  {
    slug: "challenge-charset",
    level: "MAY",
    requirements: ["G8"],
    title: 'The Basic challenge has charset="UTF-8".',
    remedy: 'Add charset="UTF-8" to the challenge (RFC 7617 §2.1).',
    needs: ["client"],
    run: async (stage) => {
      const { headers } = await fetchTokens(stage, { publicId: "x" }, { authorization: null });
      const challenge = headers["www-authenticate"];
      check(/^basic\b.*\bcharset="?utf-8"?/i.test(challenge ?? ""), 'charset="UTF-8"', challenge);
    },
  },
  {
    slug: "same-answer",
    level: "SHOULD",
    requirements: ["G8"],
    attacks: ["SY-02"],
    title:
      "Missing credentials, a wrong secret and an unknown client get the same status and body.",
    remedy: "Use one code path and one text for all three; otherwise client ids can be probed.",
    needs: ["client"],
    run: async (stage) => {
      const answers: string[] = [];
      const unknown = basic({ id: UNKNOWN_ID, secret: WRONG_SECRET });
      for (const authorization of [...badHeaders(stage), unknown]) {
        const { status, text } = await fetchTokens(stage, { publicId: "x" }, { authorization });
        answers.push(`${status} ${text}`);
      }
      for (const answer of answers) equal(answer, answers[0], "the response");
    },
  },
  {
    slug: "before-the-body",
    level: "SHOULD",
    requirements: ["G8"],
    title: "A request without credentials gets status 401 even if its body is malformed.",
    remedy: "Authenticate before parsing the body.",
    needs: [],
    run: async (stage) => {
      equal((await graphql(stage, "{", { authorization: null })).status, 401, "status");
    },
  },
  {
    slug: "introspection-of-the-schema",
    level: "SHOULD",
    requirements: ["G8"],
    title: "Introspecting the schema without credentials gets status 401.",
    remedy: "Authenticate every request to the endpoint.",
    needs: [],
    run: async (stage) => {
      const query = "{ __schema { types { name } } }";
      equal((await graphql(stage, { query }, { authorization: null })).status, 401, "status");
    },
  },
  {
    slug: "not-echoed",
    level: "SHOULD",
    requirements: ["G9"],
    attacks: ["SY-01"],
    title: "The response to wrong credentials does not repeat them.",
    expects: "Neither the secret nor the header value in the body or the headers.",
    remedy: "Use fixed texts for refusals.",
    needs: ["client"],
    run: async (stage) => {
      const authorization = basic({ id: actor(stage, "partner").id, secret: WRONG_SECRET });
      const answer = await fetchTokens(stage, { publicId: "x" }, { authorization });
      const all = `${answer.text} ${JSON.stringify(answer.headers)}`;
      check(!all.includes(WRONG_SECRET), "a response without the secret", "the secret");
      check(!all.includes(authorization.slice(6)), "a response without the header value", "it");
    },
  },
  {
    slug: "access-token",
    level: "SHOULD",
    requirements: ["T3"],
    title: "An access token does not authenticate a client.",
    remedy: "Accept only HTTP Basic here.",
    needs: ["client", "connected-user"],
    run: async (stage) => {
      const publicId = await connectedUser(stage);
      const { accessToken } = await controlPublicId(stage, publicId);
      const authorization = `Bearer ${accessToken}`;
      notGranted(await fetchTokens(stage, { publicId }, { authorization }));
    },
  },
  {
    slug: "disabled-client",
    level: "SHOULD",
    requirements: ["G8", "R1"],
    attacks: ["CT-13"],
    title: "A disabled client gets the same response as an unknown one, until it is enabled again.",
    remedy: "Check the client's status during authentication, not later.",
    needs: ["seed", "client-status"],
    run: async (stage) => {
      const own = await client(stage);
      const publicId = await user(stage, own);
      await controlPublicId(stage, publicId, own);
      await harness(stage, "client-status", { client: own.id, status: "disabled" });
      const disabled = await fetchTokens(stage, { publicId }, own);
      const authorization = basic({ id: UNKNOWN_ID, secret: own.secret });
      const unknown = await fetchTokens(stage, { publicId }, { authorization });
      notGranted(disabled);
      equal(disabled.status, unknown.status, "status");
      equal(disabled.text, unknown.text, "the body");
      await harness(stage, "client-status", { client: own.id, status: "enabled" });
      granted(await fetchTokens(stage, { publicId }, own));
    },
  },
  {
    slug: "new-secret",
    level: "MUST",
    requirements: ["G8"],
    attacks: ["CA-09"],
    title: "A new secret works at once.",
    remedy: "Read the secrets of a client from the primary.",
    needs: ["seed", "client-secret"],
    run: async (stage) => {
      const { own, renewed, publicId } = await withNewSecret(stage);
      granted(await fetchTokens(stage, { publicId }, { ...own, secret: renewed }));
    },
  },
  {
    slug: "old-secret",
    level: "MAY",
    requirements: ["G8"],
    attacks: ["CA-09"],
    title: "The previous secret works until the overlap ends, and not a second longer.",
    remedy: "Store the end of the overlap with the old secret; accept it while now < end.",
    needs: ["seed", "client-secret", "clock", "policy:secretOverlapSeconds"],
    run: async (stage) => {
      await freeze(stage);
      const { own, publicId } = await withNewSecret(stage);
      const overlap = stage.target.policy.secretOverlapSeconds ?? 0;
      if (overlap > 0) {
        await advance(stage, overlap - 1);
        const { status, ...answer } = await fetchTokens(stage, { publicId }, own);
        const found = describeAnswer({ status, ...answer });
        check(status === 200, "tokens in the last second of the overlap", found);
      }
      await advance(stage, overlap > 0 ? 1 : 0);
      notGranted(await fetchTokens(stage, { publicId }, own));
    },
  },
];

/** A client that has just been given a new secret, and a user who is connected to it. */
async function withNewSecret(stage: Stage) {
  const own = await client(stage);
  const publicId = await user(stage, own);
  await controlPublicId(stage, publicId, own);
  const renewed = `${own.secret}-renewed`;
  hideParty(stage.wire.secrets, `${own.id}, renewed`, { id: own.id, secret: renewed });
  await harness(stage, "client-secret", { client: own.id, secret: renewed });
  return { own, publicId, renewed };
}
