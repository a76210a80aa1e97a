/**
 * What the mutation is called with, all cases.
 * @module
 */
import { type Case, define } from "../../case.ts";
import { INPUT_COUNT } from "./count.ts";
import { INPUT_VALUES } from "./values.ts";

/** The cases. */
export const input: readonly Case[] = define("input", [...INPUT_COUNT, ...INPUT_VALUES]);
