import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server } from "node:net";
import test from "node:test";
import { cases, conform } from "../../conformance/mod.ts";
import { NO_SUBJECTS } from "../../conformance/target/subjects.ts";

const CLIENTS = { ...NO_SUBJECTS, clients: { partner: { id: "partner", secret: "secret" } } };

/** Listens, runs the suite with credentials, and returns why it could not run. */
async function refusal(server: Server, harness = false): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    await conform({
      endpoint: origin,
      subjects: CLIENTS,
      timeoutMilliseconds: 5000,
      ...(harness && { harness: `${origin}/harness` }),
    });
    return "";
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message.replaceAll(origin, "URL")}`;
  } finally {
    server.close();
  }
}

function answering(
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = { "content-type": "application/json" },
): RequestListener {
  return (_, response) => void response.writeHead(status, headers).end(body);
}

for (
  const [what, listener, sentence] of [
    [
      "an HTML page",
      answering(200, "<p>", { "content-type": "text/html" }),
      /an HTML page \(200\)/,
    ],
    ["404", answering(404, "{}"), /answers POST with 404\. Pass the full URL/],
    ["a redirect", answering(302, "", { location: "/x" }), /redirects to \/x\. Pass the final URL/],
    ["other JSON", answering(200, '{"ok":true}'), /not with a GraphQL response: "\{/],
    ["401", answering(401, '{"errors":[]}'), /refuses the credentials of partner \(401\)/],
  ] as const
) {
  test(`tool: conform cannot run against ${what}, and says what to do`, async () => {
    assert.match(await refusal(createServer(listener)), sentence);
  });
}

test("tool: conform cannot run against what is not HTTP, or not there", async () => {
  const ssh = createTcpServer((socket) => void socket.end("SSH-2.0-x\r\n").on("error", () => {}));
  assert.match(await refusal(ssh), /^CannotRun: No response from URL\/api.*\. [A-Z]/);
  const gone = conform({ endpoint: "http://127.0.0.1:9" });
  await assert.rejects(gone, /No response from .* Nobody listens there|Is it running/);
});

test("tool: a harness that does not answer is named", async () => {
  const server = createServer((request, response) => {
    if (request.url?.startsWith("/harness")) request.socket.destroy();
    else answering(200, '{"data":null}')(request, response);
  });
  assert.match(await refusal(server, true), /No response from the harness URL\/harness/);
});

test("tool: conform refuses to run where less can be controlled than is required", async () => {
  const server = createServer(answering(200, '{"data":null}'));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const run = conform({ endpoint, subjects: CLIENTS, require: "harness" });
  await assert.rejects(run, /reaches the depth endpoint; harness is required\. Pass --harness\./);
  server.close();
});

test("tool: a server that drops some requests but lives is tested to the end", async () => {
  const server = createServer((request, response) => {
    const { authorization = "" } = request.headers;
    if (authorization === "") answering(401, "{}")(request, response);
    else if (authorization.includes(Buffer.from("partner:secret").toString("base64"))) {
      answering(200, '{"data":{"fetchTokensForUser":null}}')(request, response);
    } else request.socket.destroy();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const some = cases.filter(({ group }) => group === "client-authentication" || group === "http");
  const report = await conform({
    endpoint,
    subjects: { ...CLIENTS, users: { connected: "user" } },
    cases: some,
  });
  server.close();
  assert.ok(report.cases.filter(({ reason }) => reason?.startsWith("no response")).length >= 3);
  assert.ok(!report.cases.some(({ reason }) => reason?.includes("no longer responds")));
});
