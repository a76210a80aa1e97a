/**
 * Options as data: one table gives parsing, environment variables, help text and the docs page.
 * Flags win over environment, environment over defaults.
 * @module
 */
import { parseArgs } from "node:util";
import { type Numbers, RANGES } from "../../core/settings.ts";

/** One option of a command. */
export interface Option {
  /** Kebab case, without the dashes. */
  readonly name: string;
  /** What stands for the value in the help text; absent for a switch. */
  readonly value?: string;
  /** The environment variable that sets it, if any. */
  readonly env?: string;
  readonly default?: string;
  /** One sentence for help text and docs. */
  readonly text: string;
}

/** One command of the command line. */
export interface Command {
  readonly name: string;
  /** What follows the name; a last one that ends in `...` takes any number. */
  readonly arguments?: readonly string[];
  readonly summary: string;
  /** More for the help text. */
  readonly details?: string;
  readonly options: readonly Option[];
  /** Runs it; resolves to the exit code. */
  run(values: Values, positionals: readonly string[]): Promise<number>;
}

/** A command that reads its arguments and prints its help by itself. */
export interface ForeignCommand {
  readonly name: string;
  readonly summary: string;
  /** Runs it; resolves to the exit code. */
  runRaw(argv: readonly string[]): Promise<number>;
}

/** What was given, by option name. */
export type Values = Readonly<Record<string, string | true | undefined>>;

/** The command line was not understood. The message names the cause and the cure. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Reads the arguments of a command. `--help` is left to the caller. */
export function readOptions(
  command: Command,
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): { readonly values: Values; readonly positionals: readonly string[] } {
  const parsed = parse(command, argv);
  const expected = command.arguments ?? [];
  const open = expected.at(-1)?.endsWith("...") ?? false;
  const found = parsed.positionals.length;
  if (open ? found < expected.length - 1 : found !== expected.length) {
    const wanted = expected.length === 0 ? "no arguments" : expected.join(" ");
    throw new UsageError(`${command.name} takes ${wanted}, found ${found || "none"}`);
  }
  const values = Object.fromEntries(command.options.map((option) => {
    const given = parsed.values[option.name] as string | true | undefined;
    return [option.name, given ?? fromEnvironment(option, environment) ?? option.default];
  }));
  return { values, positionals: parsed.positionals };
}

function parse(command: Command, argv: readonly string[]) {
  const options = Object.fromEntries(
    command.options.map(({ name, value }) => [
      name,
      { type: value === undefined ? "boolean" as const : "string" as const },
    ]),
  );
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message.split(". ")[0] ?? "" : "");
  }
}

function fromEnvironment(
  option: Option,
  environment: Readonly<Record<string, string | undefined>>,
): string | true | undefined {
  const given = option.env === undefined ? undefined : environment[option.env];
  if (given === undefined || given === "") return undefined;
  if (option.value !== undefined) return given;
  return given === "1" || given === "true" ? true : undefined;
}

/** The numeric settings as options: `maxFamilies` is `--max-families` and `FTFU_MAX_FAMILIES`. */
export const SETTING_OPTIONS: readonly Option[] = Object.entries(RANGES).map(([name, range]) => ({
  name: kebab(name),
  value: "N",
  env: `FTFU_${kebab(name).replaceAll("-", "_").toUpperCase()}`,
  default: String(range.default),
  text: `${range.text} ${range.min} to ${range.max}.`,
}));

/** The numeric settings among the values. */
export function readNumbers(values: Values): Numbers {
  const entries = Object.keys(RANGES).map((name) => [name, readNumber(values, kebab(name))]);
  return Object.fromEntries(entries) as Numbers;
}

/** A whole number, zero or more. */
export function readNumber(values: Values, name: string): number {
  const text = values[name];
  if (typeof text === "string" && /^\d{1,15}$/.test(text)) return Number(text);
  throw new UsageError(
    `--${name} takes a whole number, found ${JSON.stringify(text ?? "nothing")}`,
  );
}

/** The help text of one command. */
export function helpOf(command: Command): string {
  const usage = ["fetch-tokens-for-user", command.name, ...(command.arguments ?? []), "[options]"];
  const rows = command.options.map(({ name, value, env, default: preset, text }) => {
    const notes = [preset && `default ${preset}`, env].filter(Boolean).join(", ");
    const flag = `--${name}${value === undefined ? "" : ` ${value}`}`;
    return [flag, `${text}${notes && ` [${notes}]`}`] as const;
  });
  return `${command.summary}\n\nUsage: ${usage.join(" ")}\n${
    command.details === undefined ? "" : `\n${command.details}\n`
  }${rows.length === 0 ? "" : `\nOptions:\n${table(rows)}`}`;
}

/** Two columns, the second wrapped. */
export function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.min(30, Math.max(...rows.map(([left]) => left.length)));
  return rows.map(([left, right]) => {
    const lines = wrap(right, 96 - width);
    const first = left.length > width
      ? `  ${left}\n${" ".repeat(width + 4)}`
      : `  ${left.padEnd(width)}  `;
    return first + lines.join(`\n${" ".repeat(width + 4)}`) + "\n";
  }).join("");
}

function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < width) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else lines.push(word);
  }
  return lines;
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
