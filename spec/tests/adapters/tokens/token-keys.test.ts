import assert from "node:assert/strict";
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, test } from "node:test";
import fc from "fast-check";
import { encodeBase64url } from "../../../../adapters/jws/base64url.ts";
import { createKeyFile, KeyFileError } from "../../../../adapters/tokens/key-file.ts";
import {
  activateTokenKey,
  addTokenKey,
  checkTokenKeys,
  generateTokenKey,
  loadOrCreateTokenKeys,
  loadTokenKeys,
  readTokenKeys,
  removeTokenKey,
  saveTokenKeys,
  type TokenKeys,
  writeTokenKeys,
} from "../../../../adapters/tokens/token-keys.ts";
import { createTestEntropy } from "../../support/world.ts";

const entropy = createTestEntropy("token keys test");
const [k1, k2] = [generateTokenKey(entropy, "k1"), generateTokenKey(entropy, "k2")];
const KEYS: TokenKeys = { active: "k1", keys: [k1, k2] };

const folder = await mkdtemp(join(tmpdir(), "token-keys-"));
after(() => rm(folder, { recursive: true }));

test("T2: a key is 256 random bits with an id of its own", () => {
  const keys = Array.from({ length: 100 }, () => generateTokenKey(entropy));
  assert.equal(new Set(keys.map(({ secret }) => secret)).size, 100);
  assert.equal(new Set(keys.map(({ id }) => id)).size, 100);
  for (const { secret } of keys) assert.match(secret, /^[A-Za-z0-9_-]{43}$/);
});

test("T2: keys are read as they were written", () => {
  assert.deepEqual(readTokenKeys(writeTokenKeys(KEYS)), KEYS);
});

test("T2: invalid keys are refused, with the flaw and without the secret", () => {
  const wrong: readonly [unknown, RegExp][] = [
    [null, /give/],
    [[], /give/],
    [{ active: "k1" }, /give/],
    [{ active: "k1", keys: {} }, /give/],
    [{ active: "k1", keys: [] }, /"active" must be/],
    [{ active: "k3", keys: [k1] }, /"active" must be/],
    [{ keys: [k1] }, /"active" must be/],
    [{ active: "k1", keys: [k1, k1] }, /same id/],
    [{ active: "k1", keys: [null] }, /token key 0: "id"/],
    [{ active: "k1", keys: [k1, { ...k2, id: "" }] }, /token key 1: "id"/],
    [{ active: "k1", keys: [k1, { ...k2, id: "a b" }] }, /token key 1: "id"/],
    [{ active: "k1", keys: [k1, { ...k2, id: "x".repeat(65) }] }, /token key 1: "id"/],
    [{ active: "k1", keys: [k1, { ...k2, id: 7 }] }, /token key 1: "id"/],
    [
      { active: "k1", keys: [{ ...k1, secret: encodeBase64url(entropy.bytes(31)) }] },
      /key 0: "secret"/,
    ],
    [{ active: "k1", keys: [{ ...k1, secret: `${k1.secret}=` }] }, /key 0: "secret"/],
    [{ active: "k1", keys: [{ ...k1, secret: 7 }] }, /key 0: "secret"/],
    [{ active: "k1", keys: [{ id: "k1" }] }, /key 0: "secret"/],
  ];
  for (const [value, message] of wrong) {
    assert.throws(() => checkTokenKeys(value), (error: Error) => {
      assert.ok(error instanceof RangeError);
      assert.match(error.message, message);
      assert.ok(!error.message.includes(k1.secret.slice(0, 8)));
      return true;
    });
  }
});

test("G9, T2: no damage to a key file brings a secret into an error", () => {
  const json = writeTokenKeys(KEYS);
  const damaged = fc.tuple(fc.nat(json.length - 1), fc.nat(20), fc.string({ maxLength: 3 }))
    .map(([at, cut, text]) => json.slice(0, at) + text + json.slice(at + cut));
  fc.assert(
    fc.property(damaged, (text) => {
      try {
        readTokenKeys(text);
      } catch (error) {
        assert.ok(error instanceof RangeError || error instanceof SyntaxError);
        for (let at = 0; at + 6 < k1.secret.length; at++) {
          assert.ok(!`${error.stack}`.includes(k1.secret.slice(at, at + 6)));
          assert.ok(!`${error.stack}`.includes(k2.secret.slice(at, at + 6)));
        }
      }
    }),
    { seed: 1, numRuns: 1_000 },
  );
  assert.throws(() => readTokenKeys(json.replace('"k2"', '"k1","id":"k2"')), SyntaxError);
});

test("T2: a rotation adds a key, makes it active and removes the old one, one step at a time", () => {
  const k3 = generateTokenKey(entropy, "k3");
  const added = addTokenKey(KEYS, k3);
  assert.deepEqual(added, { active: "k1", keys: [k1, k2, k3] });
  const activated = activateTokenKey(added, "k3");
  assert.deepEqual(activated, { active: "k3", keys: [k1, k2, k3] });
  assert.deepEqual(removeTokenKey(activated, "k1"), { active: "k3", keys: [k2, k3] });
  assert.deepEqual(KEYS, { active: "k1", keys: [k1, k2] });
});

test("T2: a rotation step that makes no sense is refused", () => {
  assert.throws(() => addTokenKey(KEYS, k2), /same id/);
  assert.throws(() => addTokenKey(KEYS, { id: "k3", secret: "short" }), /key 2: "secret"/);
  assert.throws(() => activateTokenKey(KEYS, "k3"), /"active" must be/);
  assert.throws(() => removeTokenKey(KEYS, "k1"), /make another key active first/);
  assert.throws(() => removeTokenKey(KEYS, "k3"), /no such key/);
});

test("T2: the key file is created once, for its owner alone, and read ever after", async () => {
  const path = join(folder, "created.json");
  const created = await loadOrCreateTokenKeys(path);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.deepEqual(await loadOrCreateTokenKeys(path), created);
  assert.deepEqual(readTokenKeys(await readFile(path, "utf8")), created);
});

test("T2: processes that create the key file at once all get the same keys", async () => {
  const path = join(folder, "raced.json");
  const all = await Promise.all(Array.from({ length: 20 }, () => loadOrCreateTokenKeys(path)));
  assert.equal(new Set(all.map(({ active }) => active)).size, 1);
  assert.deepEqual(all[0], await loadOrCreateTokenKeys(path));
});

test("T2: of two processes that create the key file, the second takes the keys of the first", async () => {
  const path = join(folder, "overtaken.json");
  await createKeyFile(path, "first");
  await createKeyFile(path, "second");
  assert.equal(await readFile(path, "utf8"), "first");
});

test("T2: the key file is replaced in one step, stays its owner's and leaves nothing beside it", async () => {
  const path = join(folder, "saved.json");
  await writeFile(path, "old", { mode: 0o644 });
  await saveTokenKeys(path, KEYS);
  assert.deepEqual(await loadTokenKeys(path), KEYS);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  await assert.rejects(saveTokenKeys(path, { ...KEYS, active: "k9" }), RangeError);
  assert.deepEqual(await loadTokenKeys(path), KEYS);
  assert.deepEqual((await readdir(folder)).filter((name) => name.endsWith(".tmp")), []);
});

/** Asserts that an error names the file and says these things about it. */
async function assertRefused(attempt: Promise<unknown>, path: string, about: RegExp) {
  await assert.rejects(attempt, (error: Error) => {
    assert.ok(error instanceof KeyFileError);
    assert.ok(error.message.includes(path), error.message);
    assert.match(error.message, about);
    return true;
  });
}

test("T2, SY-24: a key file that is damaged or out of reach is named, with reason and cure, and left as it is", async () => {
  const path = join(folder, "damaged.json");
  await writeFile(path, "{", { mode: 0o600 });
  await assertRefused(
    loadOrCreateTokenKeys(path),
    path,
    /not valid JSON\. Restore it from its backup/,
  );
  assert.equal(await readFile(path, "utf8"), "{");
  await assertRefused(loadTokenKeys(folder), folder, /it is a folder/);
  const nowhere = join(folder, "no", "such", "keys.json");
  assert.equal(await loadTokenKeys(nowhere), null);
  await assertRefused(loadOrCreateTokenKeys(nowhere), nowhere, /no such file or folder/);
  await assertRefused(saveTokenKeys(nowhere, KEYS), nowhere, /no such file or folder/);
});

const onPosix = { skip: process.platform === "win32" };

test(
  "T2, SY-25: a key file that others can write is refused, one that they can read is warned about",
  onPosix,
  async () => {
    const path = join(folder, "shared.json");
    await saveTokenKeys(path, KEYS);
    const warnings: string[] = [];
    const load = () => loadTokenKeys(path, (message) => warnings.push(message));
    for (const mode of [0o620, 0o602, 0o666]) {
      await chmod(path, mode);
      await assertRefused(load(), path, /can write to it\. Run "chmod 600 /);
    }
    assert.deepEqual(warnings, []);
    for (const mode of [0o640, 0o644, 0o604]) {
      await chmod(path, mode);
      assert.deepEqual(await load(), KEYS);
      assert.match(warnings.pop() ?? "", /can be read by others than its owner\. Run "chmod 600 /);
    }
    for (const mode of [0o600, 0o400]) {
      await chmod(path, mode);
      assert.deepEqual(await load(), KEYS);
    }
    assert.deepEqual(warnings, []);
  },
);
