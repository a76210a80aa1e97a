/**
 * `keys ACTION`: rotates token keys and signing keys. A running server takes a change up by itself
 * within seconds.
 * @module
 */
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { RANGES } from "../../core/settings.ts";
import { systemClock } from "../entropy.ts";
import { generatePrivateJwk } from "../jws/private-jwk.ts";
import {
  activateNextSigningKey,
  dropRetiredSigningKeys,
  loadOrCreateSigningKeys,
  publishNextSigningKey,
  removeSigningKey,
  saveSigningKeys,
  type SigningKeys,
} from "../tokens/jwt/signing-keys.ts";
import {
  activateTokenKey,
  addTokenKey,
  generateTokenKey,
  loadOrCreateTokenKeys,
  removeTokenKey,
  saveTokenKeys,
  type TokenKeys,
} from "../tokens/token-keys.ts";
import { KEY_OPTIONS, keyFile, RELOAD_MILLISECONDS } from "./data.ts";
import { type Command, defineCommand, table, UsageError, type Values } from "./options.ts";

interface Action {
  readonly arguments: readonly string[];
  readonly summary: string;
  run(values: Values, argument: string): Promise<unknown>;
}

/** Two looks of a server at its files, and one more second to read them. */
const ROTATION_MILLISECONDS = 2 * RELOAD_MILLISECONDS + 1000;

const now = () => Math.floor(systemClock.now() / 1000);

const ACTIONS: Readonly<Record<string, Action>> = {
  list: {
    arguments: [],
    summary: "Show the ids of all keys.",
    run: async (values) => ({
      tokenKeys: describeTokenKeys(await loadOrCreateTokenKeys(keyFile(values, "keys"))),
      ...(values["access-tokens"] === "jwt" && {
        signingKeys: describeSigningKeys(
          await loadOrCreateSigningKeys(keyFile(values, "signing-keys")),
        ),
      }),
    }),
  },
  "rotate-token-key": {
    arguments: [],
    summary: "Derive new tokens with a new key, once every server has read it, which takes " +
      `${ROTATION_MILLISECONDS / 1000} seconds; tokens of the old one stay good.`,
    async run(values) {
      // A token of a key that another process has not read yet would be refused there.
      const key = generateTokenKey();
      await changeTokenKeys(values, (keys) => addTokenKey(keys, key));
      await setTimeout(ROTATION_MILLISECONDS);
      return await changeTokenKeys(values, (keys) => activateTokenKey(keys, key.id));
    },
  },
  "add-token-key": {
    arguments: [],
    summary: "Add a key that opens tokens only, for servers that do not share a key file.",
    run: (values) => changeTokenKeys(values, (keys) => addTokenKey(keys, generateTokenKey())),
  },
  "activate-token-key": {
    arguments: ["KEY_ID"],
    summary: "Derive new tokens with a key that was added before.",
    run: (values, id) => changeTokenKeys(values, (keys) => activateTokenKey(keys, id)),
  },
  "remove-token-key": {
    arguments: ["KEY_ID"],
    summary: "End every token of a compromised key.",
    run: (values, id) => changeTokenKeys(values, (keys) => removeTokenKey(keys, id)),
  },
  "publish-signing-key": {
    arguments: [],
    summary: "First step of a rotation: publish the next key at the JWKS, before it is used.",
    run: async (values) => {
      const jwk = await generatePrivateJwk("ES256");
      return changeSigningKeys(values, (keys) => publishNextSigningKey(keys, jwk, now()));
    },
  },
  "activate-signing-key": {
    arguments: [],
    summary: "Second step: sign with the next key. The old one stays published while it is needed.",
    run: (values) =>
      changeSigningKeys(values, (keys) =>
        activateNextSigningKey(
          dropRetiredSigningKeys(keys, now()),
          now(),
          // Whatever lifetime the server gives its tokens.
          RANGES.accessTokenSeconds.max,
        )),
  },
  "remove-signing-key": {
    arguments: ["KEY_ID"],
    summary: "End every JWT of a compromised key, as far as this server is asked.",
    run: (values, id) => changeSigningKeys(values, (keys) => removeSigningKey(keys, id)),
  },
};

/** The command. */
export const keys: Command = defineCommand({
  name: "keys",
  summary: "Rotate the keys that tokens are derived from or signed with.",
  details: `Actions:\n${
    table(
      Object.entries(ACTIONS).map(([name, action]) =>
        [[name, ...action.arguments].join(" "), action.summary] as const
      ),
    )
  }`,
  arguments: ["ACTION", "KEY_ID..."],
  options: KEY_OPTIONS,
  async run(values, [name = "", ...args]) {
    const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
    if (action === undefined) throw new UsageError(`unknown action ${JSON.stringify(name)}`);
    if (args.length !== action.arguments.length) {
      throw new UsageError(`${name} takes ${action.arguments.join(" ") || "no arguments"}`);
    }
    process.stdout.write(`${JSON.stringify(await action.run(values, args[0] ?? ""))}\n`);
    return 0;
  },
});

async function changeTokenKeys(values: Values, change: (keys: TokenKeys) => TokenKeys) {
  const path = keyFile(values, "keys");
  const changed = change(await loadOrCreateTokenKeys(path));
  await saveTokenKeys(path, changed);
  return describeTokenKeys(changed);
}

async function changeSigningKeys(values: Values, change: (keys: SigningKeys) => SigningKeys) {
  const path = keyFile(values, "signing-keys");
  const changed = change(await loadOrCreateSigningKeys(path));
  await saveSigningKeys(path, changed);
  return describeSigningKeys(changed);
}

function describeTokenKeys({ active, keys }: TokenKeys) {
  return { active, others: keys.map(({ id }) => id).filter((id) => id !== active) };
}

function describeSigningKeys({ active, next, retired }: SigningKeys) {
  return {
    active: active.kid,
    next: next?.jwk.kid ?? null,
    retired: retired.map(({ jwk, keepUntil }) => ({ kid: jwk.kid, keepUntil })),
  };
}
