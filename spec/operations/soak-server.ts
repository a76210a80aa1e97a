/**
 * The server of a soak test: a process of its own with a prepared database, asked now and then what it
 * uses.
 * @module
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { DEMO_ISSUER_KEY } from "../../adapters/dev/demo.ts";
import { createService } from "../../adapters/direct.ts";
import { publicJwk } from "../../adapters/jws/private-jwk.ts";
import { openSqliteStore } from "../../adapters/store/sqlite.ts";
import { createOpaqueTokens } from "../../adapters/tokens/opaque.ts";
import { generateTokenKeys } from "../../adapters/tokens/token-keys.ts";
import type { Login } from "../crash/wire.ts";

/** `aud` of consent tokens. */
export const AUDIENCE = "urn:fetch-tokens-for-user:soak";
/** `iss` of consent tokens. */
export const ISSUER = "https://issuer.soak.invalid";
/** Whom the load acts for. */
export const PARTNER: Login = {
  id: "soak-partner",
  secret: "partner-secret-of-the-soak-test-0000",
};
/** Where the users are signed in. */
export const MERCHANT: Login = { id: "soak-shop", secret: "merchant-secret-of-the-soak-test-000" };
/** What consents carry. */
export const SCOPE = "email openid profile";
/** How many users there are; see {@link userId}. */
export const USERS = 2000;

/** The public id of a user. */
export function userId(index: number): string {
  return `soak-user-${index}`;
}

/** What a server uses. Sizes in bytes. */
export interface Usage {
  readonly rss: number;
  /** After a garbage collection. */
  readonly heap: number;
  /** Whatever keeps the event loop busy: sockets, timers, requests. */
  readonly handles: number;
  /** Open files; 0 where the system does not say. */
  readonly files: number;
}

/** A server that runs. */
export interface SoakServer {
  readonly origin: string;
  usage(): Promise<Usage>;
  /** Asks it to stop; resolves to its exit code. */
  stop(): Promise<number | null>;
}

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const CLI = ["--import", "tsx", "adapters/cli/main.ts"];

/** Creates the database, its keys and the issuers file in a folder. */
export async function prepare(folder: string): Promise<void> {
  execFileSync(process.execPath, [...CLI, "init", "--data", folder], { cwd: ROOT });
  const issuer = { issuer: ISSUER, merchants: "all", jwks: { keys: [publicJwk(DEMO_ISSUER_KEY)] } };
  await writeFile(join(folder, "issuers.json"), JSON.stringify([issuer]), { mode: 0o600 });
  const tokens = createOpaqueTokens({ serverId: AUDIENCE, keys: generateTokenKeys() });
  const store = await openSqliteStore(join(folder, "store.sqlite"));
  const service = createService({ store, tokens }, { audience: AUDIENCE });
  try {
    for (const login of [PARTNER, MERCHANT]) {
      await service.registerClient({ ...login, scope: SCOPE });
    }
    const users = Array.from({ length: USERS }, (_, index) => userId(index));
    await Promise.all(users.map(async (user) => {
      await service.registerUser({ publicId: user });
      for (const { id } of [PARTNER, MERCHANT]) await service.connect(user, id, SCOPE);
    }));
  } finally {
    await service.close();
  }
}

/** Starts the server on a prepared folder. */
export async function startSoakServer(folder: string, accessTokens: string): Promise<SoakServer> {
  const probe = new URL("./probe.mjs", import.meta.url).href;
  const options = {
    data: folder,
    issuers: join(folder, "issuers.json"),
    audience: AUDIENCE,
    "public-url": "http://127.0.0.1",
    "access-tokens": accessTokens,
    port: "0",
    "rate-limit": "0", // one client stands for all
    "drain-seconds": "0",
  };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  const child = spawn(
    process.execPath,
    ["--expose-gc", "--import", probe, ...CLI, "serve", "--json", ...args],
    { cwd: ROOT, stdio: ["ignore", "pipe", "ignore", "ipc"] },
  );
  const kill = () => void child.kill("SIGKILL");
  process.once("exit", kill);
  const exited = once(child, "exit").then(() => void process.off("exit", kill));
  const started = once(createInterface({ input: child.stdout as Readable }), "line");
  const line = await Promise.race([started, exited]);
  if (line === undefined) throw new Error("The server did not start");
  return {
    origin: new URL(JSON.parse(line[0]).endpoint).origin,
    usage: () => ask(child),
    async stop() {
      child.kill("SIGTERM");
      await exited;
      return child.exitCode;
    },
  };
}

async function ask(child: ChildProcess): Promise<Usage> {
  const answer = once(child, "message");
  child.send("usage");
  return (await answer)[0] as Usage;
}
