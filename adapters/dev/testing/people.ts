/**
 * Users of a test shop, made on demand: their names are known at once, and they exist before the next
 * request is served.
 * @module
 */
import type { ClientId, PublicId } from "../../../core/model.ts";
import type { Service } from "../../direct.ts";

/**
 * What a user is to the partner: `connected`; a merchant's `buyer`, who can delegate by a consent token;
 * connected to `nobody`; or `unknown` to the shop.
 */
export type UserKind = "connected" | "buyer" | "nobody" | "unknown";

/** Makes users. */
export interface People {
  /** A new user's public id. */
  make(kind?: UserKind): PublicId;
  /** Resolves once everybody made so far exists. */
  ready(): Promise<void>;
}

/** Who users are connected to, with which scope. */
export interface PeopleOptions {
  readonly service: Service;
  readonly partner: ClientId;
  readonly merchant: ClientId;
  readonly scope: string;
}

/** Starts with nobody. */
export function createPeople({ service, partner, merchant, scope }: PeopleOptions): People {
  let count = 0;
  let queue: Promise<unknown> = Promise.resolve();
  const register = async (publicId: PublicId, kind: UserKind) => {
    await service.registerUser({ publicId });
    if (kind === "connected") await service.connect(publicId, partner, scope);
    if (kind === "buyer") await service.connect(publicId, merchant, scope);
  };
  return {
    make(kind = "connected") {
      const publicId = `${kind}-user-${++count}`;
      if (kind !== "unknown") queue = queue.then(() => register(publicId, kind));
      return publicId;
    },
    async ready() {
      await queue;
    },
  };
}
