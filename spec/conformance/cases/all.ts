/**
 * All cases, in the order in which they run.
 * @module
 */
import type { Case } from "../case.ts";
import { answers } from "./answers.ts";
import { clientAuthentication } from "./authentication/mod.ts";
import { consentToken } from "./consent/mod.ts";
import { contract } from "./contract.ts";
import { histories } from "./histories.ts";
import { http } from "./http/mod.ts";
import { input } from "./input/mod.ts";
import { revocation } from "./revocation/mod.ts";
import { scopeDelegation } from "./scope/mod.ts";
import { tokensRefresh } from "./tokens-refresh.ts";

/** Every case. */
export const cases: readonly Case[] = [
  ...contract,
  ...clientAuthentication,
  ...consentToken,
  ...input,
  ...scopeDelegation,
  ...tokensRefresh,
  ...revocation,
  ...http,
  ...histories,
  ...answers,
];
