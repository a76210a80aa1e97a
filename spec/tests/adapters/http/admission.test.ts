/** More requests at the same time than the server works on. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createAdmission } from "../../../../adapters/http/admission.ts";
import type { HttpRequest } from "../../../../adapters/http/exchange.ts";
import { PATHS } from "../../../../adapters/http/metadata.ts";
import { createHttpHandler } from "../../../../adapters/http/router.ts";
import { ORIGIN } from "../../support/http-face.ts";
import { createWorld } from "../../support/world.ts";

const CREDENTIALS = { authorization: `Basic ${btoa("nobody:nothing")}` };

/** A request of the token endpoint whose body arrives when it is told to. */
function slowRequest(): { readonly request: HttpRequest; readonly arrive: () => void } {
  let arrive = () => {};
  const arrived = new Promise<string>((resolve) => arrive = () => resolve("token=x"));
  const headers: Readonly<Record<string, string>> = {
    ...CREDENTIALS,
    "content-type": "application/x-www-form-urlencoded",
  };
  const header = (name: string) => headers[name] ?? null;
  const request = { method: "POST", target: PATHS.introspect, header, body: () => arrived };
  return { request, arrive };
}

test("A2, SY-42: beyond the maximum a request gets 503 at once; health checks are answered", async () => {
  const { service } = await createWorld();
  let release = () => {};
  const released = new Promise<void>((resolve) => release = resolve);
  const authenticate: typeof service.authenticate = async (...call) => {
    await released;
    return await service.authenticate(...call);
  };
  const options = { publicUrl: ORIGIN, maxRequests: 2, rateLimit: null, failureLimit: null };
  const handler = createHttpHandler({ ...service, authenticate }, options);
  const send = () => {
    const { request, arrive } = slowRequest();
    arrive();
    return handler(request);
  };
  const working = [send(), send()];
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  const refused = await send();
  assert.deepEqual([refused.status, refused.headers["retry-after"]], [503, "5"]);
  assert.match(refused.body, /"temporarily_unavailable"/);
  const get = { ...slowRequest().request, method: "GET" };
  for (const target of [PATHS.live, PATHS.ready]) {
    assert.equal((await handler({ ...get, target })).status, 200);
  }
  release();
  assert.deepEqual((await Promise.all(working)).map(({ status }) => status), [401, 401]);
  assert.equal((await send()).status, 401);
});

test("A2, SY-42: a request whose body is awaited takes nobody's place", async () => {
  const { enter } = createAdmission(1);
  const { request, arrive } = slowRequest();
  const slow = enter(request);
  assert.ok(slow !== null);
  assert.equal(enter(request), null);
  const body = slow.request.body(1);
  const other = enter(request);
  assert.ok(other !== null);
  arrive();
  await body;
  assert.equal(enter(request), null);
  other.leave();
  assert.equal(enter(request), null, "the slow one counts again");
  slow.leave();
  assert.ok(enter(request) !== null);
  assert.throws(() => createAdmission(0), RangeError);
});

test("A2, SY-42: a turn of the event loop that takes too long admits no more, unless it has little to do", async () => {
  let now = 0;
  const { enter } = createAdmission(1000, { now: () => now });
  const { request } = slowRequest();
  const admitted = Array.from({ length: 256 }, () => enter(request));
  now += 1000;
  assert.ok(enter(request)?.leave() !== null);
  now += 1;
  assert.equal(enter(request), null);
  admitted[0]?.leave();
  assert.ok(enter(request) !== null, "255 are not many");
  assert.equal(enter(request), null);
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(enter(request) !== null, "the next turn");
});
