/**
 * All cases, in the order in which they run.
 * @module
 */
import type { Case } from "../case.ts";
import { clientAuthentication } from "./client-authentication.ts";
import { consentToken } from "./consent/mod.ts";
import { contract } from "./contract.ts";
import { histories } from "./histories.ts";
import { http } from "./http.ts";
import { input } from "./input.ts";
import { revocation } from "./revocation.ts";
import { scopeDelegation } from "./scope-delegation.ts";
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
];
