/**
 * The parameters of GraphQL over HTTP (G7), from the body of a POST or the query of a GET, in strict JSON.
 * @module
 */
import { isJsonObject, parseStrictJson } from "../strict-json.ts";
import { BodyError, errorGraphql, type HttpRequest, type HttpResponse } from "./exchange.ts";

/** Maximum body, in bytes. */
export const MAX_BODY_BYTES = 65_536;

/** What to execute. */
export interface Params {
  readonly query: string;
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** The media types of a response. The first is the default. */
const MEDIA_TYPES = ["application/json", "application/graphql-response+json"] as const;

/** The media type of a response. */
export type MediaType = typeof MEDIA_TYPES[number];

/** The first media type in an Accept header that can be served, in UTF-8; `null` if there is none. */
export function readAccept(accept: string | null): MediaType | null {
  if (accept === null || accept === "" || accept === "*/*") return MEDIA_TYPES[0];
  for (const range of accept.replace(/\s/g, "").toLowerCase().split(",")) {
    const [type = "", ...parameters] = range.split(";");
    const charset = parameters.find((parameter) => parameter.includes("charset="));
    if (!["charset=utf-8", "charset=utf8", undefined].includes(charset)) continue;
    if (type === MEDIA_TYPES[1]) return MEDIA_TYPES[1];
    if (["application/json", "application/*", "*/*"].includes(type)) return MEDIA_TYPES[0];
  }
  return null;
}

/** Reads a request, or returns the response that refuses it. */
export async function readParams(request: HttpRequest): Promise<Params | HttpResponse> {
  const { method, target } = request;
  if (method === "GET") return readTarget(target);
  if (method !== "POST") return methodNotAllowed("GET, POST");
  if (!isJson(request.header("content-type"))) {
    return errorGraphql(415, "UNSUPPORTED_MEDIA_TYPE", "Send application/json in UTF-8.");
  }
  try {
    return readBody(await request.body(MAX_BODY_BYTES));
  } catch (error) {
    const { status, message } = error instanceof BodyError ? error : new BodyError(400);
    return errorGraphql(status, "BAD_REQUEST", message);
  }
}

/** The response to a method that does not fit. */
export function methodNotAllowed(allow: string): HttpResponse {
  const text = "Use POST; GET is for queries only.";
  return errorGraphql(405, "METHOD_NOT_ALLOWED", text, { allow });
}

function readTarget(target: string): Params | HttpResponse {
  const search = new URLSearchParams(target.split("?")[1]);
  const member = (name: string) => {
    const text = search.get(name);
    return text ? parseStrictJson(text) : undefined;
  };
  try {
    return checkParams({
      query: search.get("query"),
      operationName: search.get("operationName"),
      variables: member("variables"),
      extensions: member("extensions"),
    });
  } catch {
    return badRequest("Unparsable URL");
  }
}

function readBody(text: string): Params | HttpResponse {
  let data: unknown;
  try {
    data = parseStrictJson(text);
  } catch {
    return badRequest(
      "The body is not JSON, is nested too deep, or has the same member name twice in one object.",
    );
  }
  if (isJsonObject(data)) return checkParams(data);
  return badRequest(
    "The body must be one JSON object: batches of operations are not supported.",
  );
}

function checkParams(
  { query, operationName = null, variables, extensions }: Readonly<Record<string, unknown>>,
): Params | HttpResponse {
  if (query == null) return badRequest("Missing query");
  if (typeof query !== "string") return badRequest("Invalid query");
  if (variables != null && !isJsonObject(variables)) return badRequest("Invalid variables");
  if (operationName !== null && typeof operationName !== "string") {
    return badRequest("Invalid operationName");
  }
  if (extensions != null && !isJsonObject(extensions)) return badRequest("Invalid extensions");
  return { query, operationName, variables: variables ?? {} };
}

function badRequest(message: string): HttpResponse {
  return errorGraphql(400, "BAD_REQUEST", message);
}

/** JSON in UTF-8 (G7): no form, no multipart, nothing that a browser sends cross-site without preflight. */
function isJson(contentType: string | null): boolean {
  if (contentType === "application/json") return true;
  const [type = "", ...parameters] = (contentType ?? "").toLowerCase().split(";");
  const charset = parameters.map((part) => part.trim()).find((part) => part.startsWith("charset="));
  return type.trim() === "application/json" &&
    ["utf-8", "utf8"].includes((charset ?? "charset=utf-8").slice(8).replaceAll('"', ""));
}
