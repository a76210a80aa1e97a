/**
 * What clients did and were told, and the rules that every history must obey, whatever the order of
 * events was. They know nothing of stores.
 * @module
 */

/** What a client asks for. `client` is who asks. */
export type Op =
  | { readonly do: "redeem"; readonly client: string; readonly jti: string; readonly user: string }
  | { readonly do: "fetch"; readonly client: string; readonly user: string }
  | { readonly do: "refresh"; readonly client: string; readonly token: string }
  | { readonly do: "revoke"; readonly client: string; readonly token: string }
  | { readonly do: "introspect"; readonly client: string; readonly token: string }
  | { readonly do: "authorize"; readonly token: string }
  | { readonly do: "disconnect"; readonly client: string; readonly user: string }
  | { readonly do: "delete"; readonly user: string };

/** What it was told. `unknown`: nothing; the call may or may not have had its effect. */
export type Answer =
  | { readonly is: "tokens"; readonly refresh: string; readonly access: string }
  | { readonly is: "alive" | "dead" | "done" | "unknown" }
  | { readonly is: "refused"; readonly code: string };

/** One call; moments are unique numbers. */
export interface Call {
  readonly op: Op;
  readonly began: number;
  readonly ended: number;
  readonly answer: Answer;
}

/** The merchant that every delegation rests on. */
export const MERCHANT = "shop";

/** What a refresh token says: the simulated sealer writes it in the open. */
export function readRefresh(
  token: string,
): { readonly family: string; readonly generation: number } {
  const [, family = "", generation = ""] = token.split(":");
  return { family, generation: Number(generation) };
}

/** The family of a token of either kind. */
export function familyOf(token: string): string {
  return token.split(":")[1] ?? "";
}

/** Names every rule that a history breaks, with the evidence. */
export function judge(history: readonly Call[]): readonly string[] {
  const owners = ownersOf(history);
  return [
    ...oneTokenPerGeneration(history),
    ...generationsInOrder(history),
    ...oneFamilyPerConsent(history),
    ...endingsAreFinal(history, owners),
  ];
}

/** T2, T5: a generation of a family is one string, however often it is handed out. */
function oneTokenPerGeneration(history: readonly Call[]): readonly string[] {
  const told = new Map<string, string>();
  return history.flatMap(({ answer }) => {
    if (answer.is !== "tokens") return [];
    const before = told.get(placeOf(answer.refresh)) ?? answer.refresh;
    told.set(placeOf(answer.refresh), answer.refresh);
    return before === answer.refresh ? [] : [`T5: two tokens, ${before} and ${answer.refresh}`];
  });
}

/** T5: a generation arises only where the one before it was presented; a retry begins none. */
function generationsInOrder(history: readonly Call[]): readonly string[] {
  const presented = new Set(history.map(({ op }) => op.do === "refresh" ? placeOf(op.token) : ""));
  return history.flatMap(({ answer }) => {
    if (answer.is !== "tokens") return [];
    const { generation } = readRefresh(answer.refresh);
    return generation === 0 || presented.has(placeOf(answer.refresh, -1))
      ? []
      : [`T5: ${answer.refresh} arose without the token before it`];
  });
}

/** Family and generation of a refresh token, or those some generations off. */
function placeOf(token: string, off = 0): string {
  const { family, generation } = readRefresh(token);
  return `${family} ${generation + off}`;
}

/** C9, C11: a consent token starts one family, for the partner it names. */
function oneFamilyPerConsent(history: readonly Call[]): readonly string[] {
  const told = new Map<string, string>();
  return history.flatMap(({ op, answer }) => {
    if (op.do !== "redeem" || answer.is !== "tokens") return [];
    if (op.client !== "partner") return [`C4: ${op.jti} was redeemed by ${op.client}`];
    const before = told.get(op.jti) ?? answer.refresh;
    told.set(op.jti, answer.refresh);
    return before === answer.refresh ? [] : [`C11: ${op.jti} gave ${before} and ${answer.refresh}`];
  });
}

/** Whose a family is, and since when somebody knows. */
interface Owner {
  readonly user: string;
  readonly client: string;
  readonly known: number;
}

function ownersOf(history: readonly Call[]): ReadonlyMap<string, Owner> {
  const owners = new Map<string, Owner>();
  for (const { op, ended, answer } of history) {
    if (answer.is !== "tokens" || (op.do !== "redeem" && op.do !== "fetch")) continue;
    const family = familyOf(answer.refresh);
    if (!owners.has(family)) owners.set(family, { user: op.user, client: op.client, known: ended });
  }
  return owners;
}

/** R2, C14: once an ending was answered, nothing that it ended lives in any call that began later. */
function endingsAreFinal(
  history: readonly Call[],
  owners: ReadonlyMap<string, Owner>,
): readonly string[] {
  const endings = history.filter(({ answer }) => answer.is === "done");
  return history.flatMap(({ op, began, answer }) => {
    if (answer.is !== "tokens" && answer.is !== "alive") return [];
    return endings.flatMap((ending) => {
      if (ending.ended > began || !ends(ending.op, op, owners)) return [];
      return [`R2: ${op.do} lives ${began} after ${ending.op.do} at ${ending.ended}`];
    });
  });
}

/** Whether an ending leaves nothing for a later call to live on. */
function ends(ending: Op, op: Op, owners: ReadonlyMap<string, Owner>): boolean {
  const token = "token" in op ? familyOf(op.token) : null;
  if (ending.do === "revoke") {
    return token === familyOf(ending.token) && owners.get(token)?.client === ending.client;
  }
  const owner = token === null ? null : owners.get(token);
  const user = "user" in op ? op.user : owner?.user;
  const client = owner?.client ?? ("client" in op ? op.client : null);
  if (ending.do === "delete") return ending.user === user;
  // Every consent here was minted before anything else happened.
  return ending.do === "disconnect" && ending.user === user &&
    (ending.client === MERCHANT || ending.client === client);
}

/** Families that nothing can have ended, with the newest refresh token that was handed out. */
export function survivors(history: readonly Call[]): readonly string[] {
  const owners = ownersOf(history);
  const newest = new Map<string, string>();
  for (const { answer } of history) {
    if (answer.is !== "tokens") continue;
    const { family, generation } = readRefresh(answer.refresh);
    const known = newest.get(family);
    if (known === undefined || readRefresh(known).generation < generation) {
      newest.set(family, answer.refresh);
    }
  }
  return [...newest.values()].filter((token) => {
    const { family, generation } = readRefresh(token);
    return !history.some(({ op, answer }) => {
      // Sent before a newer one was known, answered or not: it may have been taken for reuse.
      if (op.do === "refresh" && familyOf(op.token) === family) {
        return answer.is !== "tokens" && readRefresh(op.token).generation < generation;
      }
      if (op.do === "revoke") return familyOf(op.token) === family;
      return (op.do === "disconnect" || op.do === "delete") &&
        op.user === owners.get(family)?.user;
    });
  });
}
