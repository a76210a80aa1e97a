/**
 * GraphQL over HTTP (G7) by graphql-http, with strict JSON, remembered documents and limits (A2).
 * @module
 */
import {
  type ExecutionResult,
  getOperationAST,
  getVariableValues,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  OperationTypeNode,
} from "graphql";
import {
  createHandler,
  type OperationArgs,
  type OperationContext,
  parseRequestParams,
  type Request,
  type RequestParams,
  type Response,
} from "graphql-http";
import { isRetryable, maskFault } from "../graphql.ts";
import { isJsonObject, parseStrictJson } from "../strict-json.ts";
import { createDocuments, showName } from "./documents.ts";
import {
  BodyError,
  errorGraphql,
  type Exchange,
  type HttpResponse,
  json,
  NO_STORE,
  RETRY_AFTER,
} from "./exchange.ts";
import { countRootFields, weigh } from "./weight.ts";

/** Maximum body, in bytes. */
export const MAX_BODY_BYTES = 65_536;

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

type GraphqlRequest<Context> = Request<Exchange, Context>;

/** Creates the endpoint: a function from calls to responses. */
export function createEndpoint<Context extends object>(
  options: EndpointOptions<Context>,
): (call: Call<Context>) => Promise<HttpResponse> {
  const prepare = createPreparation(options);
  const handle = createHandler<Exchange, Context, OperationContext>({
    parseRequestParams: readParams,
    onSubscribe: prepare,
    onOperation: (request, args, result) =>
      isTooLong(result, args) ? tooLong(request.raw) : finish(result, request, options),
    formatError: (error) =>
      error instanceof GraphQLError
        ? error
        : new GraphQLError(error.message, { extensions: { code: "BAD_REQUEST" } }),
  });
  return async ({ exchange, context }) => {
    const { method, target: url } = exchange.request;
    const headers = { get: (name: string) => exchange.request.header(name) };
    const request = { method, url, headers, body: null, raw: exchange, context };
    return toHttpResponse(await handle(request));
  };
}

/** Reads the parameters of a POST; those of a GET are left to graphql-http. */
async function readParams<Context>(
  request: GraphqlRequest<Context>,
): Promise<RequestParams | Response | void> {
  if (request.method !== "POST") return;
  const incoming = request.raw.request;
  if (!isJson(incoming.header("content-type"))) return [null, { status: 415, statusText: "" }];
  let text: string;
  try {
    text = await incoming.body(MAX_BODY_BYTES);
  } catch (error) {
    const { status, message } = error instanceof BodyError ? error : new BodyError(400);
    return toTuple(errorGraphql(status, "BAD_REQUEST", message));
  }
  const data = parseBody(text);
  return parseRequestParams({
    ...request,
    headers: { "content-type": "application/json" },
    body: data,
  });
}

function parseBody(text: string): Record<string, unknown> {
  let data: unknown;
  try {
    data = parseStrictJson(text);
  } catch {
    throw new Error(
      "The body is not JSON, is nested too deep, or has the same member name twice in one object.",
    );
  }
  if (isJsonObject(data)) return data;
  throw new Error("The body must be one JSON object: batches of operations are not supported.");
}

/** JSON in UTF-8 (G7): no form, no multipart, nothing that a browser sends cross-site without preflight. */
function isJson(contentType: string | null): boolean {
  const [type = "", ...parameters] = (contentType ?? "").toLowerCase().split(";");
  const charset = parameters.map((part) => part.trim()).find((part) => part.startsWith("charset="));
  return type.trim() === "application/json" &&
    ["utf-8", "utf8"].includes((charset ?? "charset=utf-8").slice(8).replaceAll('"', ""));
}

/** Parses, counts, weighs, validates, coerces variables and charges, in this order; only execution is left. */
function createPreparation<Context extends object>(
  { schema, maxMutationFields, charge }: EndpointOptions<Context>,
) {
  const documents = createDocuments(schema);
  return (
    request: GraphqlRequest<Context>,
    params: RequestParams,
  ): OperationArgs<OperationContext> | readonly GraphQLError[] | Response => {
    const { raw: exchange, context, method } = request;
    const { query, operationName, variables } = params;
    const document = documents.parse(query);
    if (document instanceof GraphQLError) return refuse([document], exchange);
    // An empty name is a name that no operation has; graphql-http would treat it as absent.
    const operation = getOperationAST(document, operationName);
    if (operation && !schema.getRootType(operation.operation)) {
      const text = `There is no ${operation.operation} in this API.`;
      const extensions = { code: "GRAPHQL_VALIDATION_FAILED" };
      return refuse([new GraphQLError(text, { nodes: operation, extensions })], exchange);
    }
    const fields = operation?.operation === OperationTypeNode.MUTATION
      ? countRootFields(document, operation)
      : 0;
    if (fields > maxMutationFields) {
      const text = `A request may hold at most ${maxMutationFields} mutation fields. Split it.`;
      return tooManyRequests(text, 1, exchange);
    }
    const errors = documents.check(query, document);
    if (errors.length > 0) return refuse(errors, exchange);
    if (!operation) return refuse([noOperation(operationName)], exchange);
    const definitions = operation.variableDefinitions ?? [];
    const { errors: misfits } = getVariableValues(schema, definitions, variables ?? {});
    if (misfits !== undefined) return refuse(misfits.map(withoutItsValue), exchange);
    const seconds = fields > 0 && method !== "POST" // graphql-http refuses it
      ? 0
      : charge({ exchange, context }, fields || weigh(document).fields);
    if (seconds > 0) {
      const text = `Too many fields in a short time. Try again in ${seconds} s.`;
      return tooManyRequests(text, seconds, exchange);
    }
    return {
      schema,
      document,
      contextValue: context as Record<PropertyKey, unknown>,
      rootValue: undefined,
      ...(variables && { variableValues: variables }),
      ...(operationName && { operationName }),
    };
  };
}

function noOperation(name: string | null | undefined): GraphQLError {
  const text = name == null
    ? "The query must hold one operation, or operationName must say which."
    : "The query holds no operation of this operationName.";
  return new GraphQLError(text, { extensions: { code: "GRAPHQL_VALIDATION_FAILED" } });
}

function refuse(
  errors: readonly GraphQLError[],
  { trace }: Exchange,
): readonly GraphQLError[] {
  trace.outcomes.push(String(errors[0]?.extensions["code"]));
  return errors;
}

function tooManyRequests(message: string, seconds: number, { trace }: Exchange): Response {
  const code = "TOO_MANY_REQUESTS";
  trace.outcomes.push(code);
  return toTuple(errorGraphql(429, code, message, { "retry-after": String(seconds) }));
}

/** Introspection multiplies lists. A mutation has few fields, and its result must not get lost. */
function isTooLong(
  { data }: ExecutionResult,
  { document, operationName }: OperationArgs<OperationContext>,
): boolean {
  return getOperationAST(document, operationName)?.operation === OperationTypeNode.QUERY &&
    JSON.stringify(data ?? null).length > MAX_RESULT_LENGTH;
}

function tooLong({ trace }: Exchange): ExecutionResult {
  const extensions = { code: "QUERY_TOO_COMPLEX" };
  trace.outcomes.push(extensions.code);
  const text = "The result of this query is too long. Ask for less.";
  return { errors: [new GraphQLError(text, { extensions })] };
}

/** Makes sure that the errors of a result contain only what is meant for callers. */
function finish<Context>(
  result: ExecutionResult,
  { raw: exchange }: GraphqlRequest<Context>,
  { replace }: EndpointOptions<Context>,
): ExecutionResult | Response {
  if (result.errors === undefined) return result;
  const errors = result.errors.map((error) => presentError(error, exchange));
  for (const { extensions } of errors) {
    const replacement = replace(extensions["code"]);
    if (replacement !== null) return toTuple(replacement);
  }
  return { ...result, errors };
}

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

/** What graphql-http refuses without a message. */
const REFUSALS: Readonly<Record<number, readonly [code: string, message: string]>> = {
  405: ["METHOD_NOT_ALLOWED", "Use POST; GET is for queries only."],
  406: ["NOT_ACCEPTABLE", "Accept application/graphql-response+json or application/json."],
  415: ["UNSUPPORTED_MEDIA_TYPE", "Send application/json in UTF-8."],
};

function toHttpResponse([body, { status, headers }]: Response): HttpResponse {
  const refusal = REFUSALS[status];
  if (refusal !== undefined) return errorGraphql(status, ...refusal, headers);
  return {
    status,
    headers: { ...NO_STORE, ...headers },
    body: body ?? "",
    ...(status === 400 && { outcome: "BAD_REQUEST" }),
  };
}

function toTuple({ status, headers, body }: HttpResponse): Response {
  return [body, { status, statusText: "", headers: { ...headers } }];
}
