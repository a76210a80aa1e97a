/**
 * All cases about consent tokens.
 * @module
 */
import { type Case, define } from "../../case.ts";
import { ALGORITHM } from "./algorithm.ts";
import { CLAIMS } from "./claims.ts";
import { CONTENT } from "./content.ts";
import { FORM } from "./form.ts";
import { HEADER } from "./header.ts";
import { KEYS } from "./keys.ts";
import { PARTIES } from "./parties.ts";
import { REDEMPTION } from "./redemption.ts";
import { REPLAY } from "./replay.ts";
import { SIGNATURE } from "./signature.ts";
import { TIME } from "./time.ts";
import { WITHDRAWAL } from "./withdrawal.ts";

/** The cases. */
export const consentToken: readonly Case[] = define("consent-token", [
  ...REDEMPTION,
  ...REPLAY,
  ...WITHDRAWAL,
  ...HEADER,
  ...FORM,
  ...CONTENT,
  ...SIGNATURE,
  ...ALGORITHM,
  ...KEYS,
  ...CLAIMS,
  ...PARTIES,
  ...TIME,
]);
