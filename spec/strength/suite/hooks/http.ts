/**
 * Faults as wrong HTTP: each function returns options for a reference server.
 * @module
 */
import { Buffer } from "node:buffer";
import { readBasic } from "../../../../adapters/http/credentials.ts";
import type { Service } from "../../../../adapters/direct.ts";
import {
  BodyError,
  type HttpRequest,
  type HttpResponse,
} from "../../../../adapters/http/exchange.ts";
import { NO_SCOPE } from "../../../../core/scope.ts";
import { PATHS } from "../../../../adapters/http/metadata.ts";
import type { ReferenceOptions } from "../../../tests/support/reference.ts";
import { combine, serving } from "./ports.ts";

/** The path of the mutation. */
export const MUTATION: string = PATHS.partners;
/** The path of the Users API. */
export const USERS: string = PATHS.users;
/** The path of the token endpoint. */
export const TOKEN: string = PATHS.token;
/** The path of the revocation endpoint. */
export const REVOKE: string = PATHS.revoke;
/** The path of the introspection endpoint. */
export const INTROSPECT: string = PATHS.introspect;

/** Changes the response at a path. */
export function responding(
  path: string,
  change: (response: HttpResponse, request: HttpRequest) => HttpResponse,
): ReferenceOptions {
  return {
    handler: (handler) => async (request) => {
      const response = await handler(request);
      return isAt(request, path) ? change(response, request) : response;
    },
  };
}

/** Changes the JSON of successful responses at a path. */
export function replying(
  path: string,
  change: (body: Readonly<Record<string, unknown>>) => object,
): ReferenceOptions {
  return responding(
    path,
    (response) =>
      response.status === 200 && response.body.startsWith("{")
        ? { ...response, body: JSON.stringify(change(JSON.parse(response.body))) }
        : response,
  );
}

/** Sets headers of responses at a path. */
export function heading(
  path: string,
  headers: Readonly<Record<string, string>>,
): ReferenceOptions {
  return responding(path, (response) => ({
    ...response,
    headers: { ...response.headers, ...headers },
  }));
}

/** Changes requests at a path, or answers them at once. `text` is the body. */
export function receiving(
  path: string,
  change: (request: HttpRequest, text: string, service: Service) =>
    | HttpRequest
    | HttpResponse
    | Promise<HttpRequest | HttpResponse>,
): ReferenceOptions {
  return {
    handler: (handler, service) => async (given) => {
      if (!isAt(given, path)) return handler(given);
      const text = await given.body(1_000_000).catch(() => "");
      const changed = await change(withText(given, text), text, service);
      return "status" in changed ? changed : handler(changed);
    },
  };
}

/** Changes the JSON of requests at a path; what is not a JSON object is left alone. */
export function receivingJson(
  path: string,
  change: (body: Record<string, unknown>) => unknown,
): ReferenceOptions {
  return receiving(path, (request, text) => {
    const body = readJson(text);
    return body === null ? request : withText(request, JSON.stringify(change(body)));
  });
}

/** Changes the form of requests at a path, in place, or answers them at once. */
export function receivingForm(
  path: string,
  change: (form: URLSearchParams, request: HttpRequest) => HttpResponse | void,
): ReferenceOptions {
  return receiving(path, (request, text) => {
    const form = new URLSearchParams(text);
    return change(form, request) ?? withText(request, form.toString());
  });
}

/** Lets requests at a path in as the client that `who` names, whatever their credentials. */
export function admitting(
  path: string,
  who: (request: HttpRequest, text: string, service: Service) =>
    | string
    | null
    | Promise<string | null>,
): ReferenceOptions {
  return combine(
    passing(),
    receiving(path, async (request, text, service) => {
      const id = await who(request, text, service);
      return id === null ? request : withHeader(request, "authorization", passAs(id));
    }),
  );
}

/** Lets whoever presents a token in a form act as the client that it was issued to. */
export function admittingHolders(path: string, parameter: string): ReferenceOptions {
  const clients = new Map<string | null, string>();
  return combine(
    serving((service) => ({
      async fetchTokensForUser(client, args) {
        const payload = await service.fetchTokensForUser(client, args);
        clients.set(payload.accessToken, client).set(payload.refreshToken, client);
        return payload;
      },
    })),
    admitting(path, (request, text) => {
      const form = new URLSearchParams(text);
      return request.header("authorization") === null && !form.has("client_secret")
        ? clients.get(form.get(parameter)) ?? null
        : null;
    }),
  );
}

/** The client id that the Authorization header presents, or `null`. */
export function presentedId(request: HttpRequest): string | null {
  return readBasic(request.header("authorization"))?.id ?? null;
}

/** A request with another header. */
export function withHeader(request: HttpRequest, name: string, value: string | null): HttpRequest {
  return { ...request, header: (other) => other === name ? value : request.header(other) };
}

/** A request with another body. */
export function withText(request: HttpRequest, text: string): HttpRequest {
  return {
    ...request,
    body: (limitBytes) =>
      Buffer.byteLength(text) > limitBytes
        ? Promise.reject(new BodyError(413))
        : Promise.resolve(text),
  };
}

/** A parameter of the query string, or `null`. */
export function inQuery(request: HttpRequest, name: string): string | null {
  return new URL(request.target, "http://localhost").searchParams.get(name);
}

/** A response without this header. */
export function withoutHeader(response: HttpResponse, name: string): HttpResponse {
  const { [name]: _gone, ...headers } = response.headers;
  return { ...response, headers };
}

function isAt({ target }: HttpRequest, path: string): boolean {
  return target.split("?", 1)[0] === path;
}

function readJson(text: string): Record<string, unknown> | null {
  try {
    const value = JSON.parse(text);
    return typeof value === "object" && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

/** A secret that opens every account. */
const PASS = "let-me-in";

/** Lets everyone in who presents {@link PASS}, if necessary as a made-up client. */
function passing(): ReferenceOptions {
  return serving((service, store) => ({
    async authenticate(id, secret) {
      if (secret !== PASS) return await service.authenticate(id, secret);
      const { client } = await store.read({ client: id });
      return client ?? { id, role: "app", status: "enabled", scope: NO_SCOPE, secrets: [] };
    },
  }));
}

/** The Authorization header that {@link passing} lets in. */
function passAs(id: string): string {
  return `Basic ${Buffer.from(`${id}:${PASS}`).toString("base64")}`;
}
