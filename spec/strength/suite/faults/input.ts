/**
 * More or less than one input, and odd values (E1–E3, G10).
 * @module
 */
import { InputError } from "../../../../adapters/direct.ts";
import type { Fault } from "../fault.ts";
import { asking, serving, storing } from "../hooks/ports.ts";
import type { ReferenceOptions } from "../../../tests/support/reference.ts";

/** Looks users up under another spelling of their public ID. */
function respells(spell: (publicId: string) => string): ReferenceOptions {
  return asking((args) =>
    typeof args.publicId === "string" ? { ...args, publicId: spell(args.publicId) } : args
  );
}

/** The faults. */
export const INPUT: readonly Fault[] = [
  {
    id: "no-input-no-error",
    title: "Neither input is answered with an empty payload and no error.",
    options: () =>
      serving((service) => ({
        async fetchTokensForUser(client, args) {
          try {
            return await service.fetchTokensForUser(client, args);
          } catch (error) {
            if (!(error instanceof InputError)) throw error;
            const empty = await service.fetchTokensForUser(client, { publicId: "nobody" });
            return { ...empty, userErrors: [] };
          }
        },
      })),
    caughtBy: ["input/neither", "input/neither-null-variables", "input/both-literals"],
  },
  {
    id: "null-counts",
    title: "An explicit null counts as provided.",
    options: () =>
      asking(({ publicId, consentToken }) => ({
        ...(publicId !== undefined && { publicId: publicId ?? "" }),
        ...(consentToken !== undefined && { consentToken: consentToken ?? "" }),
      })),
    caughtBy: [
      "input/one-literal-null",
      "input/one-null-variable",
      "input/one-token-null-public-id",
    ],
  },
  {
    id: "empty-public-id-absent",
    title: "An empty public ID counts as absent.",
    options: () => asking((args) => ({ ...args, publicId: args.publicId || null })),
    caughtBy: ["input/both-empty-public-id", "input/public-id-empty"],
  },
  {
    id: "empty-token-absent",
    title: "An empty consent token counts as absent.",
    options: () => asking((args) => ({ ...args, consentToken: args.consentToken || null })),
    caughtBy: ["input/both-empty-token", "input/consent-token-empty"],
  },
  {
    id: "both-consumes",
    title: "If both inputs are given, the consent token is redeemed before the request is refused.",
    options: () => ({
      settings: { consentRetrySeconds: 0 },
      ...serving((service) => ({
        async fetchTokensForUser(client, args) {
          const { publicId, consentToken } = args;
          if (publicId && consentToken) await service.fetchTokensForUser(client, { consentToken });
          return await service.fetchTokensForUser(client, args);
        },
      })),
    }),
    caughtBy: ["input/both-consumes-nothing"],
  },
  {
    id: "both-prefers-public-id",
    title: "If both inputs are given, the consent token is ignored.",
    options: () =>
      asking((args) => args.publicId && args.consentToken ? { publicId: args.publicId } : args),
    caughtBy: ["input/both-literals", "input/both-valid"],
  },
  {
    id: "both-prefers-consent-token",
    title: "If both inputs are given, the public ID is ignored.",
    options: () =>
      asking((args) =>
        args.publicId && args.consentToken ? { consentToken: args.consentToken } : args
      ),
    caughtBy: ["input/both-valid", "input/both-unknown-user"],
  },
  {
    id: "input-guessed",
    title: "A consent token without dots is taken for a public ID.",
    options: () =>
      asking((args) =>
        args.consentToken && !args.publicId && !args.consentToken.includes(".")
          ? { publicId: args.consentToken }
          : args
      ),
    caughtBy: ["input/swapped"],
  },
  {
    id: "public-id-trimmed",
    title: "White space around a public ID is ignored.",
    options: () => respells((publicId) => publicId.trim()),
    caughtBy: ["input/public-id-trailing-space", "input/public-id-newline"],
  },
  {
    id: "public-id-case-folded",
    title: "Public IDs are compared without regard to case.",
    options: () => respells((publicId) => publicId.toLowerCase()),
    caughtBy: ["input/public-id-case"],
  },
  {
    id: "public-id-normalised",
    title: "Public IDs are normalised as Unicode (NFKC).",
    options: () => respells((publicId) => publicId.normalize("NFKC")),
    caughtBy: ["input/public-id-full-width"],
  },
  {
    id: "public-id-prefix",
    title: "A public ID is looked up by its prefix.",
    options: () => {
      const users = new Set<string>();
      return storing((store) => ({
        async transact(keys, decide) {
          const user = [...users].find((id) => keys.user && id.startsWith(keys.user)) ?? keys.user;
          const decision = await store.transact({ ...keys, ...(user && { user }) }, decide);
          if (user && decision.outcome === "granted") users.add(user);
          return decision;
        },
      }));
    },
    caughtBy: ["input/public-id-prefix"],
  },
  {
    id: "identifiers-unchecked",
    title: "Identifiers may have any length and contain any character.",
    edits: [["core/model.ts", "/^[\\x21-\\x7e]{1,255}$/.test(value)", "value.length > 0"]],
    caughtBy: ["consent-token/jti-long", "consent-token/jti-space", "consent-token/sub-space"],
  },
];
