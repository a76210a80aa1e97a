/**
 * oidc-provider 9 with everything in memory, and custom grants that do what the mutation does.
 * @module
 */
import Provider, { errors } from "oidc-provider";
import { listen, OPTIONS, USERS } from "./common.mjs";
import { createConsents } from "./consents.mjs";

const rows = new Map();

/** Its own adapter in memory forgets all but a thousand rows. This one keeps them all. */
const createAdapter = (model) => {
  const key = (id) => `${model}:${id}`;
  return {
    upsert: (id, payload) => Promise.resolve(void rows.set(key(id), payload)),
    find: (id) => Promise.resolve(rows.get(key(id))),
    consume: (id) => Promise.resolve(void (rows.get(key(id)).consumed = Date.now() / 1000 | 0)),
    destroy: (id) => Promise.resolve(void rows.delete(key(id))),
    revokeByGrantId: () => Promise.resolve(),
  };
};

const PUBLIC_ID = "urn:bench:public-id";
const CONSENT = "urn:bench:consent";

/** Without `openid`, which would add an id token. */
const SCOPE = "email profile offline_access";

const provider = new Provider("http://127.0.0.1", {
  adapter: createAdapter,
  clients: OPTIONS.clients.map(({ id, secret }) => ({
    client_id: id,
    client_secret: secret,
    grant_types: ["refresh_token", PUBLIC_ID, CONSENT],
    redirect_uris: [],
    response_types: [],
    scope: SCOPE,
  })),
  scopes: ["email", "profile", "offline_access"],
  features: {
    devInteractions: { enabled: false },
    introspection: { enabled: true, allowedPolicy: () => true },
    revocation: { enabled: true },
  },
  findAccount: (_ctx, sub) =>
    USERS.has(sub) ? { accountId: sub, claims: () => ({ sub }) } : undefined,
  rotateRefreshToken: true,
  ttl: { AccessToken: 3600, RefreshToken: 7_776_000, Grant: 31_536_000 },
});

const grants = new Map();

/** The grant of a user's connection, made at its first use. */
async function grantOf(publicId, client) {
  const key = `${client.clientId} ${publicId}`;
  if (!grants.has(key)) {
    const grant = new provider.Grant({ accountId: publicId, clientId: client.clientId });
    grant.addOIDCScope(SCOPE);
    grants.set(key, await grant.save());
  }
  return grants.get(key);
}

/** Issues tokens for the user that `find` resolves to. */
function grant(find) {
  return async (ctx) => {
    const { client } = ctx.oidc;
    const found = await find(ctx.oidc.params, client);
    if (found === null) throw new errors.InvalidGrant("invalid grant");
    const common = {
      accountId: found.publicId,
      client,
      grantId: await grantOf(found.publicId, client),
      gty: "custom",
      scope: SCOPE,
    };
    const accessToken = new provider.AccessToken(common);
    const refreshToken = new provider.RefreshToken(common);
    ctx.body = {
      access_token: await accessToken.save(),
      expires_in: accessToken.expiration,
      refresh_token: await refreshToken.save(),
      scope: SCOPE,
      token_type: "Bearer",
    };
  };
}

const consents = await createConsents();
provider.registerGrantType(
  PUBLIC_ID,
  grant(({ public_id: publicId }, client) => {
    const scope = USERS.get(publicId)?.get(client.clientId);
    return scope === undefined ? null : { publicId, scope };
  }),
  ["public_id"],
);
provider.registerGrantType(
  CONSENT,
  grant(({ assertion }, client) => consents.redeem(assertion, client.clientId)),
  ["assertion"],
);

listen(provider.callback());
