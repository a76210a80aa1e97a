/**
 * A sample partner: a page where buyers sign in with Shop, and a server that redeems what they consent to.
 *
 *     npx fetch-tokens-for-user serve --dev
 *     node server.mjs
 *
 * Only Node is needed. Tokens and secrets stay on this server; the browser holds a session cookie.
 */
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";

const {
  SHOP = "http://127.0.0.1:8787",
  CLIENT_ID = "demo-partner",
  CLIENT_SECRET = "demo-partner-secret",
  PORT = "3000",
} = process.env;
const BASIC = `Basic ${Buffer.from(`${CLIENT_ID}:${CLIENT_SECRET}`).toString("base64")}`;
const MUTATION = `mutation ($consentToken: String) {
  fetchTokensForUser(consentToken: $consentToken) {
    accessToken expiresIn publicId refreshToken scope userErrors { code message }
  }
}`;

/** What each refusal means to the buyer. Trying again by itself helps with none of them. */
const ADVICE = {
  INVALID_TOKEN: "This sign-in has expired or was used before. Please sign in again.",
  NO_CONSENT: "You have not agreed to share this. Please sign in and agree.",
  NO_USER: "Shop does not know you anymore.",
};

/** By cookie. A real partner keeps them in a database, encrypted. */
const sessions = new Map();

/** Sends a request to the shop, and again where the answer is lost: redeeming twice is safe for a minute. */
async function shop(path, headers, body, attempts = 3) {
  for (let attempt = 1;; attempt++) {
    try {
      const response = await fetch(SHOP + path, { method: "POST", headers, body });
      if (response.status !== 429 && response.status < 500) {
        return { status: response.status, body: await response.json() };
      }
      if (attempt === attempts) throw new Error(`The shop answers ${response.status}`);
      await pause(1000 * Number(response.headers.get("retry-after") ?? 1));
    } catch (error) {
      if (attempt === attempts) throw error;
    }
  }
}

async function redeem(session, { consentToken }) {
  const { body } = await shop("/api/partners/graphql.json", {
    authorization: BASIC,
    "content-type": "application/json",
  }, JSON.stringify({ query: MUTATION, variables: { consentToken } }));
  if (body.errors) return { status: 502, error: body.errors[0].message }; // a bug here, or a wrong secret
  const { userErrors: [refusal], ...tokens } = body.data.fetchTokensForUser;
  if (refusal) return { status: 403, code: refusal.code, error: ADVICE[refusal.code] };
  session.tokens = tokens;
  return { status: 200, publicId: tokens.publicId, scope: tokens.scope };
}

/** Gets new tokens. Refused, the session is over: only the buyer can start another one. */
async function refresh(session) {
  const { status, body } = await shop(
    "/oauth/token",
    { authorization: BASIC },
    new URLSearchParams({
      grant_type: "refresh_token",
      refresh_token: session.tokens?.refreshToken ?? "",
    }),
  );
  if (status !== 200) {
    session.tokens = undefined;
    return { status: 401, code: body.error, error: "Please sign in again." };
  }
  session.tokens.accessToken = body.access_token;
  session.tokens.refreshToken = body.refresh_token;
  return { status: 200, scope: body.scope };
}

/** Who is signed in, as the shop says; with new tokens, where the access token has expired. */
async function me(session, _input, isRepeated = false) {
  if (!session.tokens) return { status: 401, error: "Nobody is signed in." };
  const { status, body } = await shop("/api/users/graphql.json", {
    authorization: `Bearer ${session.tokens.accessToken}`,
    "content-type": "application/json",
  }, JSON.stringify({ query: "{ user { publicId scope } }" }));
  if (status === 200) return { status, ...body.data.user };
  const renewed = isRepeated
    ? { status: 401, error: "Please sign in again." }
    : await refresh(session);
  return renewed.status === 200 ? me(session, _input, true) : renewed;
}

const ACTIONS = { "/redeem": redeem, "/refresh": refresh, "/me": me };

/** The session of a request; a new one gets a cookie that no script reads and no other site sends. */
function sessionOf(request, response) {
  const known = /\bsession=(\w+)/.exec(request.headers.cookie ?? "")?.[1];
  if (sessions.has(known)) return sessions.get(known);
  const id = randomBytes(16).toString("hex");
  response.setHeader("set-cookie", `session=${id}; HttpOnly; SameSite=Strict; Path=/`);
  sessions.set(id, {});
  return sessions.get(id);
}

async function serve(request, response) {
  const session = sessionOf(request, response);
  if (request.method === "GET") {
    const page = await readFile(new URL("page.html", import.meta.url), "utf8");
    const shown = page.replaceAll("{{SHOP}}", SHOP).replaceAll("{{CLIENT_ID}}", CLIENT_ID);
    return response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(shown);
  }
  const action = ACTIONS[request.url];
  // A form of another site cannot send JSON, so a token from elsewhere cannot be slipped in here.
  if (!action || request.headers["content-type"] !== "application/json") {
    return response.writeHead(404).end();
  }
  const chunks = await request.toArray();
  const { status, ...body } = await action(session, JSON.parse(Buffer.concat(chunks).toString()));
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

const server = createServer((request, response) => {
  serve(request, response).catch((error) => {
    response.writeHead(503, { "content-type": "application/json" });
    response.end(JSON.stringify({ error: `The shop cannot be reached: ${error.message}` }));
  });
});
server.listen(Number(PORT), "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${server.address().port}`);
});
