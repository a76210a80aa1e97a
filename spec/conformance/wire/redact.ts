/**
 * Exchanges as reports show them: labels replace secrets, and long bodies are cut.
 * @module
 */
import type { Exchange } from "../results.ts";

/** Maximum characters of a body that a report shows. */
const SHOWN_CHARACTERS = 4000;

/** An exchange without secrets. */
export function redact(exchange: Exchange, hide: (text: string) => string): Exchange {
  const body = (text: string) => {
    const hidden = hide(text);
    return hidden.length <= SHOWN_CHARACTERS
      ? hidden
      : `${hidden.slice(0, SHOWN_CHARACTERS)} … (${hidden.length} characters)`;
  };
  const headers = (record: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(record).map(([name, value]) => [name, hide(value)]));
  const { request, response } = exchange;
  return {
    ...exchange,
    label: hide(exchange.label),
    request: {
      ...request,
      url: hide(withoutCredentials(request.url)),
      headers: headers(request.headers),
      body: body(request.body),
    },
    response: response && {
      ...response,
      headers: headers(response.headers),
      body: body(response.body),
    },
  };
}

/** A URL without user name and password. */
export function withoutCredentials(text: string): string {
  const url = new URL(text);
  url.username = "";
  url.password = "";
  return url.href;
}
