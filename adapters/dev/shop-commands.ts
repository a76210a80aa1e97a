/**
 * What the harness of a dev server offers beyond the harness protocol: to developers of clients, in any
 * language. The same as `startTestShop` offers in a process.
 * @module
 */
import type { Arguments } from "../../core/request.ts";
import type { Numbers, TrustedIssuer } from "../../core/settings.ts";
import { ClientError, InputError, type Service } from "../direct.ts";
import type { AuditLog } from "../ports.ts";
import type { AdjustableClock } from "./clock.ts";
import type { Commands } from "./commands.ts";
import { answerOf, DEFECTS, isDefect } from "./defects.ts";
import { DEMO_CLIENTS, DEMO_ISSUER, DEMO_ISSUER_KEY, DEMO_SCOPE, DEMO_USERS } from "./demo.ts";
import { type Fault, type FaultLayer, FAULTS } from "./faults.ts";
import { type Input, InvalidInput, oneOf, text, whole } from "./input.ts";
import { inspectToken } from "./inspect.ts";
import type { Ledger } from "./ledger.ts";
import { maskEntry } from "./mask.ts";
import { mintConsentToken } from "./mint.ts";
import { listState } from "./state.ts";

/** How a dev server serves now. */
export interface Serving {
  readonly service: Service;
  readonly audience: string;
  readonly publicUrl: string;
  /** The issuers of consent tokens that it trusts. */
  readonly issuers: readonly TrustedIssuer[];
  /** The same service, except that nothing it does is kept; the log hears of its decisions. */
  rehearse(audit: AuditLog): Service;
}

/** What the commands work on. */
export interface ShopCommandOptions {
  readonly serving: () => Serving;
  readonly clock: AdjustableClock;
  readonly faults: FaultLayer;
  readonly ledger: Ledger;
  readonly policy: Numbers;
}

/** How many requests and events `state` holds: what fits on a page. */
const SHOWN = 50;

/** Creates the commands; they add to those of the harness protocol. */
export function createShopCommands(
  { serving, clock, faults, ledger, policy }: ShopCommandOptions,
): (own: Commands) => Commands {
  const now = () => Math.floor(clock.now() / 1000);
  return ({ mint, reset }) => ({
    async reset(input) {
      faults.clear();
      ledger.clear();
      return await reset?.(input) ?? {};
    },
    async mint(input) {
      if (input["header"] !== undefined || input["claims"] !== undefined) {
        return await mint?.(input) ?? {};
      }
      const defect = textOr(input, "defect", "");
      if (defect !== "" && !isDefect(defect)) throw new InvalidInput(`No defect is "${defect}".`);
      const token = await mintConsentToken({
        key: DEMO_ISSUER_KEY,
        issuer: DEMO_ISSUER,
        audience: serving().audience,
        user: textOr(input, "user", DEMO_USERS.merchantOnly),
        client: textOr(input, "client", DEMO_CLIENTS.partner.id),
        merchant: textOr(input, "merchant", DEMO_CLIENTS.merchant.id),
        scope: textOr(input, "scope", DEMO_SCOPE),
        now: now(),
        lifetimeSeconds: wholeOr(input, "lifetimeSeconds", 300),
      }, defect === "" ? undefined : defect);
      return { token, ...(defect !== "" && answerOf(defect)) };
    },
    redeem(input) {
      const { client: _client, ...args } = input;
      const client = textOr(input, "client", DEMO_CLIENTS.partner.id);
      return orMistake(serving().service.fetchTokensForUser(client, args as Arguments));
    },
    faults(input) {
      if (input["clear"] === true) faults.clear();
      else if (input["next"] !== undefined) {
        const { next: _next, ...options } = input;
        faults.next(oneOf(input, "next", Object.keys(FAULTS) as Fault[]), options);
      }
      return { pending: faults.pending };
    },
    requests(input) {
      const { entries } = ledger;
      if (input["clear"] === true) ledger.clear();
      const isShown = input["unmasked"] === true;
      const latest = entries.slice(-wholeOr(input, "limit", entries.length) || entries.length);
      return { requests: isShown ? latest : latest.map(maskEntry) };
    },
    catalog: () => ({
      defects: Object.keys(DEFECTS).filter(isDefect).map((name) => (
        { name, text: DEFECTS[name].text, ...answerOf(name) }
      )),
      faults: Object.entries(FAULTS).map(([name, entry]) => ({ name, ...entry })),
    }),
    async state(input) {
      const { partner, otherPartner } = DEMO_CLIENTS;
      const isShown = input["unmasked"] === true;
      return {
        now: now(),
        clients: [partner, otherPartner],
        users: await listState(serving().service),
        pending: faults.pending,
        events: ledger.events.slice(-SHOWN),
        requests: ledger.entries.slice(-SHOWN).map((entry) => isShown ? entry : maskEntry(entry)),
      };
    },
    inspect: (input) =>
      orMistake(inspectToken(text(input, "token"), {
        client: textOr(input, "client", DEMO_CLIENTS.partner.id),
        resourceServer: DEMO_CLIENTS.usersApi.id,
        policy,
        now: now(),
        ...serving(),
      })),
  });
}

/** What the service takes for an error of the caller is one here too. */
async function orMistake<Value>(work: Promise<Value>): Promise<Value> {
  try {
    return await work;
  } catch (error) {
    const isMistake = error instanceof InputError || error instanceof ClientError;
    throw isMistake ? new InvalidInput(error.message) : error;
  }
}

function textOr(input: Input, name: string, preset: string): string {
  return input[name] === undefined ? preset : text(input, name);
}

function wholeOr(input: Input, name: string, preset: number): number {
  return input[name] === undefined ? preset : whole(input, name);
}
