/**
 * A request as a command that repeats it.
 * @module
 */
import type { Exchange } from "../results.ts";

/**
 * The request as a curl command for a POSIX shell. Secrets are not in a report: credentials become
 * variables, other labels remain.
 */
export function curlOf({ request }: Exchange): string {
  const { method, url, headers, body } = request;
  const parts = ["curl -sS -i", ...method === "POST" ? [] : [`-X ${method}`], quote(url)];
  for (const [name, value] of Object.entries(headers)) {
    const credentials = name === "authorization" && /^Basic «credentials of/.test(value);
    parts.push(
      credentials ? '-u "$CLIENT_ID:$CLIENT_SECRET"' : `-H ${quote(`${name}: ${value}`)}`,
    );
  }
  if (method !== "GET") parts.push(`--data-raw ${quote(body)}`);
  return parts.join(" \\\n  ");
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
