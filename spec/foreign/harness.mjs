// The harness for the conformance suite, for tests only. See docs/reference/harness-protocol.md.
import { ALGORITHMS } from "./consent.mjs";
import { AUDIENCE, connect, connectionOf, POLICY, toScope, world } from "./world.mjs";
import { disconnect, narrow, revoke } from "./world.mjs";

const realNow = world.now;

const COMMANDS = {
  describe: () => ({
    protocol: 1,
    name: "foreign",
    version: "1",
    commands: Object.keys(COMMANDS).filter((name) => name !== "describe"),
    audience: AUDIENCE,
    algorithms: ALGORITHMS,
    scopes: ["email", "openid", "profile"],
    policy: POLICY,
  }),
  reset() {
    world.now = realNow;
    for (const member of Object.values(world)) member.clear?.();
  },
  seed({ clients = [], users = [], connections = [] }) {
    for (const { id, secret, scope, role } of clients) {
      const secrets = [{ secret, until: Infinity }];
      world.clients.set(id, { role, secrets, scope: toScope(scope), enabled: true });
    }
    for (const { publicId } of users) world.users.set(publicId, "active");
    for (const { user, client, scope } of connections) {
      const known = connectionOf({ user, client });
      if (known === undefined) connect(user, client, toScope(scope));
      else known.scope = toScope(scope);
    }
  },
  trust({ issuer, jwks: { keys }, merchants }) {
    if (keys.length === 0) world.issuers.delete(issuer);
    else world.issuers.set(issuer, { keys, merchants });
  },
  clock({ now, advanceSeconds = 0 }) {
    if (now === null) world.now = realNow;
    else if (now !== undefined) world.now = () => now;
    const before = world.now;
    if (advanceSeconds > 0) world.now = () => before() + advanceSeconds;
    return { now: world.now() };
  },
  revoke(which) {
    const connection = connectionOf(which);
    if (connection !== undefined) revoke(connection);
  },
  narrow({ scope, ...which }) {
    const connection = connectionOf(which);
    if (connection !== undefined) narrow(connection, toScope(scope));
  },
  disconnect,
  "user-status"({ user, status }) {
    if (world.users.get(user) === "deleted") throw new Error("A deleted user cannot be restored.");
    world.users.set(user, status);
  },
  "client-status"({ client, status }) {
    world.clients.get(client).enabled = status === "enabled";
  },
  "client-scope"({ client, scope }) {
    world.clients.get(client).scope = toScope(scope);
  },
  "client-secret"({ client, secret }) {
    const known = world.clients.get(client);
    const before = { ...known.secrets[0], until: world.now() + POLICY.secretOverlapSeconds };
    known.secrets = [{ secret, until: Infinity }, before];
  },
};

/** The handler for a path under /harness/, or undefined. */
export function answerHarness(path) {
  const command = COMMANDS[path.replace("/harness/", "")];
  return command && ((headers, body) => {
    if (headers["content-type"] !== "application/json") {
      return { status: 415, body: { error: "Unsupported content type: use application/json." } };
    }
    try {
      return { status: 200, body: command(JSON.parse(body)) ?? {} };
    } catch (error) {
      return { status: 400, body: { error: error.message } };
    }
  });
}
