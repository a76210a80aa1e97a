/**
 * GraphQL over HTTP (G7), with strict JSON, remembered documents and limits (A2).
 * @module
 */
import {
  type ExecutionResult,
  getVariableValues,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  OperationTypeNode,
} from "graphql";
import { isRetryable, maskFault } from "../graphql.ts";
import { createDocuments, type Documents, type Operation, showName } from "./documents.ts";
import {
  errorGraphql,
  type Exchange,
  type HttpResponse,
  json,
  NO_STORE,
  RETRY_AFTER,
} from "./exchange.ts";
import {
  type MediaType,
  methodNotAllowed,
  type Params,
  readAccept,
  readParams,
} from "./graphql-request.ts";

/** Maximum result of a query, in characters. The usual introspection has 12,000. */
const MAX_RESULT_LENGTH = 65_536;

/** One call of an endpoint, after authentication. */
export interface Call<Context> {
  readonly exchange: Exchange;
  readonly context: Context;
}

/** What an endpoint serves, and its limits. */
export interface EndpointOptions<Context> {
  readonly schema: GraphQLSchema;
  /** Maximum fields per mutation. */
  readonly maxMutationFields: number;
  /** Charges for an operation that is about to run, by its fields: 0, or the seconds to wait. */
  charge(call: Call<Context>, weight: number): number;
  /** The response that replaces a result with an error of this code, if any. */
  replace(code: unknown): HttpResponse | null;
}

/** Creates the endpoint: a function from calls to responses. */
export function createEndpoint<Context extends object>(
  options: EndpointOptions<Context>,
): (call: Call<Context>) => Promise<HttpResponse> {
  const documents = createDocuments(options.schema);
  return async (call) => {
    const { request } = call.exchange;
    const media = readAccept(request.header("accept"));
    if (media === null) return notAcceptable();
    const params = await readParams(request);
    if ("status" in params) return params;
    const operation = prepare(documents, params, call, options);
    if ("status" in operation) return operation;
    if ("errors" in operation) return refuse(operation.errors, call.exchange, media);
    const result = await operation.execute(params.variables, call.context);
    return present(operation, result, call.exchange, media, options);
  };
}

function notAcceptable(): HttpResponse {
  const text = "Accept application/graphql-response+json or application/json.";
  return errorGraphql(406, "NOT_ACCEPTABLE", text, {
    accept: "application/graphql-response+json; charset=utf-8, application/json; charset=utf-8",
  });
}

/** Why an operation is not executed. */
interface Refusal {
  readonly errors: readonly GraphQLError[];
}

/** Parses, counts, weighs, validates, coerces variables and charges, in this order; only execution is left. */
function prepare<Context>(
  documents: Documents,
  { query, operationName, variables }: Params,
  call: Call<Context>,
  { schema, maxMutationFields, charge }: EndpointOptions<Context>,
): Operation | Refusal | HttpResponse {
  const parsed = documents.parse(query);
  if (parsed instanceof GraphQLError) return { errors: [parsed] };
  // An empty name is a name that no operation has.
  const operation = parsed.operation(operationName);
  const kind = operation?.definition.operation;
  if (operation && kind && !schema.getRootType(kind)) {
    const text = `There is no ${kind} in this API.`;
    const extensions = { code: "GRAPHQL_VALIDATION_FAILED" };
    return { errors: [new GraphQLError(text, { nodes: operation.definition, extensions })] };
  }
  const mutationFields = operation?.mutationFields ?? 0;
  if (mutationFields > maxMutationFields) {
    const text = `A request may hold at most ${maxMutationFields} mutation fields. Split it.`;
    return tooManyRequests(text, 1, call.exchange);
  }
  const errors = documents.check(query, parsed);
  if (errors.length > 0) return { errors };
  if (!operation) return { errors: [noOperation(operationName)] };
  if (!operation.accepts(variables)) {
    const definitions = operation.definition.variableDefinitions ?? [];
    const { errors: misfits } = getVariableValues(schema, definitions, variables);
    if (misfits !== undefined) return { errors: misfits.map(withoutItsValue) };
  }
  const isMutation = kind === OperationTypeNode.MUTATION;
  if (isMutation && call.exchange.request.method !== "POST") return methodNotAllowed("POST");
  const seconds = charge(call, mutationFields || parsed.weight().fields);
  if (seconds === 0) return operation;
  const text = `Too many fields in a short time. Try again in ${seconds} s.`;
  return tooManyRequests(text, seconds, call.exchange);
}

function noOperation(name: string | null): GraphQLError {
  const text = name === null
    ? "The query must hold one operation, or operationName must say which."
    : "The query holds no operation of this operationName.";
  return new GraphQLError(text, { extensions: { code: "GRAPHQL_VALIDATION_FAILED" } });
}

function tooManyRequests(message: string, seconds: number, { trace }: Exchange): HttpResponse {
  const code = "TOO_MANY_REQUESTS";
  trace.outcomes.push(code);
  return errorGraphql(429, code, message, { "retry-after": String(seconds) });
}

/** The response if nothing was executed. Only the newer media type has a status for it. */
function refuse(
  errors: readonly GraphQLError[],
  { trace }: Exchange,
  media: MediaType,
): HttpResponse {
  trace.outcomes.push(String(errors[0]?.extensions["code"]));
  return respond(media === "application/json" ? 200 : 400, JSON.stringify({ errors }), media);
}

/** The response after execution. Its errors contain only what is meant for callers. */
function present<Context>(
  { definition }: Operation,
  result: ExecutionResult,
  exchange: Exchange,
  media: MediaType,
  { replace }: EndpointOptions<Context>,
): HttpResponse {
  const errors = result.errors?.map((error) => presentError(error, exchange));
  for (const { extensions } of errors ?? []) {
    const replacement = replace(extensions["code"]);
    if (replacement !== null) return replacement;
  }
  const body = JSON.stringify(errors === undefined ? result : { ...result, errors });
  // Introspection multiplies lists. A mutation has few fields, and its result must not get lost.
  const isQuery = definition.operation === OperationTypeNode.QUERY;
  return isQuery && body.length > MAX_RESULT_LENGTH
    ? tooLong(exchange, media)
    : respond(200, body, media);
}

function tooLong({ trace }: Exchange, media: MediaType): HttpResponse {
  const extensions = { code: "QUERY_TOO_COMPLEX" };
  trace.outcomes.push(extensions.code);
  const text = "The result of this query is too long. Ask for less.";
  return respond(200, JSON.stringify({ errors: [{ message: text, extensions }] }), media);
}

function respond(status: number, body: string, media: MediaType): HttpResponse {
  return { status, headers: HEADERS[media], body };
}

const headersOf = (media: MediaType) => ({
  ...NO_STORE,
  "content-type": `${media}; charset=utf-8`,
});

const HEADERS: Readonly<Record<MediaType, Readonly<Record<string, string>>>> = {
  "application/json": headersOf("application/json"),
  "application/graphql-response+json": headersOf("application/graphql-response+json"),
};

function presentError(error: GraphQLError, { requestId, trace }: Exchange): GraphQLError {
  if (typeof error.extensions["code"] === "string") return error;
  trace.faults.push(error.originalError ?? error);
  const { message, extensions } = maskFault(error.originalError, requestId);
  const path = error.path === undefined ? {} : { path: error.path };
  return new GraphQLError(message, { nodes: error.nodes ?? [], ...path, extensions });
}

/** A variable does not fit. The engine's message repeats its value. */
function withoutItsValue({ nodes = [] }: GraphQLError): GraphQLError {
  const [node] = nodes;
  const name = node?.kind === Kind.VARIABLE_DEFINITION ? showName(node.variable.name.value) : "…";
  const text = `The value of variable $${name} is not of its declared type.`;
  return new GraphQLError(text, { nodes, extensions: { code: "BAD_USER_INPUT" } });
}

/** The response if nothing was executed because of a fault (A3). */
export function graphqlFault(error: unknown, requestId: string): HttpResponse {
  const [status, headers] = isRetryable(error) ? [503, RETRY_AFTER] as const : [500, {}] as const;
  const shown = maskFault(error, requestId);
  const response = json(status, { errors: [shown] }, { ...NO_STORE, ...headers });
  return { ...response, outcome: String(shown.extensions["code"]) };
}
