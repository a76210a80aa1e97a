/**
 * Attacks on HTTP: framing, smuggling, paths, headers, caches, connections.
 * @module
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { PATHS } from "../../adapters/http/metadata.ts";
import { MUTATION } from "../tests/support/http-face.ts";
import { basic, PARTNER, type Row, USER } from "./target.ts";

const JSON_TYPE = "Content-Type: application/json\r\n";
const AUTH = `Authorization: ${basic(PARTNER)}\r\n`;
const QUERY = '{"query":"{apiVersion}"}';
const LIVE = "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n";

/** A POST to the mutation's endpoint with these header lines. */
function post(lines: string, body = QUERY, path: string = PATHS.partners): string {
  return `POST ${path} HTTP/1.1\r\nHost: a\r\n${JSON_TYPE}${lines}` +
    `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/** The same in chunks, with whatever stands between body and end. */
function chunked(lines: string, body = QUERY, trailer = ""): string {
  return `POST ${PATHS.partners} HTTP/1.1\r\nHost: a\r\n${JSON_TYPE}${lines}` +
    `Transfer-Encoding: chunked\r\n\r\n${
      body.length.toString(16)
    }\r\n${body}\r\n0\r\n${trailer}\r\n`;
}

/** Bytes whose responses must have these statuses; the valid request behind them is answered last. */
function bytes(ids: string, name: string, text: string, expected: RegExp): Row {
  return {
    ids: ids.split(" "),
    name,
    async attack({ raw }) {
      assert.match((await raw(text)).map(({ status }) => status).join(" "), expected);
    },
  };
}

/** Refused and closed, with or without a response. */
const CLOSED = /^(?:4\d\d|501|505)?$/;
const WRONG_LENGTH = (length: string) =>
  post(AUTH).replace(/Content-Length: \d+/, `Content-Length: ${length}`);
const WRONG_CHUNK = (size: string) => chunked(AUTH).replace("\r\n18\r\n", `\r\n${size}\r\n`);
const MANY = "a:\r\n".repeat(1100);

const FRAMING: readonly Row[] = [
  bytes(
    "G8",
    "credentials serve one pipelined request only",
    post(AUTH) + post("") + post(AUTH),
    /^200 401 200 200$/,
  ),
  bytes("G8", "the body of a refused request is not the next request", post("", LIVE), /^401 200$/),
  bytes("G8", "nor is that of a chunked one", chunked("", LIVE), /^401 200$/),
  bytes("A2", "nor that of one that is too long", post(AUTH, LIVE.repeat(3000)), /^413(?: 200)?$/),
  bytes(
    "G8",
    "credentials in a trailer",
    chunked("Trailer: Authorization\r\n", QUERY, AUTH),
    /^401 200$/,
  ),
  bytes(
    "G8",
    "two Authorization headers, one of them correct",
    post(`${AUTH}Authorization: Basic eDp5\r\n`),
    /^401 200$/,
  ),
  bytes("IN-13", "two lengths", post(`${AUTH}Content-Length: 3\r\n`), CLOSED),
  bytes("IN-13", "a length with a sign", WRONG_LENGTH("+24"), CLOSED),
  bytes("IN-13", "a length in hexadecimal", WRONG_LENGTH("0x18"), CLOSED),
  bytes("IN-13", "a list of lengths", WRONG_LENGTH("24, 24"), CLOSED),
  bytes("IN-13", "a chunk size that overflows 64 bits", WRONG_CHUNK("10000000000000018"), CLOSED),
  bytes("IN-13", "a chunk size with a sign", WRONG_CHUNK("+18"), CLOSED),
  bytes("IN-13", "a chunk size in C notation", WRONG_CHUNK("0x18"), CLOSED),
  bytes("IN-13", "a space before the colon of a header", post("Authorization : x\r\n"), CLOSED),
  bytes(
    "IN-13",
    "a header that continues on the next line",
    post(`X-A: a\r\n ${AUTH}`),
    /^(?:4\d\d|401 200)?$/,
  ),
  bytes("IN-13", "a NUL in a header", post(`${AUTH}X-A: a\0b\r\n`), CLOSED),
  bytes("IN-13", "a bare carriage return in a header", post(`X-A: a\r${AUTH}`), CLOSED),
  bytes(
    "IN-14",
    "a second Host behind a thousand headers",
    post(`${MANY}Host: b\r\n${AUTH}`),
    CLOSED,
  ),
  bytes(
    "IN-14",
    "a transfer coding behind a thousand headers",
    chunked(MANY + AUTH).replace("chunked", "gzip, chunked"),
    CLOSED,
  ),
  bytes("IN-13", "HTTP/0.9", "GET /livez\r\n\r\n", CLOSED),
  bytes("IN-13", "a version that does not exist", LIVE.replace("1.1", "9.9"), CLOSED),
  bytes("IN-13", "the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", CLOSED),
  bytes(
    "G7",
    "CONNECT opens no tunnel",
    "CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: a\r\n\r\n",
    CLOSED,
  ),
  bytes(
    "IN-14",
    "a request behind an ignored upgrade",
    LIVE.replace("\r\n\r\n", "\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"),
    /^200$/,
  ),
  bytes(
    "G9",
    "TRACE repeats nothing",
    `TRACE /livez HTTP/1.1\r\nHost: a\r\n${AUTH}\r\n`,
    /^405 200$/,
  ),
  bytes(
    "G8",
    "Expect: 100-continue without credentials",
    post("Expect: 100-continue\r\n"),
    /^(?:100 )?401 200$/,
  ),
  bytes(
    "G7",
    "an expectation that nobody meets",
    post(`Expect: 200-ok\r\n${AUTH}`),
    /^(?:417|200)(?: 200)?$/,
  ),
];

/** Paths that a proxy and this server could read differently, or that hide another endpoint. */
const PATH_TRICKS = [
  "//api/partners/graphql.json",
  "/api/partners/graphql.json/",
  "/api/partners/GRAPHQL.json",
  "/api/partners/graphql.json;a",
  "/api/partners/graphql.json%20",
  "/api/partners/graphql%2ejson",
  "/api%2fpartners%2fgraphql.json",
  "/api/partners/./graphql.json",
  "/livez/../api/partners/graphql.json",
  "/livez/%2e%2e/api/partners/graphql.json",
  "/harness/../api/partners/graphql.json",
  "\\api\\partners\\graphql.json",
  "/api/partners/graphql.json\\",
  "/__proto__",
  "/constructor",
  "/harness/__proto__",
  "/harness/constructor",
];

const REQUESTS: readonly Row[] = [
  {
    ids: ["G7"],
    name: "another spelling of a path is another path",
    async attack({ send }) {
      for (const path of PATH_TRICKS) {
        const headers = { authorization: basic(PARTNER), "content-type": "application/json" };
        const { status } = await send({ path, headers, body: QUERY });
        assert.ok(status === 404 || status === 400, `${path}: ${status}`);
      }
    },
  },
  {
    ids: ["G7", "T7"],
    name: "no header changes host, path, method or scheme",
    async attack({ send }) {
      const plain = await send({ method: "GET", path: PATHS.metadata });
      for (
        const headers of [
          { host: "evil.example" },
          { "x-forwarded-host": "evil.example", "x-forwarded-proto": "https" },
          { forwarded: "host=evil.example;proto=https", via: "1.1 evil.example" },
          { "x-original-url": PATHS.token, "x-rewrite-url": PATHS.token },
          { "x-http-method-override": "DELETE", "x-method-override": "DELETE" },
        ]
      ) {
        const { status, body } = await send({ method: "GET", path: PATHS.metadata, headers });
        assert.deepEqual([status, body], [200, plain.body]);
      }
    },
  },
  {
    ids: ["G7"],
    name: "the absolute form fetches nothing, whatever host it names",
    async attack({ raw }) {
      const [reply] = await raw(LIVE.replace("/livez", "http://user@127.0.0.1:1/livez"));
      assert.ok(reply === undefined || [200, 400].includes(reply.status));
    },
  },
  {
    ids: ["G7", "G9"],
    name: "no origin is allowed anything, and no cookie is set",
    async attack({ send }) {
      for (const path of Object.values(PATHS)) {
        for (const method of ["OPTIONS", "GET", "POST"]) {
          const reply = await send({
            method,
            path,
            headers: {
              origin: "https://evil.example",
              cookie: "session=1",
              "access-control-request-method": "POST",
              "access-control-request-headers": "authorization",
            },
          });
          const names = [...reply.headers.keys()];
          assert.deepEqual(names.filter((name) => /^access-control|^set-cookie$/.test(name)), []);
        }
      }
    },
  },
  {
    ids: ["G7"],
    name: "what a web page can send without asking first is not executed",
    async attack({ send }) {
      for (
        const type of [
          "text/plain",
          "multipart/form-data; boundary=a",
          "text/plain, application/json",
        ]
      ) {
        const headers = { authorization: basic(PARTNER), "content-type": type };
        assert.equal((await send({ headers, body: QUERY })).status, 415, type);
      }
    },
  },
  {
    ids: ["A2", "G7"],
    name: "a compressed body is not unpacked",
    async attack({ send }) {
      const body = gzipSync(Buffer.alloc(8_000_000, 32));
      const headers = { authorization: basic(PARTNER), "content-type": "application/json" };
      const reply = await send({ headers: { ...headers, "content-encoding": "gzip" }, body });
      assert.equal(reply.status, 400);
    },
  },
  {
    ids: ["G7"],
    name: "another charset than UTF-8 is refused, declared or not",
    async attack({ send }) {
      const authorization = basic(PARTNER);
      const utf16 = Buffer.from(`\ufeff${QUERY}`, "utf16le");
      const sent = (type: string, body: string | Uint8Array) =>
        send({ headers: { authorization, "content-type": type }, body });
      assert.equal((await sent("application/json; charset=utf-16", utf16)).status, 415);
      assert.equal((await sent("application/json; charset=utf-7", QUERY)).status, 415);
      assert.equal((await sent("application/json", utf16)).status, 400);
      assert.equal((await sent("application/json", Buffer.from([0xc0, 0xaf]))).status, 400);
    },
  },
  {
    ids: ["T4", "T8", "G9"],
    name: "credentials and tokens in a URL do not count, and are not logged",
    async attack({ send, fetchTokens, log }) {
      const { accessToken, refreshToken } = await fetchTokens();
      const query = new URLSearchParams({
        grant_type: "refresh_token",
        refresh_token: refreshToken,
        client_id: PARTNER.id,
        client_secret: PARTNER.secret,
      });
      const form = { "content-type": "application/x-www-form-urlencoded" };
      assert.equal((await send({ path: `${PATHS.token}?${query}`, headers: form })).status, 401);
      const asQuery = `${PATHS.users}?access_token=${accessToken}&query={scope}`;
      assert.equal((await send({ method: "GET", path: asQuery })).status, 401);
      const headers = { "content-type": "application/json" };
      const body = JSON.stringify({ query: "{scope}", access_token: accessToken });
      assert.equal((await send({ path: PATHS.users, headers, body })).status, 401);
      for (const secret of [accessToken, refreshToken, PARTNER.secret]) {
        assert.ok(!log().includes(secret));
      }
    },
  },
  {
    ids: ["G7", "G8"],
    name: "a mutation by GET with the right credentials",
    async attack({ send }) {
      const query = encodeURIComponent(MUTATION);
      const variables = encodeURIComponent(JSON.stringify({ publicId: USER }));
      const path = `${PATHS.partners}?query=${query}&variables=${variables}`;
      const { status, body } = await send({
        method: "GET",
        path,
        headers: { authorization: basic(PARTNER) },
      });
      assert.equal(status, 405);
      assert.ok(!body.includes('accessToken"'));
    },
  },
  {
    ids: ["G7"],
    name: "HEAD has no body at any endpoint",
    async attack({ raw }) {
      for (const path of Object.values(PATHS)) {
        const text = `HEAD ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
        const bytes = await raw(`${text}${text}`).catch((error) => error);
        // Read as if they had bodies, responses without one are malformed or incomplete.
        assert.ok(bytes instanceof Error || bytes.length <= 2, path);
      }
    },
  },
  {
    ids: ["A2"],
    name: "headers made to backtrack or to be split a thousand times cost nothing",
    async attack({ send }) {
      for (
        const headers of [
          { authorization: `Basic ${" ".repeat(12_000)}!` },
          { authorization: `Bearer ${"a".repeat(12_000)} ` },
          { authorization: `Basic ${"=".repeat(12_000)}` },
          { authorization: basic(PARTNER), accept: ",;q=".repeat(3_000) },
          {
            authorization: basic(PARTNER),
            "content-type": `application/json${";charset=".repeat(1_300)}`,
          },
        ]
      ) {
        const { status } = await send({ headers, body: QUERY });
        assert.ok([200, 401, 406, 415].includes(status), String(status));
      }
    },
  },
  {
    ids: ["A2", "SY-40"],
    name: "slow requests by the hundred hold up nobody",
    async attack({ port, send }) {
      const sockets = Array.from({ length: 300 }, () => connect(port, "127.0.0.1"));
      await Promise.all(sockets.map((socket) => once(socket, "connect")));
      for (const socket of sockets) {
        socket.on("error", () => {});
        socket.write(post(AUTH).slice(0, 60));
      }
      assert.equal((await send({ method: "GET", path: PATHS.ready })).status, 200);
      for (const socket of sockets) socket.destroy();
    },
  },
  {
    ids: ["R2", "T7"],
    name: "a revocation between pipelined uses: no token is live after it",
    async attack({ raw, fetchTokens }) {
      const { accessToken } = await fetchTokens();
      const request = (path: string) =>
        post(AUTH, `token=${accessToken}`, path)
          .replace("application/json", "application/x-www-form-urlencoded");
      const many = request(PATHS.introspect).repeat(10);
      const replies = await raw(many + request(PATHS.revoke) + many);
      assert.equal(replies.length, 22);
      const after = await raw(many);
      const uses = after.slice(0, 10).map(({ body }) => body);
      assert.deepEqual([...new Set(uses)], ['{"active":false}']);
    },
  },
  {
    ids: ["G9"],
    name: "no answer to a caller may be cached, and none can be split",
    async attack(target) {
      for (const path of [`${PATHS.partners}?a=%0d%0aset-cookie:%20a`, "/%0d%0aa:b", PATHS.users]) {
        const { headers } = await target.send({ path, headers: { "x-request-id": "evil" } });
        assert.equal(headers.get("cache-control"), "no-store");
        assert.ok(!headers.has("set-cookie") && !headers.has("a"));
        assert.match(headers.get("x-request-id") ?? "", /^[0-9a-f]{32}$/);
      }
    },
  },
];

/** All of them. */
export const HTTP_ATTACKS: readonly Row[] = [...FRAMING, ...REQUESTS];
