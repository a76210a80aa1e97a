/**
 * The first step of the mutation: received → selected. Exactly one input (E1, E2), as a union that
 * cannot say "both".
 * @module
 */

/** The arguments as they came in; `null`, `undefined` and absent are the same: not provided (E1). */
export interface Arguments {
  readonly publicId?: string | null | undefined;
  readonly consentToken?: string | null | undefined;
}

/** A request that was received: anything goes. */
export interface Received {
  readonly stage: "received";
  readonly args: Arguments;
}

/** The caller chose a user by public id. */
export interface SelectedByPublicId {
  readonly stage: "selected";
  readonly by: "publicId";
  readonly publicId: string;
}

/** The caller presented a consent token. */
export interface SelectedByConsentToken {
  readonly stage: "selected";
  readonly by: "consentToken";
  readonly consentToken: string;
}

/** Exactly one input. */
export type Selected = SelectedByPublicId | SelectedByConsentToken;

/** Both inputs, or neither: the caller is at fault, so this is no user error but a bad request (E2). */
export interface NotExactlyOne {
  readonly stage: "refused";
  readonly code: "BAD_USER_INPUT";
  readonly reason: "both_inputs" | "no_input";
}

/** Received → selected, or refused. `""` is provided (E1). */
export function select({ args }: Received): Selected | NotExactlyOne {
  const publicId = args.publicId ?? null;
  const consentToken = args.consentToken ?? null;
  if (publicId !== null && consentToken !== null) {
    return { stage: "refused", code: "BAD_USER_INPUT", reason: "both_inputs" };
  }
  if (publicId !== null) return { stage: "selected", by: "publicId", publicId };
  if (consentToken !== null) return { stage: "selected", by: "consentToken", consentToken };
  return { stage: "refused", code: "BAD_USER_INPUT", reason: "no_input" };
}
