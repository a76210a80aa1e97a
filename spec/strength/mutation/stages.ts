/**
 * The tests that every mutant has to face.
 * @module
 */
import { listSources } from "../../house/source.ts";

/** A set of tests. A mutant faces the next one only if it survives this one. */
export interface Stage {
  readonly name: string;
  readonly text: string;
  readonly tests: readonly string[];
}

/** The stages, the quick ones first. */
export const STAGES: readonly Stage[] = [
  {
    name: "rules",
    text: "the tests of the core's rules, `spec/tests/core`",
    tests: listSources("spec/tests/core/").filter((path) => path.endsWith(".test.ts")),
  },
  {
    name: "properties",
    text: "the properties, `spec/tests/properties`, but for those of adapters",
    tests: listSources("spec/tests/properties/")
      .filter((path) => path.endsWith(".test.ts") && !/\/(?:faces|races)\.test\.ts$/.test(path)),
  },
  {
    name: "walks",
    text: "the walks through the small worlds, `spec/tests/model/worlds.test.ts`",
    tests: ["spec/tests/model/worlds.test.ts"],
  },
];
