// fetchTokensForUser once more: plain JavaScript over node:http, node:crypto and the npm package
// graphql, written from the published documents. It shares no code with this project.
import { createServer } from "node:http";
import { createPublicKey, randomBytes, verify } from "node:crypto";
import { parseArgs } from "node:util";
import { buildSchema, execute, parse, validate } from "graphql";
import { createHarness } from "./harness.mjs";

const SCHEMA = buildSchema(`
  type Query { version: String! }
  type Mutation {
    fetchTokensForUser(consentToken: String, publicId: String): FetchTokensForUserPayload
  }
  type FetchTokensForUserPayload {
    accessToken: String
    expiresIn: Int
    publicId: String
    refreshToken: String
    scope: String
    tokenType: String
    userErrors: [FetchTokensForUserUserError!]!
  }
  type FetchTokensForUserUserError {
    code: FetchTokensForUserUserErrorErrorCode!
    field: [String!]!
    message: String!
  }
  enum FetchTokensForUserUserErrorErrorCode { INVALID_TOKEN NO_CONSENT NO_USER }
`);
const AUDIENCE = "https://foreign.example";
const ACCESS_TOKEN_SECONDS = 3600;
const MESSAGES = {
  INVALID_TOKEN: "The consent token is invalid.",
  NO_CONSENT: "The user has not consented to the requested scope.",
  NO_USER: "No user was found.",
};

/** All there is to remember. The harness sets the stage in here. */
const world = {
  clients: new Map(), // id → { id, secret, scope: [token], enabled }
  users: new Map(), // public id → "active" | "suspended" | "deleted"
  connections: [], // { user, client, scope: [token], source?: connection, revoked }
  issuers: new Map(), // iss → { keys: [jwk], merchants: [client id] }
  redeemed: new Set(), // "iss jti"
  now: () => Math.floor(Date.now() / 1000),
};

// What a consent token says. Throws where it is no good; the caller knows only that.

const VERIFIERS = {
  ES256: (data, key, mac) => verify("sha256", data, { key, dsaEncoding: "ieee-p1363" }, mac),
  RS256: (data, key, mac) => verify("sha256", data, key, mac),
  EdDSA: (data, key, mac) => verify(null, data, key, mac),
};

function readConsent(token, clientId) {
  const [header, claims, signature] = token.split(".");
  const { alg, kid, typ } = decode(header);
  const consent = decode(claims);
  const issuer = world.issuers.get(consent.iss);
  const key = issuer.keys.find((candidate) => candidate.kid === kid);
  const good = typ.toLowerCase() === "consent+jwt" && key.alg === alg &&
    VERIFIERS[alg](
      Buffer.from(`${header}.${claims}`),
      createPublicKey({ key, format: "jwk" }),
      Buffer.from(signature, "base64url"),
    );
  const now = world.now();
  const meant = consent.aud === AUDIENCE && consent.client_id === clientId &&
    issuer.merchants.includes(consent.azp);
  const timely = now < consent.exp && consent.iat <= now && !(consent.nbf > now);
  if (!good || !meant || !timely) throw new Error("refused");
  if (world.redeemed.has(`${consent.iss} ${consent.jti}`)) throw new Error("used");
  return consent;
}

const decode = (segment) => JSON.parse(Buffer.from(segment, "base64url").toString());

// The mutation

const common = (one, other) => one.filter((token) => other.includes(token));
const scopeOf = (text) => (text ?? "").split(" ").filter((token) => token !== "");

function effectiveScope({ client, scope, source, revoked }) {
  const { enabled, scope: registered } = world.clients.get(client);
  if (revoked || !enabled) return [];
  const own = common(scope, registered);
  return source === undefined ? own : common(own, effectiveScope(source));
}

function usable(user, client) {
  return world.connections.find((connection) =>
    connection.user === user && connection.client === client &&
    effectiveScope(connection).length > 0
  );
}

function byPublicId(publicId, clientId) {
  if (world.users.get(publicId) !== "active") return refuse("NO_USER", "publicId");
  const connection = usable(publicId, clientId);
  return connection === undefined ? refuse("NO_CONSENT", "publicId") : issue(connection);
}

function byConsentToken(token, clientId) {
  let consent;
  try {
    consent = readConsent(token, clientId);
  } catch {
    return refuse("INVALID_TOKEN", "consentToken");
  }
  const { sub, azp, iss, jti, scope } = consent;
  if (world.users.get(sub) !== "active") return refuse("NO_USER", "consentToken");
  const source = world.connections.find((connection) =>
    connection.user === sub && connection.client === azp && !connection.revoked
  );
  if (source === undefined) return refuse("NO_CONSENT", "consentToken");
  const connection = { user: sub, client: clientId, scope: scopeOf(scope), source, revoked: false };
  if (effectiveScope(connection).length === 0) return refuse("NO_CONSENT", "consentToken");
  world.redeemed.add(`${iss} ${jti}`);
  world.connections.push(connection);
  return issue(connection);
}

function issue(connection) {
  return {
    accessToken: randomBytes(32).toString("base64url"),
    expiresIn: ACCESS_TOKEN_SECONDS,
    publicId: connection.user,
    refreshToken: randomBytes(32).toString("base64url"),
    scope: effectiveScope(connection).join(" "),
    tokenType: "Bearer",
    userErrors: [],
  };
}

const refuse = (code, field) => ({
  userErrors: [{ code, field: [field], message: MESSAGES[code] }],
});

function fetchTokensForUser({ publicId, consentToken }, { clientId }) {
  if ((publicId == null) === (consentToken == null)) {
    throw new Error("Provide exactly one of publicId and consentToken.");
  }
  return publicId == null ? byConsentToken(consentToken, clientId) : byPublicId(publicId, clientId);
}

// HTTP

function authenticate({ authorization = "" }) {
  const [id, secret] = Buffer.from(authorization.replace("Basic ", ""), "base64").toString().split(
    ":",
  );
  const client = world.clients.get(id);
  return client?.enabled && client.secret === secret ? id : undefined;
}

async function partners({ headers }, body) {
  const clientId = authenticate(headers);
  if (clientId === undefined) {
    return {
      status: 401,
      headers: { "www-authenticate": "Basic" },
      body: { errors: [{ message: "Unauthorized" }] },
    };
  }
  const { query, variables, operationName } = JSON.parse(body);
  const document = parse(query);
  const errors = validate(SCHEMA, document);
  if (errors.length > 0) return { status: 400, body: { errors } };
  const result = await execute({
    schema: SCHEMA,
    document,
    rootValue: { version: "unstable", fetchTokensForUser },
    contextValue: { clientId },
    variableValues: variables,
    operationName,
  });
  return { status: 200, body: result };
}

const routes = { "POST /api/partners/graphql.json": partners };

async function answer(request, response) {
  const route = routes[`${request.method} ${request.url}`] ?? harness(request.method, request.url);
  let body = "";
  for await (const chunk of request) body += chunk;
  const result = route === undefined
    ? { status: 404, body: {} }
    : await Promise.resolve(route(request, body)).catch(() => ({ status: 500, body: {} }));
  response.writeHead(result.status, { "content-type": "application/json", ...result.headers });
  response.end(JSON.stringify(result.body));
}

const { values: { port } } = parseArgs({ options: { port: { type: "string", default: "0" } } });
const harness = createHarness(world, { audience: AUDIENCE });
const server = createServer(answer).listen(Number(port), "127.0.0.1", () => {
  const origin = `http://127.0.0.1:${server.address().port}`;
  console.log(JSON.stringify({
    endpoint: `${origin}/api/partners/graphql.json`,
    harness: `${origin}/harness`,
  }));
});
