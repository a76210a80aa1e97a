/**
 * The pure core: the mutation `fetchTokensForUser` as a state machine over connections and tokens.
 * It imports nothing, reads no clock, no randomness, no environment.
 * @module
 */
export * from "./authority.ts";
export * from "./connection.ts";
export * from "./consent.ts";
export * from "./decide.ts";
export * from "./decision.ts";
export * from "./evolve.ts";
export * from "./family.ts";
export * from "./fetch.ts";
export * from "./message.ts";
export * from "./model.ts";
export * from "./refresh.ts";
export * from "./registry.ts";
export * from "./request.ts";
export * from "./scope.ts";
export * from "./settings.ts";
export * from "./sweep.ts";
export * from "./use.ts";
