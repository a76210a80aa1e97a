/**
 * A faulty implementation: the reference server with one thing wrong. Plain data.
 * @module
 */
import { cases } from "../../conformance/mod.ts";
import { ATTACKS } from "../../requirements/attacks.ts";
import { REQUIREMENTS } from "../../requirements/mod.ts";
import type { ReferenceOptions } from "../../tests/support/reference.ts";
import type { Plantable } from "../plant.ts";

/**
 * A server that differs from the reference server: by options (a wrong port, wrapper or handler), or by
 * textual edits where no option can express the difference.
 */
export interface Planted extends Plantable {
  /** What the server does, one sentence. */
  readonly title: string;
  /** Called once for each start, so that a fault can keep state of its own. */
  readonly options?: () => ReferenceOptions;
}

/** A server that is wrong. */
export interface Fault extends Planted {
  /** Ids of the cases that must fail: at least one. */
  readonly caughtBy: readonly string[];
  /** How many random histories it takes, if one of these cases runs them. */
  readonly histories?: number;
}

/** A server that decided otherwise, and legitimately so: no MUST may fail. */
export interface Variant extends Planted {
  /** Why this is legitimate. */
  readonly because: string;
}

/** The rules and attacks that a fault stands for: those of the cases that must catch it. */
export function citationsOf(
  { caughtBy }: Fault,
): { readonly rules: readonly string[]; readonly attacks: readonly string[] } {
  const named = cases.filter(({ id }) => caughtBy.includes(id));
  const rules = new Set(named.flatMap(({ requirements }) => requirements));
  const attacks = new Set(named.flatMap((one) => one.attacks));
  return {
    rules: REQUIREMENTS.map(({ id }) => id).filter((id) => rules.has(id)),
    attacks: ATTACKS.map(({ id }) => id).filter((id) => attacks.has(id)),
  };
}
