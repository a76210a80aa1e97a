/**
 * The bucket of a user, by which tables can be split (see `schema.ts`).
 * @module
 */
import type { ConnectionId, FamilyId, PublicId } from "../../../core/model.ts";
import { routeOf } from "../../entropy.ts";

/** The bucket that holds every row of a user: 0 to 255. */
export function bucketOfUser(user: PublicId): number {
  return parseInt(routeOf(user), 16);
}

/** The bucket that the id of a connection or family names; -1, where no row is, for any other text. */
export function bucketOfId(id: ConnectionId | FamilyId): number {
  const [, route = ""] = /^[0-9a-f]{30}([0-9a-f]{2})$/.exec(id) ?? [];
  return route === "" ? -1 : parseInt(route, 16);
}
