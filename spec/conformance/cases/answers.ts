/**
 * What all answers of the run have in common (G2–G4). Runs last.
 * @module
 */
import { type Case, define } from "../case.ts";
import { fetchTokens } from "../stage/product.ts";
import { unknownUser } from "../stage/stage.ts";
import { Failure } from "../verdict.ts";
import { connectedUser } from "./steps.ts";

/** The case. */
export const answers: readonly Case[] = define("contract", [
  {
    slug: "answers",
    level: "MUST",
    requirements: ["G2", "G3", "G4"],
    title: "Every answer of the mutation has the declared types, and no null where none may be.",
    does: "Looks at every answer of the whole run, and at two more.",
    remedy: "Let a GraphQL engine with the vendor's schema build the response.",
    needs: ["client"],
    run: async (stage) => {
      await fetchTokens(stage, { publicId: unknownUser() });
      if (stage.target.has.has("connected-user")) {
        await fetchTokens(stage, { publicId: await connectedUser(stage) });
      }
      const { seen, answers } = stage.session.deviations;
      const found = [...seen.values()];
      const [first] = found;
      if (first === undefined) return;
      stage.wire.exchanges.push(...found.slice(0, 5).map(({ exchange }) => exchange));
      throw new Failure(
        found.map(({ path, type }) => `${path}: ${type}`).join(", "),
        found.map(({ path, found }) => `${path}: ${found}`).join(", ") + ` in ${answers} answers`,
      );
    },
  },
]);
