/**
 * The suite as a command: reads arguments and files, runs the cases, writes the report.
 * @module
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { stopwatch } from "./base/ambient.ts";
import { cases } from "./cases/all.ts";
import { formats, type ReportFormat, writeReport } from "./report/formats.ts";
import { textReport } from "./report/text.ts";
import { conform, type ConformOptions, type Progress } from "./run/conform.ts";
import { CannotRun } from "./target/session.ts";
import { readSubjects, type Subjects } from "./target/subjects.ts";
import type { Level } from "../requirements/model.ts";
import type { Case } from "./case.ts";
import type { Depth, Report } from "./results.ts";
import { verdictOf } from "./report/gather.ts";

/** What `conform --help` prints. */
export const CONFORM_HELP: string = `Check an implementation of fetchTokensForUser, over the wire.

Usage: fetch-tokens-for-user conform URL [options]

URL is the endpoint of the mutation. If it has no path, /api/partners/graphql.json is added.

  --harness URL     Control plane of the implementation; enables more cases
  --subjects FILE   JSON with credentials, public ids and consent tokens to use
  --report FORMAT   ${formats.join(", ")} (default text)
  --out FILE        Write the report to a file; its extension selects the format unless --report does
  --only NAMES      Comma-separated groups or ids of cases
  --level LEVELS    Comma-separated levels: MUST, SHOULD, MAY
  --expected FILE   Ids of cases that are known to fail, one per line; if one passes, that is a failure
  --require DEPTH   harness or oracle: exit with 2 if the suite can control less
  --cacert FILE     Certificates (PEM) of the CA that signed the server's certificate
  --strict          Count recommendations (SHOULD, MAY) that are not followed as failures
  --seed N          Seed of the random histories (default 1)
  --histories N     Random histories of each kind (default 16); 0 skips them
  --timeout S       Seconds to wait for an answer (default 10)
  --list            List the cases without running them

If the harness requires a bearer secret, set FTFU_HARNESS_SECRET.

If the harness fails during a case, the case fails with a reason that starts with "harness:". It then
says nothing about the product.

Exit code: 0 if nothing failed, 1 if something failed, 2 if the suite could not run.
`;

const OPTIONS = {
  "harness": { type: "string" },
  "subjects": { type: "string" },
  "report": { type: "string" },
  "out": { type: "string" },
  "only": { type: "string", multiple: true },
  "level": { type: "string", multiple: true },
  "expected": { type: "string" },
  "require": { type: "string" },
  "cacert": { type: "string" },
  "strict": { type: "boolean" },
  "seed": { type: "string" },
  "histories": { type: "string" },
  "timeout": { type: "string" },
  "list": { type: "boolean" },
  "help": { type: "boolean", short: "h" },
} as const;

/** The command line, read. */
interface Request {
  readonly options: ConformOptions;
  readonly format: ReportFormat;
  readonly out: string | null;
  readonly strict: boolean;
}

/** Where a command writes: a stream of `node:process`, or something like it. */
export interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Where the two kinds of output go. */
export interface Outputs {
  readonly stdout: Output;
  readonly stderr: Output;
}

/**
 * Runs the suite as a command.
 * @param argv without the name of the command
 * @returns the exit code: 0 if nothing failed, 1 if something failed, 2 if the suite could not run
 */
export async function runConform(
  argv: readonly string[],
  outputs: Outputs = process,
): Promise<number> {
  const { stdout, stderr } = outputs;
  const print = (text: string): 0 => {
    stdout.write(text);
    return 0;
  };
  try {
    const { values } = parse(argv);
    if (values.help) return print(CONFORM_HELP);
    if (values.list) return print(select(values).map(listed).join(""));
    if (values.cacert !== undefined && !trusts(values.cacert)) {
      return await againTrusting(values.cacert);
    }
    const request = await readRequest(argv, stderr);
    const report = await conform(request.options);
    print(await write(report, request, stdout.isTTY === true && !process.env["NO_COLOR"]));
    const { failed, warned, passed, expected } = report.summary;
    if (failed > 0 || (request.strict && warned > 0)) return 1;
    if (passed + expected > 0 && report.depth !== "anonymous") return 0;
    throw new CannotRun(
      `${verdictOf(report)}. ${HOW_TO_CHECK_MORE[report.depth]}`,
    );
  } catch (error) {
    const known = error instanceof CannotRun || error instanceof UsageError ||
      error instanceof RangeError;
    const text = error instanceof Error ? (known ? error.message : error.stack) : String(error);
    stderr.write(`conform: ${text}\n`);
    if (error instanceof UsageError) stderr.write("Run conform --help for usage.\n");
    return 2;
  }
}

const HOW_TO_CHECK_MORE: Readonly<Record<Depth, string>> = {
  anonymous: "The suite had no credentials: pass --harness or --subjects.",
  endpoint: "Pass --harness, or name more subjects.",
  harness: "See what the skipped cases need.",
  oracle: "See what the skipped cases need.",
};

/** Whether this process trusts the certificates in a file: Node reads them once, when it starts. */
function trusts(file: string): boolean {
  return process.env["NODE_EXTRA_CA_CERTS"] === resolve(file);
}

/** Runs the same command in a process that trusts the certificates in a file. */
async function againTrusting(file: string): Promise<number> {
  if ("Deno" in globalThis) throw new UsageError("Under Deno, pass --cert FILE to deno itself.");
  await readFile(file, "utf8").catch((error: Error) => {
    throw new UsageError(`Cannot read ${file}: ${error.message}.`);
  });
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: resolve(file) };
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    stdio: "inherit",
    env,
  });
  const [code] = await once(child, "exit");
  return code ?? 2;
}

/** The command line, or a file that it names, is invalid. */
class UsageError extends Error {
  override readonly name = "UsageError";
}

type Values = ReturnType<typeof parse>["values"];

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message.split(". ")[0]);
  }
}

async function readRequest(argv: readonly string[], stderr: Output): Promise<Request> {
  const { values, positionals } = parse(argv);
  const subjects = values.subjects === undefined ? null : await readSubjectsFile(values.subjects);
  const [endpoint = subjects?.endpoint, ...more] = positionals;
  if (endpoint === undefined || more.length > 0) throw new UsageError("Pass exactly one URL.");
  const format = formatOf(values.report, values.out);
  const secret = process.env["FTFU_HARNESS_SECRET"];
  const options: ConformOptions = {
    endpoint,
    cases: select(values),
    seed: numberOf(values.seed, "seed", 1),
    histories: numberOf(values.histories, "histories", 16),
    timeoutMilliseconds: 1000 * numberOf(values.timeout, "timeout", 10),
    expected: values.expected === undefined ? [] : await readExpected(values.expected),
    onProgress: progressWriter(stderr),
    ...(values.harness !== undefined && { harness: values.harness }),
    ...(values.require !== undefined && { require: depthOf(values.require) }),
    ...(secret && { harnessSecret: secret }),
    ...(subjects !== null && { subjects: subjects.subjects }),
  };
  return { options, format, out: values.out ?? null, strict: values.strict === true };
}

function depthOf(name: string): "harness" | "oracle" {
  if (name === "harness" || name === "oracle") return name;
  throw new UsageError("--require must be harness or oracle.");
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new UsageError(`Cannot read ${path}: ${(error as Error).message}`);
  }
}

async function readSubjectsFile(
  path: string,
): Promise<{ readonly subjects: Subjects; readonly endpoint: string | undefined }> {
  const text = await readText(path);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new UsageError(`Cannot read ${path}: not valid JSON.`); // the engine's message may quote secrets
  }
  const { endpoint } = (json ?? {}) as { readonly endpoint?: unknown };
  return {
    subjects: readSubjects(json),
    endpoint: typeof endpoint === "string" ? endpoint : undefined,
  };
}

/** One id per line; text after it is a note, and so is a line that starts with #. */
async function readExpected(path: string): Promise<readonly string[]> {
  const ids = (await readText(path)).split("\n").map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(/\s/, 1)[0] ?? "");
  const unknown = ids.filter((id) => !cases.some((known) => known.id === id));
  if (unknown.length === 0) return ids;
  throw new UsageError(`${path} names unknown cases: ${unknown.join(", ")}.`);
}

function select({ only, level }: Values): readonly Case[] {
  const names = split(only);
  const levels = split(level).map((name) => name.toUpperCase());
  const wrong = levels.filter((name) => !["MUST", "SHOULD", "MAY"].includes(name));
  if (wrong.length > 0) throw new UsageError(`Unknown level: ${wrong.join(", ")}.`);
  const unknown = names.filter((name) =>
    !cases.some(({ id, group }) => id === name || group === name)
  );
  if (unknown.length > 0) throw new UsageError(`Unknown group or case: ${unknown.join(", ")}.`);
  return cases.filter((subject) =>
    (names.length === 0 || names.includes(subject.id) || names.includes(subject.group)) &&
    (levels.length === 0 || levels.includes(subject.level satisfies Level))
  );
}

function split(values: readonly string[] | undefined): readonly string[] {
  return (values ?? []).flatMap((value) => value.split(",")).map((name) => name.trim())
    .filter((name) => name !== "");
}

function numberOf(text: string | undefined, name: string, preset: number): number {
  if (text === undefined) return preset;
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`--${name} must be a whole number.`);
  return Number(text);
}

function formatOf(name: string | undefined, out: string | undefined): ReportFormat {
  const endings: Readonly<Record<string, ReportFormat>> = {
    xml: "junit",
    htm: "html",
    txt: "text",
  };
  const ending = out?.split(".").at(-1) ?? "";
  const wanted = name ?? endings[ending] ?? (formats.find((format) => format === ending) ?? "text");
  const format = formats.find((known) => known === wanted);
  if (format === undefined) {
    throw new UsageError(`Unknown report format ${wanted}. Use one of ${formats.join(", ")}.`);
  }
  return format;
}

/** Writes the report to its file, if it has one; returns what to print. */
async function write(report: Report, { format, out }: Request, color: boolean): Promise<string> {
  if (out === null) return writeReport(report, format, { color });
  try {
    await writeFile(out, writeReport(report, format));
  } catch (error) {
    throw new CannotRun(`Cannot write ${out}: ${(error as Error).message}`);
  }
  return textReport(report, { color });
}

function listed({ id, level, requirements, title }: Case): string {
  return `${id}\t${level}\t${requirements.join(",")}\t${title}\n`;
}

/** How often progress is reported if there is no terminal. */
const EVERY_MILLISECONDS = 5000;

/** Reports progress on standard error: on one line of a terminal, otherwise every few seconds. */
function progressWriter(stderr: Output): (progress: Progress) => void {
  let told = stopwatch();
  return ({ done, total, next }) => {
    if (stderr.isTTY) {
      stderr.write(
        next === null ? "\r\x1b[2K" : `\r\x1b[2K${done}/${total} ${next.id}`.slice(0, 100),
      );
    } else if (next !== null && stopwatch() - told > EVERY_MILLISECONDS) {
      told = stopwatch();
      stderr.write(`${done} of ${total} cases done\n`);
    }
  };
}
