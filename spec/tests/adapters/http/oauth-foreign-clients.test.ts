/** Clients that nobody here wrote, against a server that listens. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ClientError, GraphQLClient } from "graphql-request";
import { createLocalJWKSet, jwtVerify } from "jose";
import * as oauth from "oauth4webapi";
import { createHttpHandler } from "../../../../adapters/http/router.ts";
import { startServer } from "../../../../adapters/http/server.ts";
import { publicJwks } from "../../../../adapters/tokens/jwt/signing-keys.ts";
import {
  createWorld,
  SERVER_ID,
  USERS_API,
  type World,
  type WorldOptions,
} from "../../support/world.ts";
import { basic, MUTATION } from "../../support/http-face.ts";

const INSECURE = { [oauth.allowInsecureRequests]: true };

interface Listening {
  readonly world: World;
  readonly url: string;
  readonly server: oauth.AuthorizationServer;
}

/** Serves a world for as long as `work` takes, after discovering it. */
async function withServer(
  work: (listening: Listening) => Promise<void>,
  options: WorldOptions = {},
): Promise<void> {
  const world = await createWorld(options);
  const running = await startServer({
    handler: createHttpHandler(world.service, {
      publicUrl: () => running.url,
      clock: world.clock,
      ...(options.jwt && { jwks: () => publicJwks(world.signingKeys, world.clock.seconds()) }),
    }),
    port: 0,
    host: "127.0.0.1",
  });
  try {
    const issuer = new URL(running.url);
    const response = await oauth.discoveryRequest(issuer, { algorithm: "oauth2", ...INSECURE });
    const server = await oauth.processDiscoveryResponse(issuer, response);
    await work({ world, url: running.url, server });
  } finally {
    await running.stop(1000);
  }
}

/** `fetchTokensForUser` by graphql-request. */
async function mutate(
  { world, url }: Listening,
  variables: object,
): Promise<Record<string, string>> {
  const client = new GraphQLClient(`${url}/api/partners/graphql.json`, {
    headers: basic(world.partner),
  });
  const data = await client.request<Record<string, Record<string, string>>>(MUTATION, variables);
  return data["fetchTokensForUser"] ?? {};
}

test("G7, E2: graphql-request gets tokens, and an error for a bad call", async () => {
  await withServer(async (listening) => {
    const { users, issuer } = listening.world;
    const byId = await mutate(listening, { publicId: users.connected });
    assert.ok(byId["accessToken"]);
    const byConsent = await mutate(listening, { consentToken: await issuer.mint() });
    assert.equal(byConsent["publicId"], users.merchantOnly);
    await assert.rejects(
      mutate(listening, {}),
      (error) =>
        error instanceof ClientError &&
        error.response.errors?.[0]?.extensions?.["code"] === "BAD_USER_INPUT",
    );
  });
});

for (
  const [name, authentication] of [
    ["client_secret_basic", oauth.ClientSecretBasic],
    ["client_secret_post", oauth.ClientSecretPost],
  ] as const
) {
  test(`T4, T7: oauth4webapi refreshes, introspects and revokes by ${name}`, async () => {
    await withServer(async (listening) => {
      const { world, server } = listening;
      const client = { client_id: world.partner.id };
      const auth = authentication(world.partner.secret);
      const tokens = await mutate(listening, { publicId: world.users.connected });
      const refreshed = await oauth.processRefreshTokenResponse(
        server,
        client,
        await oauth.refreshTokenGrantRequest(
          server,
          client,
          auth,
          tokens["refreshToken"] ?? "",
          INSECURE,
        ),
      );
      const token = refreshed.refresh_token ?? "";
      assert.notEqual(token, tokens["refreshToken"]);
      const introspect = async () =>
        await oauth.processIntrospectionResponse(
          server,
          client,
          await oauth.introspectionRequest(server, client, auth, token, INSECURE),
        );
      const live = await introspect();
      assert.deepEqual([live.active, live.sub, live.iss], [true, "user-connected", server.issuer]);
      const revoked = await oauth.revocationRequest(server, client, auth, token, INSECURE);
      await oauth.processRevocationResponse(revoked);
      assert.equal((await introspect()).active, false);
      await assert.rejects(
        oauth.refreshTokenGrantRequest(server, client, auth, token, INSECURE)
          .then((response) => oauth.processRefreshTokenResponse(server, client, response)),
        (error) => error instanceof oauth.ResponseBodyError && error.error === "invalid_grant",
      );
    });
  });
}

test("T4: oauth4webapi understands that it could not authenticate", async () => {
  await withServer(async ({ world, server }) => {
    const client = { client_id: world.partner.id };
    const auth = oauth.ClientSecretBasic("wrong");
    const response = await oauth.refreshTokenGrantRequest(server, client, auth, "x", INSECURE);
    await assert.rejects(
      oauth.processRefreshTokenResponse(server, client, response),
      (error) =>
        error instanceof oauth.WWWAuthenticateChallengeError &&
        error.cause[0]?.scheme === "basic",
    );
  });
});

test("T8, R1: oauth4webapi uses a token, and understands the challenge when it ended", async () => {
  await withServer(async (listening) => {
    const { world, url } = listening;
    const tokens = await mutate(listening, { publicId: world.users.connected });
    const ask = () =>
      oauth.protectedResourceRequest(
        tokens["accessToken"] ?? "",
        "POST",
        new URL(`${url}/api/users/graphql.json`),
        new Headers({ "content-type": "application/json" }),
        JSON.stringify({ query: "{ user { publicId } }" }),
        INSECURE,
      );
    assert.deepEqual(await (await ask()).json(), {
      data: { user: { publicId: world.users.connected } },
    });
    await world.service.disconnect(world.users.connected, world.partner.id);
    await assert.rejects(
      ask(),
      (error) =>
        error instanceof oauth.WWWAuthenticateChallengeError &&
        error.cause[0]?.parameters["error"] === "invalid_token",
    );
  });
});

test("T3, T7: jose verifies a JWT access token against the published JWKS", async () => {
  await withServer(async (listening) => {
    const { world, url } = listening;
    const tokens = await mutate(listening, { publicId: world.users.connected });
    const jwks = await (await fetch(`${url}/.well-known/jwks.json`)).json();
    const { payload } = await jwtVerify(tokens["accessToken"] ?? "", createLocalJWKSet(jwks), {
      typ: "at+jwt",
      issuer: SERVER_ID,
      audience: USERS_API,
      currentDate: new Date(world.clock.now()),
    });
    assert.equal(payload["client_id"], world.partner.id);
    assert.ok(!JSON.stringify(jwks).includes('"d"'));
  }, { jwt: true });
});
