// A harness for an implementation that can already be set up in some way: plain JavaScript, no packages.
// `hooks` are your functions; leave out a command that you cannot offer, and the cases that need it are
// skipped. Start it beside the implementation, in test mode only:
//
//   startShim({ addClient, addUser, … }, {
//     name: "my-server", audience: "https://my.server", endpoints: { token: "http://…/oauth/token" },
//     policy: { consentRetrySeconds: 0 },
//   }, 8788);
import { createServer } from "node:http";

/** Serves the harness protocol on this machine alone; resolves to its URL and a function that stops it. */
export function startShim(hooks, description, port = 0) {
  const commands = {
    describe: () => ({
      protocol: 1,
      ...description,
      commands: Object.keys(commands).filter((name) => name !== "describe"),
    }),
    reset: () => hooks.reset(),
    async seed({ clients = [], users = [], connections = [] }) {
      for (const { id, secret, scope, role } of clients) {
        await hooks.addClient(id, secret, scope, role);
      }
      for (const { publicId } of users) await hooks.addUser(publicId);
      for (const { user, client, scope } of connections) await hooks.connect(user, client, scope);
    },
    trust: ({ issuer, jwks, merchants }) => hooks.trustIssuer(issuer, jwks, merchants),
    clock: async (change) => ({ now: await hooks.setClock(change) }),
    revoke: ({ user, client, via }) => hooks.revoke(user, client, via),
    narrow: ({ user, client, via, scope }) => hooks.narrow(user, client, via, scope),
    disconnect: ({ user, client }) => hooks.disconnect(user, client),
    "user-status": ({ user, status }) => hooks.setUserStatus(user, status),
    "client-status": ({ client, status }) => hooks.setClientStatus(client, status),
    "client-scope": ({ client, scope }) => hooks.setClientScope(client, scope),
    "client-secret": ({ client, secret }) => hooks.setClientSecret(client, secret),
  };
  const server = createServer(async (request, response) => {
    const answer = (status, body) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    // JSON only, so that no web page can reach it: a form could be sent from anywhere.
    if (request.method !== "POST" || request.headers["content-type"] !== "application/json") {
      return answer(415, { error: "Send JSON by POST." });
    }
    const command = commands[request.url.split("/").at(-1)];
    if (command === undefined) return answer(404, { error: "There is no such command." });
    try {
      let body = "";
      for await (const chunk of request) body += chunk;
      answer(200, await command(JSON.parse(body)) ?? {});
    } catch (error) {
      answer(400, { error: error.message });
    }
  });
  return new Promise((resolve) =>
    server.listen(port, "127.0.0.1", () =>
      resolve({
        url: `http://127.0.0.1:${server.address().port}`,
        stop: () => new Promise((stopped) => server.close(stopped).closeAllConnections()),
      }))
  );
}
