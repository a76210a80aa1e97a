/**
 * `inspect`: explains a token, rule by rule.
 * @module
 */
import { readFile } from "node:fs/promises";
import process from "node:process";
import { styleText } from "node:util";
import type { ConsentIssuer } from "../consent/verifier.ts";
import { createConsentVerifier } from "../consent/verifier.ts";
import { createService } from "../direct.ts";
import { DEMO_CLIENTS } from "../dev/demo.ts";
import { type Inspection, inspectToken } from "../dev/inspect.ts";
import { decodeJws } from "../dev/ledger.ts";
import { systemClock } from "../entropy.ts";
import { ManagementError } from "../manage.ts";
import type { AuditLog } from "../ports.ts";
import { createMemoryStore } from "../store/memory.ts";
import { createOpaqueTokens } from "../tokens/opaque.ts";
import { generateTokenKeys } from "../tokens/token-keys.ts";
import { type Command, defineCommand, readNumbers, UsageError, type Values } from "./options.ts";
import { print } from "./output.ts";
import { readToken, send, SERVER_OPTION } from "./partner.ts";

/** The command. */
export const inspect: Command = defineCommand({
  name: "inspect",
  arguments: ["[TOKEN]"],
  summary: "Decode and verify a token, and say for each rule whether it holds.",
  details:
    "Asks the harness of a server that runs with --dev, which knows users, connections and keys. With " +
    "--jwks it asks nobody and judges what can be judged of a consent token alone. A token that is not " +
    "given, or is -, is read from standard input. Nothing is used up.",
  options: [
    SERVER_OPTION,
    {
      name: "harness-secret",
      value: "SECRET",
      env: "FTFU_HARNESS_SECRET",
      text: "The secret of the harness, if it has one.",
    },
    {
      name: "client",
      value: "CLIENT_ID",
      default: DEMO_CLIENTS.partner.id,
      text: "The partner that would redeem the consent token.",
    },
    {
      name: "jwks",
      value: "PATH",
      text: "The issuer's public keys, as a JSON Web Key Set. Needs --audience.",
    },
    { name: "audience", value: "ID", text: "With --jwks: the server that would redeem it (aud)." },
    { name: "json", text: "Print JSON." },
  ],
  async run(values, [given]) {
    const token = await readToken(given, ["token", "accessToken", "access_token"]);
    const found = values["jwks"] === undefined
      ? await askHarness(token, values)
      : await inspectAlone(token, values);
    await print(values["json"] === true ? `${JSON.stringify(found, null, 2)}\n` : page(found));
    return ["granted", "repeated", "active"].includes(found.answer) ? 0 : 1;
  },
});

async function askHarness(token: string, values: Values): Promise<Inspection> {
  const secret = values["harness-secret"];
  const body = JSON.stringify({ token, client: values["client"] });
  const answer = await send(
    values,
    "/harness/inspect",
    secret === undefined ? null : `Bearer ${secret}`,
    { "content-type": "application/json" },
    body,
  ) as Inspection & { readonly error?: string };
  if (answer.rules !== undefined) return answer;
  throw new Error(answer.error ?? "the server has no harness: start it with --dev, or give --jwks");
}

/** Judged with the keys alone: the issuer and everybody named in the token are taken for granted. */
async function inspectAlone(token: string, values: Values): Promise<Inspection> {
  if (values["audience"] === undefined) throw new UsageError("--jwks needs --audience");
  const { iss, sub, azp, scope } = decodeJws(token)?.claims ?? {};
  const jwks = JSON.parse(await readFile(String(values["jwks"]), "utf8"));
  const issuers = [{ issuer: String(iss ?? "unknown"), jwks, merchants: "all" as const }];
  const consents = await createConsentVerifier(issuers satisfies readonly ConsentIssuer[]);
  const policy = readNumbers(values);
  const settings = { ...policy, audience: String(values["audience"]), issuers };
  const tokens = createOpaqueTokens({ serverId: settings.audience, keys: generateTokenKeys() });
  const ports = { store: createMemoryStore(), tokens, consents };
  const client = String(values["client"]);
  const service = createService(ports, settings);
  const everything = String(scope ?? "");
  await service.registerClient({ id: client, scope: everything });
  const steps = [
    () => service.registerClient({ id: String(azp), scope: everything }),
    () => service.registerUser({ publicId: String(sub) }),
    () => service.connect(String(sub), String(azp), everything),
  ];
  for (const step of steps) {
    await step().catch((error) => {
      if (!(error instanceof ManagementError)) throw error;
    });
  }
  return await inspectToken(token, {
    ...settings,
    client,
    resourceServer: client,
    policy,
    stateless: true,
    now: Math.floor(systemClock.now() / 1000),
    rehearse: (audit: AuditLog) => createService({ ...ports, audit }, settings),
  });
}

function page({ kind, header, claims, live, answer, reason, rules }: Inspection): string {
  const parts = Object.entries({ header, claims, live }).filter(([, value]) => value != null)
    .map(([name, value]) => `${name} ${JSON.stringify(value, null, 2)}\n`);
  const rows = rules.map(({ rule, text, holds, found }) => {
    const mark = holds === null ? "  ?  " : holds ? " yes " : style("red", " NO  ");
    const seen = found === undefined || holds === true ? "" : ` Found ${describe(found)}.`;
    return `${mark} ${rule.padEnd(4)} ${text}${seen}\n`;
  });
  const why = reason === null ? "" : ` because of ${reason}, which no client sees`;
  return `${parts.join("")}\n${rows.join("")}\n${kind}: ${style("bold", answer)}${why}\n`;
}

/** Claims as they are; times also for people. */
function describe(found: NonNullable<Inspection["rules"][number]["found"]>): string {
  return Object.entries(found).map(([name, value]) => {
    const time = ["exp", "iat", "nbf"].includes(name) && Math.abs(Number(value)) < 8e12 && value
      ? ` (${new Date(Number(value) * 1000).toISOString()})`
      : "";
    return `${name} ${JSON.stringify(value)}${time}`;
  }).join(", ");
}

function style(format: "red" | "bold", text: string): string {
  return process.stdout.isTTY && !process.env["NO_COLOR"] ? styleText(format, text) : text;
}
