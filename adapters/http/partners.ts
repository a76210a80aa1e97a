/**
 * `POST /api/partners/graphql.json`: the mutation for clients that authenticate by HTTP Basic (G7–G9).
 * @module
 */
import { MESSAGES } from "../../core/message.ts";
import type { Service } from "../direct.ts";
import { createSchema, type PartnerContext } from "../graphql.ts";
import type { Clock } from "../ports.ts";
import { authenticate, BASIC_CHALLENGE, readBasic } from "./credentials.ts";
import { errorGraphql, type Exchange, type HttpResponse } from "./exchange.ts";
import { createEndpoint } from "./graphql-endpoint.ts";
import { createRateLimit } from "./rate-limit.ts";

/** How much a client may ask for (A2). */
export interface PartnersLimits {
  /** The most mutation fields in one request. Default 10. */
  readonly mutationFields?: number;
  /** The most mutation fields a client, over time; `null` for no limit. Default 6000 a minute. */
  readonly rateLimit?: { readonly fieldsPerMinute: number } | null;
}

/**
 * Creates the endpoint.
 * @throws {RangeError} when a limit is no whole number from 1, or a minute allows less than one request.
 */
export function createPartnersEndpoint(
  service: Service,
  limits: PartnersLimits,
  clock: Clock,
): (exchange: Exchange) => Promise<HttpResponse> {
  const { mutationFields = 10, rateLimit = { fieldsPerMinute: 6000 } } = limits;
  checkLimits(mutationFields, rateLimit?.fieldsPerMinute ?? Infinity);
  const limiter = rateLimit && createRateLimit(rateLimit.fieldsPerMinute, clock);
  const endpoint = createEndpoint<PartnerContext>({
    schema: createSchema(service),
    maxMutationFields: mutationFields,
    charge: ({ context }, fields) => limiter?.take(context.client.id, fields) ?? 0,
    replace: (code) => code === "UNAUTHENTICATED" ? unauthenticated() : null,
  });
  return async (exchange) => {
    const { request, requestId, trace } = exchange;
    // Before anything else is looked at (G8).
    const client = await authenticate(
      service,
      readBasic(request.header("authorization")),
      exchange,
    );
    if (client === null) return unauthenticated();
    trace.client = client.id;
    const note = (outcome: string, fault?: unknown) => {
      trace.outcomes.push(outcome);
      if (fault !== undefined) trace.faults.push(fault);
    };
    return endpoint({ exchange, context: { client, requestId, note } });
  };
}

function checkLimits(mutationFields: number, perMinute: number): void {
  if (!Number.isSafeInteger(mutationFields) || mutationFields < 1 || mutationFields > 100) {
    throw new RangeError(
      `Cannot allow ${mutationFields} mutation fields a request: give a whole number from 1 to 100`,
    );
  }
  if (perMinute < mutationFields) {
    throw new RangeError(
      `Cannot limit clients to ${perMinute} mutation fields a minute: one request may hold ${mutationFields}`,
    );
  }
}

function unauthenticated(): HttpResponse {
  return errorGraphql(401, "UNAUTHENTICATED", MESSAGES.invalid_client, {
    "www-authenticate": BASIC_CHALLENGE,
  });
}
