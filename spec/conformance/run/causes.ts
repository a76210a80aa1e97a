/**
 * Which failures follow from others: one fault should read as one fault.
 * @module
 */
import type { Case } from "../case.ts";
import type { Need } from "../needs.ts";
import type { CaseResult } from "../results.ts";

/** The case that shows whether something that others need works at all; each may depend on earlier ones. */
const SHOWN_BY: Readonly<Partial<Record<Need, string>>> = {
  "client": "client-authentication/credentials",
  "connected-user": "scope-delegation/connected",
  "merchant-user": "consent-token/redeem",
  "consent-token": "consent-token/redeem",
  "sign": "consent-token/redeem",
  "token-endpoint": "tokens-refresh/refresh",
  "revocation-endpoint": "revocation/refresh-token",
  "introspection-endpoint": "tokens-refresh/introspect-access-token",
  "users-endpoint": "tokens-refresh/users-api",
  "schema": "contract/mutation",
};

const ORDER = [...new Set(Object.values(SHOWN_BY))];

/** Names, in each failure and warning that follows from a failure, the failure at the root of it. */
export function withCauses(
  results: readonly CaseResult[],
  cases: readonly Case[],
): readonly CaseResult[] {
  const failed = new Set(results.filter(({ outcome }) => outcome === "failed").map(({ id }) => id));
  const byId = new Map(cases.map((subject) => [subject.id, subject]));
  /** The failures that a case directly follows from, those that it names itself first. */
  const directCauses = (id: string): readonly string[] => {
    const { dependsOn = [], needs = [] } = byId.get(id) ?? {};
    const place = ORDER.indexOf(id);
    const shown = needs.flatMap((need) => SHOWN_BY[need] ?? [])
      .filter((cause) => place === -1 || ORDER.indexOf(cause) < place);
    return [...dependsOn, ...shown].filter((cause) => cause !== id && failed.has(cause));
  };
  const rootOf = (id: string): string => {
    const [cause] = directCauses(id);
    return cause === undefined ? id : rootOf(cause);
  };
  return results.map((result) => {
    const wrong = result.outcome === "failed" || result.outcome === "warned";
    const root = wrong ? rootOf(result.id) : result.id;
    return root === result.id ? result : { ...result, because: root };
  });
}
