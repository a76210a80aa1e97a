/**
 * Who may call the mutation (G7, G8).
 * @module
 */
import { base64, utf8 } from "../base/encoding.ts";
import { type CaseSpec, define } from "../case.ts";
import {
  basic,
  controlPublicId,
  describeAnswer,
  DOCUMENT,
  fetchTokens,
  granted,
  graphql,
  notGranted,
  WRONG_SECRET,
} from "../stage/product.ts";
import { actor, advance, client, freeze, harness, type Stage, user } from "../stage/stage.ts";
import { hideParty, type Party } from "../target/target.ts";
import type { Case } from "../case.ts";
import { check, control, equal, Failure } from "../verdict.ts";

const REMEDY =
  "Authenticate by HTTP Basic before anything else; compare id and secret exactly, and the " +
  "secret with that of this very client.";

/** What stands in the Authorization header, made from credentials that are right. */
type Spoil = (partner: Party, stage: Stage) => string | null;

/** A header with which nobody is authenticated. */
function wrong(slug: string, what: string, spoil: Spoil): CaseSpec {
  return {
    slug,
    level: "MUST",
    requirements: ["G7", "G8"],
    title: `With ${what} there are no tokens.`,
    does: `Asks for tokens of a connected user with ${what}.`,
    expects: "No tokens, and no status of 500 or more.",
    remedy: REMEDY,
    needs: ["client", "connected-user"],
    run: async (stage) => {
      const partner = actor(stage, "partner");
      const publicId = await user(stage, partner);
      await controlPublicId(stage, publicId);
      const authorization = spoil(partner, stage);
      notGranted(await fetchTokens(stage, { publicId }, { authorization }));
    },
  };
}

const encode = (text: string) => base64(utf8(text));

const WRONG: readonly CaseSpec[] = [
  wrong("no-credentials", "no Authorization header", () => null),
  wrong("wrong-secret", "a wrong secret", ({ id }) => basic({ id, secret: WRONG_SECRET })),
  wrong(
    "unknown-client",
    "an unknown client id",
    ({ secret }) => basic({ id: "nobody-0123456789", secret }),
  ),
  wrong("empty-secret", "an empty secret", ({ id }) => basic({ id, secret: "" })),
  wrong("empty-id", "an empty client id", ({ secret }) => basic({ id: "", secret })),
  wrong(
    "empty-credentials",
    "an empty id and an empty secret",
    () => basic({ id: "", secret: "" }),
  ),
  wrong("swapped", "id and secret swapped", ({ id, secret }) => basic({ id: secret, secret: id })),
  wrong(
    "longer-secret",
    "a secret that has a character more",
    ({ id, secret }) => basic({ id, secret: `${secret}0` }),
  ),
  wrong(
    "shorter-secret",
    "a secret without its last character",
    ({ id, secret }) => basic({ id, secret: secret.slice(0, -1) }),
  ),
  wrong(
    "secret-case",
    "the secret in the other case",
    ({ id, secret }) =>
      basic({
        id,
        secret: secret === secret.toUpperCase() ? secret.toLowerCase() : secret.toUpperCase(),
      }),
  ),
  wrong(
    "secret-with-space",
    "a space behind the secret",
    ({ id, secret }) => basic({ id, secret: `${secret} ` }),
  ),
  wrong("secret-wildcard", "a % for the secret", ({ id }) => basic({ id, secret: "%" })),
  wrong("no-colon", "Basic credentials without a colon", ({ id }) => `Basic ${encode(id)}`),
  wrong(
    "not-base64",
    "Basic credentials that are no base64",
    ({ id, secret }) => `Basic ${id}:${secret}!`,
  ),
  wrong("no-parameter", "the word Basic alone", () => "Basic"),
  wrong(
    "other-scheme",
    "the credentials under another scheme",
    ({ id, secret }) => `Digest ${encode(`${id}:${secret}`)}`,
  ),
  wrong("bearer-secret", "the secret as a bearer token", ({ secret }) => `Bearer ${secret}`),
  wrong(
    "not-utf-8",
    "credentials that are no UTF-8",
    () => `Basic ${base64(Uint8Array.of(255, 58, 254))}`,
  ),
  wrong(
    "long-header",
    "an Authorization header of 4 KB",
    () => `Basic ${encode("x".repeat(3000))}`,
  ),
];

const OTHERS: readonly CaseSpec[] = [
  {
    slug: "secret-of-another",
    level: "MUST",
    requirements: ["G7", "G8"],
    title: "With the secret of another client there are no tokens.",
    does: "Asks for tokens with the id of one client and the secret of another.",
    expects: "No tokens.",
    remedy: REMEDY,
    needs: ["client", "second-client", "connected-user"],
    run: async (stage) => {
      const { id } = actor(stage, "partner");
      const { secret } = actor(stage, "otherPartner");
      const publicId = await user(stage, actor(stage, "partner"));
      await controlPublicId(stage, publicId);
      const authorization = basic({ id, secret });
      notGranted(await fetchTokens(stage, { publicId }, { authorization }));
    },
  },
  {
    slug: "query-string",
    level: "MUST",
    requirements: ["G7"],
    title: "Credentials in the query string are no Basic authentication.",
    does: "Asks for tokens with client_id and client_secret in the query string.",
    expects: "No tokens.",
    remedy: "Read credentials from the Authorization header alone: URLs are logged.",
    needs: ["client", "connected-user"],
    run: async (stage) => {
      const { id, secret } = actor(stage, "partner");
      const publicId = await user(stage, actor(stage, "partner"));
      await controlPublicId(stage, publicId);
      const url = new URL(stage.target.endpoint);
      url.searchParams.set("client_id", id);
      url.searchParams.set("client_secret", secret);
      const target = { ...stage.target, endpoint: url.href };
      notGranted(await fetchTokens({ ...stage, target }, { publicId }, { authorization: null }));
    },
  },
  {
    slug: "scheme-case",
    level: "MUST",
    requirements: ["G7"],
    title: "The scheme name Basic is read in any case.",
    does: "Asks for tokens with `basic` in lower case.",
    expects: "Tokens.",
    remedy: "Compare the scheme without regard to case (RFC 9110 §11.1).",
    needs: ["client", "connected-user"],
    run: async (stage) => {
      const partner = actor(stage, "partner");
      const authorization = basic(partner).replace("Basic", "bAsIc");
      granted(
        await fetchTokens(stage, { publicId: await user(stage, partner) }, { authorization }),
      );
    },
  },
  {
    slug: "status-401",
    level: "SHOULD",
    requirements: ["G8"],
    title: "Missing and wrong credentials are answered with 401.",
    does: "Asks for tokens without credentials, then with a wrong secret.",
    expects: "Status 401, twice.",
    remedy: "Answer 401, not 200 with an error and not 403.",
    needs: ["client"],
    run: async (stage) => {
      for (const authorization of badHeaders(stage)) {
        equal(
          (await fetchTokens(stage, { publicId: "x" }, { authorization })).status,
          401,
          "status",
        );
      }
    },
  },
  {
    slug: "challenge",
    level: "MUST",
    requirements: ["G8"],
    title: "An answer with status 401 has a challenge.",
    does: "Asks for tokens without credentials, then with a wrong secret.",
    expects: "WWW-Authenticate wherever the status is 401; if it is Basic, with a realm.",
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
    title: "The Basic challenge asks for UTF-8.",
    does: "Asks for tokens without credentials.",
    expects: 'WWW-Authenticate: Basic with charset="UTF-8".',
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
    title: "An unknown client and a wrong secret get the same answer.",
    does: "Asks without credentials, with a wrong secret, and with an unknown client id.",
    expects: "The same status and the same body, three times.",
    remedy: "One code path and one text for all three: otherwise client ids can be guessed.",
    needs: ["client"],
    run: async (stage) => {
      const answers: string[] = [];
      const unknown = basic({ id: "nobody-0123456789", secret: WRONG_SECRET });
      for (const authorization of [...badHeaders(stage), unknown]) {
        const { status, text } = await fetchTokens(stage, { publicId: "x" }, { authorization });
        answers.push(`${status} ${text}`);
      }
      for (const answer of answers) equal(answer, answers[0], "the answer");
    },
  },
  {
    slug: "before-the-body",
    level: "SHOULD",
    requirements: ["G8"],
    title: "Credentials are looked at before the body.",
    does: "Sends a body that is no JSON without credentials.",
    expects: "Status 401, not 400.",
    remedy: "Authenticate first: what strangers send is not worth parsing.",
    needs: [],
    run: async (stage) => {
      const answer = await graphql(stage, "{", { authorization: null });
      equal(answer.status, 401, "status");
    },
  },
  {
    slug: "introspection-of-the-schema",
    level: "SHOULD",
    requirements: ["G8"],
    title: "Nobody may introspect the schema without credentials.",
    does: "Asks for __schema without credentials.",
    expects: "Status 401.",
    remedy: "Authenticate every request to the endpoint.",
    needs: [],
    run: async (stage) => {
      const answer = await graphql(
        stage,
        { query: "{ __schema { types { name } } }" },
        { authorization: null },
      );
      equal(answer.status, 401, "status");
    },
  },
  {
    slug: "not-echoed",
    level: "SHOULD",
    requirements: ["G9"],
    attacks: ["SY-01"],
    title: "A refusal does not repeat the credentials.",
    does: "Sends a wrong secret.",
    expects: "An answer in which neither the secret nor the header value stands.",
    remedy: "Use fixed texts for refusals.",
    needs: ["client"],
    run: async (stage) => {
      const secret = WRONG_SECRET;
      const authorization = basic({ id: actor(stage, "partner").id, secret });
      const answer = await fetchTokens(stage, { publicId: "x" }, { authorization });
      const all = `${answer.text} ${JSON.stringify(answer.headers)}`;
      check(!all.includes(secret), "an answer without the secret", "the secret in it");
      check(!all.includes(authorization.slice(6)), "an answer without the header", "it in it");
    },
  },
  {
    slug: "access-token",
    level: "SHOULD",
    requirements: ["T3"],
    title: "An access token does not authenticate a client.",
    does: "Presents an access token for the Users API as bearer at the endpoint of the mutation.",
    expects: "No tokens.",
    remedy: "Accept HTTP Basic alone here.",
    needs: ["client", "connected-user"],
    run: async (stage) => {
      const publicId = await user(stage, actor(stage, "partner"));
      const { accessToken } = await controlPublicId(stage, publicId);
      const authorization = `Bearer ${accessToken}`;
      notGranted(await fetchTokens(stage, { publicId }, { authorization }));
    },
  },
];

/** Two headers with which nobody is authenticated. */
function badHeaders(stage: Stage): readonly (string | null)[] {
  const { id } = actor(stage, "partner");
  return [null, basic({ id, secret: WRONG_SECRET })];
}

const CONTROLLED: readonly CaseSpec[] = [
  {
    slug: "disabled-client",
    level: "SHOULD",
    requirements: ["G8", "R1"],
    attacks: ["CT-13"],
    title: "A disabled client gets the answer of an unknown one, and is served again once enabled.",
    does:
      "Disables a client, asks with its credentials and with unknown ones, enables it, asks again.",
    expects: "The same status and body for both; then tokens.",
    remedy: "Look at the client's status in authentication, not later.",
    needs: ["seed", "client-status"],
    run: async (stage) => {
      const own = await client(stage);
      const publicId = await user(stage, own);
      await controlPublicId(stage, publicId, own);
      await harness(stage, "client-status", { client: own.id, status: "disabled" });
      const disabled = await fetchTokens(stage, { publicId }, own);
      const authorization = basic({ id: "nobody-0123456789", secret: own.secret });
      const unknown = await fetchTokens(stage, { publicId }, { authorization });
      notGranted(disabled);
      equal(
        `${disabled.status} ${disabled.text}`,
        `${unknown.status} ${unknown.text}`,
        "the answer",
      );
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
    does: "Gives a client a new secret and asks with it.",
    expects: "Tokens.",
    remedy: "Read the secrets of a client from the primary.",
    needs: ["seed", "client-secret"],
    run: async (stage) => {
      const { own, renewed, publicId } = await rotated(stage);
      granted(await fetchTokens(stage, { publicId }, { ...own, secret: renewed }));
    },
  },
  {
    slug: "old-secret",
    level: "MAY",
    requirements: ["G8"],
    attacks: ["CA-09"],
    title: "The secret before works until the overlap ends, and no second longer.",
    does:
      "Gives a client a new secret; asks with the old one in the last second of the overlap, then in the next.",
    expects: "Tokens, then none.",
    remedy: "Keep the old secret with the end of its overlap; compare with now < end.",
    needs: ["seed", "client-secret", "clock", "policy:secretOverlapSeconds"],
    run: async (stage) => {
      await freeze(stage);
      const { own, publicId } = await rotated(stage);
      const overlap = stage.target.policy.secretOverlapSeconds ?? 0;
      if (overlap > 0) {
        await advance(stage, overlap - 1);
        const last = await fetchTokens(stage, { publicId }, own);
        check(
          last.status === 200,
          "tokens in the last second of the overlap",
          describeAnswer(last),
        );
      }
      await advance(stage, overlap > 0 ? 1 : 0);
      notGranted(await fetchTokens(stage, { publicId }, own));
    },
  },
];

async function rotated(stage: Stage) {
  const own = await client(stage);
  const publicId = await user(stage, own);
  await controlPublicId(stage, publicId, own);
  const renewed = `${own.secret}-renewed`;
  hideParty(stage.wire.secrets, `${own.id}, renewed`, { id: own.id, secret: renewed });
  await harness(stage, "client-secret", { client: own.id, secret: renewed });
  return { own, publicId, renewed };
}

const POSITIVE: readonly CaseSpec[] = [
  {
    slug: "credentials",
    level: "MUST",
    requirements: ["G7"],
    title: "With its credentials a client is served.",
    does: "Asks for tokens of a connected user with id and secret by HTTP Basic.",
    expects: "Tokens.",
    remedy: REMEDY,
    needs: ["client", "connected-user"],
    run: async (stage) =>
      void granted(
        await fetchTokens(stage, { publicId: await user(stage, actor(stage, "partner")) }),
      ),
  },
  {
    slug: "no-cookies",
    level: "SHOULD",
    requirements: ["G8"],
    title: "To have been served once authenticates nobody later.",
    does: "Asks with credentials, then without them but with whatever cookie came back.",
    expects: "Tokens, then status 401.",
    remedy: "Keep no session.",
    needs: ["client", "connected-user"],
    run: async (stage) => {
      const publicId = await user(stage, actor(stage, "partner"));
      const first = await control("the request with credentials", async () => {
        const answer = await fetchTokens(stage, { publicId });
        granted(answer);
        return answer;
      });
      const cookie = (first.headers["set-cookie"] ?? "none=1").split(";")[0] ?? "";
      const body = { query: DOCUMENT, variables: { publicId } };
      const later = await graphql(stage, body, { authorization: null }, { cookie });
      if (later.status !== 401) throw new Failure("status 401", describeAnswer(later));
    },
  },
];

/** The cases. */
export const clientAuthentication: readonly Case[] = define("client-authentication", [
  ...POSITIVE,
  ...WRONG,
  ...OTHERS,
  ...CONTROLLED,
]);
