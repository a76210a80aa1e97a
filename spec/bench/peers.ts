/**
 * Floors and peers: other servers that do the same work, in memory, or with a transaction for each
 * request.
 * @module
 */
import type { Algorithm } from "./consents.ts";
import { HERE, type Runtime } from "./runtimes.ts";
import { start } from "./server.ts";
import type { Preparation, Session, Stage, Target } from "./target.ts";
import { basic, expecting, member, mutation, postForm, postJson } from "./wire.ts";

function target(
  file: string,
  name: string,
  runtime: Runtime,
  works: Target["works"],
  more: object = {},
): Target {
  return {
    name,
    durable: false,
    start: (folder, stage) =>
      start({
        command: [
          ...runtime.command,
          `${HERE}peers/${file}.mjs`,
          JSON.stringify({ ...optionsOf(stage), folder, ...more }),
        ],
      }),
    works,
  };
}

function optionsOf(stage: Stage) {
  const { users, scope, merchant, audience } = stage;
  const clients = [stage.partner, stage.resourceServer];
  const issuers = [stage.issuer.trust];
  return { clients, users, partner: stage.partner.id, merchant, scope, audience, issuers };
}

/** What every server on node:http pays for a request of the mutation's size. */
export function floor(runtime: Runtime): Target {
  const posting = (path: string): Preparation => ({ stage }) => {
    let number = 0;
    return {
      next: () => {
        const body = mutation({ publicId: `user-${number++ % stage.users}` });
        return expecting(postJson(path, basic(stage.partner), body), 200, ['"userErrors":[]']);
      },
    };
  };
  return target("floor", "floor", runtime, { POST: posting("/"), "POST JSON": posting("/json") });
}

/** `@node-oauth/oauth2-server`, in memory. */
export function oauth2Server(runtime: Runtime): Target {
  const grants = createGrants("/token");
  const { publicId, consent, refresh } = grants;
  return target("oauth2-server", "oauth2-server", runtime, {
    publicId,
    "consent ES256": consent("ES256"),
    refresh,
  });
}

/** Grants of a token endpoint that do what the mutation does. */
function createGrants(path: string) {
  const granted = ['"access_token":"', '"refresh_token":"'];
  const granting = (fields: (number: number, session: Session) => Record<string, string>) =>
    ((session) => {
      const headers = basic(session.stage.partner);
      let number = 0;
      return {
        next: () => expecting(postForm(path, headers, fields(number++, session)), 200, granted),
      };
    }) satisfies Preparation;
  const byPublicId = (number: number, { stage }: Session) => ({
    grant_type: "urn:bench:public-id",
    public_id: `user-${number % stage.users}`,
  });
  const refresh: Preparation = async (session) => {
    const headers = basic(session.stage.partner);
    const calls = Array.from(
      { length: 2_000 },
      (_, number) => expecting(postForm(path, headers, byPublicId(number, session)), 200, granted),
    );
    const tokens = (await session.perform(calls)).map((body) => member(body, "refresh_token"));
    let number = 0;
    return {
      next() {
        const index = number++ % tokens.length;
        const fields = { grant_type: "refresh_token", refresh_token: tokens[index] ?? "" };
        return expecting(postForm(path, headers, fields), 200, granted, (body) => {
          tokens[index] = member(body, "refresh_token");
        });
      },
    };
  };
  return {
    publicId: granting(byPublicId),
    consent: (algorithm: Algorithm) =>
      granting((number, { stage }) => ({
        grant_type: "urn:bench:consent",
        assertion: stage.issuer.token(algorithm, number, `user-${number % stage.users}`),
      })),
    refresh,
  };
}
