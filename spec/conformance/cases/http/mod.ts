/**
 * GraphQL over HTTP, limits, and what must not stand in responses (G7, G9, A2), all cases.
 * @module
 */
import { type Case, define } from "../../case.ts";
import { BODIES } from "./bodies.ts";
import { REQUESTS } from "./requests.ts";
import { RESPONSES } from "./responses.ts";

/** The cases. */
export const http: readonly Case[] = define("http", [...REQUESTS, ...BODIES, ...RESPONSES]);
