/** What stands at which path, and what is written down of a request. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { PATHS } from "../../../../adapters/http/metadata.ts";
import { START } from "../../support/world.ts";
import { basic, createFace } from "../../support/http-face.ts";

test("G7, G9: an unknown path is 404, and is neither repeated nor written down", async () => {
  const face = await createFace();
  const paths = ["/", "/hush-hush", "//api/partners/graphql.json", `${PATHS.partners}/`, "/%2e/x"];
  for (const path of paths) {
    const { status, json, text } = await face.send({ method: "GET", path });
    assert.equal(status, 404, path);
    assert.equal(json.error, "not_found");
    assert.ok(!text.includes("hush"));
  }
  assert.ok(face.records.every(({ path, status }) => path === null && status === 404));
});

test("IN-10, T4, T7: a method that is not served is 405 with Allow; OPTIONS and HEAD make sense", async () => {
  const face = await createFace();
  for (const path of [PATHS.token, PATHS.revoke, PATHS.introspect]) {
    for (const method of ["GET", "HEAD", "PUT", "DELETE"]) {
      const { status, headers } = await face.send({ method, path });
      assert.deepEqual([status, headers.get("allow")], [405, "POST, OPTIONS"], `${method} ${path}`);
    }
  }
  for (const path of [PATHS.live, PATHS.ready, PATHS.health, PATHS.metadata, PATHS.jwks]) {
    const { status, json, headers } = await face.send({ path });
    assert.deepEqual([status, headers.get("allow")], [405, "GET, HEAD, OPTIONS"]);
    assert.equal(json.error, "method_not_allowed");
    const head = await face.send({ method: "HEAD", path });
    assert.deepEqual([head.status, head.text], [200, ""]);
    const options = await face.send({ method: "OPTIONS", path });
    assert.deepEqual([options.status, options.text], [204, ""]);
    assert.equal(options.headers.get("allow"), "GET, HEAD, OPTIONS");
  }
});

test("A4, G9: a request leaves one record, with a request id of its own and no query string", async () => {
  const face = await createFace();
  const headers = { ...basic(face.world.partner), "x-request-id": "hush-hush" };
  const path = `${PATHS.partners}?query=${encodeURIComponent("{ hushHush: apiVersion }")}`;
  const ids = new Set<string | null>();
  for (let count = 0; count < 3; count++) {
    const answer = await face.send({ method: "GET", path, headers });
    assert.equal(answer.status, 200);
    ids.add(answer.headers.get("x-request-id"));
  }
  assert.equal(ids.size, 3);
  assert.deepEqual(face.records.map(({ requestId }) => requestId), [...ids]);
  assert.match(face.records[0]?.requestId ?? "", /^[0-9a-f]{32}$/);
  assert.deepEqual({ ...face.records[0], requestId: "" }, {
    at: START,
    requestId: "",
    method: "GET",
    path: PATHS.partners,
    status: 200,
    milliseconds: 0,
    client: "partner",
    outcome: "ok",
  });
});

test("A4, G9: a record holds what came of each field, and a strange method is OTHER", async () => {
  const face = await createFace();
  await face.mutate({ publicId: "nobody" });
  await face.mutate({});
  await face.mutate({}, { id: "partner", secret: "wrong" });
  await face.send({ method: "HUSH", path: PATHS.token });
  await face.post(PATHS.token, "grant_type=hush");
  assert.deepEqual(face.records.map(({ outcome }) => outcome), [
    "NO_USER",
    "BAD_USER_INPUT",
    "UNAUTHENTICATED",
    "method_not_allowed",
    "unsupported_grant_type",
  ]);
  assert.equal(face.records[3]?.method, "OTHER");
  assert.ok(!JSON.stringify(face.records).toLowerCase().includes("hush"));
});
