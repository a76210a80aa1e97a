/**
 * The bodies of the OAuth endpoints (RFC 6749 §3.2, Appendix B).
 * @module
 */
import { BodyError, errorJson, type Exchange, type HttpResponse } from "./exchange.ts";

/** Maximum form, in bytes. */
const MAX_FORM_BYTES = 16_384;

/** The parameters of a form, by name. Those without a value are left out, as if omitted (§3.2). */
export type Form = ReadonlyMap<string, string>;

/** Reads a form, or returns the response if the body is not one or repeats a parameter (§3.2). */
export async function readForm({ request }: Exchange): Promise<Form | HttpResponse> {
  const type = (request.header("content-type") ?? "").split(";", 1)[0]?.trim().toLowerCase();
  if (type !== "application/x-www-form-urlencoded") {
    return invalidRequest("Send application/x-www-form-urlencoded.");
  }
  let text: string;
  try {
    text = await request.body(MAX_FORM_BYTES);
  } catch (error) {
    const { status, message } = error instanceof BodyError ? error : new BodyError(400);
    return errorJson(status, "invalid_request", message);
  }
  const form = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(text)) {
    if (form.has(name)) return invalidRequest("A parameter is repeated.");
    form.set(name, value);
  }
  for (const [name, value] of form) if (value === "") form.delete(name);
  return form;
}

/** `invalid_request` (RFC 6749 §5.2). */
export function invalidRequest(description: string): HttpResponse {
  return errorJson(400, "invalid_request", description);
}
