/**
 * `manage ACTION …`: what an operator does to clients, users and connections, on the database that a
 * running server uses. It takes effect at the very next use of any token.
 * @module
 */
import process from "node:process";
import type { Client } from "../../core/model.ts";
import type { Service } from "../direct.ts";
import { writeJson } from "../log.ts";
import { ManagementError } from "../manage.ts";
import { openOffline, STORE_OPTIONS } from "./data.ts";
import { type Command, defineCommand, settingOptions, table, UsageError } from "./options.ts";

interface Action {
  readonly arguments: readonly string[];
  readonly summary: string;
  run(service: Service, args: readonly string[]): Promise<unknown>;
}

/** Argument lists are checked against `arguments` first, so the fallbacks are never used. */
const ACTIONS: Readonly<Record<string, Action>> = {
  "register-client": {
    arguments: ["CLIENT_ID", "SCOPE"],
    summary: "Register an app; prints its secret once.",
    run: (service, [id = "", scope = ""]) => service.registerClient({ id, scope }),
  },
  "register-resource-server": {
    arguments: ["CLIENT_ID"],
    summary:
      "Register a resource server, which may introspect every token; prints its secret once.",
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
    run: (service, [id = ""]) => service.rotateClientSecret(id),
  },
  "replace-leaked-secret": {
    arguments: ["CLIENT_ID"],
    summary: "Give a client a new secret and end every other one at once.",
    run: (service, [id = ""]) => service.rotateClientSecret(id, { now: true }),
  },
  "end-old-secrets": {
    arguments: ["CLIENT_ID"],
    summary: "End every secret of a client but the current one, at once.",
    run: (service, [id = ""]) => service.endOldClientSecrets(id),
  },
  "disable-client": {
    arguments: ["CLIENT_ID"],
    summary: "Disable a client and every token of it, until it is enabled again.",
    run: (service, [id = ""]) => service.disableClient(id),
  },
  "enable-client": {
    arguments: ["CLIENT_ID"],
    summary: "Enable a client again.",
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
    summary: "End a suspension.",
    run: (service, [user = ""]) => service.resumeUser(user),
  },
  "delete-user": {
    arguments: ["PUBLIC_ID"],
    summary: "Delete a user and all that is known of them. Final.",
    run: (service, [user = ""]) => service.deleteUser(user),
  },
  connect: {
    arguments: ["PUBLIC_ID", "CLIENT_ID", "SCOPE"],
    summary: "Record that a user consented to a scope at a client.",
    run: (service, [user = "", client = "", scope = ""]) => service.connect(user, client, scope),
  },
  narrow: {
    arguments: ["CONNECTION_ID", "SCOPE"],
    summary: "Take scope back from a connection, down to what SCOPE still allows.",
    run: (service, [connection = "", scope = ""]) => service.narrow(connection, scope),
  },
  "revoke-connection": {
    arguments: ["CONNECTION_ID"],
    summary: "End one connection forever.",
    run: (service, [connection = ""]) => service.revokeConnection(connection),
  },
  disconnect: {
    arguments: ["PUBLIC_ID", "CLIENT_ID"],
    summary: "End every connection between a user and a client.",
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
  summary: "Register clients and users, record and end consents, on a server's database.",
  details: `Actions:\n${ACTION_HELP}\nA SCOPE of several tokens is one argument: "openid email".`,
  arguments: ["ACTION", "ARGUMENT..."],
  options: [...STORE_OPTIONS, ...settingOptions(["secretOverlapSeconds"])],
  async run(values, [name = "", ...args]) {
    const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
    if (action === undefined) throw new UsageError(`unknown action ${JSON.stringify(name)}`);
    if (args.length !== action.arguments.length) {
      throw new UsageError(`${name} takes ${action.arguments.join(" ")}`);
    }
    const write = (line: string) => void process.stderr.write(line);
    const service = await openOffline(values, { record: writeJson("audit", write) });
    try {
      const result = await action.run(service, args);
      process.stdout.write(`${JSON.stringify(result ?? { done: true })}\n`);
      return 0;
    } catch (error) {
      if (!(error instanceof ManagementError)) throw error;
      process.stderr.write(`manage: ${error.message}\n`);
      return 1;
    } finally {
      await service.close();
    }
  },
});
