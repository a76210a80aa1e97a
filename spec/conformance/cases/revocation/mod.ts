/**
 * How tokens end, all cases.
 * @module
 */
import { type Case, define } from "../../case.ts";
import { BY_AUTHORITY } from "./authority.ts";
import { BY_CLIENT } from "./endpoint.ts";

/** The cases. */
export const revocation: readonly Case[] = define("revocation", [...BY_CLIENT, ...BY_AUTHORITY]);
