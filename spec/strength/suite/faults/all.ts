/**
 * Every fault, by group.
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

/** A group of faults. The id of each begins with the name of its group. */
export interface Group {
  readonly name: string;
  readonly title: string;
  readonly faults: readonly Fault[];
}

/** The groups about the form of requests and tokens, which make up half of all faults. */
export const PROTOCOL_GROUPS: readonly string[] = [
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

/** The groups. */
export const GROUPS: readonly Group[] = [
  group("contract", "The schema is not the vendor's", CONTRACT),
  group("input", "Inputs", INPUT),
  group("answers", "Answers", ANSWERS),
  group("clients", "Client authentication", CLIENTS),
  group("algorithms", "Consent tokens: signatures and algorithms", ALGORITHMS),
  group("keys", "Consent tokens: whose keys", KEY_FAULTS),
  group("forms", "Consent tokens: form", FORMS),
  group("claims", "Consent tokens: claims", CLAIMS),
  group("times", "Consent tokens: validity in time", TIMES),
  group("redemptions", "Consent tokens: redeemed once", REDEMPTIONS),
  group("delegations", "Scope and delegation", DELEGATIONS),
  group("tokens", "Issued tokens and where they are accepted", TOKEN_FAULTS),
  group("introspection", "Introspection", INTROSPECTION),
  group("token-endpoint", "The token endpoint", TOKEN_ENDPOINT),
  group("rotation", "Rotation, reuse and scope at refresh", ROTATION),
  group("ends", "Revocation and withdrawal", ENDS),
  group("http", "HTTP, limits and leaks", HTTP),
  group("core", "The core, one line at a time", CORE),
];

function group(name: string, title: string, faults: readonly Fault[]): Group {
  return { name, title, faults: faults.map((fault) => ({ ...fault, id: `${name}/${fault.id}` })) };
}

/** The faults of all groups. */
export const FAULTS: readonly Fault[] = GROUPS.flatMap(({ faults }) => faults);
