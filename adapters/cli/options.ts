/**
 * Options as data: one table gives parsing, environment variables, help text and the docs page.
 * Flags win over environment, environment over defaults.
 * @module
 */
import { parseArgs } from "node:util";
import { type Numbers, type NumericSetting, RANGES } from "../../core/settings.ts";

/** One option of a command. */
export interface Option {
  /** Kebab case, without the dashes. */
  readonly name: string;
  /** The placeholder of the value in the help text; absent for a switch. */
  readonly value?: string;
  /** The environment variable that sets it, if any. */
  readonly env?: string;
  readonly default?: string;
  /** One sentence for help text and docs. */
  readonly text: string;
}

/** The environment variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** One command of the command line. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  /** The names of the environment variables that it reads. */
  readonly environment: readonly string[];
  /** What `--help` prints. */
  help(): string | Promise<string>;
  /**
   * Runs it; resolves to the exit code.
   * @throws {UsageError} when the arguments are invalid
   */
  run(argv: readonly string[], environment: Environment): Promise<number>;
}

/** A command as data: parsing and help text come from these tables. */
export interface CommandSpec {
  readonly name: string;
  /** What follows the name. In brackets: optional. A last one that ends in `...` takes any number. */
  readonly arguments?: readonly string[];
  readonly summary: string;
  /** More for the help text. */
  readonly details?: string;
  readonly options: readonly Option[];
  /** Runs it; resolves to the exit code. */
  run(values: Values, positionals: readonly string[]): Promise<number>;
}

/** Makes a command from its tables. */
export function defineCommand(spec: CommandSpec): Command {
  return {
    name: spec.name,
    summary: spec.summary,
    environment: spec.options.flatMap(({ env }) => env ?? []),
    help: () => helpOf(spec),
    run(argv, environment) {
      const { values, positionals } = readOptions(spec, argv, environment);
      return spec.run(values, positionals);
    },
  };
}

/** The values of options, by name. */
export type Values = Readonly<Record<string, string | true | undefined>>;

/** The command line is invalid. The message says why and what to do. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

function readOptions(
  command: CommandSpec,
  argv: readonly string[],
  environment: Environment,
): { readonly values: Values; readonly positionals: readonly string[] } {
  const parsed = parse(command, argv);
  const expected = command.arguments ?? [];
  const open = expected.at(-1)?.endsWith("...") ?? false;
  const found = parsed.positionals.length;
  const needed = expected.filter((name) => !/^\[|\.\.\.$/.test(name)).length;
  if (found < needed || (!open && found > expected.length)) {
    const wanted = expected.length === 0 ? "no arguments" : expected.join(" ");
    throw new UsageError(`${command.name} takes ${wanted}, found ${found || "none"}`);
  }
  const values = Object.fromEntries(command.options.map((option) => {
    const given = parsed.values[option.name] as string | true | undefined;
    if (given === "") throw new UsageError(`--${option.name} takes ${option.value}, found nothing`);
    return [option.name, given ?? fromEnvironment(option, environment) ?? option.default];
  }));
  return { values, positionals: parsed.positionals };
}

function parse(command: CommandSpec, argv: readonly string[]) {
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
  environment: Environment,
): string | true | undefined {
  const given = option.env === undefined ? undefined : environment[option.env];
  if (given === undefined || given === "") return undefined;
  if (option.value !== undefined) return given;
  if (given === "0" || given === "false") return undefined;
  if (given === "1" || given === "true") return true;
  throw new UsageError(`${option.env} must be 1 or 0, found ${JSON.stringify(given)}`);
}

/** The names of the numeric settings. */
export const SETTINGS: readonly NumericSetting[] = Object.keys(RANGES) as NumericSetting[];

/** Numeric settings as options: `maxFamilies` is `--max-families` and `FTFU_MAX_FAMILIES`. */
export function settingOptions(names: readonly NumericSetting[]): readonly Option[] {
  return names.map((name) => {
    const { default: preset, min, max, text } = RANGES[name];
    return {
      name: kebab(name),
      value: "N",
      env: `FTFU_${kebab(name).replaceAll("-", "_").toUpperCase()}`,
      default: String(preset),
      text: `${text} ${min} to ${max}.`,
    };
  });
}

/** The numeric settings; a setting without an option in this command has its default. */
export function readNumbers(values: Values): Numbers {
  const entries = SETTINGS.map((name) => [
    name,
    values[kebab(name)] === undefined ? RANGES[name].default : readNumber(values, kebab(name)),
  ]);
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

function helpOf(command: CommandSpec): string {
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
