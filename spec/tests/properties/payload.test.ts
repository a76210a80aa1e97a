/** G5, A3: all or nothing, whatever is sent to the service as an embedder calls it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Defect, DEFECTS } from "../../../adapters/dev/defects.ts";
import { type FetchTokensForUserPayload, InputError } from "../../../adapters/direct.ts";
import { MESSAGES } from "../../../core/message.ts";
import { readScope, writeScope } from "../../../core/scope.ts";
import { createWorld, SCOPE, type World } from "../support/world.ts";
import { oddStrings, runs } from "../support/generators.ts";

const TOKENS = [
  "accessToken",
  "expiresIn",
  "publicId",
  "refreshToken",
  "scope",
  "tokenType",
] as const;

/** What of a world is sent as an argument. */
type Sent =
  | { readonly kind: "text"; readonly text: string | null | undefined }
  | { readonly kind: "user"; readonly name: keyof World["users"] }
  | { readonly kind: "minted"; readonly defect: Defect | undefined; readonly for: string }
  | { readonly kind: "again" };

const text = fc.record({
  kind: fc.constant("text"),
  text: fc.oneof(fc.constantFrom(null, undefined), oddStrings),
});
const nothing = fc.constant({ kind: "text", text: undefined });
const user = fc.record({
  kind: fc.constant("user"),
  name: fc.constantFrom("connected", "merchantOnly", "unconnected"),
});
const minted = fc.record({
  kind: fc.constant("minted"),
  defect: fc.oneof(
    fc.constant(undefined),
    fc.constantFrom(...Object.keys(DEFECTS) as Defect[]),
  ),
  for: fc.constantFrom("user-merchant-only", "user-connected", "user-unconnected"),
});
const again = fc.constant({ kind: "again" });

const requests = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(fc.oneof(user, text), nothing) },
  { weight: 5, arbitrary: fc.tuple(nothing, fc.oneof(minted, again, text)) },
  { weight: 1, arbitrary: fc.tuple(user, minted) },
  { weight: 1, arbitrary: fc.tuple(nothing, nothing) },
) as fc.Arbitrary<unknown> as fc.Arbitrary<readonly [Sent, Sent]>;

/** Asserts that a payload is all six fields and no error, or none and one error. */
function assertAllOrNothing(payload: FetchTokensForUserPayload, field: string): void {
  const given = TOKENS.filter((name) => payload[name] !== null);
  assert.deepEqual(Object.keys(payload).sort(), [...TOKENS, "userErrors"].sort());
  if (payload.userErrors.length === 0) {
    assert.deepEqual(given, TOKENS);
    assert.ok(Number.isSafeInteger(payload.expiresIn) && (payload.expiresIn ?? 0) >= 1);
    assert.equal(payload.tokenType, "Bearer");
    assert.notEqual(payload.accessToken, payload.refreshToken);
    return;
  }
  assert.deepEqual(given, []);
  const [error, ...more] = payload.userErrors;
  assert.deepEqual(more, []);
  const code = error?.code ?? assert.fail("no error");
  assert.deepEqual(error, { code, field: [field], message: MESSAGES[code] });
  if (field === "publicId") assert.notEqual(code, "INVALID_TOKEN");
}

test("G5, E1, E2, C1: every answer is six token fields and no error, or none and one error, or a bad request", async () => {
  const outcomes = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(fc.array(requests, { minLength: 1, maxLength: 12 }), async (list) => {
      const world = await createWorld();
      let last = "";
      const valueOf = async (sent: Sent): Promise<string | null | undefined> => {
        if (sent.kind === "user") return world.users[sent.name];
        if (sent.kind === "again") return last;
        if (sent.kind === "text") return sent.text;
        const { defect } = sent;
        return last = await world.issuer.mint({ user: sent.for, ...(defect && { defect }) });
      };
      for (const [first, second] of list) {
        const publicId = await valueOf(first);
        const consentToken = await valueOf(second);
        const both = publicId != null && consentToken != null;
        const call = world.service.fetchTokensForUser("partner", { publicId, consentToken });
        if (both || (publicId == null && consentToken == null)) {
          await assert.rejects(call, InputError);
          continue;
        }
        const payload = await call;
        assertAllOrNothing(payload, publicId == null ? "consentToken" : "publicId");
        const name = payload.userErrors[0]?.code ?? "granted";
        outcomes.set(name, (outcomes.get(name) ?? 0) + 1);
        if (payload.accessToken !== null) await assertWorks(world, payload);
      }
    }),
    runs(60),
  );
  assert.deepEqual([...outcomes.keys()].sort(), [
    "INVALID_TOKEN",
    "NO_CONSENT",
    "NO_USER",
    "granted",
  ]);
});

/** The tokens work, and are worth what the payload says. */
async function assertWorks(world: World, payload: FetchTokensForUserPayload): Promise<void> {
  const live = await world.service.authorize(payload.accessToken ?? "");
  assert.equal(live?.user, payload.publicId);
  assert.equal(live?.client, "partner");
  assert.equal(writeScope(live?.scope ?? []), payload.scope);
  assert.equal((live?.expiresAt ?? 0) - world.clock.seconds(), payload.expiresIn);
  assert.deepEqual(writeScope(readScope(payload.scope ?? "") ?? []), SCOPE);
}
