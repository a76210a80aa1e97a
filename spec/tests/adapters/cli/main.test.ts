/** The command line, as a process: what it prints, what it leaves behind, how it ends. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { cli, type Ended, withServer } from "../../support/cli.ts";
import { withFolder } from "../../support/folder.ts";

const auditOf = ({ log }: Ended) =>
  log.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));

test("R1, A4: manage does what an operator must, says why it does not, and leaves an event of each", () =>
  withFolder(async (folder) => {
    const db = ["--data", folder];
    const manage = (...args: string[]) => cli(["manage", ...args, ...db]);
    assert.equal((await cli(["init", ...db])).code, 0);
    await rm(join(folder, "token-keys.json"));
    const registered = await manage("register-client", "partner", "openid email");
    assert.equal(registered.code, 0);
    const { id, secret } = JSON.parse(registered.out);
    assert.equal(id, "partner");
    assert.ok(!registered.log.includes(secret));
    assert.equal((await manage("register-user", "ann")).code, 0);
    const connected = await manage("connect", "ann", "partner", "openid");
    assert.deepEqual(JSON.parse(connected.out).scope, ["openid"]);
    const events = [registered, connected].flatMap(auditOf);
    assert.deepEqual(events.map(({ action, outcome }) => [action, outcome]), [
      ["register-client", "granted"],
      ["connect", "granted"],
    ]);
    const refused = await manage("connect", "bob", "partner", "openid");
    assert.equal(refused.code, 1);
    assert.match(refused.log, /user_unknown/);
    assert.deepEqual(auditOf(refused).map(({ reason }) => reason), ["user_unknown"]);
    const unknown = await manage("befriend", "ann");
    assert.equal(unknown.code, 2);
    assert.match(unknown.log, /unknown action "befriend"/);
    // What needs no keys makes none: they may be elsewhere.
    assert.ok(!existsSync(join(folder, "token-keys.json")));
  }));

test("R5: gc says how many rows went, and makes no keys", () =>
  withFolder(async (folder) => {
    await cli(["init", "--data", folder]);
    await rm(join(folder, "token-keys.json"));
    const { code, out } = await cli(["gc", "--data", folder]);
    assert.deepEqual([code, JSON.parse(out)], [0, { removed: 0 }]);
    assert.ok(!existsSync(join(folder, "token-keys.json")));
  }));

test("T2, RF-16: a new token key is known to every server before the first one uses it", () =>
  withFolder(async (folder) => {
    const file = join(folder, "keys.json");
    const where = ["--data", folder, "--keys", file];
    const keys = (action: string) => cli(["keys", action, ...where]);
    await cli(["init", ...where]);
    const { active } = JSON.parse((await keys("list")).out).tokenKeys;
    const rotation = keys("rotate-token-key");
    const seen = new Set<string>();
    const ended = rotation.then(() => true);
    const pause = () => new Promise<boolean>((resolve) => setTimeout(resolve, 100, false));
    for (let over = false; !over; over = await Promise.race([ended, pause()])) {
      const now = JSON.parse(await readFile(file, "utf8"));
      seen.add(`${now.active === active ? "old" : "new"} of ${now.keys.length}`);
    }
    const { out, code } = await rotation;
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(out).others, [active]);
    assert.deepEqual([...seen].filter((state) => state !== "new of 2"), ["old of 1", "old of 2"]);
  }));

test("A3: a server that cannot start says why and ends", () =>
  withFolder(async (folder) => {
    const issuers = join(folder, "issuers.json");
    await writeFile(
      issuers,
      '[{"issuer":"https://i.example","merchants":"all","jwks":{"keys":[]}}]',
    );
    const serve = (...args: string[]) => cli(["serve", "--port", "0", "--data", folder, ...args]);
    const url = ["--public-url", "https://tokens.example"];
    for (
      const [args, message] of [
        [[], /--public-url is required/],
        [[...url, "--rate-limit", "5"], /Cannot limit clients/],
        [[...url, "--refresh-idle-seconds", "60"], /refreshIdleSeconds|refresh-idle/],
        [[...url, "--issuers", issuers], /Cannot use the JWKS/],
        [["--public-url", "https://tokens.example/path"], /as public URL/],
      ] as const
    ) {
      const { code, log } = await serve(...args);
      assert.equal(code, 2, `${args.join(" ")}: ${log}`);
      assert.match(log, message);
    }
  }));

test("A3: a server that is asked to stop ends with 0, and its port is free", () =>
  withFolder(async (folder) => {
    const { code, out } = await withServer(["--dev", "--data", folder], () => Promise.resolve());
    const { endpoint, clients, users, consentToken, harness } = JSON.parse(out);
    assert.equal(code, 0);
    assert.deepEqual(Object.keys(clients).slice(0, 3), ["partner", "otherPartner", "merchant"]);
    assert.deepEqual(Object.keys(users), ["connected", "merchantOnly", "unconnected"]);
    assert.match(consentToken, /^eyJ/);
    assert.ok(harness.startsWith(new URL(endpoint).origin));
    await assert.rejects(fetch(endpoint));
  }));

test("G8, SY-31: a demo server for other machines warns, prints a URL that works, and takes a secret", () =>
  withFolder(async (folder) => {
    const args = ["--dev", "--host", "0.0.0.0", "--data", folder];
    const outside = Object.values(networkInterfaces()).flat()
      .find((found) => found?.internal === false && found.family === "IPv4")?.address;
    const describe = async (url: string, headers: Readonly<Record<string, string>> = {}) => {
      const response = await fetch(`${url}/harness/describe`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: "{}",
      });
      await response.text();
      return response.status;
    };
    const at = (url: string) => outside === undefined ? null : url.replace("127.0.0.1", outside);
    const open = await withServer(args, async ({ url }) => {
      assert.match(url, /^http:\/\/127\.0\.0\.1:/);
      assert.equal(await describe(url), 200);
      const other = at(url);
      if (other !== null) assert.equal(await describe(other), 403);
    });
    assert.match(open.log, /Other machines can reach this demo server.*--harness-secret/);
    const secret = "a-harness-secret-of-this-test";
    await withServer(args, async ({ url }) => {
      assert.equal(await describe(url), 401);
      assert.equal(await describe(at(url) ?? url, { authorization: `Bearer ${secret}` }), 200);
    }, { env: { FTFU_HARNESS_SECRET: secret } });
    const short = await cli(["serve", ...args, "--harness-secret", "short"]);
    assert.deepEqual([short.code, /at least 16/.test(short.log)], [2, true]);
  }));
