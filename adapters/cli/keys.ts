/**
 * `keys ACTION`: rotates token keys and signing keys. A running server picks up changes within
 * seconds.
 * @module
 */
import { setTimeout } from "node:timers/promises";
import { RANGES } from "../../core/settings.ts";
import { systemClock } from "../entropy.ts";
import { generatePrivateJwk } from "../jws/private-jwk.ts";
import {
  activateNextSigningKey,
  allKeys,
  dropRetiredSigningKeys,
  loadOrCreateSigningKeys,
  loadSigningKeys,
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
  loadTokenKeys,
  removeTokenKey,
  saveTokenKeys,
  type TokenKeys,
} from "../tokens/token-keys.ts";
import {
  DATA_OPTIONS,
  isInMemory,
  type KeyFile,
  keyFile,
  openStore,
  RELOAD_MILLISECONDS,
} from "./data.ts";
import { loadExisting } from "./key-custody.ts";
import { forgetKeys, type KeyKind, readKnownKeys } from "./known-keys.ts";
import { type Command, defineCommand, table, UsageError, type Values } from "./options.ts";
import { OutputError, print } from "./output.ts";

interface Action {
  readonly arguments: readonly string[];
  readonly summary: string;
  run(values: Values, argument: string): Promise<unknown>;
}

/** Two polling intervals of a server, and one more second to read the files. */
const ROTATION_MILLISECONDS = 2 * RELOAD_MILLISECONDS + 1000;

const now = () => Math.floor(systemClock.now() / 1000);

const ACTIONS: Readonly<Record<string, Action>> = {
  list: {
    arguments: [],
    summary: "Show the ids of all keys.",
    run: async (values) => ({
      tokenKeys: describeTokenKeys(await loadExisting(loadTokenKeys, keyFile(values, "keys"))),
      ...(values["access-tokens"] === "jwt" && {
        signingKeys: describeSigningKeys(
          await loadExisting(loadSigningKeys, keyFile(values, "signing-keys")),
        ),
      }),
    }),
  },
  "rotate-token-key": {
    arguments: [],
    summary: "Derive new tokens with a new key, once every server has read it, which takes " +
      `${ROTATION_MILLISECONDS / 1000} seconds; tokens of the old key stay valid.`,
    async run(values) {
      // A process that has not read the key yet would refuse its tokens.
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
    summary: "Derive new tokens with a previously added key.",
    run: (values, id) => changeTokenKeys(values, (keys) => activateTokenKey(keys, id)),
  },
  "remove-token-key": {
    arguments: ["KEY_ID"],
    summary: "Remove a compromised or lost key and invalidate all its tokens.",
    run: (values, id) =>
      removeKey(values, id, "token-keys", async (known) => {
        const path = keyFile(values, "keys");
        const keys = await loadExisting(loadTokenKeys, path);
        const isGone = known && keys.keys.every((key) => key.id !== id);
        const changed = isGone ? keys : removeTokenKey(keys, id);
        return async () => {
          await saveTokenKeys(path, changed);
          return describeTokenKeys(changed);
        };
      }),
  },
  "create-token-keys": {
    arguments: [],
    summary: "Create a new key where the file is lost. Every token of the lost keys ends.",
    run: (values) =>
      replaceLost(values, "token-keys", "keys", loadTokenKeys, loadOrCreateTokenKeys),
  },
  "publish-signing-key": {
    arguments: [],
    summary: "First step of a rotation: publish the next key in the JWKS before it is used.",
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
    summary: "End every JWT of a compromised or lost key, as far as this server is asked.",
    run: (values, id) =>
      removeKey(values, id, "signing-keys", async (known) => {
        const path = keyFile(values, "signing-keys");
        const keys = await loadExisting(loadSigningKeys, path);
        const isGone = known && allKeys(keys).every(({ kid }) => kid !== id);
        const changed = isGone ? keys : removeSigningKey(keys, id);
        return async () => {
          await saveSigningKeys(path, changed);
          return describeSigningKeys(changed);
        };
      }),
  },
  "create-signing-keys": {
    arguments: [],
    summary: "Create a new signing key where the file is lost. Every JWT of the lost keys ends.",
    run: (values) =>
      replaceLost(values, "signing-keys", "signing-keys", loadSigningKeys, loadOrCreateSigningKeys),
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
  options: DATA_OPTIONS,
  async run(values, [name = "", ...args]) {
    const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
    if (action === undefined) throw new UsageError(`unknown action ${JSON.stringify(name)}`);
    if (args.length !== action.arguments.length) {
      throw new UsageError(`${name} takes ${action.arguments.join(" ") || "no arguments"}`);
    }
    const result = await action.run(values, args[0] ?? "");
    try {
      await print(`${JSON.stringify(result)}\n`);
    } catch (cause) {
      const { message } = cause as OutputError;
      throw new OutputError(`${message}. The action is done: "keys list" shows its result`, {
        cause,
      });
    }
    return 0;
  },
});

/**
 * Removes a key from the database's memory first: a running server that finds it gone from the file
 * alone would keep it.
 * @param plan checks the change, told whether the database names the key, and returns how to make it
 */
async function removeKey(
  values: Values,
  id: string,
  kind: KeyKind,
  plan: (known: boolean) => Promise<() => Promise<unknown>>,
): Promise<unknown> {
  if (isInMemory(values)) return await (await plan(false))();
  const store = await openStore(values);
  try {
    const known = await readKnownKeys(store, kind);
    const change = await plan(known !== null && Object.hasOwn(known, id));
    await forgetKeys(store, kind, id);
    return await change();
  } finally {
    await store.close();
  }
}

async function replaceLost<Keys>(
  values: Values,
  kind: KeyKind,
  option: KeyFile,
  load: (path: string) => Promise<Keys | null>,
  create: (path: string) => Promise<Keys>,
): Promise<unknown> {
  const path = keyFile(values, option);
  const store = await openStore(values);
  try {
    if (await load(path) !== null) {
      throw new UsageError(`the key file ${path} is there: nothing is lost`);
    }
    await forgetKeys(store, kind);
    await create(path);
    return { created: path };
  } finally {
    await store.close();
  }
}

async function changeTokenKeys(values: Values, change: (keys: TokenKeys) => TokenKeys) {
  const path = keyFile(values, "keys");
  const changed = change(await loadExisting(loadTokenKeys, path));
  await saveTokenKeys(path, changed);
  return describeTokenKeys(changed);
}

async function changeSigningKeys(values: Values, change: (keys: SigningKeys) => SigningKeys) {
  const path = keyFile(values, "signing-keys");
  const changed = change(await loadExisting(loadSigningKeys, path));
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
