/**
 * When a consent token is valid (C5): far from every boundary, and on each side of each.
 * @module
 */
import type { Level } from "../../../requirements/model.ts";
import type { CaseSpec } from "../../case.ts";
import { consent, lifetimeOf } from "../../stage/consents.ts";
import { granted, redeem, refused } from "../../stage/product.ts";
import { actor, freeze, now, type Stage, user } from "../../stage/stage.ts";
import type { FlawName } from "../../target/subjects.ts";
import { flawed } from "./flaw.ts";

const HOUR = 3600;
const YEAR = 365 * 24 * HOUR;
const CHECK = "Require now < exp and nbf <= now, with an allowance for a small clock difference.";
const LIMIT =
  "Limit what you trust: iat not in the future, exp − iat and exp − now within a maximum.";

/** Times of a token, in seconds from now. */
interface Times {
  readonly iat: number;
  readonly exp: number;
  readonly nbf?: number;
}

function claimsOf(stage: Stage, { iat, exp, nbf }: Times): Readonly<Record<string, number>> {
  const at = now(stage);
  return { iat: at + iat, exp: at + exp, ...(nbf !== undefined && { nbf: at + nbf }) };
}

/** Times that are invalid whatever limits an implementation has. */
interface Far {
  readonly slug: string;
  readonly level: Level;
  readonly requirements?: readonly string[];
  readonly attacks?: readonly string[];
  readonly what: string;
  readonly times: (lifetimeSeconds: number) => Times;
  readonly ready?: FlawName;
}

const FAR: readonly Far[] = [
  {
    slug: "expired",
    level: "MUST",
    requirements: ["C5.1"],
    what: "that expired an hour ago",
    times: (life) => ({ iat: -HOUR - life, exp: -HOUR }),
    ready: "expired",
  },
  {
    slug: "expired-long-ago",
    level: "MUST",
    requirements: ["C5.1"],
    what: "that expired two years ago",
    times: (life) => ({ iat: -2 * YEAR - life, exp: -2 * YEAR }),
  },
  {
    slug: "not-yet-valid",
    level: "MUST",
    requirements: ["C5.2"],
    what: "whose nbf is an hour ahead",
    times: (life) => ({ iat: -1, exp: HOUR + life, nbf: HOUR }),
    ready: "notYetValid",
  },
  {
    slug: "nbf-ahead",
    level: "MUST",
    requirements: ["C5.2"],
    what: "whose nbf is almost five minutes ahead",
    times: () => ({ iat: -1, exp: 299, nbf: 298 }),
  },
  {
    slug: "issued-in-the-future",
    level: "SHOULD",
    what: "whose iat is an hour ahead",
    times: (life) => ({ iat: HOUR, exp: HOUR + life }),
  },
  {
    slug: "issued-far-in-the-future",
    level: "SHOULD",
    what: "whose iat is 9,000,000 seconds ahead",
    times: (life) => ({ iat: 9_000_000, exp: 9_000_000 + life }),
  },
  {
    slug: "long-lived",
    level: "SHOULD",
    attacks: ["CT-18"],
    what: "with a lifetime of ten years",
    times: () => ({ iat: -1, exp: 10 * YEAR }),
  },
  {
    slug: "one-year-old",
    level: "SHOULD",
    attacks: ["CT-18"],
    what: "with a lifetime of a year, about to expire,",
    times: (life) => ({ iat: -YEAR, exp: life }),
  },
  {
    slug: "expires-before-issued",
    level: "SHOULD",
    what: "that expires before it is issued",
    times: () => ({ iat: 10, exp: 5 }),
  },
  {
    slug: "expires-when-issued",
    level: "SHOULD",
    what: "that expires in the second in which it is issued",
    times: () => ({ iat: 5, exp: 5 }),
  },
  {
    slug: "never-valid",
    level: "SHOULD",
    what: "that expires in the second in which it becomes valid",
    times: (life) => ({ iat: -1, exp: life, nbf: life }),
  },
];

/** The declared limits, in seconds. */
interface Limits {
  /** The clock difference allowed for. */
  readonly skew: number;
  /** The longest lifetime. */
  readonly longest: number;
}

/** The last second in which a token is valid, or the first in which it is not. */
interface Edge {
  readonly slug: string;
  readonly valid: boolean;
  readonly attack: string;
  /** Completes the sentence "A consent token … is accepted". */
  readonly what: string;
  readonly times: (limits: Limits) => Times;
}

const EDGES: readonly Edge[] = [
  {
    slug: "edge-exp-before",
    valid: true,
    attack: "CT-17",
    what: "in its last second",
    times: () => ({ iat: -1, exp: 1 }),
  },
  {
    slug: "edge-exp-skew-last",
    valid: true,
    attack: "CT-17",
    what: "in the last second within the clock skew after exp",
    times: ({ skew }) => ({ iat: -skew - 1, exp: 1 - skew }),
  },
  {
    slug: "edge-exp-skew-past",
    valid: false,
    attack: "CT-17",
    what: "in the first second beyond the clock skew after exp",
    times: ({ skew }) => ({ iat: -skew - 1, exp: -skew }),
  },
  {
    slug: "edge-exp-skew-past-by-one",
    valid: false,
    attack: "CT-17",
    what: "in the second second beyond the clock skew after exp",
    times: ({ skew }) => ({ iat: -skew - 2, exp: -skew - 1 }),
  },
  {
    slug: "edge-iat-skew-last",
    valid: true,
    attack: "CT-19",
    what: "whose iat is ahead by the clock skew",
    times: ({ skew }) => ({ iat: skew, exp: skew + 1 }),
  },
  {
    slug: "edge-iat-skew-past",
    valid: false,
    attack: "CT-19",
    what: "whose iat is ahead by one second more than the clock skew",
    times: ({ skew }) => ({ iat: skew + 1, exp: skew + 2 }),
  },
  {
    slug: "edge-nbf-skew-last",
    valid: true,
    attack: "CT-19",
    what: "whose nbf is ahead by the clock skew",
    times: ({ skew, longest }) => ({ iat: -1, nbf: skew, exp: Math.max(skew + 1, longest - 1) }),
  },
  {
    slug: "edge-nbf-skew-past",
    valid: false,
    attack: "CT-19",
    what: "whose nbf is ahead by one second more than the clock skew",
    times: ({ skew, longest }) => ({
      iat: -1,
      nbf: skew + 1,
      exp: Math.max(skew + 2, longest - 1),
    }),
  },
  {
    slug: "edge-lifetime-longest",
    valid: true,
    attack: "CT-18",
    what: "with the maximum lifetime",
    times: ({ longest }) => ({ iat: 0, exp: longest }),
  },
  {
    slug: "edge-lifetime-too-long",
    valid: false,
    attack: "CT-18",
    what: "with a lifetime one second above the maximum",
    times: ({ longest }) => ({ iat: 0, exp: longest + 1 }),
  },
  {
    slug: "edge-lifetime-too-long-at-its-end",
    valid: false,
    attack: "CT-18",
    what: "with a lifetime one second above the maximum, in its last second,",
    times: ({ longest }) => ({ iat: -longest, exp: 1 }),
  },
  {
    slug: "edge-ahead-and-longest",
    valid: true,
    attack: "CT-18",
    what: "whose iat is ahead by the clock skew, with the maximum lifetime,",
    times: ({ skew, longest }) => ({ iat: skew, exp: skew + longest }),
  },
];

function edge({ slug, valid, attack, what, times }: Edge): CaseSpec {
  return {
    slug,
    level: valid ? "MAY" : "SHOULD",
    requirements: ["C5"],
    attacks: [attack],
    title: `A consent token ${what} is ${valid ? "accepted" : "refused with INVALID_TOKEN"}.`,
    does:
      "The clock is stopped; skew and maximum are consentSkewSeconds and consentMaxLifetimeSeconds.",
    remedy: valid
      ? "The declared consentSkewSeconds and consentMaxLifetimeSeconds include this second."
      : "Lifetimes are half-open: a token is valid while now < exp + consentSkewSeconds.",
    needs: [
      "client",
      "merchant-user",
      "sign",
      "clock",
      "policy:consentSkewSeconds",
      "policy:consentMaxLifetimeSeconds",
    ],
    run: async (stage) => {
      await freeze(stage);
      const { consentSkewSeconds: skew = 0, consentMaxLifetimeSeconds: longest = 0 } =
        stage.target.policy;
      const subject = await user(stage, actor(stage, "merchant"));
      const claims = claimsOf(stage, times({ skew, longest }));
      const answer = await redeem(stage, await consent(stage, { user: subject, claims }));
      if (valid) granted(answer);
      else refused(answer, "INVALID_TOKEN");
    },
  };
}

/** Cases about time. */
export const TIME: readonly CaseSpec[] = [
  ...FAR.map(({ times, ...row }) =>
    flawed({
      requirements: ["C5"],
      attacks: ["CT-19"],
      remedy: row.level === "MUST" ? CHECK : LIMIT,
      ...row,
      claims: (_, stage) => claimsOf(stage, times(lifetimeOf(stage))),
    })
  ),
  ...EDGES.map(edge),
];
