/**
 * One step of a story: a move is put to the machine exactly as the adapters put requests to the core,
 * and the moment after it is worked out.
 * @module
 */
import type { Command, GrantOf } from "../../core/decide.ts";
import type { Context, Decision, TokenGrant } from "../../core/decision.ts";
import type { State } from "../../core/evolve.ts";
import type { ClientId, Seconds } from "../../core/model.ts";
import type { Arguments, NotExactlyOne, Selected } from "../../core/request.ts";
import { remember } from "./past.ts";
import type { Actor, Cast, Held, Moment } from "./moment.ts";
import { sweepState } from "./sweep.ts";

/** An authenticated caller, a user or an operator asks something. */
export interface Ask {
  readonly type: "ask";
  readonly command: Command;
  /** The actor that asks, in worlds with actors: it waits for the answer. */
  readonly actor?: string;
}
/** A client calls the mutation; a consent token is presented by its name. */
export interface Mutate {
  readonly type: "mutate";
  readonly client: ClientId;
  readonly args: Arguments;
  readonly actor?: string;
}
/** Time goes on, or a clock is set back. */
export interface SetClock {
  readonly type: "clock";
  readonly to: Seconds;
}
/** The broom passes. */
export interface Sweep {
  readonly type: "sweep";
}
/** The answer that an actor waits for arrives, or is lost: the connection broke or somebody crashed. */
export interface Answer {
  readonly type: "answer";
  readonly actor: string;
  readonly arrives: boolean;
}

/** What can happen next. */
export type Move = Ask | Mutate | SetClock | Sweep | Answer;

/** A move that was made. The command is `null` where none reached the core. */
export interface Step<C extends Command | null = Command | null> {
  /** The command's type; `input` where the arguments were refused; else the move's type. */
  readonly kind: string;
  readonly move: Move;
  readonly before: Moment;
  readonly after: Moment;
  readonly command: C;
  readonly context: Context;
  readonly decision: C extends Command ? Decision<GrantOf<C>> : Decision<unknown> | null;
  /** What was made of the mutation's arguments. */
  readonly selected: Selected | NotExactlyOne | null;
  /** The decision in the history that is never swept. */
  readonly unsweptDecision: Decision<unknown> | null;
  /** What the core threw. It must not. */
  readonly fault: unknown;
}

/** Makes a move. */
export function play(before: Moment, move: Move): Step {
  const { cast, now, next } = before;
  const context = { now, settings: cast.settings, fresh: cast.fresh(next, now) };
  switch (move.type) {
    case "ask":
      return decide(before, move, move.command, context, null);
    case "mutate":
      return mutate(before, move, context);
    case "clock": {
      const past = move.to > before.past.latest ? { ...before.past, latest: move.to } : before.past;
      return other(before, move, context, { ...before, now: move.to, past });
    }
    case "sweep": {
      const state = sweepState(before.state, cast.machine.horizonAt(now, cast.settings));
      return other(before, move, context, state === before.state ? before : { ...before, state });
    }
    case "answer": {
      const actors = before.past.actors.map((actor) =>
        actor.name === move.actor ? answered(actor, move.arrives) : actor
      );
      return other(before, move, context, { ...before, past: { ...before.past, actors } });
    }
  }
}

/** As the adapters do: select one input, read the consent token, then decide (E1, E2). */
function mutate(before: Moment, move: Mutate, context: Context): Step {
  const { machine, tokens } = before.cast;
  const { client, args } = move;
  const selected = machine.select(args);
  if (selected.outcome === "refused") {
    return { ...other(before, move, context, before), kind: "input", selected };
  }
  if (selected.by === "publicId") {
    const { publicId } = selected;
    return decide(
      before,
      move,
      { type: "fetch", by: "publicId", client, publicId },
      context,
      selected,
    );
  }
  const token = tokens.find(({ name }) => name === selected.consentToken);
  if (!token?.consent) {
    return { ...other(before, move, context, before), kind: "input", selected };
  }
  const { consent } = token;
  return decide(
    before,
    move,
    { type: "fetch", by: "consentToken", client, consent },
    context,
    selected,
  );
}

function decide(
  before: Moment,
  move: Ask | Mutate,
  command: Command,
  context: Context,
  selected: Selected | null,
): Step {
  const { cast, state, unswept } = before;
  try {
    const decision = decideOn(cast, state, command, context);
    const unsweptDecision = unswept === null ? null : decideOn(cast, unswept, command, context);
    const evolved = cast.machine.evolve(state, decision.changes);
    const shadow = unsweptDecision === null
      ? unswept
      : cast.machine.evolve(unswept as State, unsweptDecision.changes);
    const step = {
      kind: command.type,
      move,
      before,
      after: before,
      command,
      context,
      decision,
      selected,
      unsweptDecision,
      fault: null,
    };
    if (evolved === state && shadow === unswept && move.actor === undefined) return step;
    const past = remember(before, command, decision, evolved);
    const actors = move.actor === undefined
      ? past.actors
      : past.actors.map((actor) => actor.name === move.actor ? asked(actor, decision) : actor);
    const after = { ...before, state: evolved, unswept: shadow, past: { ...past, actors } };
    return { ...step, after: { ...after, next: before.next + 1 } };
  } catch (fault) {
    return { ...other(before, move, context, before), kind: "fault", command, fault };
  }
}

/** One pass through the doors of the core. */
export function decideOn(
  { machine }: Cast,
  state: State,
  command: Command,
  context: Context,
): Decision<unknown> {
  const keys = machine.keysOf(command, context.settings);
  return machine.decide(command, machine.factsOf(state, keys), context);
}

function other(before: Moment, move: Move, context: Context, after: Moment): Step {
  return {
    kind: move.type,
    move,
    before,
    after,
    command: null,
    context,
    decision: null,
    selected: null,
    unsweptDecision: null,
    fault: null,
  };
}

function asked(actor: Actor, decision: Decision<unknown>): Actor {
  if (decision.outcome === "refused") return { ...actor, inFlight: null };
  const { family, generation, salt } = decision.grant as TokenGrant;
  const inFlight: Held = { family, generation, salt };
  return { ...actor, inFlight };
}

function answered(actor: Actor, arrives: boolean): Actor {
  return { ...actor, held: arrives ? actor.inFlight : actor.held, inFlight: null };
}
