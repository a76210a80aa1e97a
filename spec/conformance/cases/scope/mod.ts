/**
 * Who gets tokens, and with which scope, all cases.
 * @module
 */
import { type Case, define } from "../../case.ts";
import { PRECEDENCE } from "./precedence.ts";
import { CONSENTED } from "./consented.ts";
import { DELEGATED } from "./delegated.ts";
import { ORDER } from "./order.ts";
import { PUBLIC_ID } from "./public-id.ts";

/** The cases. */
export const scopeDelegation: readonly Case[] = define("scope-delegation", [
  ...PUBLIC_ID,
  ...CONSENTED,
  ...DELEGATED,
  ...PRECEDENCE,
  ...ORDER,
]);
