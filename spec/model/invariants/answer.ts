/**
 * What an answer looks like, whatever was asked.
 * @module
 */
import type { RefusalCode, TokenGrant } from "../../../core/decision.ts";
import { decideOn, type Step } from "../play.ts";
import { everyStep, type Invariant, on, sameList, unchanged } from "./invariant.ts";

const MANAGEMENT: readonly RefusalCode[] = [
  "INVALID_ARGUMENT",
  "ALREADY_EXISTS",
  "UNKNOWN_CLIENT",
  "UNKNOWN_USER",
  "UNKNOWN_CONNECTION",
];

/** The codes that each command may be refused with; what is not listed is an operator's command. */
const CODES: Readonly<Record<string, readonly RefusalCode[]>> = {
  "fetch": ["INVALID_TOKEN", "NO_CONSENT", "NO_USER", "invalid_client"],
  "refresh": ["invalid_grant", "invalid_scope"],
  "use": ["invalid_token"],
  "revoke-token": [],
};

/** Of the answers to the mutation and to refresh. */
export const ANSWER: readonly Invariant[] = [
  everyStep(
    "exactly-one-input",
    ["E1", "E2", "IN-01", "IN-02", "IN-03"],
    "A mutation goes on with the one argument that is provided, and with both or none it is a bad request that reads and changes nothing.",
    ({ move, selected, before, after, command }) => {
      if (move.type !== "mutate") return null;
      const { publicId = null, consentToken = null } = move.args;
      if ((publicId === null) === (consentToken === null)) {
        return selected?.outcome === "refused" && selected.code === "BAD_USER_INPUT" &&
          selected.reason === (publicId === null ? "no_input" : "both_inputs") &&
          command === null && unchanged(before, after);
      }
      return selected?.outcome === "selected" &&
        (selected.by === "publicId"
          ? consentToken === null && selected.publicId === publicId
          : publicId === null && selected.consentToken === consentToken);
    },
  ),
  on(
    ["fetch", "refresh"],
    "payload-all-or-nothing",
    ["G5"],
    "A granted answer has every field that tokens are made of, and a refused one has a code and none of them.",
    ({ decision }) => {
      if (decision.outcome === "refused") return !("grant" in decision) && decision.code !== null;
      const { user, client, connection, family, generation, salt, keyId, scope } = decision.grant;
      const { issuedAt, accessExpiresAt } = decision.grant;
      return [user, client, connection, family, salt, keyId].every((text) => text !== "") &&
        [generation, issuedAt, accessExpiresAt].every(Number.isInteger) && scope.length > 0 &&
        !("code" in decision);
    },
  ),
  everyStep(
    "refusal-vocabulary",
    ["G4", "T4", "T6", "T7"],
    "Each command is refused with its own few codes and no other: the vendor's three for the mutation, the RFCs' for tokens.",
    ({ command, decision }) =>
      command === null || decision?.outcome !== "refused"
        ? null
        : (CODES[command.type] ?? MANAGEMENT).includes(decision.code),
  ),
  on(
    ["fetch", "refresh"],
    "expires-in",
    ["G6", "T1", "SC-14"],
    "An access token lives its full lifetime or to the end of its family, whichever is earlier, and at least a second.",
    ({ decision, after, context: { now, settings } }) => {
      if (decision.outcome === "refused") return null;
      const { issuedAt, accessExpiresAt, family: id } = decision.grant;
      const family = after.state.families.get(id);
      if (family === undefined || issuedAt !== now || accessExpiresAt < now + 1) return false;
      const ends = [
        now + settings.accessTokenSeconds,
        family.generationStartedAt + settings.refreshIdleSeconds,
        family.startedAt + settings.refreshAbsoluteSeconds,
      ];
      return ends.every((end) => accessExpiresAt <= end) && ends.includes(accessExpiresAt);
    },
  ),
  on(
    ["fetch", "refresh", "use"],
    "scope-form",
    ["G6"],
    "A granted scope is not empty, sorted and without duplicates.",
    ({ decision, before }) => {
      if (decision.outcome === "refused") return null;
      const { scope } = decision.grant;
      return scope.length > 0 &&
        sameList(scope, before.cast.scopes.filter((token) => scope.includes(token)));
    },
  ),
  on(
    ["fetch", "refresh"],
    "grant-names-the-row",
    ["T2", "T5"],
    "Tokens are derived from what is stored: a grant names the connection, generation, salt and key of its family's row.",
    ({ decision, after }) => {
      if (decision.outcome === "refused") return null;
      const { family: id, connection, generation, salt, keyId } = decision.grant;
      const row = after.state.families.get(id);
      return row?.connection === connection && row.generation === generation &&
        row.salt === salt && row.keyId === keyId;
    },
  ),
  on(
    ["fetch", "refresh"],
    "answer-is-for-the-caller",
    ["P2", "T4", "C4"],
    "Tokens go to the client that asked, for the user it asked for, from a connection between these two.",
    (step) => {
      const { decision, after } = step;
      if (decision.outcome === "refused") return null;
      const { user, client, connection } = decision.grant;
      const row = after.state.connections.get(connection);
      return client === step.command.client && row?.client === client && row.user === user &&
        (askedFor(step) ?? user) === user;
    },
  ),
  on(
    ["fetch", "refresh"],
    "no-scope-beyond-consent",
    ["P4", "C8", "T6", "R1", "SC-02", "SC-03"],
    "Each scope token that is issued is in the family's first scope, and client, connection and source permit it at that moment.",
    ({ decision, after }) => {
      if (decision.outcome === "refused") return null;
      const { family: id, scope } = decision.grant;
      const { clients, connections, families } = after.state;
      const family = families.get(id);
      const connection = connections.get(family?.connection ?? "");
      const source = connections.get(connection?.source ?? "");
      const links = connection?.source === null ? [connection] : [connection, source];
      return links.every((link) =>
        link?.status === "active" &&
        scope.every((token) =>
          family?.scope.includes(token) && link.scope.includes(token) &&
          clients.get(link.client)?.scope.includes(token)
        )
      );
    },
  ),
  on(
    ["fetch", "refresh"],
    "lost-answer-recoverable",
    ["C11", "T5", "RF-03", "RF-09"],
    "Whoever repeats a granted request because the answer was lost is granted again; with a consent or refresh token, the very same generation.",
    (step) => {
      const { decision, command, context, after } = step;
      if (decision.outcome === "refused") return null;
      const consented = command.type === "fetch" && command.by === "consentToken";
      if (consented && context.settings.consentRetrySeconds === 0) return null;
      const again = decideOn(after.cast, after.state, command, context);
      if (again.outcome === "refused") return false;
      if (command.type === "fetch" && !consented) return true;
      const { family, generation, salt, repeated, scope } = again.grant as TokenGrant;
      const first = decision.grant;
      return again.changes.length === 0 && repeated && family === first.family &&
        generation === first.generation && salt === first.salt && sameList(scope, first.scope);
    },
  ),
];

/** The user that a mutation names; a refresh names none. */
function askedFor({ command }: Step): string | null {
  if (command?.type !== "fetch") return null;
  return command.by === "publicId" ? command.publicId : command.consent.user;
}
