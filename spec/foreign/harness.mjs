// The control plane of ./server.mjs for the conformance suite: see docs/reference/harness-protocol.md.
import { ALGORITHMS } from "./consent.mjs";

/** Answers the harness's paths: gives the handler of each. */
export function createHarness(world, { audience, policy, toScope }) {
  const realNow = world.now;
  const connectionsOf = ({ user, client }) =>
    world.connections.filter((one) => one.user === user && one.client === client && !one.revoked);
  const connectionOf = ({ via, ...pair }) =>
    connectionsOf(pair).find(({ source }) => source?.client === via);

  function connect({ user, client, scope }) {
    const known = connectionOf({ user, client });
    if (known !== undefined) known.scope = toScope(scope);
    else world.connections.push({ user, client, scope: toScope(scope), revoked: false });
  }

  function withdraw({ user, client }, connections) {
    for (const connection of connections) connection.revoked = true;
    world.withdrawals.set(`${user} ${client}`, world.now());
  }

  const commands = {
    describe: () => ({
      protocol: 1,
      name: "foreign",
      version: "1",
      commands: Object.keys(commands).filter((name) => name !== "describe"),
      audience,
      algorithms: ALGORITHMS,
      scopes: ["email", "openid", "profile"],
      policy,
    }),
    reset() {
      world.now = realNow;
      world.connections.length = 0;
      for (const member of Object.values(world)) member.clear?.();
    },
    seed({ clients = [], users = [], connections = [] }) {
      for (const { id, secret, scope } of clients) {
        const secrets = [{ secret, until: Infinity }];
        world.clients.set(id, { secrets, scope: toScope(scope), enabled: true });
      }
      for (const { publicId } of users) world.users.set(publicId, "active");
      connections.forEach(connect);
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
    revoke: (which) => withdraw(which, [connectionOf(which)]),
    narrow({ scope, ...which }) {
      const connection = connectionOf(which);
      const allowed = toScope(scope);
      connection.scope = connection.scope.filter((token) => allowed.includes(token));
    },
    disconnect: (pair) => withdraw(pair, connectionsOf(pair)),
    "user-status": ({ user, status }) => void world.users.set(user, status),
    "client-status": ({ client, status }) =>
      void (world.clients.get(client).enabled = status === "enabled"),
    "client-scope": ({ client, scope }) => void (world.clients.get(client).scope = toScope(scope)),
    "client-secret"({ client, secret }) {
      const overlapEnds = world.now() + policy.secretOverlapSeconds;
      const [current] = world.clients.get(client).secrets;
      world.clients.get(client).secrets = [
        { secret, until: Infinity },
        { secret: current.secret, until: overlapEnds },
      ];
    },
  };

  return (path) => {
    const command = commands[path.replace("/harness/", "")];
    if (command === undefined) return undefined;
    return ({ headers }, body) =>
      headers["content-type"] === "application/json"
        ? { status: 200, body: command(JSON.parse(body)) ?? {} }
        : { status: 415, body: { error: "Send JSON." } };
  };
}
