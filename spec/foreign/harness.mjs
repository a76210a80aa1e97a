// The control plane of ./server.mjs for the conformance suite: see docs/reference/harness-protocol.md.

const scopeOf = (text) => text.split(" ").filter((token) => token !== "");

/** Answers the harness's routes: a function of method and path. */
export function createHarness(world, { audience }) {
  const realNow = world.now;
  const connectionsOf = (user, client) =>
    world.connections.filter((connection) =>
      connection.user === user && connection.client === client
    );
  const connectionOf = ({ user, client, via }) =>
    connectionsOf(user, client).find(({ source, revoked }) => !revoked && source?.client === via);

  const commands = {
    describe: () => ({
      protocol: 1,
      name: "foreign",
      version: "1",
      commands: Object.keys(commands).filter((name) => name !== "describe"),
      audience,
      algorithms: ["ES256", "RS256", "EdDSA"],
      scopes: ["email", "openid", "profile"],
      policy: { consentSkewSeconds: 0, consentRetrySeconds: 0 },
    }),
    reset() {
      world.now = realNow;
      world.connections.length = 0;
      for (const kept of [world.clients, world.users, world.issuers, world.redeemed]) kept.clear();
    },
    seed({ clients = [], users = [], connections = [] }) {
      for (const { id, secret, scope } of clients) {
        world.clients.set(id, { id, secret, scope: scopeOf(scope), enabled: true });
      }
      for (const { publicId } of users) world.users.set(publicId, "active");
      for (const { user, client, scope } of connections) {
        world.connections.push({ user, client, scope: scopeOf(scope), revoked: false });
      }
    },
    trust({ issuer, jwks, merchants }) {
      if (jwks.keys.length === 0) world.issuers.delete(issuer);
      else world.issuers.set(issuer, { keys: jwks.keys, merchants });
    },
    clock({ now, advanceSeconds = 0 }) {
      if (now === null) world.now = realNow;
      else if (now !== undefined) world.now = () => now;
      const before = world.now;
      if (advanceSeconds > 0) world.now = () => before() + advanceSeconds;
      return { now: world.now() };
    },
    revoke: (which) => void (connectionOf(which).revoked = true),
    narrow({ scope, ...which }) {
      const connection = connectionOf(which);
      const allowed = scopeOf(scope);
      connection.scope = connection.scope.filter((token) => allowed.includes(token));
    },
    disconnect({ user, client }) {
      for (const connection of connectionsOf(user, client)) connection.revoked = true;
    },
    "user-status": ({ user, status }) => void world.users.set(user, status),
    "client-status": ({ client, status }) =>
      void (world.clients.get(client).enabled = status === "enabled"),
    "client-scope": ({ client, scope }) => void (world.clients.get(client).scope = scopeOf(scope)),
    "client-secret": ({ client, secret }) => void (world.clients.get(client).secret = secret),
  };

  return (method, path) => {
    const command = commands[path.replace("/harness/", "")];
    if (method !== "POST" || command === undefined) return undefined;
    return async ({ headers }, body) =>
      headers["content-type"] === "application/json"
        ? { status: 200, body: command(JSON.parse(body)) ?? {} }
        : { status: 415, body: { error: "Send JSON." } };
  };
}
