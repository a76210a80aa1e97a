/**
 * The product: `serve`, built from a checkout, on data that is prepared once and copied for each
 * round.
 * @module
 */
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { DEMO_SCOPE } from "../../adapters/dev/demo.ts";
import { PATHS } from "../../adapters/http/metadata.ts";
import { type Build, moveUnlessThere } from "./build.ts";
import { type Algorithm, CONSENT_SECONDS } from "./consents.ts";
import { openLoad } from "./load.ts";
import type { Runtime } from "./runtimes.ts";
import { type Program, type Server, start, together } from "./server.ts";
import {
  createSession,
  type Preparation,
  type Session,
  type Stage,
  type Target,
} from "./target.ts";
import { basic, expecting, member, mutation, postForm, postJson } from "./wire.ts";

/** A way to run the product. */
export interface OursOptions {
  readonly name: string;
  readonly build: Build;
  readonly runtime: Runtime;
  readonly store: "sqlite" | "memory";
  /** Processes on one database, each on a core of its own. Default 1. */
  readonly processes?: number;
  /** More arguments of `serve`. */
  readonly args?: readonly string[];
}

/** The product as a target. */
export function ours(options: OursOptions): Target {
  const { name, store } = options;
  return {
    name,
    durable: store === "sqlite",
    async start(folder, stage) {
      const isNew = !existsSync(join(folder, "store.sqlite"));
      if (store === "sqlite" && isNew) {
        cpSync(await template(options, stage), folder, { recursive: true });
      }
      const server = await serve(options, folder, stage);
      if (store === "memory") await seed(server, stage);
      return server;
    },
    works: WORKS,
  };
}

/** Starts its processes. A server with demo data has no limit on failed authentications. */
async function serve(options: OursOptions, folder: string, stage: Stage): Promise<Server> {
  const { build, runtime, store, processes = 1, args = [] } = options;
  mkdirSync(folder, { recursive: true });
  const issuers = join(folder, "issuers.json");
  writeFileSync(issuers, JSON.stringify([stage.issuer.trust]));
  const main = runtime.source
    ? join(build.root, "adapters/cli/main.ts")
    : join(build.folder, "adapters/cli/main.js");
  const program = (core: number): Program => ({
    command: [
      ...runtime.command,
      main,
      ...["serve", "--dev", "--json", "--port", "0", "--rate-limit", "0", "--data", folder],
      ...["--issuers", issuers, "--audience", stage.audience],
      // A server started again is the same issuer, whatever its port.
      ...["--public-url", "https://tokens.bench.invalid"],
      ...["--consent-max-lifetime-seconds", String(CONSENT_SECONDS)],
      ...["--access-token-seconds", "86400"],
      ...(store === "memory" ? ["--db", "memory:"] : []),
      ...args,
    ],
    cores: String(core),
  });
  const servers: Server[] = [];
  for (let core = 0; core < processes; core++) servers.push(await start(program(core)));
  return servers.length === 1 && servers[0] !== undefined ? servers[0] : together(servers);
}

/** A data folder with every user, kept for as long as the schema stays. */
async function template(options: OursOptions, stage: Stage): Promise<string> {
  const { root } = options.build;
  const schema = readFileSync(join(root, "adapters/store/schema.ts"));
  const hash = createHash("sha256").update(schema).digest("hex").slice(0, 12);
  const folder = join(root, `dist/bench/data/${hash}-${stage.users}`);
  if (!existsSync(folder)) {
    const draft = join(stage.folder, "template");
    const { args: _, ...plain } = options;
    const server = await serve({ ...plain, processes: 1 }, draft, stage);
    await seed(server, stage);
    await server.stop();
    // The temporary folder may be on another disk, and a folder moves within one only.
    const beside = `${folder}.${process.pid}`;
    cpSync(draft, beside, { recursive: true });
    moveUnlessThere(beside, folder);
    rmSync(draft, { recursive: true });
  }
  return folder;
}

const SEEDED_AT_ONCE = 25;

/** Registers and connects the users, many at a time so that their commits are shared. */
async function seed(server: Server, stage: Stage): Promise<void> {
  const path = new URL(String(server.record["harness"])).pathname;
  const calls = Array.from({ length: Math.ceil(stage.users / SEEDED_AT_ONCE) }, (_, chunk) => {
    const ids = Array.from(
      { length: Math.min(SEEDED_AT_ONCE, stage.users - chunk * SEEDED_AT_ONCE) },
      (_, index) => `user-${chunk * SEEDED_AT_ONCE + index}`,
    );
    const users = ids.map((publicId) => ({ publicId }));
    const connections = ids.flatMap((user) =>
      [stage.partner.id, stage.merchant].map((client) => ({ user, client, scope: DEMO_SCOPE }))
    );
    const body = JSON.stringify({ clients: [], users, connections });
    return expecting(postJson(`${path}/seed`, "", body), 200, []);
  });
  const load = await openLoad(server.ports.slice(0, 1), 64);
  await createSession(stage, server, load).perform(calls);
  load.close();
}

const GRANTED = ['"accessToken":"', '"refreshToken":"', '"userErrors":[]'];

/** Every so many answers, one is looked at again later. */
const KEPT_EVERY = 97;
const KEPT = 200;

/** Access tokens that were issued; the proof is that they are active. */
function createLedger({ stage }: Session) {
  const kept: string[] = [];
  let count = 0;
  return {
    take(body: string, name: string) {
      if (count++ % KEPT_EVERY !== 0) return;
      kept.push(member(body, name));
      if (kept.length > KEPT) kept.shift();
    },
    proof: () =>
      kept.map((token) =>
        expecting(
          postForm(PATHS.introspect, basic(stage.resourceServer), { token }),
          200,
          ['"active":true'],
        )
      ),
  };
}

/** The mutation, with variables that are made from a running number. */
function fetching(
  variables: (number: number, session: Session) => Readonly<Record<string, string>>,
): Preparation {
  return (session) => {
    const headers = basic(session.stage.partner);
    const ledger = createLedger(session);
    let number = 0;
    return {
      next: () => {
        const text = postJson(PATHS.partners, headers, mutation(variables(number++, session)));
        return expecting(text, 200, GRANTED, (body) => ledger.take(body, "accessToken"));
      },
      proof: ledger.proof,
    };
  };
}

/** The mutation, refused with this code; or, without one, with this status. */
function refusing(
  variables: (number: number, session: Session) => Readonly<Record<string, string>>,
  code: string,
): Preparation {
  return (session) => {
    const headers = basic(session.stage.partner);
    let number = 0;
    return {
      next: () => {
        const text = postJson(PATHS.partners, headers, mutation(variables(number++, session)));
        return expecting(text, 200, [`"code":"${code}"`]);
      },
    };
  };
}

function userOf(number: number, { stage }: Session): string {
  return `user-${number % stage.users}`;
}

function consent(algorithm: Algorithm) {
  return (number: number, session: Session) => ({
    consentToken: session.stage.issuer.token(algorithm, number, userOf(number, session)),
  });
}

/** The same token with another signature of the right form. */
function forged(number: number, session: Session) {
  const [head, claims] = consent("ES256")(number, session).consentToken.split(".");
  const other = consent("ES256")(number + 1, session).consentToken.split(".")[2];
  return { consentToken: `${head}.${claims}.${other}` };
}

const TOKENS = 2_000;

/** Tokens of as many users, issued now. */
async function issueTokens(session: Session): Promise<readonly string[]> {
  const headers = basic(session.stage.partner);
  return await session.perform(
    Array.from({ length: Math.min(TOKENS, session.stage.users) }, (_, index) =>
      expecting(
        postJson(PATHS.partners, headers, mutation({ publicId: `user-${index}` })),
        200,
        GRANTED,
      )),
  );
}

/** Every token in turn is swapped for its successor. */
const refresh: Preparation = async (session) => {
  const headers = basic(session.stage.partner);
  const tokens = (await issueTokens(session)).map((body) => member(body, "refreshToken"));
  const ledger = createLedger(session);
  let number = 0;
  return {
    next() {
      const index = number++ % tokens.length;
      const fields = { grant_type: "refresh_token", refresh_token: tokens[index] ?? "" };
      return expecting(
        postForm(PATHS.token, headers, fields),
        200,
        ['"access_token":"'],
        (body) => {
          tokens[index] = member(body, "refresh_token");
          ledger.take(body, "access_token");
        },
      );
    },
    proof: ledger.proof,
  };
};

/** A request for each access token in turn. */
function using(text: (token: string, session: Session) => string, part: string): Preparation {
  return async (session) => {
    const texts = (await issueTokens(session))
      .map((body) => text(member(body, "accessToken"), session));
    let number = 0;
    return { next: () => expecting(texts[number++ % texts.length] ?? "", 200, [part]) };
  };
}

const WORKS: Target["works"] = {
  publicId: fetching((number, session) => ({ publicId: userOf(number, session) })),
  "consent ES256": fetching(consent("ES256")),
  "consent RS256": fetching(consent("RS256")),
  "consent EdDSA": fetching(consent("EdDSA")),
  refresh,
  introspection: using(
    (token, { stage }) => postForm(PATHS.introspect, basic(stage.resourceServer), { token }),
    '"active":true',
  ),
  "Users API": using(
    (token) =>
      postJson(
        PATHS.users,
        `Authorization: Bearer ${token}\r\n`,
        JSON.stringify({ query: "{ scope user { publicId clientId scope } }" }),
      ),
    '"publicId":"user-',
  ),
  "bad secret": (session) => {
    const headers = basic({ ...session.stage.partner, secret: "x".repeat(43) });
    const text = postJson(PATHS.partners, headers, mutation({ publicId: "user-0" }));
    const call = expecting(text, 401, []);
    return { next: () => call };
  },
  "bad signature": refusing(forged, "INVALID_TOKEN"),
  "unknown user": refusing((number) => ({ publicId: `nobody-${number}` }), "NO_USER"),
};
