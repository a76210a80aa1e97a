/**
 * Reads `postgres://` URLs: where the database is, how to connect, and the options of the store.
 * @module
 */
import { isIP } from "node:net";
import { PostgresOpenError } from "./errors.ts";
import type { PostgresOptions } from "./store.ts";

/** A host of the database. The first one that takes writes is used. */
export interface Host {
  readonly host: string;
  readonly port: number;
}

/** How a connection is encrypted: not, without checking who answers, or with. */
export type SslMode = "disable" | "require" | "verify-full";

/** What a URL says. */
export interface Target {
  readonly hosts: readonly Host[];
  readonly user: string | undefined;
  /** Secret. `undefined`: `PGPASSWORD` or a password file. */
  readonly password: string | undefined;
  readonly database: string | undefined;
  readonly sslMode: SslMode;
  /** A file of certificate authorities. */
  readonly sslRootCert: string | null;
  readonly applicationName: string;
  readonly connectMilliseconds: number;
  readonly store: PostgresOptions;
  /** Without the password, for messages. */
  readonly description: string;
}

/** Whether the location of a database is a URL of this kind. */
export function isPostgresUrl(location: string): boolean {
  return /^postgres(?:ql)?:/.test(location);
}

const SHAPE = /^postgres(?:ql)?:\/\/(?:([^@/]*)@)?([^/?#]*)(?:\/([^?#/]*))?(?:\?([^#]*))?$/;

const SSL_MODES: readonly string[] = ["disable", "require", "verify-full"] satisfies SslMode[];

/** Parameters that numbers of the store are read from. */
const NUMBERS = {
  connections: "parallel",
  batch: "batch",
  statement_timeout: "statementMilliseconds",
  partitions: "partitions",
} as const;

/**
 * Reads a URL.
 * @throws {PostgresOpenError} naming the part that is wrong, and never the password
 */
export function readPostgresUrl(url: string): Target {
  const [, authority, places = "", path, query] = SHAPE.exec(url) ?? refuse(
    "a URL is postgres://USER:PASSWORD@HOST:PORT/DATABASE?NAME=VALUE",
  );
  const [user, ...rest] = authority?.split(":") ?? [];
  const hosts = places.split(",").map(readHost);
  const database = path === undefined || path === "" ? undefined : decode(path);
  const parameters = readParameters(query);
  const { sslmode, sslrootcert, application_name, connect_timeout, schema } = parameters;
  const isNear = hosts.every(({ host }) => isLoopback(host));
  const sslMode = sslmode ?? (isNear ? "disable" : "verify-full");
  if (!SSL_MODES.includes(sslMode)) {
    refuse(`sslmode must be ${SSL_MODES.join(", ")}, found ${JSON.stringify(sslMode)}`);
  }
  const numbers = Object.entries(NUMBERS).flatMap(([name, option]) => {
    const value = parameters[name];
    return value === undefined ? [] : [[option, readNumber(name, value)] as const];
  });
  const described = hosts.map(({ host, port }) => `${bracket(host)}:${port}`).join(",");
  return {
    hosts,
    user: user === undefined || user === "" ? undefined : decode(user),
    password: rest.length === 0 ? undefined : decode(rest.join(":")),
    database,
    sslMode: sslMode as SslMode,
    sslRootCert: sslrootcert ?? null,
    applicationName: application_name ?? "fetch-tokens-for-user",
    connectMilliseconds: 1000 * readNumber("connect_timeout", connect_timeout ?? "5"),
    store: { ...Object.fromEntries(numbers), ...(schema !== undefined && { schema }) },
    description: `postgres://${user ? `${user}@` : ""}${described}/${path ?? ""}`,
  };
}

const PARAMETERS = [
  "sslmode",
  "sslrootcert",
  "application_name",
  "connect_timeout",
  "schema",
  "target_session_attrs",
  ...Object.keys(NUMBERS),
];

function readParameters(query: string | undefined): Readonly<Record<string, string>> {
  const parameters = [...new URLSearchParams(query ?? "")];
  for (const [name, value] of parameters) {
    if (!PARAMETERS.includes(name)) {
      refuse(`there is no parameter ${JSON.stringify(name)}: use ${PARAMETERS.join(", ")}`);
    }
    // What the store needs in any case.
    if (name === "target_session_attrs" && value !== "read-write" && value !== "primary") {
      refuse("target_session_attrs must be read-write: the store writes, and reads what it wrote");
    }
  }
  return Object.fromEntries(parameters);
}

function readHost(text: string): Host {
  const [, bracketed, plain = "", port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(text) ??
    refuse(`a host is NAME or NAME:PORT, found ${JSON.stringify(text)}`);
  return { host: bracketed ?? (plain === "" ? "localhost" : plain), port: Number(port ?? 5432) };
}

function readNumber(name: string, value: string): number {
  if (!/^\d{1,9}$/.test(value)) {
    refuse(`${name} takes a whole number, found ${JSON.stringify(value)}`);
  }
  return Number(value);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return refuse("a % in user, password or database must be written %25");
  }
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

function bracket(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

function refuse(why: string): never {
  throw new PostgresOpenError(`Cannot read the URL of the database: ${why}`);
}
