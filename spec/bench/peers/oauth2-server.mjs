/**
 * @node-oauth/oauth2-server 5 with everything in memory, and custom grants that do what the mutation
 * does.
 * @module
 */
import { Buffer } from "node:buffer";
import OAuth2Server from "@node-oauth/oauth2-server";
import { authenticates, listen, readBody, USERS } from "./common.mjs";
import { createConsents } from "./consents.mjs";

const { AbstractGrantType, InvalidGrantError, Request, Response } = OAuth2Server;

const accessTokens = new Map();
const refreshTokens = new Map();
const consents = await createConsents();

const model = {
  getClient: (id, secret) =>
    authenticates(id, secret) && { id, grants: ["refresh_token", ...Object.keys(GRANTS)] },
  saveToken(token, client, user) {
    const saved = { ...token, client, user };
    accessTokens.set(token.accessToken, saved);
    refreshTokens.set(token.refreshToken, saved);
    return saved;
  },
  getAccessToken: (token) => accessTokens.get(token),
  getRefreshToken: (token) => refreshTokens.get(token),
  revokeToken: ({ accessToken, refreshToken }) => {
    accessTokens.delete(accessToken);
    return refreshTokens.delete(refreshToken);
  },
  validateScope: (_user, _client, scope) => scope ?? [],
};

/** Issues tokens for the user that `find` resolves to. */
function grant(find) {
  return class extends AbstractGrantType {
    async handle(request, client) {
      const found = await find(request.body, client);
      if (found === null) throw new InvalidGrantError("Invalid grant");
      return this.model.saveToken(
        {
          accessToken: await this.generateAccessToken(client, found),
          accessTokenExpiresAt: this.getAccessTokenExpiresAt(client),
          refreshToken: await this.generateRefreshToken(client, found),
          refreshTokenExpiresAt: this.getRefreshTokenExpiresAt(client),
          scope: found.scope.split(" "),
        },
        client,
        { id: found.publicId },
      );
    }
  };
}

const GRANTS = {
  "urn:bench:public-id": grant(({ public_id: publicId }, client) => {
    const scope = USERS.get(publicId)?.get(client.id);
    return scope === undefined ? null : { publicId, scope };
  }),
  "urn:bench:consent": grant(({ assertion }, client) => consents.redeem(assertion, client.id)),
};

const server = new OAuth2Server({
  model,
  extendedGrantTypes: GRANTS,
  accessTokenLifetime: 3600,
  refreshTokenLifetime: 7_776_000,
  alwaysIssueNewRefreshToken: true,
});

listen(async (incoming, outgoing) => {
  const body = Object.fromEntries(new URLSearchParams(await readBody(incoming)));
  const { method, headers } = incoming;
  const response = new Response();
  try {
    await server.token(new Request({ method, headers, query: {}, body }), response);
  } catch {
    // The response says it.
  }
  const text = JSON.stringify(response.body);
  outgoing.writeHead(response.status, {
    ...response.headers,
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
  });
  outgoing.end(text);
});
