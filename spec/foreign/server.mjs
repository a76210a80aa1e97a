// fetchTokensForUser once more: plain JavaScript over node:http, node:crypto and the npm package
// graphql, written from the published documents. It shares no code with this project.
import { createServer } from "node:http";
import { createHash, timingSafeEqual } from "node:crypto";
import { parseArgs } from "node:util";
import { buildSchema, execute, GraphQLError, parse, validate } from "graphql";
import {
  byConsentToken,
  byPublicId,
  inspect,
  issue,
  refresh,
  revokeToken,
  world,
} from "./authority.mjs";
import { toScope } from "./authority.mjs";
import { answerHarness } from "./harness.mjs";

const LONGEST_BODY = 64 * 1024;
const INVALID = "This is no valid GraphQL request.";

// The Partners API: the mutation, for clients

const PARTNERS = buildSchema(`
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
const MESSAGES = {
  INVALID_TOKEN: "The consent token is invalid.",
  NO_CONSENT: "The user has not consented to the requested scope.",
  NO_USER: "No user was found.",
};

function partners({ headers }, body) {
  const clientId = authenticate(readBasic(headers));
  if (clientId === undefined) {
    return failure(401, "Client authentication failed.", { "www-authenticate": CHALLENGE });
  }
  return answerGraphQL(headers, body, PARTNERS, {
    version: "unstable",
    fetchTokensForUser: (input) => fetchTokensForUser(input, clientId),
  });
}

function fetchTokensForUser({ publicId, consentToken }, clientId) {
  if ((publicId == null) === (consentToken == null)) {
    throw new GraphQLError("Provide exactly one of publicId and consentToken.", {
      extensions: { code: "BAD_USER_INPUT" },
    });
  }
  const [field, { code, family }] = publicId == null
    ? ["consentToken", byConsentToken(consentToken, clientId)]
    : ["publicId", byPublicId(publicId, clientId)];
  if (code !== undefined) {
    return { userErrors: [{ code, field: [field], message: MESSAGES[code] }] };
  }
  const { user, ...tokens } = issue(family);
  return { ...tokens, publicId: user, tokenType: "Bearer", userErrors: [] };
}

// The Users API: what an access token is good for

const USERS = buildSchema(`
  type Query { user: User scope: String! }
  type User { publicId: String! clientId: String! scope: String! }
`);

function users({ headers }, body) {
  const [, token] = /^Bearer +(\S+)$/i.exec(headers.authorization ?? "") ?? [];
  const found = token === undefined ? undefined : inspect(token);
  if (found?.kind !== "access") {
    const error = token === undefined ? "" : ', error="invalid_token"';
    const challenge = { "www-authenticate": `Bearer realm="users"${error}` };
    return failure(401, "A live access token is needed.", challenge);
  }
  const { user: publicId, client: clientId, scope } = found;
  const openid = toScope(scope).includes("openid");
  return answerGraphQL(
    headers,
    body,
    USERS,
    { scope, user: { publicId, clientId, scope } },
    (document) =>
      openid ||
        document.definitions.every(({ selectionSet }) =>
          selectionSet.selections.every(({ name }) => name?.value !== "user")
        )
        ? undefined
        : failure(403, "The scope openid is needed.", {
          "www-authenticate": 'Bearer realm="users", error="insufficient_scope", scope="openid"',
        }),
  );
}

// GraphQL over HTTP

async function answerGraphQL(headers, body, schema, rootValue, forbids = () => undefined) {
  if (!/^application\/json *(;|$)/i.test(headers["content-type"] ?? "")) {
    return failure(415, "Send application/json.");
  }
  const { document, variables, operationName } = readOperation(body, schema);
  if (document === undefined) return failure(400, INVALID);
  const forbidden = forbids(document);
  if (forbidden !== undefined) return forbidden;
  const result = await execute({
    schema,
    document,
    rootValue,
    variableValues: variables,
    operationName,
  });
  // Without data nothing ran: variables or the operation's name do not fit. The message would quote them.
  if (!("data" in result)) return failure(400, INVALID);
  const type = headers.accept === "application/graphql-response+json" && headers.accept;
  return { status: 200, headers: type ? { "content-type": type } : {}, body: result };
}

/** The request, or nothing: messages about it would quote what may be a secret. */
function readOperation(body, schema) {
  const fits = (value, type) => value == null || (typeof value === type && !Array.isArray(value));
  try {
    const { query, variables, operationName } = JSON.parse(body);
    const document = parse(query, { maxTokens: 2000 });
    const good = fits(variables, "object") && fits(operationName, "string");
    if (good && validate(schema, document).length === 0) {
      return { document, variables, operationName };
    }
  } catch {
    // Not JSON, not an object or not a document.
  }
  return {};
}

// Clients

const CHALLENGE = 'Basic realm="clients", charset="UTF-8"';

function readBasic({ authorization = "" }) {
  const encoded = /^Basic +(\S+)$/i.exec(authorization)?.[1] ?? "";
  const [id, secret = ""] = Buffer.from(encoded, "base64").toString().split(":");
  return { id, secret };
}

function authenticate({ id, secret }) {
  const client = world.clients.get(id);
  const good = client?.enabled &&
    client.secrets.some((known) =>
      world.now() < known.until && timingSafeEqual(digest(known.secret), digest(secret))
    );
  return good ? id : undefined;
}

const digest = (text) => createHash("sha256").update(text).digest();

// OAuth: refresh, revocation, introspection

const oauth = (answer) => ({ headers }, body) => {
  const refuse = (error, status = 400, more = {}) => ({ status, headers: more, body: { error } });
  if (!/^application\/x-www-form-urlencoded *(;|$)/i.test(headers["content-type"] ?? "")) {
    return refuse("invalid_request");
  }
  const pairs = [...new URLSearchParams(body)].filter(([, value]) => value !== "");
  const form = Object.fromEntries(pairs);
  if (Object.keys(form).length < pairs.length) return refuse("invalid_request");
  const inBody = form.client_secret !== undefined;
  if (inBody && headers.authorization !== undefined) return refuse("invalid_request");
  const clientId = authenticate(
    inBody ? { id: form.client_id, secret: form.client_secret } : readBasic(headers),
  );
  if (clientId === undefined) {
    return refuse("invalid_client", 401, { "www-authenticate": CHALLENGE });
  }
  const result = answer(form, clientId);
  return result.error === undefined ? { status: 200, body: result } : refuse(result.error);
};

const token = oauth(({ grant_type, refresh_token, scope }, clientId) => {
  if (grant_type === undefined) return { error: "invalid_request" };
  if (grant_type !== "refresh_token") return { error: "unsupported_grant_type" };
  if (refresh_token === undefined) return { error: "invalid_request" };
  const result = refresh(refresh_token, clientId, scope && toScope(scope));
  return result.error !== undefined ? result : {
    access_token: result.accessToken,
    token_type: "Bearer",
    expires_in: result.expiresIn,
    refresh_token: result.refreshToken,
    scope: result.scope,
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
  const visible = found?.client === clientId ||
    world.clients.get(clientId).role === "resource-server";
  if (found === undefined || !visible) return { active: false };
  const { kind, user, client, scope, iat, exp } = found;
  const type = kind === "access" ? { token_type: "Bearer" } : {};
  return { active: true, sub: user, client_id: client, scope, iat, exp, ...type };
});

// HTTP

const PATHS = {
  partners: "/api/partners/graphql.json",
  users: "/api/users/graphql.json",
  token: "/oauth/token",
  revocation: "/oauth/revoke",
  introspection: "/oauth/introspect",
  metadata: "/.well-known/oauth-authorization-server",
};
const ROUTES = new Map([
  [PATHS.partners, partners],
  [PATHS.users, users],
  [PATHS.token, token],
  [PATHS.revocation, revocation],
  [PATHS.introspection, introspection],
]);
const failure = (status, message, headers) => ({
  status,
  headers,
  body: { errors: [{ message }] },
});

const metadata = () => ({
  issuer: origin(),
  token_endpoint: origin() + PATHS.token,
  revocation_endpoint: origin() + PATHS.revocation,
  introspection_endpoint: origin() + PATHS.introspection,
  grant_types_supported: ["refresh_token"],
  response_types_supported: [],
  token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"],
});

async function respond(request) {
  const path = request.url.split("?")[0];
  let body = "";
  // What is too long is read to its end all the same: to stop would reset the connection.
  for await (const chunk of request) if (body.length <= LONGEST_BODY) body += chunk;
  if (request.method === "GET" && path === PATHS.metadata) return { status: 200, body: metadata() };
  const route = ROUTES.get(path) ?? answerHarness(path);
  if (route === undefined) return failure(404, "There is nothing here.");
  if (request.method !== "POST") return failure(405, "Use POST.", { allow: "POST" });
  return body.length > LONGEST_BODY
    ? failure(413, "This is too long.")
    : await route(request, body);
}

const server = createServer(async (request, response) => {
  const result = await respond(request).catch(() => failure(500, "Something went wrong."));
  response.writeHead(result.status, {
    "content-type": "application/json",
    "cache-control": "no-store",
    ...result.headers,
  });
  response.end(JSON.stringify(result.body));
});
const origin = () => `http://127.0.0.1:${server.address().port}`;
const { values: { port } } = parseArgs({ options: { port: { type: "string", default: "0" } } });
server.listen(Number(port), "127.0.0.1", () => {
  console.log(
    JSON.stringify({ endpoint: origin() + PATHS.partners, harness: `${origin()}/harness` }),
  );
});
