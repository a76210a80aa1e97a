/**
 * Clients that act at random, side by side, and repeat what was not answered.
 * @module
 */
import type { Service } from "../../adapters/direct.ts";
import { ManagementError } from "../../adapters/manage.ts";
import { KeysUnavailable, StoreFault } from "../../adapters/ports.ts";
import type { Random } from "../conformance/base/random.ts";
import { type Answer, type Call, MERCHANT, type Op, readRefresh } from "./history.ts";
import { Crashed } from "./scheduler.ts";

/** What a client needs from the world. */
export interface Reach {
  readonly random: Random;
  readonly history: Call[];
  /** Calls the service that runs now; rejects with {@link Crashed} if it crashes. */
  call<T>(work: (service: Service) => Promise<T>): Promise<T>;
  tick(): number;
  /** Waits for a turn of its own. */
  pause(label: string): Promise<void>;
}

/** Consent tokens of a world, by their strings; each names `partner`. */
export const CONSENTS: readonly { readonly jti: string; readonly user: string }[] = [
  { jti: "j1", user: "ann" },
  { jti: "j2", user: "ann" },
  { jti: "j3", user: "bob" },
];

const CALLS = 7;
const TRIES = 3;

/** One client from beginning to end. */
export async function live(reach: Reach, name: string): Promise<void> {
  for (let count = 0; count < CALLS; count += 1) {
    const op = choose(reach);
    for (let left = TRIES; left > 0; left -= 1) {
      await reach.pause(`${name}: ${op.do}`);
      const { answer } = await perform(reach, op);
      if (answer.is !== "unknown" || reach.random.chance(20)) break;
    }
  }
}

/** Sends a call and writes down what came of it. */
export async function perform(reach: Reach, op: Op): Promise<Call> {
  const began = reach.tick();
  const answer = await reach.call((service) => ask(service, op)).catch(refusalOf);
  const call = { op, began, ended: reach.tick(), answer };
  reach.history.push(call);
  return call;
}

async function ask(service: Service, op: Op): Promise<Answer> {
  switch (op.do) {
    case "redeem":
      return tokensOf(await service.fetchTokensForUser(op.client, { consentToken: op.jti }));
    case "fetch":
      return tokensOf(await service.fetchTokensForUser(op.client, { publicId: op.user }));
    case "refresh": {
      const answer = await service.refresh(op.client, { refreshToken: op.token });
      if ("error" in answer) return { is: "refused", code: answer.error };
      return { is: "tokens", refresh: answer.refreshToken, access: answer.accessToken };
    }
    case "revoke":
      await service.revokeToken(op.client, op.token);
      return { is: "done" };
    case "introspect":
      return { is: await service.introspect(op.client, op.token) === null ? "dead" : "alive" };
    case "authorize":
      return { is: await service.authorize(op.token) === null ? "dead" : "alive" };
    case "disconnect":
      await service.disconnect(op.user, op.client);
      return { is: "done" };
    case "delete":
      await service.deleteUser(op.user);
      return { is: "done" };
  }
}

function tokensOf(
  payload: Awaited<ReturnType<Service["fetchTokensForUser"]>>,
): Answer {
  const { refreshToken: refresh, accessToken: access, userErrors } = payload;
  return refresh === null || access === null
    ? { is: "refused", code: userErrors[0]?.code ?? "" }
    : { is: "tokens", refresh, access };
}

/** An error that leaves the outcome open, or refuses; anything else is thrown on. */
function refusalOf(error: unknown): Answer {
  const open = [Crashed, StoreFault, KeysUnavailable].some((kind) => error instanceof kind);
  if (open) return { is: "unknown" };
  if (error instanceof ManagementError) return { is: "refused", code: error.code };
  throw error;
}

/** Something that makes sense now: most often with tokens that somebody has. */
function choose({ random, history }: Reach): Op {
  const told = history.map(({ answer }) => answer).filter((answer) => answer.is === "tokens");
  const dice = random.below(100);
  const { user, jti } = random.pick(CONSENTS);
  const client = random.chance(92) ? "partner" : "rival";
  if (dice < 2) return { do: "delete", user };
  if (dice < 5) return { do: "disconnect", user, client: random.pick(["partner", MERCHANT]) };
  if (dice < 14) return { do: "fetch", client, user };
  if (dice < 34 || told.length === 0) return { do: "redeem", client, jti, user };
  // Most often the latest of a few, so that families grow old.
  const some = Array.from({ length: random.chance(70) ? 3 : 1 }, () => random.pick(told));
  const tokens = some.reduce((a, b) => (generationOf(a) < generationOf(b) ? b : a));
  if (dice < 39) return { do: "revoke", client, token: tokens.refresh };
  if (dice < 46) return { do: "introspect", client, token: tokens.refresh };
  if (dice < 54) return { do: "authorize", token: tokens.access };
  return { do: "refresh", client, token: tokens.refresh };
}

function generationOf({ refresh }: { readonly refresh: string }): number {
  return readRefresh(refresh).generation;
}
