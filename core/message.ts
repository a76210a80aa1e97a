/**
 * Every message a caller can see, by code. One message per code, so that it does not reveal the
 * reason (C1).
 * @module
 */
import type { RefusalCode } from "./decision.ts";

/** The message of each refusal. */
export const MESSAGES: Readonly<Record<RefusalCode | "BAD_USER_INPUT", string>> = {
  BAD_USER_INPUT: "Provide exactly one of publicId and consentToken.",
  INVALID_TOKEN: "Consent token is invalid.",
  NO_CONSENT: "User has not consented to the requested scope.",
  NO_USER: "No user found.",
  invalid_client: "Client authentication failed.",
  invalid_grant: "The refresh token is invalid, expired, revoked or was issued to another client.",
  invalid_scope: "The requested scope is malformed or exceeds what was granted.",
  invalid_token: "The access token is invalid, expired or revoked.",
  INVALID_ARGUMENT: "An argument is malformed.",
  ALREADY_EXISTS: "This id is in use, or was used before.",
  UNKNOWN_CLIENT: "No enabled client has this id.",
  UNKNOWN_USER: "No active user has this public id.",
  UNKNOWN_CONNECTION: "No active connection has this id.",
};
