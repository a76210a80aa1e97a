/**
 * Claims of a consent token that are checked too loosely (C4, C8).
 * @module
 */
import { DEMO_AUDIENCE } from "../../../../adapters/dev/demo.ts";
import { sha256 } from "../../../../adapters/entropy.ts";
import type { Fault } from "../fault.ts";
import { accepting, claiming, consenting, isSigned } from "../hooks/consents.ts";
import { combine, serving } from "../hooks/ports.ts";

/** Accepts an issuer under another name; `find` returns the name under which it is trusted. */
function findsIssuer(find: (iss: string, names: readonly string[]) => string | undefined) {
  return () =>
    accepting((token, reason, issuers) => {
      const iss = find(String(token.claims["iss"]), [...issuers.keys()]);
      if (reason !== "consent_issuer" || iss === undefined) return null;
      const key = issuers.get(iss)?.find(({ kid }) => kid === token.header["kid"]);
      return key !== undefined && isSigned(token, key) ? { ...token.claims, iss } : null;
    });
}

/** Accepts another audience instead of the right one. */
function acceptsAudience(isFine: (audience: string) => boolean) {
  return () => consenting(({ audience }) => isFine(audience) ? { audience: DEMO_AUDIENCE } : {});
}

/** The faults. */
export const CLAIMS: readonly Fault[] = [
  {
    id: "audience-prefix",
    title: "The audience may be a prefix of this server's identifier.",
    options: acceptsAudience((audience) => DEMO_AUDIENCE.startsWith(audience)),
    caughtBy: ["consent-token/aud-prefix"],
  },
  {
    id: "audience-longer",
    title: "The audience may continue after this server's identifier.",
    options: acceptsAudience((audience) => audience.startsWith(DEMO_AUDIENCE)),
    caughtBy: ["consent-token/aud-longer", "consent-token/aud-slash"],
  },
  {
    id: "audience-optional",
    title: "A consent token without an audience is valid at every server.",
    options: () =>
      claiming(({ aud }) =>
        aud === undefined || aud === null || String(aud) === "" ? { aud: DEMO_AUDIENCE } : {}
      ),
    caughtBy: [
      "consent-token/aud-missing",
      "consent-token/aud-null",
      "consent-token/aud-empty-list",
    ],
  },
  {
    id: "audience-of-many",
    title: "Of a list of audiences only the first is checked.",
    options: () => claiming(({ aud }) => Array.isArray(aud) ? { aud: aud[0] } : {}),
    caughtBy: ["consent-token/aud-two"],
  },
  {
    id: "any-issuer",
    title: "An unknown issuer is taken for the known one.",
    options: findsIssuer((_iss, names) => names.find((name) => name.includes("main"))),
    caughtBy: ["consent-token/iss-unknown", "consent-token/iss-slash"],
  },
  {
    id: "issuer-normalised",
    title: "Issuers are compared without regard to case and a trailing slash.",
    options: findsIssuer((iss, names) => {
      const normalise = (name: string) => name.toLowerCase().replace(/\/$/, "");
      return names.find((name) => normalise(name) === normalise(iss));
    }),
    caughtBy: ["consent-token/iss-slash", "consent-token/iss-case"],
  },
  {
    id: "issuers-in-an-object",
    title: "Issuers are kept in a plain object, which has a member __proto__.",
    options: () =>
      accepting((token, _reason, issuers) => {
        const keys = Object.fromEntries(issuers)[String(token.claims["iss"])];
        keys?.find(({ kid }) => kid === token.header["kid"]);
        return null;
      }),
    caughtBy: ["consent-token/iss-prototype"],
  },
  {
    id: "any-merchant",
    title: "The connection with any merchant can be the source, whatever azp says.",
    edits: [[
      "core/evolve.ts",
      "connections.find((found) => found.client === merchant && found.source === null)",
      "connections.find((found) => found.source === null)",
    ]],
    caughtBy: ["consent-token/unknown-merchant"],
  },
  {
    id: "scope-missing-is-all",
    title: "A consent token without scope delegates everything.",
    options: () => claiming(({ scope }) => ({ scope: scope || "email openid profile" })),
    caughtBy: ["consent-token/no-scope", "consent-token/empty-scope"],
  },
  {
    id: "scope-list",
    title: "scope may be a list.",
    options: () => claiming(({ scope }) => Array.isArray(scope) ? { scope: scope.join(" ") } : {}),
    caughtBy: ["consent-token/scope-list"],
  },
  {
    id: "scope-lenient",
    title: "Scopes are read leniently: extra white space and invalid characters are dropped.",
    options: () =>
      claiming(({ scope }) =>
        typeof scope === "string"
          ? { scope: scope.replace(/["\\]/g, "").split(/\s+/).join(" ").trim() }
          : {}
      ),
    caughtBy: ["consent-token/scope-double-space", "consent-token/scope-quote"],
  },
  {
    id: "jti-optional",
    title: "A consent token without jti is accepted again and again.",
    options: () => claiming(({ jti }, { text }) => ({ jti: jti ?? sha256(text) })),
    caughtBy: ["consent-token/jti-missing"],
  },
  {
    id: "claims-coerced",
    title: "Numbers and lists are accepted where a string is required.",
    options: () =>
      claiming(({ sub, jti }) => ({ sub: sub && String(sub), jti: jti && String(jti) })),
    caughtBy: ["consent-token/jti-number", "consent-token/sub-number", "consent-token/sub-list"],
  },
  {
    id: "client-optional",
    title: "A consent token without client_id can be redeemed by any client.",
    options: () => {
      let caller = "";
      return combine(
        claiming(({ client_id }) => ({ client_id: client_id ?? caller })),
        serving((service) => ({
          fetchTokensForUser(client, args) {
            caller = client;
            return service.fetchTokensForUser(client, args);
          },
        })),
      );
    },
    caughtBy: ["consent-token/client-id-missing"],
  },
];
