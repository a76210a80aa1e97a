/**
 * As much of JSON Schema (2020-12) as the schemas of this folder use, to check documents against them.
 * @module
 */
import { isObject } from "./base/encoding.ts";

/** A schema. */
export type Schema = Readonly<Record<string, unknown>>;

/** Every way in which a value does not meet a schema, each with the place of the value. */
export function findFlaws(
  value: unknown,
  schema: Schema,
  root: Schema = schema,
  at = "$",
): readonly string[] {
  const { $ref, anyOf } = schema;
  if (typeof $ref === "string") return findFlaws(value, follow(root, $ref), root, at);
  if (Array.isArray(anyOf)) {
    const fits = anyOf.some((option) => findFlaws(value, option, root, at).length === 0);
    return fits ? [] : [`${at} meets none of the alternatives`];
  }
  const values = schema["enum"];
  if (Array.isArray(values)) {
    return values.includes(value) ? [] : [`${at} is not one of ${values.join(", ")}`];
  }
  const { type } = schema;
  if (typeof type === "string" && !hasType(value, type)) return [`${at} is no ${type}`];
  if (isObject(value)) return findInObject(value, schema, root, at);
  if (Array.isArray(value)) return findInList(value, schema, root, at);
  const { minimum, minLength } = schema;
  if (typeof value === "number" && typeof minimum === "number" && value < minimum) {
    return [`${at} is below ${minimum}`];
  }
  const short = typeof value === "string" && typeof minLength === "number" &&
    value.length < minLength;
  return short ? [`${at} is too short`] : [];
}

function findInObject(
  value: Readonly<Record<string, unknown>>,
  { properties, required, additionalProperties }: Schema,
  root: Schema,
  at: string,
): readonly string[] {
  const known = isObject(properties) ? properties : {};
  const missing = Array.isArray(required)
    ? required.filter((name) => !Object.hasOwn(value, name)).map((name) =>
      `${at}.${name} is missing`
    )
    : [];
  const flaws = Object.entries(value).flatMap(([name, member]) => {
    const schema = known[name] ?? additionalProperties;
    if (schema === false) return [`${at}.${name} should not be there`];
    return isObject(schema) ? findFlaws(member, schema, root, `${at}.${name}`) : [];
  });
  return [...missing, ...flaws];
}

function findInList(
  value: readonly unknown[],
  { items, minItems }: Schema,
  root: Schema,
  at: string,
): readonly string[] {
  if (typeof minItems === "number" && value.length < minItems) return [`${at} has too few items`];
  return isObject(items)
    ? value.flatMap((item, index) => findFlaws(item, items, root, `${at}[${index}]`))
    : [];
}

function follow(root: Schema, reference: string): Schema {
  const found = reference.split("/").slice(1)
    .reduce<unknown>((place, name) => isObject(place) ? place[name] : undefined, root);
  if (!isObject(found)) throw new RangeError(`The schema has no ${reference}`);
  return found;
}

function hasType(value: unknown, type: string): boolean {
  switch (type) {
    case "object":
      return isObject(value);
    case "array":
      return Array.isArray(value);
    case "integer":
      return Number.isInteger(value);
    case "null":
      return value === null;
    default:
      // deno-lint-ignore valid-typeof
      return typeof value === type;
  }
}
