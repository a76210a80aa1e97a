/**
 * What operators and issuers write: JSON, key sets, key files, issuer files, options. Each reader returns
 * or throws an error of its documented class, with a message that is short and tells no secret.
 * @module
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { defineCommand, UsageError, type Values } from "../../../adapters/cli/options.ts";
import { openRuntime, RUNTIME_OPTIONS } from "../../../adapters/cli/runtime.ts";
import { createConsentVerifier } from "../../../adapters/consent/verifier.ts";
import { generatePrivateJwk, publicJwk } from "../../../adapters/jws/private-jwk.ts";
import { KeysUnavailable } from "../../../adapters/ports.ts";
import { parseStrictJson } from "../../../adapters/strict-json.ts";
import { createJwtTokens } from "../../../adapters/tokens/jwt/at-jwt.ts";
import { newSigningKeys, readSigningKeys } from "../../../adapters/tokens/jwt/signing-keys.ts";
import { createOpaqueTokens } from "../../../adapters/tokens/opaque.ts";
import {
  generateTokenKeys,
  readTokenKeys,
  type TokenKeys,
} from "../../../adapters/tokens/token-keys.ts";
import { createWorld, ISSUER, type World } from "../../tests/support/world.ts";
import { holdsSecret, MAX_CPU_MILLISECONDS } from "../laws.ts";
import { plantReader } from "../planted.ts";
import { BrokenLaw, isOverflow, type Target } from "../target.ts";
import { edit, edits, jsonTexts, objectTexts, oddTexts } from "../text.ts";
import { excerpt } from "../wire.ts";

/** The longest message of an error, in characters: it goes to a terminal or into a log line. */
const MAX_MESSAGE_LENGTH = 2_000;

type ErrorClass = new (...args: never[]) => Error;

/** Runs a reader: an error must be documented, short, and tell no secret. */
async function demandDocumented(
  read: () => unknown,
  documented: readonly ErrorClass[],
  secrets: readonly string[] = [],
): Promise<string> {
  const before = process.cpuUsage();
  try {
    await read();
    return "taken";
  } catch (error) {
    if (error instanceof BrokenLaw) throw error;
    const { message = "", stack = "" } = error instanceof Error ? error : {};
    if (isOverflow(message) || !documented.some((kind) => error instanceof kind)) throw error;
    if (message.length > MAX_MESSAGE_LENGTH) {
      throw new BrokenLaw("Every message is short", excerpt(message), stack.replace(message, ""));
    }
    if (holdsSecret(message, secrets)) {
      throw new BrokenLaw(
        "No secret is in a message",
        excerpt(message),
        stack.replace(message, ""),
      );
    }
    return (error as Error).name;
  } finally {
    const { user, system } = process.cpuUsage(before);
    const milliseconds = (user + system) / 1000;
    if (milliseconds > MAX_CPU_MILLISECONDS) {
      // deno-lint-ignore no-unsafe-finally
      throw new BrokenLaw("No input takes more than 1 s of CPU time", `${milliseconds} ms`);
    }
  }
}

/** Strict JSON is JSON without repeated names, and nothing else. */
const strictJson: Target<string> = {
  name: "strict-json",
  inputs: fc.oneof(
    jsonTexts(),
    fc.tuple(jsonTexts(), edits).map(([text, changes]) => edit(text, changes)),
  ),
  open(fault) {
    const read = plantReader(parseStrictJson, fault);
    return Promise.resolve({
      show: (text) => text,
      attempt: (text) =>
        demandDocumented(() => {
          const value = read(text);
          if (text.length < 500 && !isDeepStrictEqual(value, JSON.parse(text))) {
            throw new BrokenLaw("Strict JSON reads what JSON says", excerpt(text));
          }
        }, [SyntaxError]),
    });
  },
};

/** Members of a key as JSON texts, with what a caller would put into them instead. */
function membersOf(key: object): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries({ ...key, use: "sig", key_ops: ["verify"] })
      .map(([name, value]) => [name, JSON.stringify(value)]),
  );
}

const KEYS = await Promise.all((["ES256", "EdDSA", "RS256"] as const)
  .map((alg) => generatePrivateJwk(alg, alg.toLowerCase())));

/** One key as text: public or private, whole or not. */
function jwkTexts(key: (typeof KEYS)[number], max: number): fc.Arbitrary<string> {
  return fc.oneof(
    fc.constant(JSON.stringify(key)),
    objectTexts(membersOf(key), max),
    jsonTexts(Object.keys(key), max),
  );
}

const publicKeys = fc.constantFrom(...KEYS.map(publicJwk)).chain((key) => jwkTexts(key, 20_000));
const jwksTexts = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.array(publicKeys, { maxLength: 3 }).map((keys) => `{"keys":[${keys.join(",")}]}`),
  },
  publicKeys.map((key) => `{"keys":[${Array.from({ length: 99 }, () => key).join(",")}]}`),
  fc.tuple(publicKeys, edits).map(([key, changes]) => edit(`{"keys":[${key}]}`, changes)),
  objectTexts({ keys: JSON.stringify(KEYS.map(publicJwk)) }),
);

/** A key set of an issuer, at hand and fetched. */
const jwks: Target<{ readonly text: string; readonly status: number }> = {
  name: "jwks",
  inputs: fc.record({
    text: jwksTexts,
    status: fc.oneof({ weight: 9, arbitrary: fc.constant(200) }, fc.constantFrom(201, 404, 500)),
  }),
  async open() {
    const world = await createWorld();
    const token = await world.issuer.sign(
      { alg: "ES256", kid: "es256", typ: "consent+jwt" },
      { iss: ISSUER },
    );
    return {
      show: ({ text }) => text,
      async attempt({ text, status }) {
        const local = await demandDocumented(
          async () => {
            const verifier = await createConsentVerifier([{
              issuer: ISSUER,
              jwks: parseStrictJson(text) as never,
            }]);
            await verifier.verify(token);
          },
          [RangeError, SyntaxError],
        );
        const fetch = () => Promise.resolve(new Response(text, { status }));
        const issuer = { issuer: ISSUER, jwksUri: "https://issuer.example/jwks" };
        const remote = await demandDocumented(async () => {
          const verifier = await createConsentVerifier([issuer], { clock: world.clock, fetch });
          await verifier.verify(token);
        }, [KeysUnavailable]);
        return `local ${local}, remote ${remote}`;
      },
    };
  },
};

/** A file of token keys, as good ones are. */
export const TOKEN_KEYS: TokenKeys = generateTokenKeys();
const signingKeys = await newSigningKeys("ES256");
const SECRETS = [
  ...TOKEN_KEYS.keys.map(({ secret }) => secret),
  ...[...KEYS, signingKeys.active].map(({ d }) => d ?? ""),
];

/** Files of token keys and of signing keys. */
const keyFiles: Target<{ readonly kind: "token keys" | "signing keys"; readonly text: string }> = {
  name: "key-files",
  inputs: fc.oneof(
    fc.oneof(
      objectTexts({
        active: JSON.stringify(TOKEN_KEYS.active),
        keys: JSON.stringify(TOKEN_KEYS.keys),
      }),
      objectTexts(membersOf(TOKEN_KEYS.keys[0]!)).map((key) =>
        `{"active":${JSON.stringify(TOKEN_KEYS.active)},"keys":[${key}]}`
      ),
      edits.map((changes) => edit(JSON.stringify(TOKEN_KEYS), changes)),
    ).map((text) => ({ kind: "token keys" as const, text })),
    fc.oneof(
      objectTexts({ active: JSON.stringify(KEYS[0]), next: "null", retired: "[]" }),
      fc.constantFrom(...KEYS).chain((key) => jwkTexts(key, 20_000))
        .map((key) => `{"active":${key},"next":null,"retired":[]}`),
      fc.constantFrom(...KEYS.slice(1)).chain((key) => jwkTexts(key, 20_000)).map((key) =>
        `{"active":${
          JSON.stringify(KEYS[0])
        },"next":{"jwk":${key},"publishedAt":0},"retired":[{"jwk":${
          JSON.stringify(signingKeys.active)
        },"keepUntil":1e3}]}`
      ),
      edits.map((changes) => edit(JSON.stringify(signingKeys), changes)),
    ).map((text) => ({ kind: "signing keys" as const, text })),
  ),
  async open() {
    const world = await createWorld();
    return {
      show: ({ text }) => text,
      attempt: ({ kind, text }) =>
        demandDocumented(
          async () => {
            if (kind === "token keys") {
              createOpaqueTokens({ serverId: "fuzz", keys: readTokenKeys(text) });
            } else await useSigningKeys(text, world);
          },
          [RangeError, SyntaxError],
          SECRETS,
        ),
    };
  },
};

/** Reads signing keys and uses them: those that are taken must be able to sign. */
async function useSigningKeys(text: string, { ports, clock }: World): Promise<void> {
  const opaque = ports.tokens;
  const keys = readSigningKeys(text);
  const tokens = await createJwtTokens({ issuer: "a", audience: "b", keys, opaque });
  const now = clock.seconds();
  const id = "0".repeat(32);
  const sealed = await tokens.seal({
    client: "partner",
    user: "user",
    connection: id,
    family: id,
    generation: 1,
    salt: id,
    keyId: opaque.activeKeyId,
    scope: [] as never,
    repeated: false,
    issuedAt: now,
    accessExpiresAt: now + 60,
  });
  if (await tokens.open(sealed?.accessToken ?? "") === null) {
    throw new BrokenLaw("A token opens with the keys that sealed it", excerpt(text));
  }
}

const issuerTexts = fc.oneof(
  objectTexts({
    issuer: JSON.stringify(ISSUER),
    merchants: '["merchant"]',
    jwks: JSON.stringify({ keys: KEYS.map(publicJwk) }),
  }),
  objectTexts({ issuer: '"a"', merchants: '"all"', jwksUri: '"https://issuer.example/jwks"' }),
  jwksTexts.map((text) => `{"issuer":"b","merchants":["m"],"jwks":${text}}`),
);

/** Options, environment and the files that they name, as a command sees them. */
interface Configuration {
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly issuers: string;
}

const FLAGS = RUNTIME_OPTIONS.map(({ name }) => `--${name}`);
const VARIABLES = RUNTIME_OPTIONS.flatMap(({ env }) => env ?? [])
  .filter((name) => !/_(?:DB|KEYS|ISSUERS|SIGNING_KEYS)$/.test(name));
const settings = fc.oneof(
  fc.constantFrom(
    "0",
    "1",
    "60",
    "-1",
    "1e3",
    "999999999999999",
    "9".repeat(16),
    "opaque",
    "jwt",
    "true",
    "",
  ),
  fc.constantFrom(
    "https://tokens.example",
    "https://tokens.example/",
    "http://[::1]",
    "urn:a",
    "//a",
  ),
  oddTexts,
);
/** Nothing that names a file: only what the target itself writes is read, and nothing else is written. */
const harmless = (argv: readonly string[]) =>
  argv.every((text) => !/^--(?:db|keys|signing-keys|issuers)/.test(text));

const config: Target<Configuration> = {
  name: "config",
  inputs: fc.record({
    argv: fc.array(
      fc.oneof(
        fc.tuple(fc.constantFrom(...FLAGS), settings).map(([flag, value]) => `${flag}=${value}`),
        fc.constantFrom(...FLAGS, "-", "--", "-p", "--no-dev", "--__proto__=1"),
        settings,
      ),
      { maxLength: 4 },
    ).filter(harmless),
    environment: fc.dictionary(fc.constantFrom(...VARIABLES, "FTFU_A"), settings, {
      maxKeys: 3,
      noNullPrototype: true,
    }),
    issuers: fc.oneof(
      fc.array(issuerTexts, { maxLength: 3 }).map((list) => `[${list.join(",")}]`),
      issuerTexts,
      jsonTexts(["issuer", "merchants", "jwks"]),
    ),
  }),
  async open() {
    const folder = await mkdtemp(join(tmpdir(), "fuzz-"));
    const path = join(folder, "issuers.json");
    return {
      show: (input) => JSON.stringify(input),
      close: () => rm(folder, { recursive: true, force: true }),
      async attempt({ argv, environment, issuers }) {
        const parsed = await demandDocumented(
          () => runWith(() => Promise.resolve(), argv, environment),
          [UsageError],
        );
        await writeFile(path, issuers);
        const files = { FTFU_DB: "memory:", FTFU_ISSUERS: path };
        const configured = await demandDocumented(
          () => runWith(configure, [], { ...environment, ...files }),
          [UsageError, RangeError],
        );
        return `options ${parsed}, configured ${configured}`;
      },
    };
  },
};

/** Does something with what options and environment say, as every command does. */
function runWith(
  work: (values: Values) => Promise<void>,
  argv: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<number> {
  const run = async (values: Values) => {
    await work(values);
    return 0;
  };
  const spec = { name: "fuzz", arguments: ["FUZZ..."], summary: "", options: RUNTIME_OPTIONS, run };
  return Promise.resolve(defineCommand(spec).run(argv, environment));
}

async function configure(values: Values): Promise<void> {
  const runtime = await openRuntime(values);
  try {
    await runtime.configure({ origin: "http://127.0.0.1" });
  } finally {
    await runtime.store.close();
  }
}

/** Targets that are readers in this process. */
export const FILE_TARGETS: readonly Target[] = [
  strictJson,
  jwks,
  keyFiles,
  config,
] as readonly Target[];
