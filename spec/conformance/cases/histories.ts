/**
 * Random histories, predicted by the reference model with the declared policy and played step by step.
 * @module
 */
import type { NumericSetting, Settings } from "../../../core/settings.ts";
import { type Case, type CaseSpec, define } from "../case.ts";
import type { Need } from "../needs.ts";
import type { Profile } from "../oracle/generate.ts";
import { playMany } from "../oracle/search.ts";

const NUMBERS: readonly NumericSetting[] = [
  "accessTokenSeconds",
  "refreshIdleSeconds",
  "refreshAbsoluteSeconds",
  "refreshDuplicateSeconds",
  "maxFamilies",
  "consentSkewSeconds",
  "consentMaxLifetimeSeconds",
  "consentRetrySeconds",
];

const NEEDS: readonly Need[] = [
  "histories",
  "seed",
  "issuers",
  "clock",
  "revoke",
  "narrow",
  "disconnect",
  "user-status",
  "client-status",
  "client-scope",
  "token-endpoint",
  "probe",
  ...NUMBERS.map((name): Need => `policy:${name}`),
];

/** A kind of history. */
interface Kind extends Profile {
  readonly slug: string;
  readonly title: string;
  readonly requirements: readonly string[];
  readonly attacks?: readonly string[];
}

const SOON = (settings: Settings) => [
  1,
  2,
  Math.max(1, settings.refreshDuplicateSeconds - 1),
  Math.max(1, settings.refreshDuplicateSeconds),
  Math.max(1, settings.consentRetrySeconds - 1),
  Math.max(1, settings.consentRetrySeconds),
  settings.consentMaxLifetimeSeconds,
];
const LATER = (settings: Settings) => [
  ...SOON(settings),
  settings.accessTokenSeconds - 1 || 1,
  settings.accessTokenSeconds,
  Math.floor(settings.refreshIdleSeconds / 2),
  settings.refreshIdleSeconds - 1,
  settings.refreshIdleSeconds,
];

const KINDS: readonly Kind[] = [
  {
    slug: "life",
    title: "Random histories of connections and their tokens match the model.",
    requirements: ["P2", "P3", "P4", "C8", "C11", "T5", "R1", "R2"],
    leaps: LATER,
    weights: {
      "fetch": 8,
      "mint": 8,
      "redeem": 10,
      "refresh": 14,
      "introspect": 8,
      "revoke-token": 3,
      "connect": 5,
      "narrow": 3,
      "revoke": 3,
      "disconnect": 1,
      "user-status": 2,
      "client-status": 2,
      "client-scope": 2,
      "advance": 8,
    },
  },
  {
    slug: "consent",
    title: "Random histories of redemptions, retries and withdrawals match the model.",
    requirements: ["C5", "C8", "C10", "C11", "C12", "C14"],
    narrow: true,
    leaps: SOON,
    weights: {
      "mint": 16,
      "redeem": 24,
      "fetch": 5,
      "refresh": 4,
      "introspect": 3,
      "connect": 5,
      "narrow": 4,
      "revoke": 6,
      "disconnect": 2,
      "user-status": 1,
      "advance": 12,
    },
  },
  {
    slug: "rotation",
    title: "Random histories of refresh tokens match the model.",
    requirements: ["T1", "T5", "T6"],
    attacks: ["RF-05"],
    narrow: true,
    leaps: LATER,
    weights: {
      "fetch": 5,
      "refresh": 40,
      "introspect": 8,
      "revoke-token": 2,
      "narrow": 2,
      "connect": 2,
      "advance": 12,
    },
  },
  {
    slug: "authority",
    title:
      "Random histories of users, clients and connections that lose authority match the model.",
    requirements: ["P4", "R1", "R2", "R3"],
    narrow: true,
    leaps: SOON,
    weights: {
      "fetch": 8,
      "mint": 6,
      "redeem": 8,
      "refresh": 8,
      "introspect": 14,
      "connect": 6,
      "narrow": 7,
      "revoke": 5,
      "disconnect": 2,
      "user-status": 6,
      "client-status": 6,
      "client-scope": 6,
      "advance": 2,
    },
  },
  {
    slug: "at-once",
    title: "Concurrent requests have the same effect as some sequence of them.",
    requirements: ["C9", "C11", "T5", "R2"],
    attacks: ["CT-22", "RF-02", "RF-08"],
    narrow: true,
    leaps: SOON,
    weights: {
      "fetch": 6,
      "mint": 10,
      "redeem": 4,
      "refresh": 4,
      "introspect": 4,
      "connect": 5,
      "advance": 3,
      "at-once": 30,
    },
  },
];

/** The cases. */
export const histories: readonly Case[] = define(
  "histories",
  KINDS.map(({ slug, title, requirements, attacks = [], ...profile }): CaseSpec => ({
    slug,
    level: "SHOULD",
    requirements,
    attacks,
    title,
    expects:
      "The same answers as the model: tokens, scopes, lifetimes, error codes, and which refresh token is which.",
    remedy:
      "The story is the shortest one found. The model answers its last step differently: the model's " +
      "reason is in parentheses, and the line before that step shows what the model remembers.",
    needs: NEEDS,
    run: (stage) => playMany(stage, slug, profile),
  })),
);
