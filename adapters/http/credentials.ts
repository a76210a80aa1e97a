/**
 * Client credentials in the Authorization header (G8, RFC 7617) and bearer tokens (RFC 6750 §2.1).
 * @module
 */
import { Buffer } from "node:buffer";
import { type Client, isClientId } from "../../core/model.ts";
import type { Service } from "../direct.ts";
import type { Exchange } from "./exchange.ts";

/** A client id and secret as presented. */
export interface PresentedCredentials {
  readonly id: string;
  /** Secret. */
  readonly secret: string;
}

/** The challenge of a failed Basic authentication (RFC 7617 §2). */
export const BASIC_CHALLENGE = 'Basic realm="fetch-tokens-for-user", charset="UTF-8"';

/** Credentials that no client can have. */
const NOBODY: PresentedCredentials = { id: "", secret: "" };

/**
 * Reads Basic credentials; `null` if there are none. Each part may be form-encoded (RFC 6749
 * §2.3.1) or plain: no id or secret contains a character that this changes (G10).
 */
export function readBasic(authorization: string | null): PresentedCredentials | null {
  const encoded = /^basic +([a-z0-9+/]+={0,2})$/i.exec(authorization ?? "")?.[1];
  if (encoded === undefined) return null;
  const text = Buffer.from(encoded, "base64").toString();
  const colon = text.indexOf(":");
  if (colon < 0) return null;
  return { id: formDecode(text.slice(0, colon)), secret: formDecode(text.slice(colon + 1)) };
}

/** Whether an Authorization header is meant as Basic, readable or not. */
export function isBasic(authorization: string | null): boolean {
  return /^basic(?: |$)/i.test(authorization ?? "");
}

/**
 * The enabled client with these credentials, or `null`. Every failure takes the same work (G8).
 */
export function authenticate(
  service: Pick<Service, "authenticate">,
  credentials: PresentedCredentials | null,
  exchange: Exchange,
): Promise<Client | null> {
  const { id, secret } = credentials ?? NOBODY;
  if (isClientId(id)) exchange.trace.claimed = id;
  const [name, password] = isClientId(id) && isClientId(secret) ? [id, secret] : ["", ""];
  return service.authenticate(name, password, exchange);
}

/** The token of a Bearer header; `""` if it is unreadable; `null` if no token is presented. */
export function readBearer(authorization: string | null): string | null {
  if (!/^bearer(?: |$)/i.test(authorization ?? "")) return null;
  return /^bearer +([a-z0-9._~+/-]+=*)$/i.exec(authorization ?? "")?.[1] ?? "";
}

function formDecode(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}
