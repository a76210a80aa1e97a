/**
 * The same history at every face. The core decides each move first and so predicts the answer; the face
 * then carries it out in a world of its own, with ids, salts and tokens of its own.
 * @module
 */
import assert from "node:assert/strict";
import { graphql } from "graphql";
import { createConsentVerifier } from "../../../adapters/consent/verifier.ts";
import {
  createService,
  type FetchTokensForUserPayload,
  type Service,
} from "../../../adapters/direct.ts";
import { createSchema } from "../../../adapters/graphql.ts";
import { toFetchHandler } from "../../../adapters/http/fetch.ts";
import { PATHS } from "../../../adapters/http/metadata.ts";
import { createHttpHandler } from "../../../adapters/http/router.ts";
import type { Credentials } from "../../../adapters/manage.ts";
import type { Clock, ConsentVerifier, Ports } from "../../../adapters/ports.ts";
import { createOpaqueTokens } from "../../../adapters/tokens/opaque.ts";
import { generateTokenKeys } from "../../../adapters/tokens/token-keys.ts";
import type { Arguments } from "../../../core/request.ts";
import { writeScope } from "../../../core/scope.ts";
import { basic, jsonBy, MUTATION, ORIGIN, type Sent } from "./http-face.ts";
import { AUDIENCE, ISSUER } from "./machine.ts";
import { SMALL } from "./moves.ts";

/** What a caller is told of tokens that were granted. */
export interface Issued {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly scope: string;
  readonly expiresIn: number;
  /** `null`: the answer to a refresh does not say. */
  readonly user: string | null;
}

/** What a caller is told of a live token. */
export interface Live {
  readonly user: string;
  readonly client: string;
  readonly scope: string;
  readonly expiresAt: number;
}

/** A caller's way in. A string is the code of a refusal. */
export interface Face {
  fetch(by: Credentials, args: Arguments): Promise<Issued | string>;
  refresh(by: Credentials, refreshToken: string, scope: string | null): Promise<Issued | string>;
  revoke(by: Credentials, token: string): Promise<void>;
  /** `null`: not active. */
  introspect(by: Credentials, token: string): Promise<Live | null>;
  /** The scope that a bearer has with it; `null`: none is let in. */
  use(accessToken: string): Promise<string | null>;
}

/** How a face is made from a service. */
export type FaceOf = (service: Service, clock: Clock) => Face;

/** A service with the settings of histories, over these ports. */
export function createSmallService(ports: Omit<Ports, "tokens">): Service {
  const tokens = createOpaqueTokens({ serverId: ORIGIN, keys: generateTokenKeys() });
  const issuers = [{ issuer: ISSUER, merchants: "all" as const }];
  return createService({ ...ports, tokens }, { ...SMALL, audience: AUDIENCE, issuers });
}

/** Verifies the consent tokens of {@link ISSUER}. */
export function verifierOf(jwk: object): Promise<ConsentVerifier> {
  return createConsentVerifier([{ issuer: ISSUER, jwks: { keys: [jwk] } }]);
}

/** The functions of the service, called as an embedder does. */
export const direct: FaceOf = (service) => ({
  async fetch(by, args) {
    const client = await service.authenticate(by.id, by.secret);
    if (client === null) return "invalid_client";
    return readPayload(await service.fetchTokensForUser(client.id, args));
  },
  async refresh(by, refreshToken, scope) {
    const client = await service.authenticate(by.id, by.secret);
    if (client === null) return "invalid_client";
    const answer = await service.refresh(client.id, { refreshToken, scope: scope ?? undefined });
    return "error" in answer ? answer.error : { ...answer, user: null };
  },
  async revoke(by, token) {
    const client = await service.authenticate(by.id, by.secret);
    if (client !== null) await service.revokeToken(client.id, token);
  },
  async introspect(by, token) {
    const client = await service.authenticate(by.id, by.secret);
    const live = client && await service.introspect(client.id, token);
    if (live === null) return null;
    const { user, client: holder, scope, expiresAt } = live;
    return { user, client: holder, scope: writeScope(scope), expiresAt };
  },
  async use(accessToken) {
    const live = await service.authorize(accessToken);
    return live && writeScope(live.scope);
  },
});

/** The mutation through the executable schema, with no HTTP around it; the rest as an embedder. */
export const inGraphql: FaceOf = (service, clock) => {
  const schema = createSchema(service);
  return {
    ...direct(service, clock),
    async fetch({ id }, variableValues) {
      const contextValue = { client: { id }, requestId: "r" };
      const { data, errors } = await graphql({
        schema,
        source: MUTATION,
        variableValues: { ...variableValues },
        contextValue,
      });
      if (errors?.[0]?.extensions["code"] === "UNAUTHENTICATED") return "invalid_client";
      assert.equal(errors, undefined);
      return readPayload(data?.["fetchTokensForUser"] as FetchTokensForUserPayload);
    },
  };
};

/** Requests and responses. */
export const onHttp: FaceOf = (service, clock) => {
  const options = { publicUrl: ORIGIN, clock, rateLimit: null };
  const handle = toFetchHandler(createHttpHandler(service, options));
  const send = async ({ path, headers, body }: Sent & { body: string }) => {
    const init = { method: "POST", headers: { ...headers }, body };
    const response = await handle(new Request(ORIGIN + path, init));
    const text = await response.text();
    return { status: response.status, json: text === "" ? null : JSON.parse(text) };
  };
  const post = (path: string, by: Credentials, form: Record<string, string>) => {
    const headers = { ...basic(by), "content-type": "application/x-www-form-urlencoded" };
    return send({ path, headers, body: String(new URLSearchParams(form)) });
  };
  return {
    async fetch(by, variables) {
      const body = JSON.stringify({ query: MUTATION, variables });
      const { status, json } = await send({ path: PATHS.partners, headers: jsonBy(by), body });
      if (status === 401) return "invalid_client";
      assert.equal(status, 200);
      return readPayload(json.data.fetchTokensForUser);
    },
    async refresh(by, token, scope) {
      const form = { grant_type: "refresh_token", refresh_token: token, ...(scope && { scope }) };
      const { status, json } = await post(PATHS.token, by, form);
      if (status !== 200) return json.error;
      const { access_token: accessToken, refresh_token: refreshToken, expires_in } = json;
      return { accessToken, refreshToken, scope: json.scope, expiresIn: expires_in, user: null };
    },
    async revoke(by, token) {
      await post(PATHS.revoke, by, { token });
    },
    async introspect(by, token) {
      const { json } = await post(PATHS.introspect, by, { token });
      if (!json.active) return null;
      return { user: json.sub, client: json.client_id, scope: json.scope, expiresAt: json.exp };
    },
    async use(accessToken) {
      const headers = {
        authorization: `Bearer ${accessToken}`,
        "content-type": "application/json",
      };
      const body = JSON.stringify({ query: "{ scope }" });
      const { status, json } = await send({ path: PATHS.users, headers, body });
      if (status === 401) return null;
      return json.data.scope;
    },
  };
};

function readPayload(payload: FetchTokensForUserPayload): Issued | string {
  const [error] = payload.userErrors;
  if (error !== undefined) return error.code;
  const { accessToken, refreshToken, scope, expiresIn, publicId } = payload;
  if (accessToken === null || refreshToken === null) return assert.fail("no tokens and no error");
  if (scope === null || expiresIn === null || publicId === null) {
    return assert.fail("half a payload");
  }
  return { accessToken, refreshToken, scope, expiresIn, user: publicId };
}
