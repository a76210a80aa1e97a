/**
 * The server that is fuzzed: the product over real sockets, once with opaque tokens and once with JWTs,
 * on a clock that moves between batches. What it writes down and what escapes it is kept and judged.
 * @module
 */
import process from "node:process";
import { Buffer } from "node:buffer";
import { PATHS } from "../../adapters/http/metadata.ts";
import { createHttpHandler } from "../../adapters/http/router.ts";
import { startServer } from "../../adapters/http/server.ts";
import { writeJson } from "../../adapters/log.ts";
import { publicJwks } from "../../adapters/tokens/jwt/signing-keys.ts";
import { jsonBy, MUTATION } from "../tests/support/http-face.ts";
import { createWorld, type World } from "../tests/support/world.ts";
import { judgeLines, judgeReply, MAX_CPU_MILLISECONDS } from "./laws.ts";
import { plant } from "./planted.ts";
import { BrokenLaw, type Fault, toBrokenLaw } from "./target.ts";
import { fill, type Names } from "./text.ts";
import { type Connection, createConnection, excerpt, type Reply } from "./wire.ts";

/** The two forms of access tokens. */
export type Form = "opaque" | "jwt";

/** A server of one form. */
export interface Subject {
  readonly port: number;
  readonly world: World;
  /** What stands for `{{names}}`. Renewed by {@link Subject.prepare}. */
  names(): Names;
  /** What must not be seen anywhere. */
  secrets(): readonly string[];
  /** Moves the clock, sweeps, and draws new tokens. */
  prepare(): Promise<void>;
  /** Does something to the server and judges what it wrote down, what escaped and the time it took. */
  watch<Result>(work: (connection: Connection) => Promise<Result>): Promise<Result>;
  /** @throws {BrokenLaw} where a valid mutation, or a use of its token, fails. */
  confirm(): Promise<void>;
  close(): Promise<void>;
}

/** Random, so that it stands nowhere by chance. */
const CANARY = "CanaryQ7vX2mLp9RtZc4WkYb8NdHs5JgFu";

/** Starts a server. */
export async function startSubject(form: Form, fault?: Fault): Promise<Subject> {
  const world = await createWorld({ jwt: form === "jwt" });
  const { clock, service, events } = world;
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  const [writeRequest, writeEvent] = [writeJson("request", write), writeJson("audit", write)];
  const product = createHttpHandler(service, {
    publicUrl: () => `http://127.0.0.1:${server.port}`,
    clock,
    rateLimit: null,
    log: writeRequest,
    ...(form === "jwt" && { jwks: () => publicJwks(world.signingKeys, clock.seconds()) }),
  });
  const handler = plant(product, write, fault);
  const server = await startServer({ handler, port: 0, host: "127.0.0.1" });
  const connection = createConnection(server.port);
  const escaped = catchEscapes();
  let names: Names = {};
  const secretsOf = () =>
    ["secret", "access", "refresh", "consent", "canary"].map((name) => names[name] ?? "");

  return {
    port: server.port,
    world,
    names: () => names,
    secrets: secretsOf,
    async prepare() {
      clock.advance(61);
      await service.sweep();
      names = await drawNames(world);
      lines.length = events.length = 0;
    },
    async watch(work) {
      lines.length = events.length = escaped.length = 0;
      const before = process.cpuUsage();
      const result = await work(connection);
      const { user, system } = process.cpuUsage(before);
      for (const event of events) writeEvent(event);
      if (escaped[0] !== undefined) throw toBrokenLaw(escaped[0]);
      judgeLines(lines, secretsOf());
      const milliseconds = (user + system) / 1000;
      if (milliseconds > MAX_CPU_MILLISECONDS) {
        throw new BrokenLaw("No input takes more than 1 s of CPU time", `${milliseconds} ms`);
      }
      return result;
    },
    async confirm() {
      const { users, partner } = world;
      const body = { query: MUTATION, variables: { publicId: users.connected } };
      const text = await valid(connection, PATHS.partners, jsonBy(partner), body);
      const token = JSON.parse(text).data?.fetchTokensForUser?.accessToken;
      const bearer = { authorization: `Bearer ${token}`, "content-type": "application/json" };
      const used = await valid(connection, PATHS.users, bearer, { query: "{ user { publicId } }" });
      if (JSON.parse(used).data?.user?.publicId !== users.connected) {
        throw new BrokenLaw("A valid request succeeds after each batch", used);
      }
    },
    async close() {
      connection.close();
      await server.stop(100);
      await service.close();
    },
  };
}

async function valid(
  connection: Connection,
  path: string,
  headers: Readonly<Record<string, string>>,
  body: object,
): Promise<string> {
  const request = renderRequest({
    method: "POST",
    path,
    headers: Object.entries(headers),
    body: JSON.stringify(body),
  }, {});
  const { status, body: text } = await connection.ask(request);
  if (status === 200) return text;
  throw new BrokenLaw("A valid request succeeds after each batch", `${status} ${text}`);
}

async function drawNames({ service, issuer, partner, users }: World): Promise<Names> {
  const args = { publicId: users.connected };
  const { accessToken, refreshToken } = await service.fetchTokensForUser(partner.id, args);
  const basic = Buffer.from(`${partner.id}:${partner.secret}`).toString("base64");
  return {
    client: partner.id,
    secret: partner.secret,
    basic,
    user: users.connected,
    access: accessToken ?? "",
    refresh: refreshToken ?? "",
    consent: await issuer.mint(),
    canary: CANARY,
  };
}

/** One request in its parts; texts may hold `{{names}}`. */
export interface Recipe {
  readonly method: string;
  readonly path: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** The request as bytes. Header values lose what would end the header. */
export function renderRequest({ method, path, headers, body }: Recipe, names: Names): Uint8Array {
  const bytes = Buffer.from(fill(body, names));
  const lines = headers.map(([name, value]) =>
    `${name}: ${fill(value, names).replace(/[\r\n]/g, " ")}\r\n`
  );
  const head = `${method} ${fill(path, names)} HTTP/1.1\r\nhost: localhost\r\n` +
    `content-length: ${bytes.length}\r\n${lines.join("")}\r\n`;
  return Buffer.concat([Buffer.from(head, "latin1"), bytes]);
}

/** Sends a request to a subject and judges the answer: first what happened inside, which names the cause. */
export async function askSubject(subject: Subject, recipe: Recipe): Promise<Reply> {
  const isHead = recipe.method === "HEAD";
  const names = subject.names();
  const request = renderRequest(recipe, names);
  const reply = await subject.watch((connection) => connection.ask(request, { isHead }));
  const path = fill(recipe.path, names).split("?", 1)[0] ?? "";
  judgeReply(isHead ? { ...reply, body: "" } : reply, path, subject.secrets());
  return reply;
}

/** Status, and the code of the first error: what a request came to. */
export function outcomeOf({ status, body }: Reply): string {
  const code = /"(?:code|error)":"(\w+)"/.exec(body)?.[1];
  return code === undefined ? `${status}` : `${status} ${code}`;
}

/** A request as people read it. */
export function showRecipe(recipe: Recipe): string {
  return excerpt(Buffer.from(renderRequest(recipe, {})).toString(), 2000);
}

const ESCAPED: unknown[] = [];
let listening = false;

/** What is thrown where nobody catches it. */
function catchEscapes(): unknown[] {
  if (!listening) {
    listening = true;
    process.on("uncaughtException", (error) => ESCAPED.push(error));
    process.on("unhandledRejection", (error) => ESCAPED.push(error));
  }
  return ESCAPED;
}
