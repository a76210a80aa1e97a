import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { MintRequest } from "../../../adapters/dev/draft.ts";
import { mintConsentToken } from "../../../adapters/dev/mint.ts";
import {
  DEMO_AUDIENCE,
  DEMO_ISSUER,
  DEMO_ISSUER_KEY,
  DEMO_SCOPE,
} from "../../../adapters/dev/demo.ts";
import type { HttpHandler } from "../../../adapters/http/exchange.ts";
import { startServer } from "../../../adapters/http/server.ts";
import { type Reference, startReference } from "../support/reference.ts";
import { runConform } from "../../conformance/command.ts";
import {
  cases,
  conform as runSuite,
  formats,
  type Report,
  writeReport,
} from "../../conformance/mod.ts";
import { readSchema } from "./schema.ts";

let reference: Reference;
let folder: string;
before(async () => {
  reference = await startReference({ merchants: ["merchant"] });
  folder = await mkdtemp(join(tmpdir(), "conform-"));
});
after(async () => {
  await reference.stop();
  await rm(folder, { recursive: true });
});

/** Runs the command and gathers what it prints. */
async function conform(...argv: readonly string[]) {
  const texts = { stdout: "", stderr: "" };
  const gather = (name: keyof typeof texts) => ({
    write: (text: string) => void (texts[name] += text),
  });
  const code = await runConform(argv, { stdout: gather("stdout"), stderr: gather("stderr") });
  return { code, ...texts };
}

async function file(name: string, content: unknown): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

async function harness(command: string, body: object): Promise<Readonly<Record<string, unknown>>> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${reference.harness}/${command}`, {
    method: "POST",
    headers,
    body: JSON.stringify(body),
  });
  assert.equal(response.status, 200, await response.clone().text());
  return await response.json();
}

test("tool: conform exits with 0 where all passed, and says so in a few lines", async () => {
  const { code, stdout } = await conform(
    reference.endpoint,
    "--harness",
    reference.harness,
    "--only",
    "contract",
  );
  assert.equal(code, 0);
  assert.match(stdout, /^contract +25 passed$/m);
  assert.match(stdout, /\n25 passed, 0 failed, 0 warned, 0 skipped in /);
});

test("tool: a URL without a path gets the documented one", async () => {
  const origin = new URL(reference.endpoint).origin;
  const { code } = await conform(
    origin,
    "--harness",
    reference.harness,
    "--only",
    "contract/mutation",
  );
  assert.equal(code, 0);
});

test("tool: an expected failure that does not happen is a failure; one that does is expected", async () => {
  const passes = await file("passes.txt", "# known\ncontract/mutation  not done yet\n");
  const one = await conform(
    reference.endpoint,
    "--harness",
    reference.harness,
    "--only",
    "contract/mutation",
    "--expected",
    passes,
  );
  assert.equal(one.code, 1);
  assert.match(one.stdout, /remove it from the list/);
  const broken: HttpHandler = () => Promise.resolve({ status: 500, headers: {}, body: "{}" });
  const server = await startServer({ handler: broken, port: 0, host: "127.0.0.1" });
  const fails = await file("fails.txt", "client-authentication/before-the-body\n");
  const subjects = await file("partner.json", { clients: { partner: { id: "x", secret: "y" } } });
  const common = [server.url, "--subjects", subjects, "--report", "json"];
  const arguments_ = [...common, "--only", "client-authentication/before-the-body"];
  const two = await conform(...arguments_, "--expected", fails);
  const report: Report = JSON.parse(two.stdout);
  assert.equal(two.code, 0);
  assert.equal(report.summary.expected, 1);
  assert.equal((await conform(...arguments_, "--strict")).code, 1);
  await server.stop(0);
});

test("tool: conform exits with 2 and a reason where it cannot run", async () => {
  const { endpoint, harness } = reference;
  const closed = "http://127.0.0.1:9/";
  const notJson = await file("not.json", "{");
  const badSubjects = await file("bad.json", { clients: { partner: { id: 1 } } });
  const badExpected = await file("expected.txt", "contract/there-is-none\n");
  for (
    const [argv, reason] of [
      [[], /Pass exactly one URL/],
      [[endpoint, "more"], /Pass exactly one URL/],
      [["nonsense"], /not an http or https URL/],
      [["ftp://127.0.0.1/"], /not an http or https URL/],
      [[closed], /No response from .*Is it running\?/],
      [[endpoint, "--harness", "nonsense"], /not a URL/],
      [[endpoint, "--harness", `${endpoint}/nothing`], /the harness answered describe with status/],
      [[endpoint, "--nonsense"], /nonsense/],
      [[endpoint, "--report", "pdf"], /Unknown report format pdf/],
      [[endpoint, "--only", "nonsense"], /Unknown group or case: nonsense/],
      [[endpoint, "--level", "WOULD"], /Unknown level: WOULD/],
      [[endpoint, "--seed", "x"], /--seed must be a whole number/],
      [[endpoint, "--subjects", join(folder, "missing.json")], /Cannot read .*missing\.json/],
      [[endpoint, "--subjects", notJson], /not valid JSON/],
      [[endpoint, "--subjects", badSubjects], /clients\.partner\.id must be a non-empty string/],
      [
        [endpoint, "--expected", badExpected],
        /names unknown cases: contract\/there-is-none/,
      ],
      [[endpoint, "--only", "contract"], /Nothing could be checked/],
      [[
        endpoint,
        "--harness",
        harness,
        "--only",
        "contract/mutation",
        "--out",
        join(folder, "no", "x"),
      ], /Cannot write/],
    ] as const
  ) {
    const { code, stderr } = await conform(...argv);
    assert.equal(code, 2, argv.join(" "));
    assert.match(stderr, reason, argv.join(" "));
    assert.doesNotMatch(stderr, /\n\s+at /, argv.join(" "));
  }
});

test("tool: help and list run nothing", async () => {
  const help = await conform("--help");
  assert.deepEqual([help.code, help.stderr], [0, ""]);
  for (
    const option of [
      "--harness",
      "--subjects",
      "--report",
      "--out",
      "--seed",
      "--expected",
      "Exit code",
    ]
  ) {
    assert.ok(help.stdout.includes(option), option);
  }
  const list = await conform("--list");
  assert.equal(list.stdout.trimEnd().split("\n").length, cases.length);
  const some = await conform("--list", "--level", "must", "--only", "http,contract");
  assert.ok(
    some.stdout.split("\n").every((line) =>
      line === "" || /^(?:http|contract)\/\S+\tMUST\t/.test(line)
    ),
  );
});

test("tool: the form of the report follows --report, or the ending of --out", async () => {
  const common = [
    reference.endpoint,
    "--harness",
    reference.harness,
    "--only",
    "contract/mutation",
  ];
  for (
    const [name, beginning] of [
      ["r.html", "<!doctype html>"],
      ["r.xml", "<?xml"],
      ["r.json", "{"],
      ["r.tap", "TAP version 14"],
      ["r.txt", "http://"],
    ] as const
  ) {
    const path = join(folder, name);
    const { code, stdout } = await conform(...common, "--out", path);
    assert.equal(code, 0);
    assert.match(stdout, /1 passed, 0 failed/);
    assert.ok(
      (await readFile(path, "utf8")).toLowerCase().startsWith(beginning.toLowerCase()),
      name,
    );
  }
  const tap = await conform(...common, "--report", "tap");
  assert.ok(tap.stdout.startsWith("TAP version 14"));
});

/** Clients, users and tokens made by hand, as somebody without a harness would. */
async function makeSubjects() {
  const client = (id: string) => ({ id, secret: `${id}-secret`, scope: DEMO_SCOPE, role: "app" });
  const [partner, otherPartner, merchant] = ["partner", "other-partner", "merchant"].map(client);
  const users = {
    connected: "u-1",
    merchantOnly: "u-2",
    unconnected: "u-3",
    otherPartnerOnly: "u-4",
  };
  await harness("seed", {
    clients: [partner, otherPartner, merchant],
    users: Object.values(users).map((publicId) => ({ publicId })),
    connections: [
      { user: "u-1", client: "partner", scope: DEMO_SCOPE },
      { user: "u-2", client: "merchant", scope: DEMO_SCOPE },
      { user: "u-4", client: "other-partner", scope: DEMO_SCOPE },
    ],
  });
  const now = Number((await harness("clock", {}))["now"]);
  const mint = (
    more: Partial<MintRequest>,
    defect?: "expired" | "not-yet-valid" | "wrong-audience",
  ) =>
    mintConsentToken({
      key: DEMO_ISSUER_KEY,
      issuer: DEMO_ISSUER,
      audience: DEMO_AUDIENCE,
      user: "u-2",
      client: "partner",
      merchant: "merchant",
      scope: DEMO_SCOPE,
      now: now - 1,
      ...more,
    }, defect);
  const consentTokens = {
    valid: [await mint({}), await mint({}), await mint({}), await mint({})],
    expired: await mint({}, "expired"),
    notYetValid: await mint({}, "not-yet-valid"),
    wrongAudience: await mint({}, "wrong-audience"),
    otherClient: await mint({ client: "other-partner" }),
  };
  return { clients: { partner, otherPartner, merchant }, users, consentTokens };
}

test("tool: without a harness the suite works with a subjects file", async () => {
  const subjects = await makeSubjects();
  const { check } = await readSchema("subjects.schema.json");
  assert.deepEqual(check(subjects), []);
  assert.notDeepEqual(check({ ...subjects, clients: { partner: { id: "x" } } }), []);
  const path = await file("subjects.json", subjects);
  const { code, stdout } = await conform(
    reference.endpoint,
    "--subjects",
    path,
    "--report",
    "json",
  );
  const report: Report = JSON.parse(stdout);
  const bad = report.cases.filter(({ outcome }) => outcome === "failed" || outcome === "warned");
  assert.deepEqual(bad.map(({ id, reason }) => `${id}: ${reason}`), []);
  assert.equal(code, 0);
  assert.equal(report.depth, "endpoint");
  assert.ok(report.summary.passed > 180, JSON.stringify(report.summary));
  for (const id of ["redeem", "twice", "expired", "not-yet-valid", "aud-other", "other-partner"]) {
    const found = report.cases.find((result) => result.id === `consent-token/${id}`);
    assert.equal(found?.outcome, "passed", `${id}: ${found?.reason}`);
  }
});

test("tool: with an issuer's key in the subjects file consent tokens of every kind are tried", async () => {
  const issuer = {
    issuer: DEMO_ISSUER,
    alg: "ES256",
    kid: DEMO_ISSUER_KEY.kid,
    key: DEMO_ISSUER_KEY,
  };
  const clients = {
    partner: { id: "partner", secret: "partner-secret" },
    merchant: { id: "merchant", secret: "merchant-secret" },
  };
  const path = await file("key.json", {
    clients,
    users: { merchantOnly: "u-2" },
    audience: DEMO_AUDIENCE,
    issuer,
    policy: { consentRetrySeconds: 60 },
  });
  const { stdout } = await conform(
    reference.endpoint,
    "--subjects",
    path,
    "--report",
    "json",
    "--only",
    "consent-token",
  );
  const report: Report = JSON.parse(stdout);
  const bad = report.cases.filter(({ outcome }) => outcome === "failed" || outcome === "warned");
  assert.deepEqual(bad.map(({ id, reason }) => `${id}: ${reason}`), []);
  assert.ok(report.summary.passed > 120, JSON.stringify(report.summary));
  assert.ok(!stdout.includes(DEMO_ISSUER_KEY.d));
});

test("G9, SY-01: no report holds a secret, whatever the implementation repeats", async () => {
  const secrets = new Set<string>();
  const echoing = (handler: HttpHandler): HttpHandler => async (request) => {
    const body = await request.body(1 << 20).catch(() => "");
    const response = await handler({ ...request, body: () => Promise.resolve(body) });
    for (
      const [, token] of response.body.matchAll(
        /"(?:accessToken|refreshToken|access_token|refresh_token)":"([^"]+)"/g,
      )
    ) {
      secrets.add(token ?? "");
    }
    const consent = /"consentToken":"(eyJ[^"]{40,}?)"/.exec(body)?.[1];
    if (consent !== undefined && consent.split(".").length === 3) {
      secrets.add(consent.split(".")[2] ?? "");
    }
    const credentials = atob(
      /^Basic (\S+)$/.exec(request.header("authorization") ?? "")?.[1] ?? "",
    );
    if (credentials.startsWith("conform-")) secrets.add(credentials.split(":")[1] ?? "");
    const echo = { authorization: request.header("authorization"), credentials, body };
    const json = response.body.startsWith("{") ? JSON.parse(response.body) : {};
    return {
      ...response,
      status: 500,
      headers: { ...response.headers, "x-echo": credentials },
      body: JSON.stringify({ ...json, echo }),
    };
  };
  const leaky = await startReference({ handler: echoing });
  const groups = ["consent-token", "tokens-refresh", "client-authentication"];
  const report = await runSuite({
    endpoint: leaky.endpoint,
    harness: leaky.harness,
    cases: cases.filter(({ group }) => groups.includes(group)),
  });
  assert.ok(report.summary.failed > 20, JSON.stringify(report.summary));
  const outputs = formats.map((format) => writeReport(report, format));
  await leaky.stop();
  const real = [...secrets].filter((secret) => secret.length >= 16 && !/^A+$/.test(secret));
  assert.ok(real.length > 100, `${real.length} secrets`);
  for (const output of outputs) {
    const leaked = real.filter((secret) => output.includes(secret));
    assert.deepEqual(leaked, []);
  }
});
