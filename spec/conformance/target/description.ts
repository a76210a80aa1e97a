/**
 * Reads what an implementation declares about itself, in its harness or in a subjects file.
 * @module
 */
import { type NumericSetting, RANGES } from "../../../core/settings.ts";
import { isObject } from "../base/encoding.ts";

/** URLs of the endpoints besides the mutation. Absent: not provided, unless server metadata names it. */
export interface Endpoints {
  readonly token?: string;
  readonly revocation?: string;
  readonly introspection?: string;
  readonly users?: string;
}

/** An issuer for whom the harness, or a key in the subjects file, signs. */
export interface DescribedIssuer {
  readonly issuer: string;
  readonly alg: string;
  readonly kid: string;
  /** Its public keys, as far as they are known. */
  readonly keys: readonly Readonly<Record<string, unknown>>[];
}

/** What an implementation declares about itself. */
export interface Description {
  readonly name?: string;
  readonly version?: string;
  /** The harness commands that it provides. */
  readonly commands?: readonly string[];
  /** The `aud` that it requires of a consent token. */
  readonly audience?: string;
  readonly endpoints?: Endpoints;
  readonly algorithms?: readonly string[];
  /** At least three scope tokens that clients can be registered for. */
  readonly scopes?: readonly string[];
  /** Its numbers, named like the settings of the reference. */
  readonly policy?: Partial<Readonly<Record<NumericSetting, number>>>;
  readonly issuer?: DescribedIssuer;
}

/**
 * Reads a description. Unknown members are ignored.
 * @throws {RangeError} naming the invalid member
 */
export function readDescription(json: Readonly<Record<string, unknown>>): Description {
  const texts = (name: string) => json[name] === undefined ? undefined : list(json[name], name);
  const optional = {
    name: text(json["name"], "name"),
    version: text(json["version"], "version"),
    audience: text(json["audience"], "audience"),
    commands: texts("commands"),
    algorithms: texts("algorithms"),
    scopes: texts("scopes"),
    endpoints: readEndpoints(json["endpoints"]),
    policy: readPolicy(json["policy"]),
    issuer: readIssuer(json["issuer"]),
  };
  return Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined));
}

function readEndpoints(value: unknown): Endpoints | undefined {
  if (value === undefined) return undefined;
  const members = object(value, "endpoints");
  const names = ["token", "revocation", "introspection", "users"] as const;
  return Object.fromEntries(
    names.flatMap((name) => {
      const url = text(members[name], `endpoints.${name}`);
      if (url === undefined) return [];
      if (!URL.canParse(url)) throw wrong(`endpoints.${name}`, "a URL");
      return [[name, url]];
    }),
  );
}

function readPolicy(value: unknown): Description["policy"] {
  if (value === undefined) return undefined;
  const members = object(value, "policy");
  const names = Object.keys(RANGES) as NumericSetting[];
  return Object.fromEntries(
    names.filter((name) => members[name] !== undefined).map((name) => {
      const number = members[name];
      if (!Number.isSafeInteger(number) || Number(number) < 0) {
        throw wrong(`policy.${name}`, "a non-negative integer");
      }
      return [name, number];
    }),
  );
}

/** A string is ignored: the start record of the reference server names its issuer that way. */
function readIssuer(value: unknown): DescribedIssuer | undefined {
  if (value === undefined || typeof value === "string") return undefined;
  const members = object(value, "issuer");
  const required = (name: string) => {
    const found = text(members[name], `issuer.${name}`);
    if (found === undefined) throw wrong(`issuer.${name}`, "a non-empty string");
    return found;
  };
  const keys = members["jwks"] === undefined ? [] : object(members["jwks"], "issuer.jwks")["keys"];
  if (!Array.isArray(keys)) throw wrong("issuer.jwks.keys", "a list");
  return {
    issuer: required("issuer"),
    alg: required("alg"),
    kid: required("kid"),
    keys: keys.filter(isObject),
  };
}

function text(value: unknown, name: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string" || value === "") throw wrong(name, "a non-empty string");
  return value;
}

function list(value: unknown, name: string): readonly string[] {
  const texts = Array.isArray(value) && value.every((item) => typeof item === "string");
  if (!texts) throw wrong(name, "a list of strings");
  return value;
}

function object(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (!isObject(value)) throw wrong(name, "a JSON object");
  return value;
}

function wrong(name: string, expected: string): RangeError {
  return new RangeError(`Cannot read the description: "${name}" must be ${expected}`);
}
