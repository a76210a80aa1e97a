/**
 * Issued tokens: the answer they come in, their strings, their lifetimes (G5, G6, T1–T3, P5).
 * @module
 */
import { delegate } from "../stage/consents.ts";
import type { CaseSpec } from "../case.ts";
import { fromBase64url, isObject, parseJson } from "../base/encoding.ts";
import {
  fetchTokens,
  granted,
  introspect,
  isAlive,
  redeem,
  refresh,
  refreshed,
  refusedWith,
  TOKEN_FIELDS,
  type Tokens,
} from "../stage/product.ts";
import { actor, advance, freeze, type Stage, unknownUser, user } from "../stage/stage.ts";
import type { Need } from "../needs.ts";
import { check, control, equal, equalScope } from "../verdict.ts";

/** Tokens of a user who is connected to the partner. */
export async function someTokens(stage: Stage): Promise<Tokens & { readonly subject: string }> {
  const subject = await user(stage, actor(stage, "partner"));
  const tokens = await control(
    "a request by public id",
    async () => granted(await fetchTokens(stage, { publicId: subject })),
  );
  return { ...tokens, subject };
}

/** A case about the answer to a connected user's public id. */
function answer(
  slug: string,
  level: CaseSpec["level"],
  requirement: string,
  title: string,
  expects: string,
  remedy: string,
  judge: (payload: Readonly<Record<string, unknown>>, publicId: string) => void,
): CaseSpec {
  return {
    slug,
    level,
    requirements: [requirement],
    title,
    does: "Asks for tokens of a connected user.",
    expects,
    remedy,
    needs: ["client", "connected-user"],
    run: async (stage) => {
      const publicId = await user(stage, actor(stage, "partner"));
      const found = await fetchTokens(stage, { publicId });
      granted(found);
      judge(found.payload ?? {}, publicId);
    },
  };
}

const ANSWERS: readonly CaseSpec[] = [
  answer(
    "token-type",
    "MUST",
    "G5",
    "tokenType is Bearer.",
    "tokenType Bearer.",
    "Answer Bearer, with a capital B.",
    (payload) => equal(payload["tokenType"], "Bearer", "tokenType"),
  ),
  answer(
    "expires-in",
    "MUST",
    "G6",
    "expiresIn is a number of seconds.",
    "A whole number, 1 or more.",
    "Answer the remaining lifetime in whole seconds, not milliseconds and not a moment.",
    ({ expiresIn }) =>
      check(
        Number.isInteger(expiresIn) && Number(expiresIn) >= 1,
        "a whole number from 1",
        expiresIn,
      ),
  ),
  answer(
    "expires-in-plausible",
    "SHOULD",
    "T1",
    "An access token lives a day at most.",
    "expiresIn up to 86400.",
    "Keep access tokens short-lived: there is a refresh token.",
    ({ expiresIn }) => check(Number(expiresIn) <= 86_400, "86400 or less", expiresIn),
  ),
  answer(
    "success-is-whole",
    "SHOULD",
    "G5",
    "A success fills all six token fields and has no user error.",
    "Six values and an empty list.",
    "All or nothing.",
    (payload, publicId) => {
      for (const name of TOKEN_FIELDS) {
        check(
          payload[name] !== null,
          `a value for ${name}`,
          payload[name],
        );
      }
      equal(JSON.stringify(payload["userErrors"]), "[]", "userErrors");
      equal(payload["publicId"], publicId, "publicId");
    },
  ),
  answer(
    "two-tokens",
    "SHOULD",
    "T2",
    "Access token and refresh token are different.",
    "Two strings.",
    "Give each its own purpose.",
    ({ accessToken, refreshToken }) =>
      check(accessToken !== refreshToken, "two different tokens", "the same"),
  ),
  answer(
    "token-characters",
    "MUST",
    "T8",
    "An access token fits into an Authorization header.",
    "A b64token by RFC 6750 §2.1.",
    "Use letters, digits and -._~+/ with = at the end.",
    ({ accessToken }) =>
      check(/^[A-Za-z0-9._~+/-]+=*$/.test(String(accessToken)), "a b64token", "other characters"),
  ),
  answer(
    "token-strength",
    "MUST",
    "T2",
    "Tokens are too long to be guessed.",
    "22 characters or more each: 128 bits in base64.",
    "Draw 128 bits or more, or sign them (RFC 6749 §10.10).",
    ({ accessToken, refreshToken }) => {
      const shortest = Math.min(String(accessToken).length, String(refreshToken).length);
      check(shortest >= 22, "22 characters or more", `${shortest} characters`);
    },
  ),
  {
    slug: "failure-is-nothing",
    level: "SHOULD",
    requirements: ["G5"],
    title: "A failure has six nulls and exactly one user error.",
    does: "Asks by an unknown public id, and with a consent token that is none.",
    expects: "Null for all token fields; one user error with a message.",
    remedy: "All or nothing; one code says enough.",
    needs: ["client"],
    run: async (stage) => {
      for (const variables of [{ publicId: unknownUser() }, { consentToken: "garbage" }]) {
        const { payload } = await fetchTokens(stage, variables);
        for (const name of TOKEN_FIELDS) equal(payload?.[name], null, name);
        const errors = payload?.["userErrors"];
        check(Array.isArray(errors) && errors.length === 1, "one user error", errors);
        check(
          typeof errors[0]?.message === "string" && errors[0].message !== "",
          "a message",
          errors[0],
        );
      }
    },
  },
  {
    slug: "user-error-field",
    level: "MUST",
    requirements: ["G3", "G5"],
    title: "field of a user error names the argument that caused it.",
    does: "Asks by an unknown public id, and with a consent token that is none.",
    expects: 'field ["publicId"], and field ["consentToken"].',
    remedy: "Answer the path of the argument, as a list.",
    needs: ["client"],
    run: async (stage) => {
      for (
        const [name, value] of [["publicId", unknownUser()], ["consentToken", "garbage"]] as const
      ) {
        const { payload } = await fetchTokens(stage, { [name]: value });
        const errors = payload?.["userErrors"];
        const first = Array.isArray(errors) && isObject(errors[0]) ? errors[0] : {};
        equal(JSON.stringify(first["field"]), JSON.stringify([name]), "field");
      }
    },
  },
  {
    slug: "user-error-status",
    level: "SHOULD",
    requirements: ["G5"],
    title: "A user error is answered with status 200.",
    does: "Asks by an unknown public id, and with a consent token that is none.",
    expects: "Status 200.",
    remedy: "Many callers drop the body of any other status.",
    needs: ["client"],
    run: async (stage) => {
      equal((await fetchTokens(stage, { publicId: unknownUser() })).status, 200, "status");
      equal((await redeem(stage, "garbage")).status, 200, "status");
    },
  },
];

const FAMILIES: readonly CaseSpec[] = [
  {
    slug: "each-its-own",
    level: "MAY",
    requirements: ["P5"],
    title: "Each request by public id starts a family of its own.",
    does: "Asks twice for the same user.",
    expects: "Two access tokens and two refresh tokens, all different.",
    remedy: "Two workers of one partner then do not log each other out.",
    needs: ["client", "connected-user"],
    run: async (stage) => {
      const publicId = await user(stage, actor(stage, "partner"));
      const one = granted(await fetchTokens(stage, { publicId }));
      const two = granted(await fetchTokens(stage, { publicId }));
      const all = new Set([one.accessToken, two.accessToken, one.refreshToken, two.refreshToken]);
      equal(all.size, 4, "the number of distinct tokens");
    },
  },
  {
    slug: "new-access-token",
    level: "SHOULD",
    requirements: ["T2"],
    title: "No token string arises twice.",
    does: "Asks ten times for tokens of two users.",
    expects: "Ten distinct access tokens.",
    remedy: "Put enough randomness into each token, also within one second.",
    needs: ["client", "seed"],
    run: async (stage) => {
      const users = [
        await user(stage, actor(stage, "partner")),
        await user(stage, actor(stage, "partner")),
      ];
      const seen = new Set<string>();
      for (let time = 0; time < 10; time++) {
        const publicId = users[time % 2] ?? "";
        seen.add(granted(await fetchTokens(stage, { publicId })).accessToken);
      }
      equal(seen.size, 10, "the number of distinct access tokens");
    },
  },
  {
    slug: "families-are-independent",
    level: "SHOULD",
    requirements: ["P5", "T5"],
    title: "To refresh one family leaves another as it is.",
    does: "Asks twice for the same user, refreshes the first three times, then the second.",
    expects: "Every refresh is granted.",
    remedy: "Rotate within a family only.",
    needs: ["client", "connected-user", "token-endpoint"],
    run: async (stage) => {
      const publicId = await user(stage, actor(stage, "partner"));
      let { refreshToken } = granted(await fetchTokens(stage, { publicId }));
      const other = granted(await fetchTokens(stage, { publicId }));
      for (let time = 0; time < 3; time++) {
        refreshToken = refreshed(await refresh(stage, refreshToken)).refreshToken || refreshToken;
      }
      refreshed(await refresh(stage, other.refreshToken));
    },
  },
  {
    slug: "families-are-bounded",
    level: "MAY",
    requirements: ["P5"],
    attacks: ["SY-03"],
    title: "One family more than the limit ends the one that was least recently used.",
    does:
      "Starts as many families as the declared limit and one more, then refreshes the first, the second and the last.",
    expects: "invalid_grant for the first; tokens for the others.",
    remedy: "End the family whose current generation is the oldest.",
    needs: ["client", "seed", "clock", "token-endpoint", "policy:maxFamilies"],
    run: async (stage) => {
      await freeze(stage);
      const publicId = await user(stage, actor(stage, "partner"));
      const first = granted(await fetchTokens(stage, { publicId }));
      await advance(stage, 1);
      const second = granted(await fetchTokens(stage, { publicId }));
      await advance(stage, 1);
      const most = stage.target.policy.maxFamilies ?? 50;
      let last = second;
      for (let count = 2; count <= most; count++) {
        last = granted(await fetchTokens(stage, { publicId }));
      }
      refusedWith(await refresh(stage, first.refreshToken), 400, "invalid_grant");
      if (most > 1) refreshed(await refresh(stage, second.refreshToken));
      refreshed(await refresh(stage, last.refreshToken));
    },
  },
  {
    slug: "least-recently-used-ends",
    level: "MAY",
    requirements: ["P5"],
    attacks: ["SY-03"],
    title: "A family that was refreshed outlives one that began after it.",
    does:
      "Starts as many families as the declared limit, a second apart; refreshes the first, and starts one more.",
    expects: "invalid_grant for the second; tokens for the first.",
    remedy:
      "End the family that was least recently issued or refreshed, not the one that is oldest.",
    needs: ["client", "seed", "clock", "token-endpoint", "policy:maxFamilies"],
    run: async (stage) => {
      await freeze(stage);
      const publicId = await user(stage, actor(stage, "partner"));
      const most = stage.target.policy.maxFamilies ?? 50;
      const families: Tokens[] = [];
      for (let count = 0; count < most; count++) {
        families.push(granted(await fetchTokens(stage, { publicId })));
        if (count < 2) await advance(stage, 1);
      }
      const [first, second] = families as [Tokens, Tokens | undefined];
      const used = refreshed(await refresh(stage, first.refreshToken));
      await advance(stage, 1);
      granted(await fetchTokens(stage, { publicId }));
      if (second !== undefined) {
        refreshed(await refresh(stage, used.refreshToken || first.refreshToken));
        refusedWith(await refresh(stage, second.refreshToken), 400, "invalid_grant");
      }
    },
  },
];

/** A boundary of a lifetime: what works in the last second and not in the next. */
function lifetime(
  slug: string,
  level: CaseSpec["level"],
  title: string,
  needs: readonly Need[],
  run: (stage: Stage, tokens: Tokens) => Promise<void>,
  requirement = "T1",
): CaseSpec {
  return {
    slug,
    level,
    requirements: [requirement],
    attacks: ["RF-15"],
    title,
    does: "Stops the clock, gets tokens, and moves the clock to both sides of the boundary.",
    expects: "Alive in the last second, dead in the next.",
    remedy: "Lifetimes are half open: alive while now < end.",
    needs: ["client", "seed", "clock", ...needs],
    run: async (stage) => {
      await freeze(stage);
      await run(stage, await someTokens(stage));
    },
  };
}

const LIFETIMES: readonly CaseSpec[] = [
  lifetime(
    "access-token-expires",
    "MUST",
    "An access token is dead when expiresIn seconds have passed.",
    ["probe"],
    async (stage, { accessToken, expiresIn }) => {
      await control(
        "an access token",
        async () => check(await isAlive(stage, accessToken), "a live access token", "a dead one"),
      );
      await advance(stage, expiresIn);
      check(!await isAlive(stage, accessToken), "a dead access token", "a live one");
    },
  ),
  lifetime("access-token-last-second", "SHOULD", "An access token lives until its last second.", [
    "probe",
  ], async (stage, { accessToken, expiresIn }) => {
    await advance(stage, expiresIn - 1);
    check(await isAlive(stage, accessToken), "a live access token", "a dead one");
    await advance(stage, 1);
    check(!await isAlive(stage, accessToken), "a dead access token", "a live one");
  }),
  lifetime("idle", "SHOULD", "A family that is not refreshed ends at the declared moment.", [
    "token-endpoint",
    "policy:refreshIdleSeconds",
    "policy:refreshAbsoluteSeconds",
  ], async (stage, { refreshToken }) => {
    const { refreshIdleSeconds = 0, refreshAbsoluteSeconds = 0 } = stage.target.policy;
    const idle = Math.min(refreshIdleSeconds, refreshAbsoluteSeconds);
    const other = granted(
      await fetchTokens(stage, { publicId: await user(stage, actor(stage, "partner")) }),
    );
    await advance(stage, idle - 1);
    refreshed(await refresh(stage, refreshToken));
    await advance(stage, 1);
    refusedWith(await refresh(stage, other.refreshToken), 400, "invalid_grant");
  }),
  lifetime(
    "idle-begins-anew",
    "SHOULD",
    "A refresh begins the idle time anew, up to the absolute end.",
    ["token-endpoint", "probe", "policy:refreshIdleSeconds", "policy:refreshAbsoluteSeconds"],
    (stage, tokens) => toTheEnd(stage, tokens),
  ),
];

/** Refreshes in the last second of every idle time until the absolute end; nothing outlives it (SC-14). */
async function toTheEnd(stage: Stage, first: Tokens): Promise<void> {
  const { refreshIdleSeconds: idle = 1, refreshAbsoluteSeconds: end = 1 } = stage.target.policy;
  let { refreshToken } = first;
  let elapsed = 0;
  while (elapsed + idle - 1 < end - 1 && elapsed / idle < 50) {
    await advance(stage, idle - 1);
    elapsed += idle - 1;
    refreshToken = refreshed(await refresh(stage, refreshToken)).refreshToken || refreshToken;
  }
  await advance(stage, end - 1 - elapsed);
  const last = refreshed(await refresh(stage, refreshToken));
  equal(last.expiresIn, 1, "expires_in one second before the end");
  check(await isAlive(stage, last.accessToken), "a live access token", "a dead one");
  await advance(stage, 1);
  check(!await isAlive(stage, last.accessToken), "a dead access token at the end", "a live one");
  refusedWith(await refresh(stage, last.refreshToken || refreshToken), 400, "invalid_grant");
}

const KINDS: readonly CaseSpec[] = [
  {
    slug: "access-token-kind",
    level: "MUST",
    requirements: ["T3"],
    title: "An access token that is a JWT is one by RFC 9068; any other is opaque.",
    does: "Looks at the access token of a connected user.",
    expects:
      "Opaque; or typ at+jwt, an asymmetric alg, and iss, exp, aud, sub, client_id, iat, jti.",
    remedy: "Follow RFC 9068 §2, or make opaque tokens.",
    needs: ["client", "connected-user"],
    run: async (stage) => {
      const { accessToken } = await someTokens(stage);
      const [header, claims] = accessToken.split(".").map((part) => {
        const bytes = fromBase64url(part);
        return bytes === null ? undefined : parseJson(new TextDecoder().decode(bytes));
      });
      if (accessToken.split(".").length !== 3 || !isObject(header)) return;
      check(
        /^(?:application\/)?at\+jwt$/i.test(String(header["typ"])),
        "typ at+jwt",
        header["typ"],
      );
      check(/^(?:ES|RS|PS|Ed)/.test(String(header["alg"])), "an asymmetric alg", header["alg"]);
      for (const name of ["iss", "exp", "aud", "sub", "client_id", "iat", "jti"]) {
        check(isObject(claims) && claims[name] !== undefined, `the claim ${name}`, "nothing");
      }
    },
  },
  {
    slug: "altered-access-token",
    level: "MUST",
    requirements: ["T2"],
    title: "An access token with one character changed is dead.",
    does:
      "Changes one character of an access token, at its beginning, in its middle and at its end.",
    expects: "None of them lives.",
    remedy: "Compare the whole token, or verify its MAC or signature over all of it.",
    needs: ["client", "connected-user", "probe"],
    run: async (stage) => {
      const { accessToken } = await someTokens(stage);
      await control(
        "the token as it is",
        async () => check(await isAlive(stage, accessToken), "a live access token", "a dead one"),
      );
      for (const part of [0.3, 0.6, 0.9]) {
        const spoiled = flip(accessToken, Math.floor(accessToken.length * part));
        check(!await isAlive(stage, spoiled), "a dead token", "a live one");
      }
    },
  },
  {
    slug: "access-token-names-user",
    level: "SHOULD",
    requirements: ["T7", "T8"],
    title: "Introspection of an access token tells user, client and scope.",
    does: "Introspects the access token of a redemption.",
    expects: "sub the public id, client_id the partner, scope as issued, exp in the future.",
    remedy: "Answer what the token is worth now (RFC 7662 §2.2).",
    needs: ["client", "seed", "sign", "introspection-endpoint"],
    run: async (stage) => {
      const subject = await user(stage, actor(stage, "merchant"));
      const tokens = await delegate(stage, { user: subject });
      const { members } = await introspect(stage, tokens.accessToken);
      equal(members["active"], true, "active");
      equal(members["sub"], subject, "sub");
      equal(members["client_id"], actor(stage, "partner").id, "client_id");
      equalScope(members["scope"], tokens.scope);
      check(Number.isInteger(members["exp"]), "exp as whole seconds", members["exp"]);
    },
  },
];

/** A token with one character replaced by another of the same kind. */
export function flip(token: string, at: number): string {
  const found = token[at] ?? "";
  const other = found === "A" ? "B" : found === "." || found === "_" ? found : "A";
  const index = found === other ? at - 1 : at;
  const replaced = token[index] === "A" ? "B" : "A";
  return token.slice(0, index) + replaced + token.slice(index + 1);
}

/** Cases about issued tokens. */
export const TOKENS: readonly CaseSpec[] = [...ANSWERS, ...FAMILIES, ...LIFETIMES, ...KINDS];
