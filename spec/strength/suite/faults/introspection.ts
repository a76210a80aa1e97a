/**
 * Introspection that tells too much, too little, or does something (T7).
 * @module
 */
import type { Fault } from "../fault.ts";

const DIRECT = "adapters/direct.ts";
const OAUTH = "adapters/http/oauth.ts";
const OPENED = "const genuine = await shell.ports.tokens.open(token); // The Users API";

/** The faults. */
export const INTROSPECTION: readonly Fault[] = [
  {
    id: "introspection-without-client",
    title: "Anybody may introspect tokens.",
    rules: ["T7"],
    attacks: [],
    edits: [[
      OAUTH,
      'if ("status" in client && "body" in client) return client;',
      `if ("status" in client && "body" in client) {
         if (!request.target.endsWith("introspect") || request.header("authorization")) return client;
         return work(form, { id: "", role: "resource-server" });
       }`,
    ]],
    caughtBy: ["tokens-refresh/introspect-unauthenticated"],
  },
  {
    id: "introspection-tells-why",
    title: "Introspection tells a token that is dead or foreign from one that never was.",
    rules: ["T7"],
    attacks: [],
    edits: [[
      OAUTH,
      "const body = live === null ? { active: false } : describe(live, issuer());",
      `const dead = token.startsWith("ftfu_") ? { active: false, reason: "not current" } : { active: false };
       const body = live === null ? dead : describe(live, issuer());`,
    ]],
    caughtBy: ["tokens-refresh/introspect-same-answer"],
  },
  {
    id: "introspection-400",
    title: "Introspection of what is no token is an error.",
    rules: ["T7"],
    attacks: [],
    edits: [[
      OAUTH,
      "const body = live === null ? { active: false } : describe(live, issuer());",
      `if (live === null) return invalidRequest("This is no token.");
       const body = describe(live, issuer());`,
    ]],
    caughtBy: ["tokens-refresh/introspect-garbage"],
  },
  {
    id: "introspection-counts-as-use",
    title: "To introspect a refresh token spends it.",
    rules: ["T7"],
    attacks: [],
    edits: [[
      DIRECT,
      OPENED,
      `const genuine = await shell.ports.tokens.open(token);
       if (genuine?.kind === "refresh" && caller !== null) {
         const { family, generation, salt } = genuine;
         await shell.run({ type: "refresh", client: caller.id, family, generation, salt, scope: null });
       } //`,
    ]],
    caughtBy: ["tokens-refresh/introspect-refresh-token"],
  },
  {
    id: "introspection-hint",
    title: "Introspection looks only where token_type_hint points.",
    rules: ["T7"],
    attacks: ["RF-12"],
    edits: [[
      OAUTH,
      "const live = await service.introspect(client, token);",
      `const found = await service.introspect(client, token);
       const hint = form.get("token_type_hint");
       const live = found !== null && hint !== undefined && hint !== found.kind + "_token" ? null : found;`,
    ]],
    caughtBy: ["tokens-refresh/introspect-hint"],
  },
  {
    id: "resource-server-refused",
    title: "A resource server may not introspect the tokens that it is shown.",
    rules: ["T7"],
    attacks: [],
    edits: [[
      "core/use.ts",
      'caller.role !== "resource-server" && caller.id !== client',
      "caller.id !== client",
    ]],
    caughtBy: ["tokens-refresh/introspect-resource-server"],
  },
  {
    id: "introspection-wrong-subject",
    title: "Introspection names the client as the subject.",
    rules: ["T7"],
    attacks: [],
    edits: [[OAUTH, "sub: live.user,", "sub: live.client,"]],
    caughtBy: ["tokens-refresh/access-token-names-user"],
  },
  {
    id: "introspection-stored",
    title: "Answers of introspection may be stored.",
    rules: ["G9"],
    attacks: [],
    edits: [[OAUTH, "return json(200, body, NO_STORE);", "return json(200, body);"]],
    caughtBy: ["tokens-refresh/introspect-no-store"],
  },
  {
    id: "liveness-cached",
    title: "Whether a token lives is asked of a cache that nothing empties.",
    rules: ["R1", "R2"],
    attacks: ["SY-05", "SC-11"],
    edits: [
      [
        "adapters/shell.ts",
        "export interface Shell {",
        "const FACTS = new Map(); export interface Shell {",
      ],
      [
        "adapters/shell.ts",
        "const facts = await ports.store.read(keysOf(command));",
        `const key = JSON.stringify(keysOf(command));
         const facts = FACTS.get(key) ?? await ports.store.read(keysOf(command));
         FACTS.set(key, facts);`,
      ],
    ],
    caughtBy: ["revocation/refresh-token-ends-access-token", "consent-token/withdrawn-is-dead"],
  },
];
