/**
 * Every fault, room by room.
 * @module
 */
import type { Fault } from "../fault.ts";
import { ALGORITHMS } from "./algorithms.ts";
import { ANSWERS } from "./answers.ts";
import { CLAIMS } from "./claims.ts";
import { CLIENTS } from "./clients.ts";
import { CONTRACT } from "./contract.ts";
import { CORE } from "./core.ts";
import { DELEGATIONS } from "./delegations.ts";
import { ENDS } from "./ends.ts";
import { FORMS } from "./forms.ts";
import { HTTP } from "./http.ts";
import { INPUT } from "./input.ts";
import { INTROSPECTION } from "./introspection.ts";
import { KEY_FAULTS } from "./keys.ts";
import { REDEMPTIONS } from "./redemptions.ts";
import { ROTATION } from "./rotation.ts";
import { TIMES } from "./times.ts";
import { TOKEN_ENDPOINT } from "./token-endpoint.ts";
import { TOKEN_FAULTS } from "./tokens.ts";

/** A group of faults. The id of each begins with the name of its room. */
export interface Room {
  readonly name: string;
  readonly title: string;
  readonly faults: readonly Fault[];
}

/** The rooms about the form of requests and tokens; the others are about what they give. Half of all. */
export const PROTOCOL_ROOMS: readonly string[] = [
  "contract",
  "input",
  "answers",
  "clients",
  "algorithms",
  "keys",
  "forms",
  "claims",
  "times",
  "http",
];

/** The rooms. */
export const ROOMS: readonly Room[] = [
  room("contract", "The schema is not the vendor's", CONTRACT),
  room("input", "Inputs", INPUT),
  room("answers", "Answers", ANSWERS),
  room("clients", "Client authentication", CLIENTS),
  room("algorithms", "Consent tokens: signatures and algorithms", ALGORITHMS),
  room("keys", "Consent tokens: whose keys", KEY_FAULTS),
  room("forms", "Consent tokens: their form", FORMS),
  room("claims", "Consent tokens: what they say", CLAIMS),
  room("times", "Consent tokens: when they are good", TIMES),
  room("redemptions", "Consent tokens: redeemed once", REDEMPTIONS),
  room("delegations", "Scope and delegation", DELEGATIONS),
  room("tokens", "Issued tokens and where they are taken", TOKEN_FAULTS),
  room("introspection", "Introspection", INTROSPECTION),
  room("token-endpoint", "The token endpoint", TOKEN_ENDPOINT),
  room("rotation", "Rotation, reuse and scope at refresh", ROTATION),
  room("ends", "Revocation and withdrawal", ENDS),
  room("http", "HTTP, limits and leaks", HTTP),
  room("core", "The core, one line at a time", CORE),
];

function room(name: string, title: string, faults: readonly Fault[]): Room {
  return { name, title, faults: faults.map((fault) => ({ ...fault, id: `${name}/${fault.id}` })) };
}

/** The faults of all rooms. */
export const FAULTS: readonly Fault[] = ROOMS.flatMap(({ faults }) => faults);
