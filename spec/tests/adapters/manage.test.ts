/** What an embedder or operator does: secrets that can be chosen and ended, and listings by page. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ManagementError } from "../../../adapters/manage.ts";
import { createWorld } from "../support/world.ts";

const weak = (error: unknown) =>
  error instanceof ManagementError && /32 to 255/.test(error.message);

test("CA-11: a chosen secret of fewer than 32 characters is refused, unless it is a demo's", async () => {
  const { service } = await createWorld();
  const [short, long] = ["s".repeat(31), "s".repeat(32)];
  await assert.rejects(service.registerClient({ scope: "openid", secret: short }), weak);
  const { id } = await service.registerClient({ scope: "openid", secret: long });
  assert.equal((await service.authenticate(id, long))?.id, id);
  await assert.rejects(service.rotateClientSecret(id, { secret: short }), weak);
  await service.rotateClientSecret(id, { secret: short, weakSecret: true });
  assert.equal((await service.authenticate(id, short))?.id, id);
});

test("CA-09, CA-10: a leaked secret ends at once, with or without a new one", async () => {
  const { service, partner } = await createWorld();
  const works = async (secret: string) => await service.authenticate(partner.id, secret) !== null;
  const second = await service.rotateClientSecret(partner.id);
  assert.ok(await works(partner.secret) && await works(second.secret), "both, in the overlap");
  await service.endOldClientSecrets(partner.id);
  assert.ok(!await works(partner.secret) && await works(second.secret));
  const third = await service.rotateClientSecret(partner.id, { now: true });
  assert.ok(!await works(second.secret) && await works(third.secret));
});

test("G9: listings come by page, in the order of ids, and show no secret", async () => {
  const { service, partner } = await createWorld();
  const ids: string[] = [];
  for (let after: string | null = ""; after !== null;) {
    const { rows, next } = await service.listClients({ after, limit: 1 });
    ids.push(...rows.map(({ id }) => id));
    assert.ok(rows.every((row) => !("secrets" in row)));
    after = next;
  }
  assert.ok(ids.includes(partner.id) && ids.length > 1);
  assert.deepEqual(ids, [...new Set(ids)].sort());
  await assert.rejects(service.listUsers({ limit: 0 }), RangeError);
  const { publicId } = await service.registerUser();
  const connection = await service.connect(publicId, partner.id, "openid");
  await service.fetchTokensForUser(partner.id, { publicId });
  assert.deepEqual((await service.listConnections(publicId)).rows, [connection]);
  const { rows: [family] } = await service.listFamilies(connection.id);
  assert.equal(family?.connection, connection.id);
  assert.equal((await service.findUser(publicId))?.status, "active");
  assert.equal(await service.findClient("nobody"), null);
});
