/**
 * `fetchTokensForUser` in your own process: the core, the service around it, its ports and a store in
 * memory. Nothing here needs an npm package. Durable stores, token keys and consent token verification
 * have entry points of their own.
 *
 * @example
 * ```ts
 * import { createMemoryStore, createService } from "fetch-tokens-for-user";
 * import { createOpaqueTokens, generateTokenKeys } from "fetch-tokens-for-user/tokens";
 *
 * const service = createService({
 *   store: createMemoryStore(),
 *   tokens: createOpaqueTokens({ serverId: "https://shop.example", keys: generateTokenKeys() }),
 * }, { audience: "https://shop.example" });
 *
 * const { id: partner } = await service.registerClient({ scope: "openid profile" });
 * const { publicId } = await service.registerUser();
 * await service.connect(publicId, partner, "openid");
 * const payload = await service.fetchTokensForUser(partner, { publicId });
 * console.assert(payload.scope === "openid");
 * ```
 * @module
 */
export * from "./core/mod.ts";
export * from "./adapters/ports.ts";
export * from "./adapters/direct.ts";
export {
  type ClientRegistration,
  type Credentials,
  type Management,
  ManagementError,
} from "./adapters/manage.ts";
export { createMemoryStore } from "./adapters/store/memory.ts";
export { systemClock, systemEntropy } from "./adapters/entropy.ts";
