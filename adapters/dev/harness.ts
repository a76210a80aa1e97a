/**
 * The control plane of the reference server in dev mode: the harness protocol over HTTP. Never mounted
 * on a server for real users.
 * @module
 */
import { BodyError, type HttpHandler, type HttpRequest, json } from "../http/exchange.ts";
import { ManagementError } from "../manage.ts";
import { type CommandOptions, createCommands } from "./commands.ts";
import { InvalidInput, readInput } from "./input.ts";

/** What the harness works on, and who may use it. */
export interface HarnessOptions extends CommandOptions {
  /** What callers must present as a bearer token; without it, none is asked for. */
  readonly secret?: string;
}

/** Creates the handler of `POST …/{command}`; the last part of the path names the command. */
export function createHarness(options: HarnessOptions): HttpHandler {
  const commands = createCommands(options);
  return async (request) => {
    const refused = refuse(request, options.secret);
    if (refused !== null) return refused;
    const name = request.target.split("?", 1)[0]?.split("/").at(-1) ?? "";
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (command === undefined) return failure(404, `Unknown command "${name}".`);
    try {
      return json(200, await command(await readInput(request)));
    } catch (error) {
      if (error instanceof BodyError) return failure(error.status, error.message);
      const isMistake = error instanceof InvalidInput || error instanceof RangeError ||
        error instanceof ManagementError;
      if (isMistake) return failure(400, error.message);
      throw error;
    }
  };
}

function failure(status: number, error: string) {
  return json(status, { error });
}

/**
 * A web page must not reach this. A page of another origin needs permission to send JSON, and a host name
 * that was rebound to this machine (DNS rebinding) does not name it.
 */
function refuse(request: HttpRequest, secret: string | undefined) {
  const host = (request.header("host") ?? "").replace(/:\d+$/, "");
  if (!/^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(host)) {
    return failure(403, "The harness serves this machine only.");
  }
  if (request.method !== "POST") return failure(405, "Use POST.");
  if (!/^application\/json\b/i.test(request.header("content-type") ?? "")) {
    return failure(415, "Send application/json.");
  }
  const authorized = secret === undefined || request.header("authorization") === `Bearer ${secret}`;
  return authorized ? null : failure(401, "Send the harness secret as a bearer token.");
}
