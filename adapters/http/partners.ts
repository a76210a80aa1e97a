/**
 * `POST /api/partners/graphql.json`: the mutation for clients that authenticate by HTTP Basic (G7–G9).
 * @module
 */
import { MESSAGES } from "../../core/message.ts";
import type { Service } from "../direct.ts";
import { createSchema, type PartnerContext } from "../graphql.ts";
import { authenticate, BASIC_CHALLENGE, readBasic } from "./credentials.ts";
import { errorGraphql, type Exchange, type HttpResponse } from "./exchange.ts";
import { createEndpoint } from "./graphql-endpoint.ts";
import type { Limits } from "./limits.ts";

/** Creates the endpoint. */
export function createPartnersEndpoint(
  service: Service,
  limits: Limits,
): (exchange: Exchange) => Promise<HttpResponse> {
  const endpoint = createEndpoint<PartnerContext>({
    schema: createSchema(service),
    maxMutationFields: limits.mutationFields,
    charge: ({ context }, weight) => limits.charge(context.client.id, weight),
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

function unauthenticated(): HttpResponse {
  return errorGraphql(401, "UNAUTHENTICATED", MESSAGES.invalid_client, {
    "www-authenticate": BASIC_CHALLENGE,
  });
}
