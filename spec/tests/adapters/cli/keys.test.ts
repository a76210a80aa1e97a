/** Key files beside a database that names their keys: missing, exchanged, damaged, lost, removed. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { copyFile, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { createKeyCustody } from "../../../../adapters/cli/key-custody.ts";
import { fingerprintOfSigningKeys, missingKeys } from "../../../../adapters/cli/known-keys.ts";
import type { Values } from "../../../../adapters/cli/options.ts";
import { systemEntropy } from "../../../../adapters/entropy.ts";
import { generatePrivateJwk } from "../../../../adapters/jws/private-jwk.ts";
import { KeysUnavailable, type Store } from "../../../../adapters/ports.ts";
import { openSqliteStore } from "../../../../adapters/store/sqlite.ts";
import {
  activateNextSigningKey,
  newSigningKeys,
  publishNextSigningKey,
  saveSigningKeys,
} from "../../../../adapters/tokens/jwt/signing-keys.ts";
import { createOpaqueTokens } from "../../../../adapters/tokens/opaque.ts";
import {
  activateTokenKey,
  addTokenKey,
  generateTokenKey,
  generateTokenKeys,
  removeTokenKey,
  saveTokenKeys,
} from "../../../../adapters/tokens/token-keys.ts";
import { cli, until, withServer } from "../../support/cli.ts";
import { withFolder } from "../../support/folder.ts";

const PARTNER = {
  authorization: `Basic ${btoa("demo-partner:demo-partner-secret")}`,
};

async function fetchRefreshToken(url: string): Promise<string> {
  const query = 'mutation { fetchTokensForUser(publicId: "demo-connected") { refreshToken } }';
  const answer = await fetch(`${url}/api/partners/graphql.json`, {
    method: "POST",
    headers: { ...PARTNER, "content-type": "application/json" },
    body: JSON.stringify({ query }),
  });
  return (await answer.json()).data.fetchTokensForUser.refreshToken;
}

async function refresh(url: string, token: string): Promise<number> {
  const body = new URLSearchParams({ grant_type: "refresh_token", refresh_token: token });
  const answer = await fetch(`${url}/oauth/token`, { method: "POST", headers: PARTNER, body });
  await answer.text();
  return answer.status;
}

/** A folder with a demo database, and a refresh token of it. */
async function withIssuedToken(
  work: (at: { folder: string; data: string[]; file: string; token: string }) => Promise<void>,
) {
  await withFolder(async (folder) => {
    const data = ["--dev", "--data", folder];
    let token = "";
    await withServer(data, async ({ url }) => void (token = await fetchRefreshToken(url)));
    await work({ folder, data, file: join(folder, "token-keys.json"), token });
  });
}

test("A3, SY-22: without its key file a database is not served, and no other key is made", () =>
  withIssuedToken(async ({ folder, data, file, token }) => {
    const backup = join(folder, "backup.json");
    await copyFile(file, backup);
    await rm(file);
    const { active } = JSON.parse(await readFile(backup, "utf8"));
    for (const command of ["serve", "init"]) {
      const { code, log } = await cli([command, ...data]);
      assert.equal(code, 2);
      assert.ok(log.includes(file) && log.includes(active), log);
      assert.match(log, /is missing.*Restore it from its backup.*keys create-token-keys/);
      assert.ok(!existsSync(file));
    }
    await copyFile(backup, file);
    await withServer(data, async ({ url }) => assert.equal(await refresh(url, token), 200));
  }));

test("A3, SY-22: a server whose key file vanishes or breaks keeps its keys, says so and recovers", () =>
  withIssuedToken(async ({ data, file, token }) => {
    const text = await readFile(file, "utf8");
    const other = `${JSON.stringify(generateTokenKeys())}\n`;
    await withServer(data, async ({ url, log }) => {
      const says = (pattern: RegExp) => until(() => pattern.test(log()), 8_000);
      await rm(file);
      await says(/"refused".*is missing/);
      assert.ok(!existsSync(file));
      assert.equal(await refresh(url, token), 200);
      for (
        const [broken, message] of [["{", /"refused".*not valid/], [
          other,
          /"refused".*lacks/,
        ]] as const
      ) {
        await writeFile(file, broken, { mode: 0o600 });
        await says(message);
        assert.match(log(), message);
        assert.equal(await refresh(url, token), 200);
      }
      await writeFile(file, text, { mode: 0o600 });
      await says(/"reloaded"/);
      assert.match(log(), /"reloaded"/);
      assert.equal(await refresh(url, token), 200);
    });
  }));

test("T2, SY-22: what is lost for good ends by an explicit command alone", () =>
  withIssuedToken(async ({ data, file, token }) => {
    const create = ["keys", "create-token-keys", ...data];
    const early = await cli(create);
    assert.equal(early.code, 2);
    assert.match(early.log, /nothing is lost/);
    await rm(file);
    assert.equal((await cli(create)).code, 0);
    await withServer(data, async ({ url }) => {
      assert.equal(await refresh(url, token), 400);
      assert.equal(await refresh(url, await fetchRefreshToken(url)), 200);
    });
  }));

test("A3, SY-22: a key that only another server has makes a server degraded, which names no key", () =>
  withIssuedToken(async ({ folder, data }) => {
    await withServer(data, async ({ url, log }) => {
      const store = await openSqliteStore(join(folder, "store.sqlite"));
      const { active } = generateTokenKeys();
      const other = { digest: "of the other server", until: null };
      await store.updateMeta(
        "token-keys",
        (text) => JSON.stringify({ ...JSON.parse(text ?? ""), [active]: other }),
      );
      await store.close();
      const health = async () => await (await fetch(`${url}/readyz`)).json();
      await until(async () => (await health()).status === "degraded", 8_000);
      const { status, checks } = await health();
      assert.equal(status, "degraded");
      const { reason } = checks.find(({ name }: { name: string }) => name === "keys");
      assert.equal(reason, "A key that tokens need is missing; the log says which.");
      await until(() => log().includes(`lacks ${active}`));
      assert.ok(log().includes(`lacks ${active}`));
    });
  }));

const values = (folder: string, more: Values = {}): Values => ({
  data: folder,
  "access-tokens": "opaque",
  ...more,
});

function custodyOf(store: Store, folder: string, more: Values = {}, now = () => 1_000) {
  return createKeyCustody({ store, values: values(folder, more), warn: () => {}, now });
}

/** A new database with a loaded key file, in-process. */
async function withCustody(
  work: (at: { store: Store; folder: string; file: string }) => Promise<void>,
) {
  await withFolder(async (folder) => {
    const store = await openSqliteStore(join(folder, "store.sqlite"));
    try {
      await custodyOf(store, folder).load();
      await work({ store, folder, file: join(folder, "token-keys.json") });
    } finally {
      await store.close();
    }
  });
}

test("T2, SY-22: a removed key is forgotten; one that only vanished from the file is missed", () =>
  withCustody(async ({ store, folder, file }) => {
    const { token: first } = await custodyOf(store, folder).load();
    const second = generateTokenKey();
    const both = activateTokenKey(addTokenKey(first, second), second.id);
    await saveTokenKeys(file, both);
    await custodyOf(store, folder).load();
    await saveTokenKeys(file, removeTokenKey(both, first.active));
    await assert.rejects(custodyOf(store, folder).load(), (error: Error) => {
      assert.match(
        error.message,
        new RegExp(`lacks ${first.active}, .*remove-token-key ${first.active}`),
      );
      return true;
    });
    const remove = await cli(["keys", "remove-token-key", first.active, "--data", folder]);
    assert.equal(remove.code, 0, remove.log);
    await custodyOf(store, folder).load();
    const again = await cli(["keys", "remove-token-key", first.active, "--data", folder]);
    assert.equal(again.code, 2);
    assert.match(again.log, /there is no such key/);
    const nowhere = join(folder, "typo");
    const lost = await cli(["keys", "remove-token-key", "k", "--data", folder, "--db", nowhere]);
    assert.equal(lost.code, 2);
    assert.ok(lost.log.includes(nowhere));
  }));

test("A3, SY-22: a key with a known id and another secret is not taken for it", () =>
  withCustody(async ({ store, folder, file }) => {
    const { token } = await custodyOf(store, folder).load();
    await saveTokenKeys(file, {
      active: token.active,
      keys: [generateTokenKey(systemEntropy, token.active)],
    });
    await assert.rejects(custodyOf(store, folder).load(), /has another key of that name/);
  }));

test("A3, SY-22: a token of a key that another server uses, and this one lacks, is not refused for good", () =>
  withCustody(async ({ store, folder }) => {
    const mine = custodyOf(store, folder);
    const { token: keys } = await mine.load();
    assert.equal((await mine.check()).problem, null);
    // Another server with its own copy of the key file takes a new key into use.
    const added = generateTokenKey();
    const others = activateTokenKey(addTokenKey(keys, added), added.id);
    const elsewhere = join(folder, "elsewhere.json");
    await saveTokenKeys(elsewhere, others);
    await custodyOf(store, folder, { keys: elsewhere }).load();
    const { ids: missing } = await mine.check();
    assert.deepEqual(missing, new Set([added.id]));

    const serverId = "https://tokens.example";
    const id = "0".repeat(32);
    const sealed = await createOpaqueTokens({ serverId, keys: others }).seal({
      user: "ann",
      client: "partner",
      connection: id,
      family: id,
      generation: 0,
      salt: id,
      keyId: added.id,
      scope: ["openid"],
      issuedAt: 1_000,
      accessExpiresAt: 2_000,
      repeated: false,
    });
    assert.ok(sealed !== null);
    const tokens = createOpaqueTokens({ serverId, keys, missing: () => missing });
    for (const token of [sealed.accessToken, sealed.refreshToken]) {
      assert.throws(() => tokens.open(token), KeysUnavailable);
      assert.equal(createOpaqueTokens({ serverId, keys }).open(token), null);
    }
  }));

test("A3, SY-22: of two servers first started at once with different key files, one is refused", () =>
  withFolder(async (folder) => {
    const path = join(folder, "store.sqlite");
    const stores = [await openSqliteStore(path), await openSqliteStore(path)] as const;
    try {
      const files = ["one.json", "two.json"].map((name) => join(folder, name));
      for (const file of files) await saveTokenKeys(file, generateTokenKeys());
      const custodies = stores.map((store, at) => custodyOf(store, folder, { keys: files[at] }));
      const started = await Promise.allSettled(custodies.map((custody) => custody.load()));
      const [refused, ...others] = started.flatMap((result) =>
        result.status === "rejected" ? [result.reason] : []
      );
      assert.match(String(refused), /lacks .*keys remove-token-key/);
      assert.deepEqual(others, []);
      const served = started.findIndex(({ status }) => status === "fulfilled");
      assert.equal((await custodies[served]?.check())?.problem, null);
      await custodies[served]?.load();
    } finally {
      for (const store of stores) await store.close();
    }
  }));

test("A3, T3: a JWT of a key that another server signs with, and this one lacks, is not refused for good", () =>
  withFolder(async (folder) => {
    const store = await openSqliteStore(join(folder, "store.sqlite"));
    try {
      const jwt = { "access-tokens": "jwt" };
      const mine = custodyOf(store, folder, jwt);
      const { signing } = await mine.load();
      assert.ok(signing !== null);
      assert.equal((await mine.check()).problem, null);
      // Another server with its own copy of the file signs with a new key already.
      const elsewhere = join(folder, "elsewhere.json");
      const next = publishNextSigningKey(signing, await generatePrivateJwk("ES256"), 1_000);
      await saveSigningKeys(elsewhere, activateNextSigningKey(next, 2_000, 3600));
      const { signing: others } = await custodyOf(store, folder, {
        ...jwt,
        "signing-keys": elsewhere,
      }).load();
      const { ids, problem } = await mine.check();
      assert.deepEqual([...ids], [others?.active.kid]);
      assert.match(problem ?? "", /keys remove-signing-key/);
    } finally {
      await store.close();
    }
  }));

test("A3: a database of an earlier version, which remembers no key, takes the keys of its file", () =>
  withCustody(async ({ store, folder, file }) => {
    const old = await openSqliteStore(join(folder, "old.sqlite"));
    try {
      await old.transact({ user: "ann" }, () => ({
        outcome: "granted",
        grant: null,
        changes: [{ type: "user-written", user: { publicId: "ann", status: "active" } }],
      }));
      const at = { db: join(folder, "old.sqlite") };
      const text = await readFile(file);
      await rm(file);
      await assert.rejects(custodyOf(old, folder, at).load(), /is missing/);
      await writeFile(file, text, { mode: 0o600 });
      const { token } = await custodyOf(old, folder, at).load();
      assert.deepEqual(token, (await custodyOf(store, folder).load()).token);
    } finally {
      await old.close();
    }
  }));

test("T3, SY-22: signing keys are missed while a JWT of them may live, and no longer", async () => {
  const old = await generatePrivateJwk("ES256", "old");
  const keys = { ...await newSigningKeys(), retired: [{ jwk: old, keepUntil: 5_000 }] };
  const { used } = fingerprintOfSigningKeys(keys);
  const without = fingerprintOfSigningKeys({ ...keys, retired: [] });
  assert.deepEqual(missingKeys(used, without, 4_999), ["old"]);
  assert.deepEqual(missingKeys(used, without, 5_000), []);
  assert.deepEqual(missingKeys(used, fingerprintOfSigningKeys(keys), 4_999), []);
  assert.deepEqual(missingKeys(null, without, 0), []);
});
