/** The dev server's pages in a real browser: console, stand-in for the SDK, sample partner. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import process from "node:process";
import { after, before, test } from "node:test";
import { type Browser, chromium, type Page } from "playwright-core";
import { ROOT } from "../../../house/source.ts";
import { type Program, until, withServer } from "../../support/cli.ts";
import { withFolder } from "../../support/folder.ts";

const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
const skip = existsSync(CHROMIUM) ? false : `there is no browser at ${CHROMIUM}: set CHROMIUM`;

let browser: Browser;
let shop: Program & { readonly url: string };
let stopShop = () => {};
let partner: ChildProcess;
let partnerUrl = "";
let ended: Promise<unknown> = Promise.resolve();

before(async () => {
  if (skip) return;
  await new Promise<void>((resolve, reject) => {
    ended = withFolder((folder) =>
      withServer(["--dev", "--data", folder], async (server) => {
        shop = server;
        resolve();
        await new Promise<void>((stop) => stopShop = stop);
      })
    );
    ended.catch(reject);
  });
  partner = spawn(process.execPath, [
    ..."deno" in process.versions ? ["run", "-A"] : [],
    `${ROOT}docs/examples/partner/server.mjs`,
  ], { env: { ...process.env, SHOP: shop.url, PORT: "0" }, stdio: ["ignore", "pipe", "inherit"] });
  partner.stdout?.on("data", (text) => partnerUrl ||= String(text).trim());
  await until(() => partnerUrl !== "");
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
});

after(async () => {
  if (skip) return;
  await browser?.close();
  partner?.kill();
  stopShop();
  await ended;
});

/** A new page; whatever the browser complains about fails the test. */
async function withPage(url: string, work: (page: Page) => Promise<void>): Promise<void> {
  const context = await browser.newContext();
  const complaints: string[] = [];
  context.on("weberror", (error) => complaints.push(String(error.error())));
  context.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  await page.goto(url);
  await work(page);
  await context.close();
  assert.deepEqual(complaints, []);
}

const textOf = (page: Page, id: string) => page.locator(`#${id}`).innerText();

test(
  "tool: a consent token is made, inspected and redeemed in the console",
  { skip },
  () =>
    withPage(shop.url, async (page) => {
      await page.getByRole("button", { name: "Sign in with Shop" }).click();
      await page.locator("#event", { hasText: "shopConsentToken" }).waitFor();
      const event = JSON.parse(await textOf(page, "event"));
      assert.deepEqual(Object.keys(event).sort(), [
        "consentedScopes",
        "email",
        "emailVerified",
        "shopConsentToken",
        "signedIn",
      ]);
      assert.equal(event.consentedScopes, "email openid profile");
      await page.getByRole("button", { name: "Inspect" }).click();
      await page.getByText("consent token: granted").waitFor();
      assert.match(await textOf(page, "exactly-one"), /Exactly one/);
      assert.match(await textOf(page, "request"), /^curl .*\n.*-u demo-partner:/);
      await page.getByRole("button", { name: "Fetch tokens" }).click();
      await page.locator("#response", { hasText: '"accessToken": "ftfu_at_' }).waitFor();
      await page.getByLabel("publicId").fill("demo-connected");
      assert.match(await textOf(page, "exactly-one"), /both would be BAD_USER_INPUT/);
      await page.getByRole("button", { name: "Fetch tokens" }).click();
      await page.locator("#response", { hasText: "BAD_USER_INPUT" }).waitFor();
      await page.locator("#ledger details").nth(1).click();
      const entry = await page.locator("#ledger details").nth(1).innerText();
      assert.ok(!entry.includes(event.shopConsentToken) && entry.includes('"consentToken": "ey…"'));
      await page.getByLabel("Show secrets").check();
      await page.locator("#ledger pre", { hasText: event.shopConsentToken }).first().waitFor({
        state: "attached",
      });
      await page.locator("[data-user=demo-merchant-only]").getByText("delegated through").waitFor();
    }),
);

test(
  "tool: defects, time, faults and withdrawal in the console",
  { skip },
  () =>
    withPage(shop.url, async (page) => {
      await page.locator("select[name=defect]").selectOption("expired");
      await page.getByRole("button", { name: "Sign in with Shop" }).click();
      await page.locator("#event", { hasText: "shopConsentToken" }).waitFor();
      await page.getByRole("button", { name: "Inspect" }).click();
      await page.getByText("INVALID_TOKEN because of consent_expired").waitFor();
      await page.getByLabel("The next request meets").selectOption("garbage");
      await page.getByRole("button", { name: "Inject" }).click();
      await page.getByText("To come: garbage × 1").waitFor();
      await page.getByRole("button", { name: "Clear" }).first().click();
      await page.getByText("No fault is to come").waitFor();
      const before = Date.parse(await textOf(page, "now"));
      await page.getByRole("button", { name: "+ 1 day" }).click();
      await until(async () => Date.parse(await textOf(page, "now")) - before >= 86_400_000);
      assert.ok(Date.parse(await textOf(page, "now")) - before >= 86_400_000);
      await page.getByRole("button", { name: "Real time" }).click();
      const user = page.locator("[data-user=demo-connected]");
      await user.getByRole("button", { name: "Suspend" }).click();
      await user.getByRole("button", { name: "Resume" }).click();
      await user.getByRole("button", { name: "Withdraw" }).click();
      await user.locator(".ended", { hasText: "revoked" }).waitFor();
      await page.locator("#history", { hasText: "disconnect granted" }).waitFor();
    }),
);

/** Clicks the stand-in's button on the partner's page and does something in the window that it opens. */
async function signIn(page: Page, work: (popup: Page) => Promise<void>): Promise<void> {
  const opened = page.waitForEvent("popup");
  await page.getByRole("button", { name: "Sign in with Shop" }).click();
  const popup = await opened;
  await popup.getByText("demo-partner at").waitFor();
  assert.match(await popup.locator("#origin").innerText(), new RegExp(`^${partnerUrl}$`));
  const closed = popup.waitForEvent("close");
  await work(popup);
  await closed;
}

test(
  "tool: a partner's page signs in through the stand-in, and its server redeems",
  { skip },
  () =>
    withPage(partnerUrl, async (page) => {
      const result = (text: string) => page.locator("#result", { hasText: text }).waitFor();
      await signIn(page, (popup) => popup.getByRole("button", { name: "Cancel" }).click());
      assert.match(await textOf(page, "result"), /Nobody/);
      await signIn(page, (popup) => popup.getByRole("button", { name: /email/ }).click());
      await result("nothing to redeem");
      await signIn(page, async (popup) => {
        await popup.getByLabel("email", { exact: true }).uncheck();
        await popup.getByRole("button", { name: "Continue" }).click();
      });
      await result('"scope": "openid"');
      await page.getByRole("button", { name: "Refresh" }).click();
      await result('"status": 200');
      await page.getByRole("button", { name: "Who am I?" }).click();
      await result('"publicId": "demo-merchant-only"');
    }),
);

test("tool: the sample partner says what each refusal means", { skip }, async () => {
  const { defects } = await (await fetch(`${shop.url}/harness/catalog`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  })).json();
  const seen = new Set<string>();
  for (const { name, outcome } of defects as { name: string; outcome: string }[]) {
    const { token } = await (await fetch(`${shop.url}/harness/mint`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ defect: name }),
    })).json();
    const response = await fetch(`${partnerUrl}/redeem`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ consentToken: token }),
    });
    const { code, error } = await response.json();
    assert.deepEqual([response.status, code, typeof error], [403, outcome, "string"], name);
    seen.add(code);
  }
  assert.deepEqual([...seen].sort(), ["INVALID_TOKEN", "NO_CONSENT", "NO_USER"]);
});

test(
  "tool: the window gives nothing to a page at another origin than the one it shows",
  { skip },
  () =>
    withPage(partnerUrl, async (page) => {
      const opened = page.waitForEvent("popup");
      await page.evaluate((url) => {
        addEventListener("message", ({ data }) => document.title += JSON.stringify(data));
        open(`${url}/sign-in?client_id=demo-partner&state=x&origin=http://elsewhere.example`);
      }, shop.url);
      const popup = await opened;
      const closed = popup.waitForEvent("close"); // it closes once it has sent its message
      await popup.getByRole("button", { name: "Continue" }).click();
      await closed;
      assert.equal(await page.title(), "A partner's page");
    }),
);
