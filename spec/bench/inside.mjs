/**
 * Parts of the work in one process, without HTTP: crypto, the core, the service, bare transactions.
 * Prints microseconds of CPU time by name, as JSON.
 *
 *     node inside.mjs BUILD FOLDER SECONDS
 * @module
 */
import { createHmac, createSecretKey, generateKeyPairSync, hash, sign, verify } from "node:crypto";
import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import process from "node:process";
import { jwtVerify, SignJWT } from "jose";

const [BUILD, FOLDER, SECONDS] = process.argv.slice(2);
const results = {};

/** The median of five turns, each of a fifth of the time, after as long a warm-up. */
async function measure(name, perTurn, turn) {
  const run = async () => {
    const before = process.cpuUsage();
    let count = 0;
    let used = 0;
    do {
      await turn();
      count += perTurn;
      const { user, system } = process.cpuUsage(before);
      used = user + system;
    } while (used < Number(SECONDS) * 2e5);
    return used / count;
  };
  for (let warm = 0; warm < 5; warm++) await run();
  const turns = [];
  for (let index = 0; index < 5; index++) turns.push(await run());
  results[name] = Number(turns.sort((a, b) => a - b)[2].toFixed(3));
}

/** The same for work that does not wait. */
function repeat(name, times, work) {
  return measure(name, times, () => {
    for (let index = 0; index < times; index++) work(index);
  });
}

async function crypto() {
  const secret = createSecretKey(Buffer.alloc(32, 7));
  const text = "x".repeat(120);
  await repeat("SHA-256 of a secret", 1_000, () => hash("sha256", text));
  await repeat("HMAC-SHA-256", 1_000, () => createHmac("sha256", secret).update(text).digest());
  const pairs = {
    ES256: generateKeyPairSync("ec", { namedCurve: "P-256" }),
    RS256: generateKeyPairSync("rsa", { modulusLength: 2048 }),
    EdDSA: generateKeyPairSync("ed25519"),
  };
  for (const [alg, { privateKey, publicKey }] of Object.entries(pairs)) {
    const data = Buffer.from(text);
    const kind = alg === "EdDSA" ? null : "sha256";
    const dsaEncoding = "ieee-p1363";
    const signature = sign(kind, data, { key: privateKey, dsaEncoding });
    const key = { key: publicKey, dsaEncoding };
    await repeat(`${alg} verification`, 100, () => verify(kind, data, key, signature));
    const token = await new SignJWT({ scope: "openid" }).setProtectedHeader({ alg }).sign(
      privateKey,
    );
    await measure(
      `${alg} verification with jose`,
      64,
      () => Promise.all(Array.from({ length: 64 }, () => jwtVerify(token, publicKey))),
    );
  }
}

/** Three rows a request and 64 requests a transaction, or one. */
async function transactions() {
  const db = new DatabaseSync(`${FOLDER}/bare.sqlite`);
  db.exec(
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000;",
  );
  db.exec("CREATE TABLE rows (id INTEGER PRIMARY KEY, text TEXT) ");
  const insert = db.prepare("INSERT INTO rows (text) VALUES (?)");
  const commit = (count) => {
    db.exec("BEGIN IMMEDIATE");
    for (let index = 0; index < 3 * count; index++) insert.run("x".repeat(100));
    db.exec("COMMIT");
  };
  await measure("SQLite: three rows, 64 times in a transaction", 64, () => commit(64));
  await measure("SQLite: three rows, a transaction each", 1, () => commit(1));
  db.close();
}

/** Milliseconds, not CPU time: how long a disk takes. */
function disk() {
  const file = openSync(`${FOLDER}/sync`, "w");
  const times = Array.from({ length: 50 }, () => {
    const began = performance.now();
    writeSync(file, "x".repeat(4096));
    fsyncSync(file);
    return performance.now() - began;
  });
  closeSync(file);
  results["fsync (ms)"] = Number(times.sort((a, b) => a - b)[25].toFixed(2));
}

async function core() {
  const { decide, evolve, factsOf, initialState, keysOf, readSettings } = await import(
    `${BUILD}/core/mod.js`
  );
  const settings = readSettings({ audience: "https://shop.example" });
  let count = 0;
  const context = () => {
    const id = `id-${String(count++).padStart(9, "0")}`;
    return {
      now: 1000 + count,
      settings,
      fresh: { connection: id, family: id, salt: id, keyId: "k" },
    };
  };
  let state = initialState();
  const facts = (command) => factsOf(state, keysOf(command, settings));
  const run = (command) => {
    const decision = decide(command, facts(command), context());
    if (decision.outcome !== "granted") throw new Error(JSON.stringify(decision));
    state = evolve(state, decision.changes);
  };
  const scope = ["openid", "profile"];
  run({
    type: "register-client",
    client: "partner",
    role: "app",
    scope,
    secretDigest: "00".repeat(32),
  });
  run({ type: "register-user", user: "user", digest: "00".repeat(32) });
  run({ type: "connect", user: "user", client: "partner", scope });
  const fetch = { type: "fetch", by: "publicId", client: "partner", publicId: "user" };
  const judge = async (name) => {
    const [known, now] = [facts(fetch), context()];
    await repeat(name, 10_000, () => {
      if (decide(fetch, known, now).outcome !== "granted") throw new Error("refused");
    });
  };
  await judge("decide: publicId");
  for (let index = 0; index < 50; index++) run(fetch);
  await judge("decide: publicId, 50 families");
}

async function service() {
  const { createMemoryStore, createService } = await import(`${BUILD}/mod.js`);
  const { createOpaqueTokens, generateTokenKeys } = await import(`${BUILD}/adapters/tokens/mod.js`);
  const audience = "https://shop.example";
  const tokens = createOpaqueTokens({ serverId: audience, keys: generateTokenKeys() });
  const service = createService({ store: createMemoryStore(), tokens }, { audience });
  const { id } = await service.registerClient({ scope: "openid profile" });
  const users = Array.from({ length: 10_000 }, (_, index) => `user-${index}`);
  for (const publicId of users) {
    await service.registerUser({ publicId });
    await service.connect(publicId, id, "openid");
  }
  let number = 0;
  await measure(
    "service: publicId, memory",
    64,
    () =>
      Promise.all(Array.from({ length: 64 }, async () => {
        const publicId = users[number++ % users.length];
        const { accessToken } = await service.fetchTokensForUser(id, { publicId });
        if (!accessToken) throw new Error("refused");
      })),
  );
}

for (const part of [crypto, transactions, disk, core, service]) await part();
console.log(JSON.stringify(results));
