/** What partners do at a terminal: redeem, refresh, call, inspect. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { DEMO_AUDIENCE, DEMO_ISSUER_KEY } from "../../../../adapters/dev/demo.ts";
import { publicJwk } from "../../../../adapters/jws/private-jwk.ts";
import { cli, withServer } from "../../support/cli.ts";
import { withFolder } from "../../support/folder.ts";

test("C9, T4, T8: tokens are redeemed, refreshed and used at a terminal, piped from one to the next", () =>
  withFolder(async (folder) => {
    await withServer(["--dev", "--data", folder], async ({ url }) => {
      const run = (args: readonly string[], input = "") =>
        cli(args, { input, env: { FTFU_SERVER: url } });
      const redeemed = await run(["redeem"]);
      assert.equal(redeemed.code, 0, redeemed.log);
      assert.equal(JSON.parse(redeemed.out).publicId, "demo-merchant-only");
      const refreshed = await run(["refresh", "--scope", "email openid"], redeemed.out);
      assert.deepEqual([refreshed.code, JSON.parse(refreshed.out).scope], [0, "email openid"]);
      const used = await run(["call", "-", "--query", "{ user { scope } }"], refreshed.out);
      assert.deepEqual(JSON.parse(used.out).data, { user: { scope: "email openid" } });
      const { out: token } = await run(["mint", "--user", "demo-connected", "--expired"]);
      const refused = await run(["redeem", "-"], token);
      assert.deepEqual([refused.code, JSON.parse(refused.out).accessToken], [1, null]);
      const inspected = await run(["inspect"], token);
      assert.equal(inspected.code, 1);
      assert.match(inspected.out, /NO {3}C5 {3}It has not expired. Found exp \d+ \(20/);
      assert.match(inspected.out, /consent token: INVALID_TOKEN because of consent_expired/);
      const alive = await run(["inspect", JSON.parse(redeemed.out).accessToken, "--json"]);
      assert.deepEqual([alive.code, JSON.parse(alive.out).answer], [0, "active"]);
      const dead = await run(["refresh", "ftfu_rt_nonsense"]);
      assert.deepEqual([dead.code, JSON.parse(dead.out).error], [1, "invalid_grant"]);
      const stranger = await run(["redeem", "--public-id", "demo-connected", "--client", "nobody"]);
      assert.deepEqual([stranger.code, /UNAUTHENTICATED/.test(stranger.out)], [1, true]);
    });
  }));

test("C2, C4, C5: a consent token is inspected with its issuer's keys alone", () =>
  withFolder(async (folder) => {
    const jwks = join(folder, "jwks.json");
    await writeFile(jwks, JSON.stringify({ keys: [publicJwk(DEMO_ISSUER_KEY)] }));
    const inspect = async (defects: readonly string[], audience = DEMO_AUDIENCE) => {
      const { out: input } = await cli(["mint", "--user", "somebody", ...defects]);
      const args = ["inspect", "--json", "--jwks", jwks, "--audience", audience];
      const { code, out } = await cli(args, { input });
      return { code, ...JSON.parse(out) };
    };
    const valid = await inspect([]);
    assert.deepEqual([valid.code, valid.answer, valid.reason], [0, "granted", null]);
    assert.ok(valid.rules.every(({ rule }: { rule: string }) => /^C[2-5]$/.test(rule)));
    assert.equal((await inspect(["--bad-signature"])).reason, "consent_signature");
    assert.equal((await inspect([], "another")).reason, "consent_audience");
  }));

test("A3: what cannot be sent or read is said, with a cure", async () => {
  const failing = [
    [["redeem", "--server", "http://127.0.0.1:1"], /nothing answers at .*Start "serve --dev"/],
    [["redeem", "a", "--public-id", "b"], /not both/],
    [["redeem", "a", "b"], /takes \[CONSENT_TOKEN\], found 2/],
    [["call"], /no token on standard input/],
    [["inspect", "x", "--jwks", "y"], /--jwks needs --audience/],
  ] as const;
  const ended = await Promise.all(failing.map(([args]) => cli(args)));
  for (const [index, { code, log }] of ended.entries()) {
    assert.equal(code, 2);
    assert.match(log, failing[index]?.[1] ?? /./);
  }
});
