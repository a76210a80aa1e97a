/**
 * The control plane of the reference server in dev mode: the harness protocol over HTTP. Never mounted
 * on a server for real users.
 * @module
 */
import { sameDigest, sha256 } from "../entropy.ts";
import { BodyError, type HttpHandler, type HttpRequest, json } from "../http/exchange.ts";
import { ManagementError } from "../manage.ts";
import { type CommandOptions, type Commands, createCommands } from "./commands.ts";
import { InvalidInput, readInput } from "./input.ts";

/** What the harness works on and who may use it. */
export interface HarnessOptions extends CommandOptions {
  /**
   * The bearer token that every caller must send. Without it, the harness serves loopback peers only,
   * and they need no token.
   */
  readonly secret?: string;
  /** Commands beyond the harness protocol, or in place of its own. */
  readonly more?: (commands: Commands) => Commands;
}

/** Creates the handler of `POST …/{command}`; the last part of the path names the command. */
export function createHarness(options: HarnessOptions): HttpHandler {
  const own = createCommands(options);
  const commands = { ...own, ...options.more?.(own) };
  return async (request) => {
    const refused = refuse(request, options.secret);
    if (refused !== null) return refused;
    const name = request.target.split("?", 1)[0]?.split("/").at(-1) ?? "";
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (command === undefined) {
      return failure(404, `Unknown command "${name}": use ${Object.keys(commands).join(", ")}.`);
    }
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

function refuse(request: HttpRequest, secret: string | undefined) {
  if (secret === undefined && !isLocal(request)) {
    return failure(403, "Without --harness-secret, the harness serves this machine only.");
  }
  if (secret !== undefined && !presents(request, secret)) {
    return failure(401, "Send the harness secret as a bearer token.");
  }
  if (request.method !== "POST") return failure(405, "Use POST.");
  if (!/^application\/json\b/i.test(request.header("content-type") ?? "")) {
    return failure(415, "Send application/json.");
  }
  return null;
}

/**
 * Whether the caller is a program on this machine: the peer has a loopback address and is not a proxy.
 * Checking the host name stops web pages that use DNS rebinding.
 */
function isLocal(request: HttpRequest): boolean {
  const host = (request.header("host") ?? "").replace(/:\d+$/, "");
  return isLoopback(request.peer ?? "") &&
    /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(host) &&
    ["forwarded", "x-forwarded-for"].every((name) => request.header(name) === null);
}

/** Whether this is a loopback address or the name `localhost`. */
export function isLoopback(address: string): boolean {
  return /^(?:localhost|::1|(?:::ffff:)?127(?:\.\d+){3})$/i.test(address);
}

/** Whether a request has the secret, compared in constant time. A web page cannot know it. */
function presents(request: HttpRequest, secret: string): boolean {
  return sameDigest(sha256(request.header("authorization") ?? ""), sha256(`Bearer ${secret}`));
}
