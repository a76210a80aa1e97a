/**
 * Ends that do not end, or end too much (T7, R1–R3).
 * @module
 */
import type { Fault } from "../fault.ts";

const OAUTH = "adapters/http/oauth.ts";
const DIRECT = "adapters/direct.ts";
const END = 'await shell.run({ type: "revoke-token", client, family: genuine.family });';
const REVOKE = "await service.revokeToken(client.id, token);";

/** The faults. */
export const ENDS: readonly Fault[] = [
  {
    id: "revokes-nothing",
    title: "Revocation answers 200 and does nothing.",
    rules: ["T7"],
    attacks: ["RF-19", "RF-10"],
    edits: [[DIRECT, END, ""]],
    caughtBy: ["revocation/refresh-token", "revocation/hint"],
  },
  {
    id: "revokes-later",
    title: "Revocation answers first and revokes a little later.",
    rules: ["R2", "T7"],
    attacks: ["SC-11", "RF-08"],
    edits: [[DIRECT, END, `setTimeout(() => ${END.slice(6, -1)}, 100);`]],
    caughtBy: ["revocation/refresh-token", "revocation/while-refreshing"],
  },
  {
    id: "revokes-refresh-token-alone",
    title: "A revoked refresh token leaves its access tokens alive.",
    rules: ["T7"],
    attacks: ["RF-19"],
    edits: [[
      "core/use.ts",
      'return grant(null, [endFamily(family, "revoked")]);',
      'return grant(null, [{ type: "family-rotated", family: { ...family, generation: 1e9 } }]);',
    ]],
    caughtBy: ["revocation/refresh-token-ends-access-token", "revocation/access-token"],
  },
  {
    id: "access-token-not-revoked",
    title: "Access tokens cannot be revoked.",
    rules: ["T7"],
    attacks: [],
    edits: [[
      DIRECT,
      "if (genuine === null) return; await shell.run",
      'if (genuine?.kind !== "refresh") return; await shell.run',
    ]],
    caughtBy: ["revocation/access-token"],
  },
  {
    id: "spent-token-not-revoked",
    title: "Only a live token can be revoked.",
    rules: ["T7"],
    attacks: [],
    edits: [[
      DIRECT,
      "if (genuine === null) return; await shell.run",
      `const anybody = { id: "", role: "resource-server" };
       if (genuine === null || await judge(shell, anybody, token) === null) return;
       await shell.run`,
    ]],
    caughtBy: ["revocation/spent-refresh-token"],
  },
  {
    id: "revocation-ends-connection",
    title: "To revoke a token ends the connection, with all its families.",
    rules: ["T7"],
    attacks: ["RF-19"],
    edits: [[
      "core/use.ts",
      'return grant(null, [endFamily(family, "revoked")]);',
      `const connection = { ...standing.connection, status: "revoked", revokedAt: 0 };
       return grant(null, [endFamily(family, "revoked"), { type: "connection-revoked", connection }]);`,
    ]],
    caughtBy: ["revocation/other-families-live"],
  },
  {
    id: "unknown-token-400",
    title: "To revoke what is no token is an error.",
    rules: ["T7"],
    attacks: ["RF-18"],
    edits: [[
      OAUTH,
      REVOKE,
      `if (!token.startsWith("ftfu_")) return invalidRequest("This is no token."); ${REVOKE}`,
    ]],
    caughtBy: ["revocation/unknown-token"],
  },
  {
    id: "revocation-hint",
    title: "Revocation looks only where token_type_hint points.",
    rules: ["T7"],
    attacks: ["RF-12"],
    edits: [[
      OAUTH,
      REVOKE,
      `if (form.get("token_type_hint") !== "access_token" || token.startsWith("ftfu_at_")) ${REVOKE}`,
    ]],
    caughtBy: ["revocation/hint"],
  },
  {
    id: "revocation-without-client",
    title: "Anybody who has a token may revoke it.",
    rules: ["T7"],
    attacks: [],
    edits: [[
      OAUTH,
      'if ("status" in client && "body" in client) return client;',
      `if ("status" in client && "body" in client) {
         if (!request.target.endsWith("revoke")) return client;
         const live = await service.introspect({ id: "", role: "resource-server" }, form.get("token"));
         return work(form, { id: live?.client ?? "" });
       }`,
    ]],
    caughtBy: ["revocation/unauthenticated"],
  },
  {
    id: "disabled-client-alive",
    title: "Tokens of a disabled client go on working.",
    rules: ["R1"],
    attacks: ["RF-13", "CT-13"],
    edits: [[
      "core/authority.ts",
      '|| client?.status !== "enabled") return NO_SCOPE;',
      "|| client === null) return NO_SCOPE;",
    ]],
    caughtBy: ["revocation/direct-client-disabled", "revocation/delegated-merchant-disabled"],
  },
  {
    id: "disabled-merchant-alive",
    title: "Delegations of a disabled merchant go on working.",
    rules: ["R1", "P4"],
    attacks: ["CT-13"],
    edits: [[
      "core/authority.ts",
      "directScope(source, merchant, user),",
      'directScope(source, merchant && { ...merchant, status: "enabled" }, user),',
    ]],
    caughtBy: ["revocation/delegated-merchant-disabled"],
  },
  {
    id: "suspension-is-final",
    title: "After a suspension nothing works again.",
    rules: ["R1"],
    attacks: [],
    edits: [[
      "core/evolve.ts",
      "state.users.set(change.user.publicId, change.user);",
      `state.users.set(change.user.publicId, change.user);
       if (change.user.status === "suspended") state.families.clear();`,
    ]],
    caughtBy: ["revocation/direct-user-suspended", "revocation/delegated-user-suspended"],
  },
  {
    id: "withdrawal-from-all",
    title: "To withdraw from one client withdraws from all.",
    rules: ["R2", "P3"],
    attacks: [],
    edits: [[
      "core/evolve.ts",
      'case "connection-changed":',
      `case "connection-revoked":
         for (const id of state.connectionsOfUser.get(change.connection.user) ?? []) {
           const found = state.connections.get(id);
           if (found) state.connections.set(id, { ...found, status: "revoked" });
         }
         return;
       case "connection-changed":`,
    ]],
    caughtBy: ["revocation/others-live", "scope-delegation/delegations-are-separate"],
  },
  {
    id: "withdrawal-ignored",
    title: "Tokens outlive the withdrawal of the connection they rest on.",
    rules: ["R2"],
    attacks: ["SC-10", "SC-11"],
    edits: [[
      "core/authority.ts",
      'if (connection.status === "revoked") return NO_SCOPE;',
      'if (connection.scope === undefined) return ["email", "openid", "profile"];',
    ]],
    caughtBy: ["revocation/direct-connection-revoked", "consent-token/withdrawn-is-dead"],
  },
];
