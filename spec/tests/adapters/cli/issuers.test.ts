/** Slips in the issuers file and in the names of environment variables. */
import assert from "node:assert/strict";
import { chmod, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { checkEnvironment } from "../../../../adapters/cli/environment.ts";
import { readIssuers } from "../../../../adapters/cli/issuers.ts";
import { UsageError } from "../../../../adapters/cli/options.ts";
import { DEMO_ISSUER_KEY } from "../../../../adapters/dev/demo.ts";
import { publicJwk } from "../../../../adapters/jws/private-jwk.ts";
import { cli, until, withServer } from "../../support/cli.ts";
import { withFolder } from "../../support/folder.ts";

const ENTRY = {
  issuer: "https://consents.example",
  merchants: ["storefront"],
  jwks: { keys: [publicJwk(DEMO_ISSUER_KEY)] },
};

/** Whatever the umask is. */
const PRIVATE = { mode: 0o600 };

test("C4, SY-24, SY-26: a slip in the issuers file is named, with file and entry", () =>
  withFolder(async (folder) => {
    const path = join(folder, "issuers.json");
    const { jwks: _, ...withoutKeys } = ENTRY;
    const slips: readonly [string, RegExp][] = [
      ["{", /not valid JSON/],
      ["{}", /must be a list/],
      ["[7]", /entry 1: it must be an object/],
      [
        JSON.stringify([ENTRY, { ...ENTRY, merchant: "all" }]),
        /entry 2: unknown member "merchant"/,
      ],
      [JSON.stringify([{ ...ENTRY, issuer: 7 }]), /entry 1: "issuer"/],
      [JSON.stringify([{ ...ENTRY, merchants: "some" }]), /entry 1: "merchants"/],
      [JSON.stringify([withoutKeys]), /entry 1: give either/],
      [JSON.stringify([{ ...ENTRY, jwksUri: "https://consents.example" }]), /entry 1: give either/],
      [JSON.stringify([{ ...ENTRY, jwks: [] }]), /entry 1: "jwks"/],
      [JSON.stringify([{ ...withoutKeys, jwksUri: 7 }]), /entry 1: "jwksUri"/],
    ];
    const assertRefused = (file: string, about: RegExp) =>
      assert.rejects(readIssuers(file), (error: Error) => {
        assert.ok(error instanceof UsageError && error.message.includes(file));
        assert.match(error.message, about);
        return true;
      });
    for (const [text, about] of slips) {
      await writeFile(path, text, PRIVATE);
      await assertRefused(path, about);
    }
    await assertRefused(join(folder, "typo.json"), /no such file/);
    await assertRefused(folder, /it is a folder/);
    await writeFile(path, JSON.stringify([ENTRY]), PRIVATE);
    assert.deepEqual(await readIssuers(path), [ENTRY]);
  }));

test("C4, SY-25: an issuers file that others can write to is refused, with the fix", {
  skip: process.platform === "win32",
}, () =>
  withFolder(async (folder) => {
    const path = join(folder, "issuers.json");
    await writeFile(path, JSON.stringify([ENTRY]), PRIVATE);
    for (const mode of [0o620, 0o602]) {
      await chmod(path, mode);
      await assert.rejects(readIssuers(path), /others .* can write to it. Run "chmod go-w /);
    }
    await chmod(path, 0o644);
    assert.deepEqual(await readIssuers(path), [ENTRY]);
  }));

test("C4, SY-26: a broken or deleted issuers file changes nothing, and shows; [] distrusts at once", () =>
  withFolder(async (folder) => {
    const path = join(folder, "issuers.json");
    await writeFile(path, JSON.stringify([ENTRY]), PRIVATE);
    const args = ["--data", folder, "--public-url", "https://tokens.example", "--issuers", path];
    await withServer(args, async ({ url, log }) => {
      const says = async (pattern: RegExp) => {
        await until(() => pattern.test(log()), 8_000);
        assert.match(log(), pattern);
      };
      const health = async () => (await (await fetch(`${url}/readyz`)).json()).status;
      assert.equal(await health(), "ok");
      assert.doesNotMatch(log(), /No issuer/);
      await writeFile(path, "[", PRIVATE);
      await says(/"refused".*not valid JSON/);
      await rm(path);
      await says(/"refused".*no such file/);
      await until(async () => await health() === "degraded", 5_000);
      assert.equal(await health(), "degraded");
      assert.doesNotMatch(log(), /No issuer/);
      await writeFile(path, "[]", PRIVATE);
      await says(/No issuer is trusted: every consent token will be refused/);
      await until(async () => await health() === "ok", 5_000);
      assert.equal(await health(), "ok");
    });
  }));

test("C4, SY-26: a server without issuers says so when it starts", () =>
  withFolder(async (folder) => {
    const args = ["--data", folder, "--public-url", "https://tokens.example"];
    const { log } = await withServer(args, () => Promise.resolve());
    assert.match(log, /"warning".*No issuer is trusted/);
  }));

test("A3, SY-26: an environment variable that nothing reads is an error, with the closest name", async () => {
  const known = ["FTFU_ISSUERS", "FTFU_DB", "FTFU_DATA"];
  checkEnvironment({ FTFU_DB: "x", PATH: "y", OTHER_FTFU_X: "z" }, known);
  const check = () => checkEnvironment({ FTFU_ISSUER: "x" }, known);
  assert.throws(
    check,
    /FTFU_ISSUER: did you mean FTFU_ISSUERS\? The others are FTFU_DATA, FTFU_DB/,
  );
  for (
    const [env, message] of [
      [{ FTFU_ISSUER: "x" }, /did you mean FTFU_ISSUERS/],
      [{ FTFU_DEV: "yes" }, /FTFU_DEV must be 1 or 0, found "yes"/],
    ] as const
  ) {
    const { code, log } = await cli(["serve", "--port", "0", "--db", "memory:"], { env });
    assert.equal(code, 2);
    assert.match(log, message);
  }
});
