/**
 * The first step of the mutation: received → selected. Exactly one input (E1, E2), as a union that
 * cannot represent both.
 * @module
 */

/** The arguments as received; `null`, `undefined` and absent all mean "not provided" (E1). */
export interface Arguments {
  readonly publicId?: string | null | undefined;
  readonly consentToken?: string | null | undefined;
}

/** The caller chose a user by public id. */
export interface SelectedByPublicId {
  readonly outcome: "selected";
  readonly by: "publicId";
  readonly publicId: string;
}

/** The caller presented a consent token. */
export interface SelectedByConsentToken {
  readonly outcome: "selected";
  readonly by: "consentToken";
  readonly consentToken: string;
}

/** Exactly one input. */
export type Selected = SelectedByPublicId | SelectedByConsentToken;

/** Both inputs, or neither. The caller is at fault: a bad request, not a user error (E2). */
export interface NotExactlyOne {
  readonly outcome: "refused";
  readonly code: "BAD_USER_INPUT";
  readonly reason: "both_inputs" | "no_input";
}

/** Received → selected, or refused. `""` counts as provided (E1). */
export function select(args: Arguments): Selected | NotExactlyOne {
  const publicId = args.publicId ?? null;
  const consentToken = args.consentToken ?? null;
  if (publicId !== null && consentToken !== null) {
    return { outcome: "refused", code: "BAD_USER_INPUT", reason: "both_inputs" };
  }
  if (publicId !== null) return { outcome: "selected", by: "publicId", publicId };
  if (consentToken !== null) return { outcome: "selected", by: "consentToken", consentToken };
  return { outcome: "refused", code: "BAD_USER_INPUT", reason: "no_input" };
}
