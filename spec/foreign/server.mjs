// fetchTokensForUser once more: plain JavaScript over node:http, node:crypto and the npm package
// graphql, written from the published documents. It shares no code with this project.
import { createServer } from "node:http";
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { parseArgs } from "node:util";
import { buildSchema, execute, GraphQLError, parse, validate } from "graphql";
import { isIdentifier, readConsent } from "./consent.mjs";
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
const POLICY = {
  accessTokenSeconds: 900,
  consentSkewSeconds: 5,
  consentMaxLifetimeSeconds: 600,
  consentRetrySeconds: 0,
  secretOverlapSeconds: 3600,
};
const LONGEST_BODY = 64 * 1024;
const MESSAGES = {
  INVALID_TOKEN: "The consent token is invalid.",
  NO_CONSENT: "The user has not consented to the requested scope.",
  NO_USER: "No user was found.",
};

/** All there is to remember. The harness sets the stage in here. */
const world = {
  clients: new Map(), // id → { secrets: [{ secret, until }], scope: [token], enabled }
  users: new Map(), // public id → "active" | "suspended" | "deleted"
  connections: [], // { user, client, scope: [token], source?: connection, iat?, revoked }
  withdrawals: new Map(), // "user client" → when
  issuers: new Map(), // iss → { keys: [jwk], merchants: [client id] }
  redeemed: new Set(), // "iss jti"
  now: () => Math.floor(Date.now() / 1000),
};

// The mutation

const common = (one, other) => one.filter((token) => other.includes(token));
const toScope = (text) => [...new Set(text.split(" "))].filter((token) => token !== "").sort();

function effectiveScope({ client, scope, source, revoked }) {
  const { enabled, scope: registered } = world.clients.get(client);
  if (revoked || !enabled) return [];
  const own = common(scope, registered);
  return source === undefined ? own : common(own, effectiveScope(source));
}

const connectionsOf = (user, client) =>
  world.connections.filter((one) => one.user === user && one.client === client && !one.revoked);

function byPublicId(publicId, clientId) {
  if (!isIdentifier(publicId) || world.users.get(publicId) !== "active") {
    return refuse("NO_USER", "publicId");
  }
  const connection = connectionsOf(publicId, clientId)
    .find((candidate) => effectiveScope(candidate).length > 0);
  return connection === undefined
    ? refuse("NO_CONSENT", "publicId")
    : issue(connection, effectiveScope(connection));
}

function byConsentToken(token, clientId) {
  let consent;
  try {
    consent = readConsent(token, {
      clientId,
      issuers: world.issuers,
      audience: AUDIENCE,
      now: world.now(),
      skew: POLICY.consentSkewSeconds,
      longest: POLICY.consentMaxLifetimeSeconds,
    });
  } catch {
    return refuse("INVALID_TOKEN", "consentToken");
  }
  const redemption = `${consent.iss} ${consent.jti}`;
  if (world.redeemed.has(redemption)) return refuse("INVALID_TOKEN", "consentToken");
  if (world.users.get(consent.sub) !== "active") return refuse("NO_USER", "consentToken");
  const { connection, scope } = delegate(consent) ?? {};
  if (connection === undefined) return refuse("NO_CONSENT", "consentToken");
  world.redeemed.add(redemption);
  return issue(connection, scope);
}

/** The connection that this consent establishes, and what it is worth; none where nothing is left of it. */
function delegate({ sub: user, azp, client_id: client, iat, scope: text = "" }) {
  const withdrawn = [azp, client].some((from) => world.withdrawals.get(`${user} ${from}`) >= iat);
  const source = connectionsOf(user, azp).find((candidate) => candidate.source === undefined);
  if (withdrawn || source === undefined) return undefined;
  const fresh = { user, client, source, scope: toScope(text), iat, revoked: false };
  fresh.scope = effectiveScope(fresh);
  const known = connectionsOf(user, client).find((candidate) => candidate.source === source);
  const late = known !== undefined && iat < known.iat;
  const scope = late ? common(fresh.scope, effectiveScope(known)) : fresh.scope;
  if (scope.length === 0) return undefined;
  if (known === undefined) world.connections.push(fresh);
  else if (!late) Object.assign(known, fresh);
  return { connection: known ?? fresh, scope };
}

const issue = (connection, scope) => ({
  accessToken: randomBytes(32).toString("base64url"),
  expiresIn: POLICY.accessTokenSeconds,
  publicId: connection.user,
  refreshToken: randomBytes(32).toString("base64url"),
  scope: scope.join(" "),
  tokenType: "Bearer",
  userErrors: [],
});

const refuse = (code, field) => ({
  userErrors: [{ code, field: [field], message: MESSAGES[code] }],
});

function fetchTokensForUser({ publicId, consentToken }, { clientId }) {
  if ((publicId == null) === (consentToken == null)) {
    throw new GraphQLError("Provide exactly one of publicId and consentToken.", {
      extensions: { code: "BAD_USER_INPUT" },
    });
  }
  return publicId == null ? byConsentToken(consentToken, clientId) : byPublicId(publicId, clientId);
}

// HTTP

function authenticate({ authorization = "" }) {
  const encoded = /^Basic +(\S+)$/i.exec(authorization)?.[1] ?? "";
  const [id, secret = ""] = Buffer.from(encoded, "base64").toString().split(":");
  const client = world.clients.get(id);
  const good = client?.enabled &&
    client.secrets.some((known) =>
      world.now() < known.until && timingSafeEqual(digest(known.secret), digest(secret))
    );
  return good ? id : undefined;
}

const digest = (text) => createHash("sha256").update(text).digest();

const failure = (status, message, headers) => ({
  status,
  headers,
  body: { errors: [{ message }] },
});

async function partners({ headers }, body) {
  const clientId = authenticate(headers);
  if (clientId === undefined) {
    return failure(401, "Client authentication failed.", {
      "www-authenticate": 'Basic realm="partners", charset="UTF-8"',
    });
  }
  if (!/^application\/json *(;|$)/i.test(headers["content-type"] ?? "")) {
    return failure(415, "Send application/json.");
  }
  const { document, variables, operationName } = readOperation(body);
  if (document === undefined) return failure(400, "This is no valid GraphQL request.");
  const result = await execute({
    schema: SCHEMA,
    document,
    rootValue: { version: "unstable", fetchTokensForUser },
    contextValue: { clientId },
    variableValues: variables,
    operationName,
  });
  // Without data nothing ran: variables or the operation's name do not fit. The message would quote them.
  if (!("data" in result)) return failure(400, "This is no valid GraphQL request.");
  const type = headers.accept === "application/graphql-response+json" && headers.accept;
  return { status: 200, headers: type ? { "content-type": type } : {}, body: result };
}

/** The request, or nothing: messages about it would quote what may be a secret. */
function readOperation(body) {
  try {
    const { query, variables, operationName } = JSON.parse(body);
    const document = parse(query, { maxTokens: 2000 });
    const wellFormed =
      (variables == null || (typeof variables === "object" && !Array.isArray(variables))) &&
      (operationName == null || typeof operationName === "string");
    if (wellFormed && validate(SCHEMA, document).length === 0) {
      return { document, variables, operationName };
    }
  } catch {
    // Not JSON, not an object or not a document.
  }
  return {};
}

const routes = new Map([["/api/partners/graphql.json", partners]]);

async function respond(request) {
  const route = routes.get(request.url) ?? harness(request.url);
  if (route === undefined) return failure(404, "There is nothing here.");
  if (request.method !== "POST") return failure(405, "Use POST.", { allow: "POST" });
  let body = "";
  for await (const chunk of request) {
    body += chunk;
    if (body.length > LONGEST_BODY) return failure(413, "This is too long.");
  }
  return await route(request, body);
}

const harness = createHarness(world, { audience: AUDIENCE, policy: POLICY, toScope });
const server = createServer(async (request, response) => {
  const result = await respond(request).catch(() => failure(500, "Something went wrong."));
  response.writeHead(result.status, {
    "content-type": "application/json",
    "cache-control": "no-store",
    ...result.headers,
  });
  response.end(JSON.stringify(result.body));
});
const { values: { port } } = parseArgs({ options: { port: { type: "string", default: "0" } } });
server.listen(Number(port), "127.0.0.1", () => {
  const origin = `http://127.0.0.1:${server.address().port}`;
  console.log(JSON.stringify({
    endpoint: `${origin}/api/partners/graphql.json`,
    harness: `${origin}/harness`,
  }));
});
