/**
 * `manage ACTION …`: manages clients, users and connections in the database of a running server.
 * Changes take effect at the next use of any token.
 * @module
 */
import process from "node:process";
import type { Client } from "../../core/model.ts";
import type { Service } from "../direct.ts";
import { writeJson } from "../log.ts";
import { ManagementError } from "../manage.ts";
import { openOffline, STORE_OPTIONS } from "./data.ts";
import { type Command, defineCommand, settingOptions, table, UsageError } from "./options.ts";
import { isOutputDiscarded, OutputError, print } from "./output.ts";

interface Action {
  readonly arguments: readonly string[];
  readonly summary: string;
  /** Whether the result contains a client's secret, which is shown only once. */
  readonly isSecret?: true;
  run(service: Service, args: readonly string[]): Promise<unknown>;
}

/** Argument lists are checked against `arguments` first, so the fallbacks are never used. */
const ACTIONS: Readonly<Record<string, Action>> = {
  "register-client": {
    arguments: ["CLIENT_ID", "SCOPE"],
    summary: "Register an app; prints its secret once.",
    isSecret: true,
    run: (service, [id = "", scope = ""]) => service.registerClient({ id, scope }),
  },
  "register-resource-server": {
    arguments: ["CLIENT_ID"],
    summary:
      "Register a resource server, which may introspect every token; prints its secret once.",
    isSecret: true,
    run: (service, [id = ""]) => {
      const role: Client["role"] = "resource-server";
      return service.registerClient({ id, scope: "", role });
    },
  },
  "set-client-scope": {
    arguments: ["CLIENT_ID", "SCOPE"],
    summary: "Replace the registered scope of a client.",
    run: (service, [id = "", scope = ""]) => service.setClientScope(id, scope),
  },
  "rotate-client-secret": {
    arguments: ["CLIENT_ID"],
    summary: "Give a client a new secret; the old one works until the overlap ends.",
    isSecret: true,
    run: (service, [id = ""]) => service.rotateClientSecret(id),
  },
  "replace-leaked-secret": {
    arguments: ["CLIENT_ID"],
    summary: "Give a client a new secret and invalidate all others immediately.",
    isSecret: true,
    run: (service, [id = ""]) => service.rotateClientSecret(id, { now: true }),
  },
  "end-old-secrets": {
    arguments: ["CLIENT_ID"],
    summary: "Invalidate every secret of a client except the current one immediately.",
    run: (service, [id = ""]) => service.endOldClientSecrets(id),
  },
  "disable-client": {
    arguments: ["CLIENT_ID"],
    summary: "Disable a client and all its tokens until it is enabled again.",
    run: (service, [id = ""]) => service.disableClient(id),
  },
  "enable-client": {
    arguments: ["CLIENT_ID"],
    summary: "Re-enable a client.",
    run: (service, [id = ""]) => service.enableClient(id),
  },
  "register-user": {
    arguments: ["PUBLIC_ID"],
    summary: "Register a user.",
    run: (service, [publicId = ""]) => service.registerUser({ publicId }),
  },
  "suspend-user": {
    arguments: ["PUBLIC_ID"],
    summary: "Suspend a user: no token of theirs works until they are resumed.",
    run: (service, [user = ""]) => service.suspendUser(user),
  },
  "resume-user": {
    arguments: ["PUBLIC_ID"],
    summary: "Resume a suspended user.",
    run: (service, [user = ""]) => service.resumeUser(user),
  },
  "delete-user": {
    arguments: ["PUBLIC_ID"],
    summary: "Delete a user and all their data. Irreversible.",
    run: (service, [user = ""]) => service.deleteUser(user),
  },
  connect: {
    arguments: ["PUBLIC_ID", "CLIENT_ID", "SCOPE"],
    summary: "Record that a user consented to a scope at a client.",
    run: (service, [user = "", client = "", scope = ""]) => service.connect(user, client, scope),
  },
  narrow: {
    arguments: ["CONNECTION_ID", "SCOPE"],
    summary: "Reduce the scope of a connection to its intersection with SCOPE.",
    run: (service, [connection = "", scope = ""]) => service.narrow(connection, scope),
  },
  "revoke-connection": {
    arguments: ["CONNECTION_ID"],
    summary: "Revoke one connection, forever.",
    run: (service, [connection = ""]) => service.revokeConnection(connection),
  },
  disconnect: {
    arguments: ["PUBLIC_ID", "CLIENT_ID"],
    summary: "Revoke every connection between a user and a client.",
    run: (service, [user = "", client = ""]) => service.disconnect(user, client),
  },
};

const ACTION_HELP = table(
  Object.entries(ACTIONS).map(([name, action]) =>
    [`${name} ${action.arguments.join(" ")}`, action.summary] as const
  ),
);

/** The command. */
export const manage: Command = defineCommand({
  name: "manage",
  summary: "Manage clients, users and connections in a server's database.",
  details: `Actions:\n${ACTION_HELP}\nA SCOPE of several tokens is one argument: "openid email".`,
  arguments: ["ACTION", "ARGUMENT..."],
  options: [...STORE_OPTIONS, ...settingOptions(["secretOverlapSeconds"])],
  async run(values, [name = "", ...args]) {
    const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
    if (action === undefined) throw new UsageError(`unknown action ${JSON.stringify(name)}`);
    if (args.length !== action.arguments.length) {
      throw new UsageError(`${name} takes ${action.arguments.join(" ")}`);
    }
    if (action.isSecret && isOutputDiscarded()) {
      throw new UsageError(
        "standard output is closed or /dev/null, and the secret is shown only once: nothing was changed",
      );
    }
    const write = (line: string) => void process.stderr.write(line);
    const service = await openOffline(values, { record: writeJson("audit", write) });
    try {
      const result = await action.run(service, args);
      await print(`${JSON.stringify(result ?? { done: true })}\n`);
      return 0;
    } catch (error) {
      if (error instanceof OutputError && action.isSecret) throw lostSecret(error, args[0] ?? "");
      if (!(error instanceof ManagementError)) throw error;
      process.stderr.write(`manage: ${error.message}\n`);
      return 1;
    } finally {
      await service.close();
    }
  },
});

/** The client has a secret that nobody knows. */
function lostSecret({ message, cause }: OutputError, client: string): OutputError {
  return new OutputError(
    `${message}. The new secret of ${client} is lost: get another one with ` +
      `"manage rotate-client-secret ${client}"`,
    { cause },
  );
}
