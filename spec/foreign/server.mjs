// An independent implementation of fetchTokensForUser in plain JavaScript, on node:http, node:crypto and
// the npm package graphql. It was written from the published documents and shares no code with this project.
import { createHash, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { answerPartner, answerUser, failure } from "./graphql.mjs";
import { answerHarness } from "./harness.mjs";
import { inspect, refresh, revokeToken } from "./tokens.mjs";
import { toScope, world } from "./world.mjs";

// Authentication

const CHALLENGE = { "www-authenticate": 'Basic realm="clients", charset="UTF-8"' };

function readBasic({ authorization = "" }) {
  const encoded = /^Basic +(\S+)$/i.exec(authorization)?.[1] ?? "";
  const [, id, secret] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, "base64").toString()) ?? [];
  return { id, secret };
}

/** The client's id, if the client is enabled and the secret is valid. */
function authenticate({ id, secret = "" }) {
  const { enabled = false, secrets = [] } = world.clients.get(id) ?? {};
  const known = secrets.filter(({ until }) => world.now() < until);
  const good = known.some((one) => timingSafeEqual(digest(one.secret), digest(secret)));
  return enabled && good ? id : undefined;
}

const digest = (text) => createHash("sha256").update(text).digest();

function partners(headers, body) {
  const clientId = authenticate(readBasic(headers));
  return clientId === undefined
    ? failure(401, "Client authentication failed.", CHALLENGE)
    : answerPartner(clientId, headers, body);
}

function users(headers, body) {
  const [, token] = /^Bearer +(\S+)$/i.exec(headers.authorization ?? "") ?? [];
  const found = token && inspect(token);
  if (found?.kind === "access") return answerUser(found, headers, body);
  const error = token === undefined ? "" : ', error="invalid_token"';
  return failure(401, "An active access token is required.", {
    "www-authenticate": `Bearer realm="users"${error}`,
  });
}

// OAuth: what the three endpoints share, then each endpoint

const oauth = (answer) => (headers, body) => {
  const refuse = (error) => ({ status: 400, body: { error } });
  const pairs = [...new URLSearchParams(body)].filter(([, value]) => value !== "");
  const form = Object.fromEntries(pairs);
  const isForm = /^application\/x-www-form-urlencoded *(;|$)/i.test(headers["content-type"] ?? "");
  const repeated = Object.keys(form).length < pairs.length;
  const inBody = form.client_secret !== undefined;
  if (!isForm || repeated || (inBody && headers.authorization !== undefined)) {
    return refuse("invalid_request");
  }
  const credentials = inBody
    ? { id: form.client_id, secret: form.client_secret }
    : readBasic(headers);
  const clientId = authenticate(credentials);
  if (clientId === undefined) {
    return { ...refuse("invalid_client"), status: 401, headers: CHALLENGE };
  }
  const result = answer(form, clientId);
  return result.error === undefined ? { status: 200, body: result } : refuse(result.error);
};

const token = oauth(({ grant_type, refresh_token, scope }, clientId) => {
  if (grant_type === undefined) return { error: "invalid_request" };
  if (grant_type !== "refresh_token") return { error: "unsupported_grant_type" };
  if (refresh_token === undefined) return { error: "invalid_request" };
  const issued = refresh(refresh_token, clientId, scope && toScope(scope));
  return issued.error !== undefined ? issued : {
    access_token: issued.accessToken,
    token_type: "Bearer",
    expires_in: issued.expiresIn,
    refresh_token: issued.refreshToken,
    scope: issued.scope,
  };
});

const revocation = oauth(({ token }, clientId) => {
  if (token === undefined) return { error: "invalid_request" };
  revokeToken(token, clientId);
  return {};
});

const introspection = oauth(({ token }, clientId) => {
  if (token === undefined) return { error: "invalid_request" };
  const found = inspect(token);
  const seesAll = world.clients.get(clientId).role === "resource-server";
  if (found === undefined || !(seesAll || found.client === clientId)) return { active: false };
  const { kind, user, client, ...rest } = found;
  const type = kind === "access" ? { token_type: "Bearer" } : {};
  return { active: true, sub: user, client_id: client, ...type, ...rest };
});

// HTTP

const METADATA = "/.well-known/oauth-authorization-server";
const ROUTES = {
  "/api/partners/graphql.json": partners,
  "/api/users/graphql.json": users,
  "/oauth/token": token,
  "/oauth/revoke": revocation,
  "/oauth/introspect": introspection,
};
const LONGEST_BODY = 64 * 1024;

const metadata = () => ({
  issuer: origin(),
  token_endpoint: `${origin()}/oauth/token`,
  revocation_endpoint: `${origin()}/oauth/revoke`,
  introspection_endpoint: `${origin()}/oauth/introspect`,
  grant_types_supported: ["refresh_token"],
  response_types_supported: [],
  token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"],
});

async function respond(request) {
  const [path] = request.url.split("?");
  let body = "";
  // Read an oversized body to the end as well: stopping early would reset the connection.
  for await (const chunk of request.setEncoding("utf8")) {
    if (body.length <= LONGEST_BODY) body += chunk;
  }
  if (request.method === "GET" && path === METADATA) return { status: 200, body: metadata() };
  const route = ROUTES[path] ?? answerHarness(path);
  if (route === undefined) return failure(404, "Not found.");
  if (request.method !== "POST") {
    return failure(405, "Method not allowed: use POST.", { allow: "POST" });
  }
  if (body.length > LONGEST_BODY) return failure(413, "The body is too large.");
  return await route(request.headers, body);
}

const server = createServer(async (request, response) => {
  const { status, headers, body } = await respond(request)
    .catch(() => failure(500, "Internal server error."));
  const general = { "content-type": "application/json", "cache-control": "no-store" };
  response.writeHead(status, { ...general, ...headers }).end(JSON.stringify(body));
});
const origin = () => `http://127.0.0.1:${server.address().port}`;

const { values: { port } } = parseArgs({ options: { port: { type: "string", default: "0" } } });
server.listen(Number(port), "127.0.0.1", () => {
  const endpoint = `${origin()}/api/partners/graphql.json`;
  console.log(JSON.stringify({ endpoint, harness: `${origin()}/harness` }));
});
