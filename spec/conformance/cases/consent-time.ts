/**
 * When a consent token is good (C5): far from every boundary, and on each side of each.
 * @module
 */
import { consent, type DraftOptions, lifetimeOf, sign } from "../stage/consents.ts";
import type { CaseSpec } from "../case.ts";
import { granted, redeem, refused } from "../stage/product.ts";
import { actor, freeze, now, type Stage, user } from "../stage/stage.ts";
import type { Level } from "../../requirements/model.ts";
import type { Need } from "../needs.ts";
import { type Flaw, flawed, orReady } from "./flawed.ts";

const HOUR = 3600;
const YEAR = 365 * 24 * HOUR;
const CLAIMS =
  "Check exp and nbf with now < exp and nbf <= now, give or take a small clock difference.";
const LIMITS =
  "Limit what is trusted: iat not in the future, exp − iat and exp − now within a maximum.";

/** Times of a token in seconds from now. */
interface Times {
  readonly iat: number;
  readonly exp: number;
  readonly nbf?: number;
}

/** A flaw of time that is far from every boundary. */
function far(
  slug: string,
  level: Level,
  what: string,
  remedy: string,
  times: (lifetime: number) => Times,
): Flaw {
  return {
    slug,
    level,
    requirements: ["C5"],
    attacks: [slug.includes("lived") || slug.includes("year") ? "CT-18" : "CT-19"],
    what,
    remedy,
    make: (stage, good) => {
      const { iat, exp, nbf } = times(lifetimeOf(stage));
      const at = now(stage);
      const claims = { iat: at + iat, exp: at + exp, ...(nbf !== undefined && { nbf: at + nbf }) };
      return sign(stage, { ...good, claims: { ...good.claims, ...claims } });
    },
  };
}

const FAR: readonly CaseSpec[] = [
  orReady(
    far(
      "expired",
      "MUST",
      "that expired an hour ago",
      CLAIMS,
      (life) => ({ iat: -HOUR - life, exp: -HOUR }),
    ),
    "expired",
  ),
  flawed(
    far(
      "expired-long-ago",
      "MUST",
      "that expired two years ago",
      CLAIMS,
      (life) => ({ iat: -2 * YEAR - life, exp: -2 * YEAR }),
    ),
  ),
  orReady(
    far(
      "not-yet-valid",
      "MUST",
      "whose nbf is an hour ahead",
      CLAIMS,
      (life) => ({ iat: -1, exp: HOUR + life, nbf: HOUR }),
    ),
    "notYetValid",
  ),
  flawed(
    far(
      "issued-in-the-future",
      "SHOULD",
      "that will be issued in an hour",
      LIMITS,
      (life) => ({ iat: HOUR, exp: HOUR + life }),
    ),
  ),
  flawed(
    far(
      "issued-far-in-the-future",
      "SHOULD",
      "that will be issued in 9 000 000 s",
      LIMITS,
      (life) => ({ iat: 9_000_000, exp: 9_000_000 + life }),
    ),
  ),
  flawed(
    far(
      "long-lived",
      "SHOULD",
      "that lives ten years",
      LIMITS,
      () => ({ iat: -1, exp: 10 * YEAR }),
    ),
  ),
  flawed(
    far(
      "one-year-old",
      "SHOULD",
      "that lived a year and is about to expire",
      LIMITS,
      (life) => ({ iat: -YEAR, exp: life }),
    ),
  ),
  flawed(
    far(
      "expires-before-issued",
      "SHOULD",
      "that expires before it was issued",
      LIMITS,
      () => ({ iat: 10, exp: 5 }),
    ),
  ),
  flawed(
    far(
      "expires-when-issued",
      "SHOULD",
      "that expires in the second it was issued",
      LIMITS,
      () => ({ iat: 5, exp: 5 }),
    ),
  ),
  flawed(
    far(
      "never-valid",
      "SHOULD",
      "that expires in the second it becomes valid",
      LIMITS,
      (life) => ({ iat: -1, exp: life, nbf: life }),
    ),
  ),
];

/** What is declared of time. */
interface Limits {
  /** The clock difference that is forgiven. */
  readonly skew: number;
  /** The longest lifetime. */
  readonly longest: number;
}

/** One side of a boundary: the last second that is good, or the first that is not. */
function edge(
  slug: string,
  good: boolean,
  what: string,
  times: (limits: Limits) => Times,
  attack: string,
): CaseSpec {
  const needs: readonly Need[] = [
    "client",
    "merchant-user",
    "sign",
    "clock",
    "policy:consentSkewSeconds",
    "policy:consentMaxLifetimeSeconds",
  ];
  return {
    slug: `edge-${slug}`,
    level: good ? "MAY" : "SHOULD",
    requirements: ["C5"],
    attacks: [attack],
    title: `A consent token ${what} is ${good ? "still good" : "no good any more"}.`,
    does: `Stops the clock and presents a consent token ${what}, by the declared policy.`,
    expects: good ? "Tokens." : "userErrors code INVALID_TOKEN, and no tokens.",
    remedy: good
      ? "The declared consentSkewSeconds and consentMaxLifetimeSeconds include this second."
      : "Lifetimes are half open: good while now < exp + skew.",
    needs,
    run: async (stage) => {
      await freeze(stage);
      const answer = await redeem(stage, await consent(stage, await edgeOf(stage, times)));
      if (good) granted(answer);
      else refused(answer, "INVALID_TOKEN");
    },
  };
}

async function edgeOf(stage: Stage, times: (limits: Limits) => Times): Promise<DraftOptions> {
  const { consentSkewSeconds, consentMaxLifetimeSeconds } = stage.target.policy;
  const limits = { skew: consentSkewSeconds ?? 0, longest: consentMaxLifetimeSeconds ?? 0 };
  const { iat, exp, nbf } = times(limits);
  const at = now(stage);
  return {
    user: await user(stage, actor(stage, "merchant")),
    claims: { iat: at + iat, exp: at + exp, ...(nbf !== undefined && { nbf: at + nbf }) },
  };
}

const EDGES: readonly CaseSpec[] = [
  edge("exp-before", true, "in its last second", () => ({ iat: -1, exp: 1 }), "CT-17"),
  edge(
    "exp-skew-last",
    true,
    "in the last second that the clock difference forgives",
    ({ skew }) => ({ iat: -skew - 1, exp: 1 - skew }),
    "CT-17",
  ),
  edge(
    "exp-skew-past",
    false,
    "in the first second that the clock difference does not forgive",
    ({ skew }) => ({ iat: -skew - 1, exp: -skew }),
    "CT-17",
  ),
  edge(
    "exp-skew-past-by-one",
    false,
    "one second after that",
    ({ skew }) => ({ iat: -skew - 2, exp: -skew - 1 }),
    "CT-17",
  ),
  edge(
    "iat-skew-last",
    true,
    "issued as far ahead as the clock difference forgives",
    ({ skew }) => ({ iat: skew, exp: skew + 1 }),
    "CT-19",
  ),
  edge(
    "iat-skew-past",
    false,
    "issued one second further ahead than the clock difference forgives",
    ({ skew }) => ({ iat: skew + 1, exp: skew + 2 }),
    "CT-19",
  ),
  edge(
    "nbf-skew-last",
    true,
    "whose nbf is as far ahead as the clock difference forgives",
    ({ skew, longest }) => ({ iat: -1, nbf: skew, exp: Math.max(skew + 1, longest - 1) }),
    "CT-19",
  ),
  edge(
    "nbf-skew-past",
    false,
    "whose nbf is one second further ahead than the clock difference forgives",
    ({ skew, longest }) => ({ iat: -1, nbf: skew + 1, exp: Math.max(skew + 2, longest - 1) }),
    "CT-19",
  ),
  edge(
    "lifetime-longest",
    true,
    "with the longest lifetime allowed",
    ({ longest }) => ({ iat: 0, exp: longest }),
    "CT-18",
  ),
  edge(
    "lifetime-too-long",
    false,
    "with a lifetime one second longer than allowed",
    ({ longest }) => ({ iat: 0, exp: longest + 1 }),
    "CT-18",
  ),
  edge(
    "lifetime-too-long-at-its-end",
    false,
    "whose lifetime was one second too long, in its last second",
    ({ longest }) => ({ iat: -longest, exp: 1 }),
    "CT-18",
  ),
  edge(
    "ahead-and-longest",
    true,
    "issued as far ahead and living as long as allowed",
    ({ skew, longest }) => ({ iat: skew, exp: skew + longest }),
    "CT-18",
  ),
];

/** Cases about time. */
export const TIME: readonly CaseSpec[] = [...FAR, ...EDGES];
