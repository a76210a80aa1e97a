/**
 * The shell around the core: reads clock and entropy, loads facts, decides, applies changes,
 * records. Every command goes through {@link Shell.run} or {@link Shell.ask}.
 * @module
 */
import { type Command, decide, type GrantOf, keysOf, subjectOf } from "../core/decide.ts";
import type { Change, Context, Decision, Fresh, TokenGrant } from "../core/decision.ts";
import type { Seconds } from "../core/model.ts";
import type { Settings } from "../core/settings.ts";
import type { Use } from "../core/use.ts";
import { drawFresh, systemClock, systemEntropy } from "./entropy.ts";
import type { AuditEvent, CallContext, Clock, Entropy, Ports } from "./ports.ts";

/** What the functions of a service share. */
export interface Shell {
  readonly ports: Ports;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** Whole Unix seconds now. */
  now(): Seconds;
  /** Decides a command, applies its changes durably, and records it (A4). */
  run<C extends Command>(command: C, call?: CallContext): Promise<Decision<GrantOf<C>>>;
  /** Decides a read-only command on a snapshot. */
  ask<C extends Use>(command: C, call?: CallContext): Promise<Decision<GrantOf<C>>>;
  /** Records what happened outside a command. */
  record(event: Happening, call?: CallContext): void;
}

/** An audit event without its time and request id. */
export type Happening = Omit<AuditEvent, "at" | "requestId">;

/** For commands that create nothing. */
const NOTHING_FRESH: Fresh = { connection: "", family: "", salt: "", keyId: "" };

/** Binds ports and settings. */
export function createShell(ports: Ports, settings: Settings): Shell {
  const clock = ports.clock ?? systemClock;
  const entropy = ports.entropy ?? systemEntropy;
  const now = () => {
    const seconds = Math.floor(clock.now() / 1000);
    // Comparisons with NaN are false: with a broken clock, nothing would ever expire.
    if (!Number.isSafeInteger(seconds)) throw new RangeError("The clock must return milliseconds");
    return seconds;
  };
  // Called when a decision is attempted, not when it is queued, so that the time is as recent as possible.
  const context = (command: Command): Context => ({
    now: now(),
    settings,
    fresh: {
      ...drawFresh(clock.now(), entropy, subjectOf(command).user),
      keyId: ports.tokens.activeKeyId,
    },
  });
  const stamp = (event: Happening, call: CallContext | undefined): AuditEvent => ({
    at: now(),
    ...(call?.requestId !== undefined && { requestId: call.requestId }),
    ...event,
  });
  const record = (event: Happening, call?: CallContext) => ports.audit?.record(stamp(event, call));
  return {
    ports,
    settings,
    clock,
    entropy,
    now,
    record,
    async run(command, call) {
      const seen = { user: false };
      const decision = await ports.store.transact(keysOf(command, settings), (facts) => {
        seen.user = facts.user !== null;
        return decide(command, facts, context(command));
      });
      record(describe(command, seen.user, decision), call);
      return decision;
    },
    async ask(command, call) {
      const facts = await ports.store.read(keysOf(command, settings));
      const decision = decide(command, facts, { now: now(), settings, fresh: NOTHING_FRESH });
      const event = describe(command, facts.user !== null, decision);
      if (decision.outcome === "refused") record(event, call);
      else ports.audit?.used?.(stamp(event, call));
      return decision;
    },
  };
}

/** The audit event of a decided command. */
function describe(
  command: Command,
  userExists: boolean,
  decision: Decision<unknown>,
): Happening {
  const changes = decision.changes.map(nameOf);
  const evicted = decision.changes.flatMap((change) =>
    change.type === "family-ended" && change.cause === "evicted" ? change.family : []
  );
  const { user: named, ...subject } = subjectOf(command);
  // An unknown public id could be anything, even a misplaced token.
  const isSafe = command.type !== "fetch" || userExists;
  const event = {
    action: command.type,
    ...subject,
    ...(named !== undefined && isSafe && { user: named }),
    ...(changes.length > 0 && { changes }),
    ...(evicted.length > 0 && { evicted }),
  };
  if (decision.outcome === "refused") {
    return { ...event, outcome: "refused", code: decision.code, reason: decision.reason };
  }
  if (command.type !== "fetch" && command.type !== "refresh") {
    return { ...event, outcome: "granted" };
  }
  const { user, client, connection, family, repeated } = decision.grant as TokenGrant;
  const outcome = repeated ? "repeated" : "granted";
  return { ...event, outcome, user, client, connection, family };
}

function nameOf(change: Change): string {
  return "cause" in change ? `${change.type}:${change.cause}` : change.type;
}
