/**
 * Executes operations. What callers usually send (fields and aliases, texts as arguments) is compiled
 * once per document; anything else is left to graphql-js. Both give the same results, errors included.
 * @module
 */
import {
  type DocumentNode,
  execute,
  type ExecutionResult,
  type FieldNode,
  getNullableType,
  type GraphQLError,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  GraphQLString,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  locatedError,
  type OperationDefinitionNode,
  type SelectionSetNode,
  typeFromAST,
  TypeNameMetaFieldDef,
} from "graphql";

/** The variables of a request. */
export type Variables = Readonly<Record<string, unknown>>;

/** How to execute an operation of a valid document. */
export interface Executable {
  /** Whether variables fit for certain; otherwise graphql-js decides. */
  accepts(variables: Variables): boolean;
  execute(
    variables: Variables,
    contextValue: unknown,
  ): ExecutionResult | Promise<ExecutionResult>;
}

/** Binds an operation. It is compiled when it is used first: the document must be valid by then. */
export function createExecutable(
  schema: GraphQLSchema,
  document: DocumentNode,
  definition: OperationDefinitionNode,
): Executable {
  let plan: Plan | null | undefined;
  const planned = () => plan === undefined ? plan = compile(schema, definition) : plan;
  return {
    accepts: (variables) => planned()?.variables.every((variable) => variable(variables)) ?? false,
    execute(variables, contextValue) {
      const compiled = planned();
      if (compiled !== null) return run(compiled, variables, contextValue);
      const operationName = definition.name?.value;
      return execute({
        schema,
        document,
        contextValue,
        variableValues: variables,
        ...(operationName !== undefined && { operationName }),
      });
    },
  };
}

/** A compiled operation. */
interface Plan {
  readonly variables: readonly ((variables: Variables) => boolean)[];
  readonly fields: readonly RootField[];
}

/** A field of the root type. */
interface RootField extends Field {
  readonly argumentsOf: (variables: Variables) => Variables;
  readonly resolve: NonNullable<GraphQLField<unknown, unknown>["resolve"]>;
}

/** A field whose value is a plain property of its object. */
interface Field {
  /** The response name. */
  readonly key: string;
  /** The property. */
  readonly name: string;
  readonly parent: string;
  readonly type: GraphQLOutputType;
  /** Where it stands in the document, for errors. */
  readonly nodes: readonly FieldNode[];
  /** `null`: it has no fields of its own. */
  readonly fields: readonly Field[] | null;
}

/** What is not compiled is thrown, and caught in {@link compile}. */
const UNUSUAL = new Error("Left to graphql-js");

function compile(schema: GraphQLSchema, definition: OperationDefinitionNode): Plan | null {
  try {
    const root = schema.getRootType(definition.operation);
    if (!root) throw UNUSUAL;
    const variables = (definition.variableDefinitions ?? []).map((variable) => {
      const type = typeFromAST(schema, variable.type);
      const isText = getNullableType(type) === GraphQLString;
      if (!isText || variable.defaultValue || variable.directives?.length) throw UNUSUAL;
      const name = variable.variable.name.value;
      return ({ [name]: value }: Variables) =>
        typeof value === "string" || (value == null && !isNonNullType(type));
    });
    if (definition.directives?.length) throw UNUSUAL;
    const fields = compileFields(root, [definition.selectionSet]).map((field): RootField => {
      const { args, resolve } = fieldOf(root, field.name);
      if (resolve === undefined || field.name.startsWith("__")) throw UNUSUAL;
      return { ...field, resolve, argumentsOf: compileArguments(args, field.nodes[0]?.arguments) };
    });
    return { variables, fields };
  } catch (error) {
    if (error === UNUSUAL) return null;
    throw error;
  }
}

function compileFields(
  parent: GraphQLObjectType,
  selectionSets: readonly SelectionSetNode[],
): Field[] {
  const nodesOf = new Map<string, FieldNode[]>();
  for (const selection of selectionSets.flatMap(({ selections }) => selections)) {
    if (selection.kind !== Kind.FIELD || selection.directives?.length) throw UNUSUAL;
    const key = (selection.alias ?? selection.name).value;
    if (key === "__proto__") throw UNUSUAL;
    nodesOf.set(key, [...nodesOf.get(key) ?? [], selection]);
  }
  return [...nodesOf].map(([key, nodes]) => {
    const name = nodes[0]?.name.value ?? "";
    const { type } = fieldOf(parent, name);
    const inner = nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
    return { key, name, parent: parent.name, type, nodes, fields: compileInner(type, inner) };
  });
}

function compileInner(
  type: GraphQLOutputType,
  selectionSets: readonly SelectionSetNode[],
): readonly Field[] | null {
  if (isNonNullType(type) || isListType(type)) return compileInner(type.ofType, selectionSets);
  if (isLeafType(type)) return null;
  if (!isObjectType(type) || type.isTypeOf) throw UNUSUAL;
  const fields = compileFields(type, selectionSets);
  const isComputed = ({ name }: Field) => type.getFields()[name]?.resolve !== undefined;
  if (fields.some(isComputed)) throw UNUSUAL;
  return fields;
}

function fieldOf(parent: GraphQLObjectType, name: string): GraphQLField<unknown, unknown> {
  const field = name === TypeNameMetaFieldDef.name
    ? TypeNameMetaFieldDef
    : parent.getFields()[name];
  if (field === undefined) throw UNUSUAL; // introspection
  return field;
}

/** Where the value of an argument comes from. */
interface ArgumentSource {
  readonly name: string;
  /** The variable, or `null` for a literal. */
  readonly variable: string | null;
  readonly value: string | null;
}

function compileArguments(
  args: GraphQLField<unknown, unknown>["args"],
  nodes: FieldNode["arguments"] = [],
): (variables: Variables) => Variables {
  const sources = args.flatMap(({ name, type, defaultValue }): ArgumentSource[] => {
    if (getNullableType(type) !== GraphQLString || defaultValue !== undefined) throw UNUSUAL;
    const node = nodes.find((node) => node.name.value === name)?.value;
    if (node === undefined) return [];
    if (node.kind === Kind.STRING) return [{ name, variable: null, value: node.value }];
    if (node.kind === Kind.NULL) return [{ name, variable: null, value: null }];
    if (node.kind !== Kind.VARIABLE) throw UNUSUAL;
    return [{ name, variable: node.name.value, value: null }];
  });
  return (variables) => {
    const values: Record<string, unknown> = {};
    for (const { name, variable, value } of sources) {
      if (variable === null) values[name] = value;
      else if (Object.hasOwn(variables, variable)) values[name] = variables[variable];
    }
    return values;
  };
}

/** Runs the fields of the root one after the other, as a mutation requires. */
async function run(
  { fields }: Plan,
  variables: Variables,
  contextValue: unknown,
): Promise<ExecutionResult> {
  const data: Record<string, unknown> = {};
  const errors: GraphQLError[] = [];
  try {
    for (const field of fields) {
      const values = field.argumentsOf(variables);
      const path = [field.key];
      try {
        // No resolver of this server looks at the fourth argument.
        const value = await field.resolve(undefined, values, contextValue, undefined as never);
        data[field.key] = completeNonError(field, field.type, value, path, errors);
      } catch (error) {
        data[field.key] = fail(field, field.type, error, path, errors);
      }
    }
  } catch (error) {
    errors.push(error as GraphQLError); // a null where there must be none, up to the root
    return { errors, data: null };
  }
  return errors.length === 0 ? { data } : { errors, data };
}

type Path = readonly (string | number)[];

/** An error becomes a null and an entry in `errors`; it is thrown if there must be no null here. */
function fail(
  { nodes }: Field,
  type: GraphQLOutputType,
  error: unknown,
  path: Path,
  errors: GraphQLError[],
): null {
  const located = locatedError(error, nodes, path);
  if (isNonNullType(type)) throw located;
  errors.push(located);
  return null;
}

/** A value as the response shows it (GraphQL §6.4.3). */
function complete(
  field: Field,
  type: GraphQLOutputType,
  value: unknown,
  path: Path,
  errors: GraphQLError[],
): unknown {
  try {
    return completeNonError(field, type, value, path, errors);
  } catch (error) {
    return fail(field, type, error, path, errors);
  }
}

function completeNonError(
  field: Field,
  type: GraphQLOutputType,
  value: unknown,
  path: Path,
  errors: GraphQLError[],
): unknown {
  if (value instanceof Error) throw value;
  if (isNonNullType(type)) {
    const completed = completeNonError(field, type.ofType, value, path, errors);
    if (completed !== null) return completed;
    const name = `${field.parent}.${field.name}`;
    throw new Error(`Cannot return null for non-nullable field ${name}.`);
  }
  if (value === null || value === undefined) return null;
  if (isListType(type)) {
    if (!Array.isArray(value)) throw new Error("A list is expected");
    return value.map((item, index) => complete(field, type.ofType, item, [...path, index], errors));
  }
  if (isLeafType(type)) return type.serialize(value);
  const result: Record<string, unknown> = {};
  for (const inner of field.fields ?? []) {
    const property = inner.name === TypeNameMetaFieldDef.name
      ? inner.parent
      : (value as Record<string, unknown>)[inner.name];
    result[inner.key] = complete(inner, inner.type, property, [...path, inner.key], errors);
  }
  return result;
}
