/**
 * Introspection that says too much, too little, or has an effect (T7).
 * @module
 */
import { errorJson } from "../../../../adapters/http/exchange.ts";
import type { Facts } from "../../../../core/decision.ts";
import type { Fault } from "../fault.ts";
import {
  admittingHolders,
  INTROSPECT,
  replying,
  responding,
  withoutHeader,
} from "../hooks/http.ts";
import { serving, storing } from "../hooks/ports.ts";
import type { ReferenceOptions } from "../../../tests/support/reference.ts";

/** Introspects only tokens of the kind that the hint names. */
function obeysHint(): ReferenceOptions {
  return {
    handler: (handler) => async (given) => {
      if (given.target !== INTROSPECT) return handler(given);
      const text = await given.body(100_000);
      const response = await handler({ ...given, body: () => Promise.resolve(text) });
      const hint = new URLSearchParams(text).get("token_type_hint");
      const isAccess = response.body.includes('"token_type":"Bearer"');
      const fits = hint === null || (hint === "access_token") === isAccess;
      return fits ? response : { ...response, body: '{"active":false}' };
    },
  };
}

/** The faults. */
export const INTROSPECTION: readonly Fault[] = [
  {
    id: "introspection-without-client",
    title: "Anyone may introspect tokens.",
    options: () => admittingHolders(INTROSPECT, "token"),
    caughtBy: ["tokens-refresh/introspect-unauthenticated"],
  },
  {
    id: "introspection-tells-why",
    title: "Introspection distinguishes a token that is not live from one that never was.",
    options: () => {
      let known = false;
      return {
        ...serving((service) => ({
          introspect(caller, token) {
            known = token.startsWith("ftfu_");
            return service.introspect(caller, token);
          },
        })),
        ...replying(
          INTROSPECT,
          (body) => known && !body["active"] ? { ...body, reason: "not current" } : body,
        ),
      };
    },
    caughtBy: ["tokens-refresh/introspect-same-answer"],
  },
  {
    id: "introspection-400",
    title: "Introspection of an unknown token is an error.",
    options: () =>
      responding(
        INTROSPECT,
        (response) =>
          response.body === '{"active":false}'
            ? errorJson(400, "invalid_request", "This is not a token.")
            : response,
      ),
    caughtBy: ["tokens-refresh/introspect-garbage"],
  },
  {
    id: "introspection-counts-as-use",
    title: "Introspecting a refresh token spends it.",
    options: () =>
      serving((service) => ({
        async introspect(caller, token) {
          const live = await service.introspect(caller, token);
          if (live?.kind === "refresh") await service.refresh(live.client, { refreshToken: token });
          return live;
        },
      })),
    caughtBy: ["tokens-refresh/introspect-refresh-token"],
  },
  {
    id: "introspection-hint",
    title: "Introspection looks only where token_type_hint points.",
    options: obeysHint,
    caughtBy: ["tokens-refresh/introspect-hint"],
  },
  {
    id: "resource-server-refused",
    title: "A resource server may not introspect the tokens that it receives.",
    options: () =>
      serving((service) => ({
        async introspect(caller, token) {
          const live = await service.introspect(caller, token);
          return live?.client === caller ? live : null;
        },
      })),
    caughtBy: ["tokens-refresh/introspect-resource-server"],
  },
  {
    id: "introspection-wrong-subject",
    title: "Introspection names the client as the subject.",
    options: () =>
      replying(INTROSPECT, (body) => body["active"] ? { ...body, sub: body["client_id"] } : body),
    caughtBy: ["tokens-refresh/access-token-names-user"],
  },
  {
    id: "introspection-stored",
    title: "Responses of introspection may be cached.",
    options: () => responding(INTROSPECT, (response) => withoutHeader(response, "cache-control")),
    caughtBy: ["tokens-refresh/introspect-no-store"],
  },
  {
    id: "liveness-cached",
    title: "Whether a token is live is cached forever.",
    options: () => {
      const cache = new Map<string, Facts>();
      return storing((store) => ({
        async read(keys) {
          const key = JSON.stringify(keys);
          const facts = cache.get(key) ?? await store.read(keys);
          if (keys.family) cache.set(key, facts);
          return facts;
        },
      }));
    },
    caughtBy: ["revocation/refresh-token-ends-access-token", "consent-token/withdrawn-is-dead"],
  },
];
