/**
 * graphql-yoga 5 with the mutation's schema, jose and a Map; or, with `store: "sqlite"`, SQLite with a
 * transaction for each request.
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash, randomBytes } from "node:crypto";
import { createSchema, createYoga } from "graphql-yoga";
import { authenticates, listen, OPTIONS, USERS } from "./common.mjs";
import { createConsents } from "./consents.mjs";

const typeDefs = `
type Query { apiVersion: String! }
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
  userErrors: [UserError!]!
}
type UserError { code: String! field: [String!] message: String! }
`;

const sha256 = (text) => createHash("sha256").update(text).digest("base64url");
const consents = await createConsents();
const store = OPTIONS.store === "sqlite" ? await createSqlite() : createMap();

function createMap() {
  const tokens = new Map();
  return {
    find: (publicId, client) => USERS.get(publicId)?.get(client) ?? null,
    redeem: (token, client) => consents.redeem(token, client),
    save: (accessToken, refreshToken, row) => {
      tokens.set(sha256(accessToken), row);
      tokens.set(sha256(refreshToken), row);
    },
  };
}

async function createSqlite() {
  const { DatabaseSync } = await import("node:sqlite");
  const db = new DatabaseSync(`${OPTIONS.folder}.sqlite`);
  db.exec(`
    PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    CREATE TABLE connections (user TEXT, client TEXT, scope TEXT, PRIMARY KEY (user, client));
    CREATE TABLE used (jti TEXT PRIMARY KEY);
    CREATE TABLE families (id INTEGER PRIMARY KEY, access TEXT, refresh TEXT, user TEXT, client TEXT,
      scope TEXT, expires INTEGER);
  `);
  const connect = db.prepare("INSERT OR REPLACE INTO connections VALUES (?, ?, ?)");
  const find = db.prepare("SELECT scope FROM connections WHERE user = ? AND client = ?");
  const use = db.prepare("INSERT OR IGNORE INTO used VALUES (?)");
  const save = db.prepare("INSERT INTO families VALUES (NULL, ?, ?, ?, ?, ?, ?)");
  db.exec("BEGIN");
  for (const [user, scopes] of USERS) {
    for (const [client, scope] of scopes) connect.run(user, client, scope);
  }
  db.exec("COMMIT");
  const scopeOf = (user, client) => find.get(user, client)?.scope ?? null;
  return {
    begin: () => db.exec("BEGIN IMMEDIATE"),
    commit: () => db.exec("COMMIT"),
    find: scopeOf,
    verify: (token, client) => consents.verify(token, client),
    use(claims, client) {
      if (scopeOf(claims.sub, claims.azp) === null || use.run(claims.jti).changes === 0) {
        return null;
      }
      connect.run(claims.sub, client, claims.scope);
      return { publicId: claims.sub, scope: claims.scope };
    },
    save: (accessToken, refreshToken, { publicId, client, scope, expires }) =>
      save.run(sha256(accessToken), sha256(refreshToken), publicId, client, scope, expires),
  };
}

/** Who is asked for, or `null`. Whatever waits comes before the transaction. */
async function find({ publicId, consentToken }, client) {
  if (store.begin === undefined) {
    if (consentToken) return await store.redeem(consentToken, client);
    const scope = store.find(publicId, client);
    return scope === null ? null : { publicId, scope };
  }
  const claims = consentToken ? await store.verify(consentToken, client) : null;
  store.begin();
  if (consentToken) return claims && store.use(claims, client);
  const scope = store.find(publicId, client);
  return scope === null ? null : { publicId, scope };
}

const newToken = () => randomBytes(32).toString("base64url");

const resolvers = {
  Query: { apiVersion: () => "1" },
  Mutation: {
    async fetchTokensForUser(_root, args, { client }) {
      const found = await find(args, client);
      if (found === null) {
        store.commit?.();
        return { userErrors: [{ code: "INVALID_TOKEN", field: null, message: "Refused." }] };
      }
      const [accessToken, refreshToken] = [newToken(), newToken()];
      const expires = Math.floor(Date.now() / 1000) + 3600;
      store.save(accessToken, refreshToken, { ...found, client, expires });
      store.commit?.();
      return {
        ...found,
        accessToken,
        refreshToken,
        expiresIn: 3600,
        tokenType: "Bearer",
        userErrors: [],
      };
    },
  },
};

const yoga = createYoga({
  schema: createSchema({ typeDefs, resolvers }),
  logging: false,
  graphiql: false,
  landingPage: false,
  context({ request }) {
    const [, code = ""] = /^Basic (.+)$/.exec(request.headers.get("authorization") ?? "") ?? [];
    const [id = "", secret = ""] = Buffer.from(code, "base64").toString().split(":");
    if (!authenticates(id, secret)) throw new Error("Unauthenticated");
    return { client: id };
  },
  graphqlEndpoint: "/graphql",
});

listen(yoga);
