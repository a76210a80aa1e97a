/**
 * Faults as wrong ports and wrong services: each function returns options for a reference server.
 * @module
 */
import type { FetchTokensForUserPayload, Service } from "../../../../adapters/direct.ts";
import type { Store, TokenSealer } from "../../../../adapters/ports.ts";
import type { Decision, Facts, Keys, Reason } from "../../../../core/decision.ts";
import type { ReferenceOptions } from "../../../tests/support/reference.ts";
import type { Arguments } from "../../../../core/request.ts";

/** All of these at once; of two hooks of one kind the later one is outside. */
export function combine(...parts: readonly ReferenceOptions[]): ReferenceOptions {
  return parts.reduce((inner, outer) => ({
    ...inner,
    ...outer,
    ports: (ports, clock, issuers) => {
      const wrapped = inner.ports?.(ports, clock, issuers) ?? ports;
      return outer.ports?.(wrapped, clock, issuers) ?? wrapped;
    },
    service: (service, ports) => {
      const wrapped = inner.service?.(service, ports) ?? service;
      return outer.service?.(wrapped, ports) ?? wrapped;
    },
    handler: (handler, service) => {
      const wrapped = inner.handler?.(handler, service) ?? handler;
      return outer.handler?.(wrapped, service) ?? wrapped;
    },
    harness: (handler) => {
      const wrapped = inner.harness?.(handler) ?? handler;
      return outer.harness?.(wrapped) ?? wrapped;
    },
  }));
}

/** Replaces methods of the service. */
export function serving(
  change: (service: Service, store: Store) => Partial<Service>,
): ReferenceOptions {
  return {
    service: (service, { store }) => ({ ...service, ...change(service, store) }),
  };
}

/** Changes the arguments of the mutation. */
export function asking(change: (args: Arguments) => Arguments): ReferenceOptions {
  return serving((service) => ({
    fetchTokensForUser: (client, args) => service.fetchTokensForUser(client, change(args)),
  }));
}

/** Changes the answer of the mutation. */
export function answering(
  change: (payload: FetchTokensForUserPayload, args: Arguments) => object,
): ReferenceOptions {
  return serving((service) => ({
    fetchTokensForUser: async (client, args) =>
      change(await service.fetchTokensForUser(client, args), args) as FetchTokensForUserPayload,
  }));
}

/** A payload whose only user error has another message. */
export function withMessage(payload: FetchTokensForUserPayload, message: string): object {
  return { ...payload, userErrors: payload.userErrors.map((error) => ({ ...error, message })) };
}

/** Replaces methods of the store; `now` is in whole Unix seconds. */
export function storing(
  change: (store: Store, now: () => number) => Partial<Store>,
): ReferenceOptions {
  return {
    ports: (ports, clock) => ({
      ...ports,
      store: { ...ports.store, ...change(ports.store, () => Math.floor(clock.now() / 1000)) },
    }),
  };
}

/** Changes the facts that decisions see. */
export function seeing(
  change: (facts: Facts, now: number, keys: Keys) => Facts,
): ReferenceOptions {
  return storing((store, now) => ({
    read: async (keys) => change(await store.read(keys), now(), keys),
    transact: (keys, decide) => store.transact(keys, (facts) => decide(change(facts, now(), keys))),
  }));
}

/** Changes what was decided before it is stored. */
export function deciding(
  change: <Grant>(decision: Decision<Grant>, facts: Facts, now: number) => Decision<Grant>,
): ReferenceOptions {
  return storing((store, now) => ({
    transact: (keys, decide) =>
      store.transact(keys, (facts) => change(decide(facts), facts, now())),
  }));
}

/** Changes each change before it is stored; an empty list drops it. */
export function writing(
  change: (
    change: Decision<unknown>["changes"][number],
    facts: Facts,
    now: number,
  ) => readonly Decision<unknown>["changes"][number][],
): ReferenceOptions {
  return deciding((decision, facts, now) => ({
    ...decision,
    changes: decision.changes.flatMap((one) => change(one, facts, now)),
  }));
}

/** Decides first and stores later, with a moment in between in which another request can come in. */
export function decidingEarly(
  applies: (decision: Decision<unknown>) => boolean,
): ReferenceOptions {
  return storing((store) => ({
    async transact(keys, decide) {
      const found = decide(await store.read(keys));
      if (!applies(found)) return await store.transact(keys, decide);
      await new Promise((resolve) => setTimeout(resolve, 200));
      return await store.transact(keys, () => found);
    },
  }));
}

/** Replaces methods of what seals and opens tokens. */
export function sealing(change: (tokens: TokenSealer) => Partial<TokenSealer>): ReferenceOptions {
  return {
    ports: (ports) => ({
      ...ports,
      tokens: { ...ports.tokens, ...change(ports.tokens) },
    }),
  };
}

/** Puts the reason of the last refusal into the message of the mutation. */
export function revealing(reveal: (reason: Reason, facts: Facts) => string): ReferenceOptions {
  let reason = "";
  let seen: Facts | null = null;
  return combine(
    seeing((facts) => (seen = facts)),
    answering((payload) => reason === "" ? payload : withMessage(payload, reason)),
    {
      ports: (ports) => ({
        ...ports,
        audit: {
          record: (event) => {
            if (seen !== null) reason = reveal(event.reason as Reason, seen);
          },
        },
      }),
    },
  );
}
