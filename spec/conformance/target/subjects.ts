/**
 * The subjects file: credentials, users and tokens that the suite cannot create itself. The record that
 * the reference server prints at its start is one.
 * @module
 */
import { type Description, readDescription } from "./description.ts";
import { isObject } from "../base/encoding.ts";

/** A client with its credentials. */
export interface SubjectClient {
  readonly id: string;
  /** Secret. */
  readonly secret: string;
}

/** Ready consent tokens. Each valid one is used once. */
export interface SubjectTokens {
  readonly valid: readonly string[];
  /** Genuine except for one flaw, by its name. */
  readonly flawed: Readonly<Partial<Record<FlawName, string>>>;
}

/** The flaws that a ready token may have. */
export type FlawName = "expired" | "notYetValid" | "wrongAudience" | "otherClient";

/** The flaws of ready tokens, in the order of the documentation. */
export const FLAWS: readonly FlawName[] = [
  "expired",
  "notYetValid",
  "wrongAudience",
  "otherClient",
];

/** The content of a subjects file. */
export interface Subjects extends Description {
  readonly clients: Readonly<
    Partial<Record<"partner" | "otherPartner" | "merchant", SubjectClient>>
  >;
  readonly users: Readonly<
    Partial<Record<"connected" | "merchantOnly" | "unconnected" | "otherPartnerOnly", string>>
  >;
  readonly consentTokens: SubjectTokens;
  /** The private key of a trusted issuer, if the suite may use it. Secret. */
  readonly issuerKey: JsonWebKey | null;
}

/** No subjects at all. */
export const NO_SUBJECTS: Subjects = {
  clients: {},
  users: {},
  consentTokens: { valid: [], flawed: {} },
  issuerKey: null,
};

/**
 * Reads a subjects file.
 * @throws {RangeError} naming the invalid member, never its value, which may be a secret
 */
export function readSubjects(json: unknown): Subjects {
  const file = object(json, "the subjects file");
  const clients = mapObject(file["clients"], "clients", (value, name) => {
    const client = object(value, name);
    return {
      id: text(client["id"], `${name}.id`),
      secret: text(client["secret"], `${name}.secret`),
    };
  });
  const users = mapObject(file["users"], "users", text);
  const tokens = object(file["consentTokens"] ?? {}, "consentTokens");
  const valid = list(tokens["valid"] ?? [], "consentTokens.valid").map((token, index) =>
    text(token, `consentTokens.valid[${index}]`)
  );
  const single = file["consentToken"];
  const flawed = FLAWS.flatMap((name) =>
    tokens[name] === undefined ? [] : [[name, text(tokens[name], `consentTokens.${name}`)]]
  );
  const issuer = file["issuer"];
  const key = isObject(issuer) ? issuer["key"] : undefined;
  return {
    ...readDescription(file),
    clients,
    users,
    consentTokens: {
      valid: single === undefined ? valid : [text(single, "consentToken"), ...valid],
      flawed: Object.fromEntries(flawed),
    },
    issuerKey: key === undefined ? null : object(key, "issuer.key"),
  };
}

function object(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (isObject(value)) return value;
  throw new RangeError(`Cannot read the subjects: ${name} must be a JSON object`);
}

function list(value: unknown, name: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new RangeError(`Cannot read the subjects: ${name} must be a list`);
}

function text(value: unknown, name: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw new RangeError(`Cannot read the subjects: ${name} must be a non-empty string`);
}

function mapObject<T>(
  value: unknown,
  name: string,
  read: (value: unknown, name: string) => T,
): Readonly<Record<string, T>> {
  return Object.fromEntries(
    Object.entries(object(value ?? {}, name)).map(([key, member]) => [
      key,
      read(member, `${name}.${key}`),
    ]),
  );
}
