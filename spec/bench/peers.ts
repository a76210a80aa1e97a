/**
 * Floors and peers: other servers that do the same work, in memory, or with a transaction for each
 * request.
 * @module
 */
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
function oauth2Server(runtime: Runtime): Target {
  return target("oauth2-server", "oauth2-server", runtime, createGrants("/token"));
}

/** `oidc-provider`, in memory. */
function oidcProvider(runtime: Runtime): Target {
  return target("oidc-provider", "oidc-provider", runtime, {
    ...createGrants("/token"),
    introspection: async (session) => {
      const { stage } = session;
      const tokens = (await issue(session, "/token")).map((body) => member(body, "access_token"));
      let number = 0;
      return {
        next() {
          const fields = { token: tokens[number++ % tokens.length] ?? "" };
          const text = postForm("/token/introspection", basic(stage.partner), fields);
          return expecting(text, 200, ['"active":true']);
        },
      };
    },
  });
}

/** `graphql-yoga` with `jose`, in memory or with a transaction in SQLite for each request. */
function yoga(runtime: Runtime, store: "memory" | "sqlite"): Target {
  const asking = (
    variables: (number: number, stage: Stage) => Readonly<Record<string, string>>,
  ): Preparation =>
  ({ stage }) => {
    const headers = `${basic(stage.partner)}Accept: application/json\r\n`;
    let number = 0;
    return {
      next: () => {
        const text = postJson("/graphql", headers, mutation(variables(number++, stage)));
        return expecting(text, 200, ['"accessToken":"', '"userErrors":[]']);
      },
    };
  };
  return target("yoga", store === "sqlite" ? "yoga, SQLite" : "yoga", runtime, {
    publicId: asking((number, { users }) => ({ publicId: `user-${number % users}` })),
    "consent ES256": asking((number, { users, issuer }) => ({
      consentToken: issuer.token("ES256", number, `user-${number % users}`),
    })),
  }, { store });
}

const GRANTED = ['"access_token":"', '"refresh_token":"'];

function byPublicId(number: number, { stage }: Session) {
  return { grant_type: "urn:bench:public-id", public_id: `user-${number % stage.users}` };
}

/** Answers with tokens of as many users, issued now. */
async function issue(session: Session, path: string): Promise<readonly string[]> {
  const headers = basic(session.stage.partner);
  return await session.perform(
    Array.from(
      { length: 2_000 },
      (_, number) => expecting(postForm(path, headers, byPublicId(number, session)), 200, GRANTED),
    ),
  );
}

/** Grants of a token endpoint that do what the mutation does. */
function createGrants(path: string): Target["works"] {
  const granting = (
    fields: (number: number, session: Session) => Record<string, string>,
  ): Preparation =>
  (session) => {
    const headers = basic(session.stage.partner);
    let number = 0;
    return {
      next: () => expecting(postForm(path, headers, fields(number++, session)), 200, GRANTED),
    };
  };
  const refresh: Preparation = async (session) => {
    const headers = basic(session.stage.partner);
    const tokens = (await issue(session, path)).map((body) => member(body, "refresh_token"));
    let number = 0;
    return {
      next() {
        const index = number++ % tokens.length;
        const fields = { grant_type: "refresh_token", refresh_token: tokens[index] ?? "" };
        return expecting(postForm(path, headers, fields), 200, GRANTED, (body) => {
          tokens[index] = member(body, "refresh_token");
        });
      },
    };
  };
  return {
    publicId: granting(byPublicId),
    "consent ES256": granting((number, { stage }) => ({
      grant_type: "urn:bench:consent",
      assertion: stage.issuer.token("ES256", number, `user-${number % stage.users}`),
    })),
    refresh,
  };
}

/** Every peer. */
export function createPeers(runtime: Runtime): readonly Target[] {
  return [
    oauth2Server(runtime),
    oidcProvider(runtime),
    yoga(runtime, "memory"),
    yoga(runtime, "sqlite"),
  ];
}
