/**
 * `mint`: a consent token of the demo issuer, or one with a named defect.
 * @module
 */
import { answerOf, type Defect, DEFECTS } from "../dev/defects.ts";
import { mintConsentToken } from "../dev/mint.ts";
import { DEMO_AUDIENCE, DEMO_ISSUER, DEMO_ISSUER_KEY, DEMO_SCOPE } from "../dev/demo.ts";
import { systemClock } from "../entropy.ts";
import { type Command, defineCommand, readNumber, UsageError } from "./options.ts";
import { print } from "./output.ts";

/** The command. */
export const mint: Command = defineCommand({
  name: "mint",
  summary: "Sign a consent token with the demo issuer's key, for `serve --dev`.",
  options: [
    {
      name: "user",
      value: "PUBLIC_ID",
      default: "demo-merchant-only",
      text: "Who consents (sub).",
    },
    {
      name: "client",
      value: "CLIENT_ID",
      default: "demo-partner",
      text: "The partner that may redeem it (client_id).",
    },
    {
      name: "merchant",
      value: "CLIENT_ID",
      default: "demo-merchant",
      text: "The merchant whose buyer connection delegates (azp).",
    },
    { name: "scope", value: "SCOPE", default: DEMO_SCOPE, text: "The delegated scope." },
    {
      name: "audience",
      value: "ID",
      default: DEMO_AUDIENCE,
      text: "The server that redeems it (aud).",
    },
    { name: "lifetime", value: "SECONDS", default: "300", text: "Its lifetime." },
    ...Object.entries(DEFECTS).map(([name, { text }]) => ({
      name,
      text: `Defect: ${text} Answer: ${answerOf(name as Defect).outcome}.`,
    })),
  ],
  async run(values) {
    const defects = Object.keys(DEFECTS).filter((name) => values[name] === true);
    if (defects.length > 1) {
      throw new UsageError(`choose one defect, found ${defects.join(" and ")}`);
    }
    const text = (name: string) => String(values[name]);
    const token = await mintConsentToken({
      key: DEMO_ISSUER_KEY,
      issuer: DEMO_ISSUER,
      audience: text("audience"),
      user: text("user"),
      client: text("client"),
      merchant: text("merchant"),
      scope: text("scope"),
      now: Math.floor(systemClock.now() / 1000),
      lifetimeSeconds: readNumber(values, "lifetime"),
    }, defects[0] as Defect | undefined);
    await print(`${token}\n`);
    return 0;
  },
});
