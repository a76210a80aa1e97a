/**
 * Cases about consent tokens that are good but for one flaw. Each first redeems a token without the
 * flaw, so that a refusal for another reason is never taken for the defence.
 * @module
 */
import { controlConsent, type Draft, draft, flawedConsent } from "../stage/consents.ts";
import type { CaseSpec } from "../case.ts";
import { redeem, refused } from "../stage/product.ts";
import { actor, type Stage, user } from "../stage/stage.ts";
import type { FlawName } from "../target/subjects.ts";
import type { Level } from "../../requirements/model.ts";
import type { Need } from "../needs.ts";

/** A flaw. */
export interface Flaw {
  readonly slug: string;
  readonly level: Level;
  readonly requirements: readonly string[];
  readonly attacks?: readonly string[];
  /** Ends the sentence "A consent token …". */
  readonly what: string;
  readonly remedy: string;
  readonly needs?: readonly Need[];
  /** Default INVALID_TOKEN. */
  readonly code?: "NO_CONSENT" | "NO_USER";
  /** Turns the draft of a good token into the token with the flaw. */
  make(stage: Stage, good: Draft): Promise<string>;
}

/** Makes a case of a flaw. */
export function flawed(
  { slug, level, requirements, attacks, what, remedy, needs, ...flaw }: Flaw,
): CaseSpec {
  const code = flaw.code ?? "INVALID_TOKEN";
  return {
    slug,
    level,
    requirements: code === "INVALID_TOKEN" ? [...new Set(["C1", ...requirements])] : requirements,
    attacks: attacks ?? [],
    title: `A consent token ${what} is refused.`,
    does: `Presents a consent token ${what}, for a user who has all that is needed.`,
    expects: `userErrors code ${code}, and no tokens.`,
    remedy,
    needs: ["client", "merchant-user", ...(needs ?? ["sign"])],
    run: async (stage) => {
      await controlConsent(stage);
      const good = draft(stage, { user: await user(stage, actor(stage, "merchant")) });
      refused(await redeem(stage, await flaw.make(stage, good)), code);
    },
  };
}

/** Uses a ready token of the subjects where the suite cannot sign one. */
export function orReady(flaw: Flaw, name: FlawName): CaseSpec {
  const spec = flawed(flaw);
  return {
    ...spec,
    needs: ["client"],
    run: async (stage) => {
      const ready = flawedConsent(stage, name);
      if (ready === null) await spec.run(stage);
      else refused(await redeem(stage, ready), "INVALID_TOKEN");
    },
  };
}
