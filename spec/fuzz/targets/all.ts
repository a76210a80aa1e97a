/**
 * Everything that is fuzzed.
 * @module
 */
import type { Target } from "../target.ts";
import { FILE_TARGETS } from "./files.ts";
import { RAW_TARGETS } from "./raw.ts";
import { REQUEST_TARGETS } from "./requests.ts";
import { TOKEN_TARGETS } from "./tokens.ts";

/** By the order in which they run. */
export const TARGETS: readonly Target[] = [
  ...REQUEST_TARGETS,
  ...RAW_TARGETS,
  ...TOKEN_TARGETS,
  ...FILE_TARGETS,
] as readonly Target[];
