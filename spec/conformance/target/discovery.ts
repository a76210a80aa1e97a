/**
 * Where an implementation has its endpoints, as far as it does not say so itself.
 * @module
 */
import type { Description, Endpoints } from "./description.ts";
import { isObject } from "../base/encoding.ts";
import { type Reply, Unanswered, type Wire } from "../wire/wire.ts";

/** The vendor's path of the mutation (G7) and of the Users API (T8). */
export const PATHS = {
  mutation: "/api/partners/graphql.json",
  users: "/api/users/graphql.json",
} as const;

/** RFC 8414 metadata; `null` where there is none. */
export type Metadata = Readonly<Record<string, unknown>> | null;

/** Asks for metadata beside the endpoint of the mutation. */
export async function readMetadata(wire: Wire, endpoint: string): Promise<Metadata> {
  const url = new URL("/.well-known/oauth-authorization-server", endpoint).href;
  const reply = await unlessSilent(wire.send({ label: "anybody: metadata", method: "GET", url }));
  return reply?.status === 200 && isObject(reply.json) ? reply.json : null;
}

/** The endpoints: as described, else as the metadata says, and the Users API else at its documented path. */
export async function findEndpoints(
  wire: Wire,
  endpoint: string,
  { endpoints: described = {} }: Description,
  metadata: Metadata,
): Promise<Endpoints> {
  const all = {
    token: described.token ?? metadata?.["token_endpoint"],
    revocation: described.revocation ?? metadata?.["revocation_endpoint"],
    introspection: described.introspection ?? metadata?.["introspection_endpoint"],
    users: described.users ?? await findUsersApi(wire, endpoint),
  };
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, url]) =>
      typeof url === "string" && URL.canParse(url, endpoint)
        ? [[name, new URL(url, endpoint).href]]
        : []
    ),
  );
}

/** It is there if a request without a token is refused as such. */
async function findUsersApi(wire: Wire, endpoint: string): Promise<string | undefined> {
  const url = new URL(PATHS.users, endpoint).href;
  const reply = await unlessSilent(wire.send({
    label: "nobody: Users API",
    url,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query: "{ __typename }" }),
  }));
  return reply?.status === 401 ? url : undefined;
}

/** What does not answer is not offered. */
async function unlessSilent(reply: Promise<Reply>): Promise<Reply | null> {
  try {
    return await reply;
  } catch (error) {
    if (error instanceof Unanswered) return null;
    throw error;
  }
}
