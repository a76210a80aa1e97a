/**
 * Ways to write the mutation down.
 * @module
 */
import type { Level } from "../../../requirements/model.ts";

const SELECTION = `{ accessToken expiresIn publicId refreshToken scope tokenType
  userErrors { code field message } }`;

/** A way to write a request. */
export interface Written {
  readonly slug: string;
  readonly what: string;
  /** Default: the case's own. */
  readonly level?: Level;
  body(publicId: string, consentToken: string): object;
}

/** A document with this list of arguments. */
export function literals(list: string): { readonly query: string } {
  return { query: `mutation { fetchTokensForUser${list} ${SELECTION} }` };
}

/** A document with two nullable variables, p and c. */
export function variables(values: object, declarations = "$p: String, $c: String"): object {
  const query = `mutation (${declarations}) {
    fetchTokensForUser(publicId: $p, consentToken: $c) ${SELECTION} }`;
  return { query, variables: values };
}

/** A text as a literal of GraphQL. */
export function quote(text: string): string {
  return JSON.stringify(text);
}
