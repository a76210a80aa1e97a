/**
 * A breadth-first walk over every state of a small world: each transition is made, each property is
 * asked, and the first thing that does not hold comes back as the shortest path to it.
 * @module
 */

/** A finite transition system. Nothing here knows what it is about. */
export interface World<State, Step extends StepBetween<State>> {
  readonly name: string;
  readonly initial: State;
  /** Every step that can be taken from a state, taken; in the same order each time. */
  steps(state: State): readonly Step[];
  /** Two states are one where their codes are equal. */
  encode(state: State): string;
  /** Whether the walk goes on from a state that a step led to; the step itself is always checked. */
  within(state: State): boolean;
}

/** What a walk needs to know of a step. */
export interface StepBetween<State> {
  /** What kind of step it is; step properties choose theirs by it. */
  readonly kind: string;
  /** The same object as before where nothing changed. */
  readonly after: State;
}

/** `null`: the property says nothing of this one. */
export type Verdict = boolean | null;

/** Holds of every state. */
export interface StateProperty<State> {
  readonly id: string;
  holds(state: State): Verdict;
}

/** Holds of every step of the kinds in `on`. */
export interface StepProperty<Step> {
  readonly id: string;
  readonly on: readonly string[] | "all";
  holds(step: Step): Verdict;
}

/** Something that must happen somewhere, so that nothing holds because nothing happens. */
export interface Sometimes<Step> {
  readonly id: string;
  seen(step: Step): boolean;
}

/** What is asked during a walk. */
export interface Properties<State, Step> {
  readonly states: readonly StateProperty<State>[];
  readonly steps: readonly StepProperty<Step>[];
  readonly sometimes: readonly Sometimes<Step>[];
}

/** How a walk is conducted. */
export interface WalkOptions<Step> {
  /** The walk stops, incomplete, beyond this many states. */
  readonly limit?: number;
  /** Called about every second. */
  readonly progress?: (walked: Walked) => void;
  /** Called for every step that was taken and broke nothing. */
  readonly onStep?: (step: Step) => void;
  /** Called with whatever does not hold; where it is given, the walk goes on. */
  readonly onBroken?: (properties: readonly string[]) => void;
}

/** How far a walk has come. */
export interface Walked {
  readonly world: string;
  readonly states: number;
  readonly transitions: number;
  /** Steps from the initial state to the farthest one. */
  readonly depth: number;
  /** States that are known but whose steps were not taken yet. */
  readonly waiting: number;
  readonly seconds: number;
}

/** Properties that do not hold, and the shortest path that shows it. */
export interface Violation<Step> extends Broken {
  readonly path: readonly Step[];
}

/** What came of a walk. */
export interface WalkReport<Step> extends Walked {
  /** Every state within the bounds was visited and every step from it taken. */
  readonly complete: boolean;
  /** Steps that led out of the bounds: checked, not followed. */
  readonly cut: number;
  readonly violation: Violation<Step> | null;
  /** The `sometimes` that never happened. */
  readonly unreached: readonly string[];
  /** How often each property had something to say. */
  readonly asked: ReadonlyMap<string, number>;
}

/** Walks a world from its initial state until everything was seen or something does not hold. */
export function walk<State, Step extends StepBetween<State>>(
  world: World<State, Step>,
  properties: Properties<State, Step>,
  options: WalkOptions<Step> = {},
): WalkReport<Step> {
  const { limit = Infinity, onStep, onBroken, progress } = options;
  const startedAt = performance.now();
  const inquiry = createInquiry(properties, onBroken);
  const met = createMemory<State>();
  const unreached = new Set(properties.sometimes);
  let transitions = 0;
  let cut = 0;
  let next = 0;
  /** Which step to choose in each state, from the initial one to what is broken. */
  let choices: readonly number[] = [];
  let reportedAt = startedAt;

  const walked = (): Walked => ({
    world: world.name,
    states: met.size(),
    transitions,
    depth: met.depth(),
    waiting: met.size() - next,
    seconds: (performance.now() - startedAt) / 1000,
  });
  /** Takes every step from a state; returns the first that breaks something. */
  const expand = (index: number): Broken | null => {
    const state = met.take(index);
    const steps = world.steps(state);
    for (const [ordinal, step] of steps.entries()) {
      transitions++;
      for (const wanted of unreached) if (wanted.seen(step)) unreached.delete(wanted);
      const broken = inquiry.askStep(step) ?? follow(state, step, index, ordinal);
      if (broken !== null) {
        choices = [...met.choices(index), ordinal];
        return broken;
      }
      onStep?.(step);
    }
    return null;
  };
  /** Looks at the state that a step led to, if it is another one and inside the bounds. */
  const follow = (state: State, { after }: Step, index: number, ordinal: number): Broken | null => {
    if (after === state) return null;
    if (!world.within(after)) {
      cut++;
      return null;
    }
    return met.isNew(world.encode(after), after, index, ordinal) ? inquiry.askState(after) : null;
  };

  met.isNew(world.encode(world.initial), world.initial, -1, -1);
  let broken = inquiry.askState(world.initial);
  while (broken === null && next < met.size() && met.size() <= limit) {
    broken = expand(next++);
    if (progress !== undefined && performance.now() - reportedAt > 1000) {
      reportedAt = performance.now();
      progress(walked());
    }
  }
  return {
    ...walked(),
    complete: broken === null && next === met.size(),
    cut,
    violation: broken === null ? null : { ...broken, path: retrace(world, choices) },
    unreached: broken === null ? [...unreached].map(({ id }) => id) : [],
    asked: inquiry.asked,
  };
}

/** Which states were met, and by which step of which state each was met first. */
interface Memory<State> {
  size(): number;
  /** Steps from the initial state to the state that was met last. */
  depth(): number;
  isNew(code: string, state: State, parent: number, ordinal: number): boolean;
  /** Gives a state out, once: what was expanded need not be kept. */
  take(index: number): State;
  /** The steps to choose from the initial state to get to this one. */
  choices(index: number): readonly number[];
}

function createMemory<State>(): Memory<State> {
  const codes = new Set<string>();
  const parents: number[] = [];
  const ordinals: number[] = [];
  const depths: number[] = [];
  const states: (State | null)[] = [];
  return {
    size: () => states.length,
    depth: () => depths.at(-1) ?? 0,
    isNew(code, state, parent, ordinal) {
      if (codes.has(code)) return false;
      codes.add(code);
      parents.push(parent);
      ordinals.push(ordinal);
      depths.push((depths[parent] ?? -1) + 1);
      states.push(state);
      return true;
    },
    take(index) {
      const state = states[index] as State;
      states[index] = null;
      return state;
    },
    choices(index) {
      const found: number[] = [];
      for (let at = index; at > 0; at = parents[at] as number) {
        found.unshift(ordinals[at] as number);
      }
      return found;
    },
  };
}

/** Properties that do not hold of one step or one state. */
export interface Broken {
  readonly properties: readonly string[];
  /** What a property threw, if it threw. */
  readonly thrown: unknown;
}

/** Asks properties, and counts how often each had something to say. */
export interface Inquiry<State, Step> {
  /** Asks the step properties of this kind of step. */
  askStep(step: Step): Broken | null;
  /** Asks every state property. */
  askState(state: State): Broken | null;
  readonly asked: ReadonlyMap<string, number>;
}

interface Property<Subject> {
  readonly id: string;
  holds(subject: Subject): Verdict;
}

/**
 * Prepares to ask properties. Those that break on the same subject are reported together.
 * @param onBroken where it is given, it is called with what does not hold, and nothing counts as broken
 */
export function createInquiry<State, Step extends StepBetween<State>>(
  { states, steps }: Omit<Properties<State, Step>, "sometimes">,
  onBroken?: (properties: readonly string[]) => void,
): Inquiry<State, Step> {
  const asked = new Map<string, number>();
  const propertiesOf = propertiesByKind(steps);
  const ask = <Subject>(properties: readonly Property<Subject>[], subject: Subject) => {
    let broken: string[] | null = null;
    let thrown: unknown = null;
    for (const property of properties) {
      let verdict: Verdict;
      try {
        verdict = property.holds(subject);
      } catch (error) {
        verdict = false;
        thrown = error;
      }
      if (verdict === null) continue;
      asked.set(property.id, (asked.get(property.id) ?? 0) + 1);
      if (!verdict) (broken ??= []).push(property.id);
    }
    if (broken === null) return null;
    if (onBroken === undefined) return { properties: broken, thrown };
    onBroken(broken);
    return null;
  };
  return {
    asked,
    askState: (state) => ask(states, state),
    askStep: (step) => ask(propertiesOf(step.kind), step),
  };
}

function propertiesByKind<Step>(
  all: readonly StepProperty<Step>[],
): (kind: string) => readonly StepProperty<Step>[] {
  const byKind = new Map<string, readonly StepProperty<Step>[]>();
  return (kind) => {
    let found = byKind.get(kind);
    if (found === undefined) {
      found = all.filter(({ on }) => on === "all" || on.includes(kind));
      byKind.set(kind, found);
    }
    return found;
  };
}

/** Takes a path again from the start: a walk keeps only which step led to which state. */
function retrace<State, Step extends StepBetween<State>>(
  world: World<State, Step>,
  choices: readonly number[],
): readonly Step[] {
  const path: Step[] = [];
  let state = world.initial;
  for (const choice of choices) {
    const step = world.steps(state)[choice] as Step;
    path.push(step);
    state = step.after;
  }
  return path;
}
