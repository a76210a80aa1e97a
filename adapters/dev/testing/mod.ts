/**
 * A shop for your tests: the real server, in memory, on a free port of this machine or without one, with
 * users, consent tokens with every defect, a clock, faults, and a ledger of what your client sent. For
 * tests only. Requires the packages `graphql`, `@graphql-tools/schema` and `jose`.
 *
 * @example
 * ```ts
 * import { startTestShop } from "fetch-tokens-for-user/testing";
 *
 * const shop = await startTestShop();
 * const consentToken = await shop.consentToken({ defect: "expired" });
 * const response = await fetch(shop.endpoint, {
 *   method: "POST",
 *   headers: { authorization: shop.partner.authorization, "content-type": "application/json" },
 *   body: JSON.stringify({
 *     query: `mutation ($consentToken: String) {
 *       fetchTokensForUser(consentToken: $consentToken) { accessToken userErrors { code } }
 *     }`,
 *     variables: { consentToken },
 *   }),
 * });
 * const { data } = await response.json();
 * console.assert(data.fetchTokensForUser.userErrors[0].code === shop.defects.expired.outcome);
 * console.assert(shop.requests.at(-1)?.events[0]?.reason === "consent_expired");
 * await shop.close();
 * ```
 * @module
 */
export type { Defect, DefectAnswer } from "../defects.ts";
export {
  type Fault,
  type FaultEntry,
  type FaultOptions,
  FAULTS,
  type Faults,
  type PendingFault,
} from "../faults.ts";
export type { Inspection, RuleFinding } from "../inspect.ts";
export type { Answer, DecodedJws, RequestEntry } from "../ledger.ts";
export type { UserKind } from "./people.ts";
export * from "./shop.ts";
