import assert from "node:assert/strict";
import test from "node:test";
import { createService, InputError } from "../../../adapters/direct.ts";
import { writeJson, writeText } from "../../../adapters/log.ts";
import { StoreFault } from "../../../adapters/ports.ts";
import { createWorld } from "../support/world.ts";

test("A4, CA-09, G9: a failed client authentication is audited, without what was presented", async () => {
  const { service, partner, events, clock } = await createWorld();
  const reasons = async (id: string, secret: string) => {
    const before = events.length;
    assert.equal(await service.authenticate(id, secret), null);
    return events.slice(before).map(({ action, outcome, code, client, reason }) => ({
      action,
      outcome,
      code,
      client,
      reason,
    }));
  };
  const refused = { action: "authenticate", outcome: "refused", code: "invalid_client" };
  assert.deepEqual(await reasons(partner.id, "wrong"), [
    { ...refused, client: partner.id, reason: "secret_wrong" },
  ]);
  assert.deepEqual(await reasons(partner.secret, partner.id), [
    { ...refused, client: undefined, reason: "client_unknown" },
  ]);
  await service.disableClient(partner.id);
  assert.deepEqual(await reasons(partner.id, partner.secret), [
    { ...refused, client: partner.id, reason: "client_disabled" },
  ]);
  await service.enableClient(partner.id);
  await service.rotateClientSecret(partner.id, { secret: "next", weakSecret: true });
  clock.advance(86_400);
  assert.deepEqual(await reasons(partner.id, partner.secret), [
    { ...refused, client: partner.id, reason: "secret_wrong" },
  ]);
  assert.equal((await service.authenticate(partner.id, "next"))?.id, partner.id);
});

test("A4, RF-12: a token that is none of ours is audited where it is used", async () => {
  const { service, partner, users, events } = await createWorld();
  const { refreshToken } = await service.fetchTokensForUser(partner.id, {
    publicId: users.connected,
  });
  const before = events.length;
  assert.equal(await service.authorize(refreshToken ?? ""), null);
  assert.equal(await service.authorize("nonsense"), null);
  const seen = events.slice(before);
  assert.deepEqual(seen.map(({ reason }) => reason), ["token_malformed", "token_malformed"]);
  assert.ok(!JSON.stringify(seen).includes(refreshToken ?? ""));
});

test("A4: every kind of change and refusal leaves one event that names it", async () => {
  const { service, partner, merchant, users, events, issuer } = await createWorld();
  const one = async (work: () => Promise<unknown>) => {
    const before = events.length;
    await work().catch(() => {});
    assert.equal(events.length, before + 1);
    const { action, outcome, changes } = events[before]!;
    return [action, outcome, ...(changes ?? [])].join(" ");
  };
  const user = users.merchantOnly;
  const token = await issuer.mint();
  const redeem = () => service.fetchTokensForUser(partner.id, { consentToken: token });
  const established = "fetch granted consent-redeemed connection-established family-started";
  assert.equal(await one(redeem), established);
  assert.equal(await one(redeem), "fetch repeated");
  assert.equal(await one(() => service.fetchTokensForUser(partner.id, {})), "fetch refused");
  const { refreshToken } = await redeem();
  const refresh = () => service.refresh(partner.id, { refreshToken: refreshToken ?? "" });
  assert.equal(await one(refresh), "refresh granted family-rotated");
  assert.equal(await one(refresh), "refresh repeated");
  assert.equal(
    await one(() => service.revokeToken(partner.id, refreshToken ?? "")),
    "revoke-token granted family-ended:revoked",
  );
  assert.equal(await one(refresh), "refresh refused");
  assert.equal(
    await one(() => service.disconnect(user, merchant.id)),
    "disconnect granted connection-revoked withdrawn",
  );
  assert.equal(await one(() => service.connect("nobody", partner.id, "openid")), "connect refused");
  assert.equal(await one(() => service.suspendUser(user)), "set-user-status granted user-written");
  assert.equal(await one(() => service.deleteUser(user)), "delete-user granted user-deleted");
});

test("A4, G9, SY-01: a token in place of a public id is not written down, nor is any text of nobody's", async () => {
  const { service, partner, users, events, issuer } = await createWorld();
  const consentToken = await issuer.mint();
  const publicId = `${users.connected}\u009b31m\u2028`;
  await service.fetchTokensForUser(partner.id, { publicId: consentToken });
  await service.fetchTokensForUser(partner.id, { publicId });
  assert.deepEqual(events.map(({ reason, user }) => [reason, user]), [
    ["id_malformed", undefined],
    ["id_malformed", undefined],
  ]);
  await service.fetchTokensForUser(partner.id, { publicId: users.unconnected });
  assert.equal(events.at(-1)?.user, users.unconnected);
});

test("A4, SY-01: a line of the log is one line, and holds nothing that a terminal obeys", () => {
  const lines: string[] = [];
  const record = { action: "x", user: "a\u001b[31m\u009b31m\u2028\nb", client: "plain" };
  writeText("audit", (line) => lines.push(line), () => 0)(record);
  writeJson("audit", (line) => lines.push(line))(record);
  const written = String.raw`"a\u001b[31m\u009b31m\u2028\nb"`;
  assert.deepEqual(lines, [
    `00:00:00 audit   action=x user=${written} client=plain\n`,
    `{"kind":"audit","action":"x","user":${written},"client":"plain"}\n`,
  ]);
});

test("E2, IN-01: both or neither is refused without a look at the store", async () => {
  const { ports, settings, partner, users } = await createWorld();
  const fail = () => Promise.reject(new StoreFault("down"));
  const store = { ...ports.store, transact: fail, read: fail };
  const service = createService({ ...ports, store }, settings);
  for (const args of [{}, { publicId: users.connected, consentToken: "x" }]) {
    await assert.rejects(service.fetchTokensForUser(partner.id, args), InputError);
  }
});

test("A3, T2: a scope too long for a token is refused before anything is written", async () => {
  const { service, partner, users } = await createWorld();
  const scope = (length: number) => "x".repeat(length);
  await service.setClientScope(partner.id, scope(4096));
  await service.connect(users.unconnected, partner.id, scope(4096));
  const args = { publicId: users.unconnected };
  const granted = await service.fetchTokensForUser(partner.id, args);
  assert.equal(granted.scope, scope(4096));
  for (
    const refused of [
      service.setClientScope(partner.id, scope(4097)),
      service.registerClient({ scope: scope(4097) }),
      service.connect(users.unconnected, partner.id, scope(4097)),
    ]
  ) await assert.rejects(refused, { code: "INVALID_ARGUMENT" });
});
