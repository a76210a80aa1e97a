/**
 * Who may call the mutation (G7, G8), all cases.
 * @module
 */
import { type Case, define } from "../../case.ts";
import { CREDENTIALS } from "./credentials.ts";
import { REFUSALS } from "./refusals.ts";

/** The cases. */
export const clientAuthentication: readonly Case[] = define("client-authentication", [
  ...CREDENTIALS,
  ...REFUSALS,
]);
