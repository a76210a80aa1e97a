/**
 * The floors: what any server on node:http pays before it does anything.
 * @module
 */
import { Buffer } from "node:buffer";
import { listen } from "./common.mjs";

// As long as an answer of the mutation.
const TOKEN = "x".repeat(64);
const ANSWER = {
  data: {
    fetchTokensForUser: {
      accessToken: `ftfu_at_${TOKEN}${TOKEN.slice(20)}`,
      expiresIn: 3600,
      publicId: "user-12345",
      refreshToken: `ftfu_rt_${TOKEN}`,
      scope: "email openid profile",
      tokenType: "Bearer",
      userErrors: [],
    },
  },
};
const TEXT = JSON.stringify(ANSWER);
const HEADERS = {
  "content-type": "application/graphql-response+json; charset=utf-8",
  "cache-control": "no-store",
  "content-length": Buffer.byteLength(TEXT),
};

listen((request, response) => {
  const isJson = request.url === "/json";
  let body = "";
  request.setEncoding("utf8");
  request.on("data", (chunk) => body += chunk);
  request.on("end", () => {
    const text = isJson && JSON.parse(body).variables ? JSON.stringify(ANSWER) : TEXT;
    response.writeHead(200, HEADERS);
    response.end(text);
  });
});
