/**
 * The schema of an implementation, as GraphQL introspection shows it, in the notation of the SDL.
 * @module
 */
import { base64, isObject, utf8 } from "../base/encoding.ts";
import type { Party } from "./target.ts";
import type { Wire } from "../wire/wire.ts";

const QUERY = `query Contract {
  __schema {
    mutationType { name }
    types {
      kind
      name
      fields(includeDeprecated: true) { name args { name defaultValue type { ...T } } type { ...T } }
      enumValues(includeDeprecated: true) { name }
    }
  }
}
fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }`;

/** Asks for the schema; `null` where introspection is refused. */
export async function introspectSchema(
  wire: Wire,
  endpoint: string,
  { id, secret }: Party,
): Promise<Readonly<Record<string, unknown>> | null> {
  const { json } = await wire.send({
    label: "partner: introspection of the schema",
    url: endpoint,
    headers: {
      "authorization": `Basic ${base64(utf8(`${id}:${secret}`))}`,
      "content-type": "application/json",
      "accept": "application/json",
    },
    body: JSON.stringify({ query: QUERY }),
  });
  const data = isObject(json) ? json["data"] : undefined;
  const schema = isObject(data) ? data["__schema"] : undefined;
  return isObject(schema) ? schema : null;
}

/** An argument in the notation of the SDL. */
export interface ArgumentShape {
  readonly type: string;
  readonly default: string | null;
}

/** A field in the notation of the SDL. */
export interface FieldShape {
  readonly type: string;
  readonly arguments: Readonly<Record<string, ArgumentShape>>;
}

/** A type with what it consists of. */
export interface TypeShape {
  readonly kind: string;
  readonly fields: Readonly<Record<string, FieldShape>>;
  readonly values: readonly string[];
}

/** The name of the mutation root; `null` where there is none. */
export function mutationRoot(schema: Readonly<Record<string, unknown>>): string | null {
  const root = schema["mutationType"];
  return isObject(root) && typeof root["name"] === "string" ? root["name"] : null;
}

/** A type by name; `null` where there is none. */
export function typeOf(
  schema: Readonly<Record<string, unknown>>,
  name: string,
): TypeShape | null {
  const type = objects(schema["types"]).find((found) => found["name"] === name);
  if (type === undefined) return null;
  return {
    kind: String(type["kind"]),
    fields: byName(objects(type["fields"]), (field) => ({
      type: notation(field["type"]),
      arguments: byName(objects(field["args"]), (argument) => ({
        type: notation(argument["type"]),
        default: typeof argument["defaultValue"] === "string" ? argument["defaultValue"] : null,
      })),
    })),
    values: objects(type["enumValues"]).map((value) => String(value["name"])),
  };
}

/** A type reference as the SDL writes it: `[String!]!`. */
function notation(type: unknown): string {
  if (!isObject(type)) return "?";
  if (type["kind"] === "NON_NULL") return `${notation(type["ofType"])}!`;
  if (type["kind"] === "LIST") return `[${notation(type["ofType"])}]`;
  return String(type["name"]);
}

function objects(list: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(list) ? list.filter(isObject) : [];
}

function byName<T>(
  list: readonly Readonly<Record<string, unknown>>[],
  read: (item: Readonly<Record<string, unknown>>) => T,
): Readonly<Record<string, T>> {
  return Object.fromEntries(list.map((item) => [String(item["name"]), read(item)]));
}
