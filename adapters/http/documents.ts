/**
 * GraphQL documents: parsed, weighed and validated once, then cached by their text. Messages never
 * repeat values from the document, because callers put secrets inline (G9).
 * @module
 */
import {
  type DocumentNode,
  getOperationAST,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  parse,
  validate,
  visit,
} from "graphql";
import { nestsDeeperThan } from "../nesting.ts";
import { createExecutable, type Executable } from "./execution.ts";
import { countRootFields, weigh, type Weight } from "./weight.ts";

/** The limits of a document (A2). */
export const DOCUMENT_LIMITS = {
  /** Lexical tokens. */
  tokens: 4000,
  /** Brackets within brackets. The usual introspection query has 10. */
  nesting: 50,
  /** Levels of fields, with fragments written out. The usual introspection query has 15. */
  depth: 20,
  /** Fields, with fragments written out. The usual introspection query has 230. */
  fields: 400,
  /** Renamed fields, with fragments written out. */
  aliases: 120,
  /** Fragment definitions: validation compares each with every other. */
  fragments: 50,
} as const;

/** What is remembered: documents up to this length, up to this length in total, in characters. */
const CACHED_LENGTH = { document: 4096, total: 262_144 } as const;

/** Reads documents. */
export interface Documents {
  /** The document, or why it cannot be parsed. */
  parse(query: string): ParsedDocument | GraphQLError;
  /** Why a parsed document cannot be executed: it asks for too much, or does not fit the schema. */
  check(query: string, parsed: ParsedDocument): readonly GraphQLError[];
}

/** A document, with what is found out about it when it is first needed. */
export interface ParsedDocument {
  readonly document: DocumentNode;
  weight(): Weight;
  /** The operation of this name, or without a name the only one; `null` if there is none. */
  operation(name: string | null): Operation | null;
}

/** An operation of a document. Only one of a checked document may be executed. */
export interface Operation extends Executable {
  readonly definition: OperationDefinitionNode;
  /** How many fields of a mutation would be executed one after the other. */
  readonly mutationFields: number;
}

/** Documents for a schema. Only valid ones without inline values are remembered, least recently used first out. */
export function createDocuments(schema: GraphQLSchema): Documents {
  const valid = new Map<string, ParsedDocument>();
  let length = 0;
  const remember = (query: string, parsed: ParsedDocument) => {
    if (query.length > CACHED_LENGTH.document || holdsText(parsed.document)) return;
    valid.set(query, parsed);
    length += query.length;
    for (const oldest of valid.keys()) {
      if (length <= CACHED_LENGTH.total) return;
      valid.delete(oldest);
      length -= oldest.length;
    }
  };
  return {
    parse(query) {
      const known = valid.get(query);
      if (known === undefined) {
        const document = parseQuery(query);
        return document instanceof GraphQLError ? document : describe(schema, document);
      }
      valid.delete(query);
      valid.set(query, known); // now the most recently used
      return known;
    },
    check(query, parsed) {
      if (valid.get(query) === parsed) return [];
      const errors = judge(schema, parsed);
      if (errors.length === 0) remember(query, parsed);
      return errors;
    },
  };
}

function describe(schema: GraphQLSchema, document: DocumentNode): ParsedDocument {
  const operations = new Map<string | null, Operation>();
  let weight: Weight | null = null;
  return {
    document,
    weight: () => weight ??= weigh(document),
    operation(name) {
      const known = operations.get(name);
      if (known !== undefined) return known;
      const definition = getOperationAST(document, name);
      if (!definition) return null;
      const isMutation = definition.operation === OperationTypeNode.MUTATION;
      const operation = {
        definition,
        mutationFields: isMutation ? countRootFields(document, definition) : 0,
        ...createExecutable(schema, document, definition),
      };
      operations.set(name, operation);
      return operation;
    },
  };
}

function parseQuery(query: string): DocumentNode | GraphQLError {
  if (nestsDeeperThan(DOCUMENT_LIMITS.nesting, query)) return tooComplex("nesting");
  try {
    return parse(query, { maxTokens: DOCUMENT_LIMITS.tokens });
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    const { source, positions } = error;
    return new GraphQLError(withoutFound(error.message), {
      source,
      positions,
      extensions: { code: "GRAPHQL_PARSE_FAILED" },
    });
  }
}

/** Keeps what a syntax error expected; what it found is caller input. */
function withoutFound(message: string): string {
  if (message.includes("Document contains more")) {
    return `The query has more than ${DOCUMENT_LIMITS.tokens} tokens.`;
  }
  const expected = /^Syntax Error: (Expected [^"]*?), found/.exec(message)?.[1];
  return `Syntax Error: ${expected ?? "Unexpected text"}.`;
}

function judge(
  schema: GraphQLSchema,
  { document, weight: weighed }: ParsedDocument,
): readonly GraphQLError[] {
  const fragments = document.definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION);
  const weight = { ...weighed(), fragments: fragments.length };
  for (const kind of ["depth", "fields", "aliases", "fragments"] as const) {
    if (weight[kind] > DOCUMENT_LIMITS[kind]) return [tooComplex(kind)];
  }
  return validate(schema, withoutValues(document)).map(({ message, nodes }) =>
    new GraphQLError(withoutLongNames(message, schema), {
      nodes: nodes ?? [],
      extensions: { code: "GRAPHQL_VALIDATION_FAILED" },
    })
  );
}

function tooComplex(kind: keyof typeof DOCUMENT_LIMITS): GraphQLError {
  const text = `The query asks for too much: its ${kind} may be at most ${DOCUMENT_LIMITS[kind]}.`;
  return new GraphQLError(text, { extensions: { code: "QUERY_TOO_COMPLEX" } });
}

/** The same document with placeholders for its values, equal ones for equal ones: as valid as the original. */
function withoutValues(document: DocumentNode): DocumentNode {
  const seen = new Map<string, string>();
  const placeholder = (value: string) => {
    const known = seen.get(value) ?? String(seen.size);
    seen.set(value, known);
    return known;
  };
  return visit(document, {
    IntValue: (node) => ({ ...node, value: placeholder(node.value) }),
    FloatValue: (node) => ({ ...node, value: `${placeholder(node.value)}.0` }),
    StringValue: (node) => ({ ...node, value: `value ${placeholder(node.value)}`, block: false }),
    EnumValue: (node) => ({ ...node, value: `VALUE_${placeholder(node.value)}` }),
  });
}

function withoutLongNames(message: string, schema: GraphQLSchema): string {
  return message.replace(
    /\w{24,}/g,
    (name) => schema.getType(name) === undefined ? showName(name) : name,
  );
}

/** A name as it may be repeated, which helps to find a typing error: unless it is as long as a secret. */
export function showName(name: string): string {
  return name.length < 24 ? name : "…";
}

function holdsText(document: DocumentNode): boolean {
  let found = false;
  visit(document, {
    StringValue: () => {
      found = true;
    },
  });
  return found;
}
