/**
 * Consent tokens, all cases.
 * @module
 */
import { define } from "../case.ts";
import type { Case } from "../case.ts";
import { CLAIMS } from "./consent-claims.ts";
import { FORM } from "./consent-form.ts";
import { ONCE_CASES } from "./consent-once.ts";
import { SIGNATURE } from "./consent-signature.ts";
import { TIME } from "./consent-time.ts";

/** The cases. */
export const consentToken: readonly Case[] = define("consent-token", [
  ...ONCE_CASES,
  ...FORM,
  ...SIGNATURE,
  ...CLAIMS,
  ...TIME,
]);
