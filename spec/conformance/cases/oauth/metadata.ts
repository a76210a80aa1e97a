/**
 * Server metadata (RFC 8414) and the published key set (T3, T7).
 * @module
 */
import { isObject } from "../../base/encoding.ts";
import type { CaseSpec } from "../../case.ts";
import { offered } from "../../target/target.ts";
import { check } from "../../verdict.ts";

/** Members of a JWK that are secret (RFC 7518 §6). */
const PRIVATE = ["d", "p", "q", "dp", "dq", "qi", "k"];

/** Cases about what the server says about itself. */
export const METADATA: readonly CaseSpec[] = [
  {
    slug: "metadata",
    level: "MUST",
    requirements: ["T7.10"],
    title: "Server metadata names its issuer, token endpoint and response types.",
    expects: "The issuer is a URL without query and fragment.",
    remedy: "RFC 8414 §2.",
    needs: ["metadata"],
    run: (stage) => {
      const metadata = offered(stage.target.metadata, "metadata");
      const { issuer, token_endpoint, response_types_supported } = metadata;
      const plain = typeof issuer === "string" && URL.canParse(issuer) && !/[?#]/.test(issuer);
      check(plain, "a URL as issuer", issuer);
      check(URL.canParse(String(token_endpoint)), "a token_endpoint", token_endpoint);
      const types = response_types_supported;
      check(Array.isArray(types), "response_types_supported", types);
      return Promise.resolve();
    },
  },
  {
    slug: "metadata-methods",
    level: "SHOULD",
    requirements: ["T7"],
    title: "Server metadata lists client_secret_basic and the grant type refresh_token.",
    remedy: "RFC 8414 §2: token_endpoint_auth_methods_supported, grant_types_supported.",
    needs: ["metadata"],
    run: (stage) => {
      const metadata = offered(stage.target.metadata, "metadata");
      const basic = "client_secret_basic";
      const methods = metadata["token_endpoint_auth_methods_supported"] ?? [basic];
      const grants = metadata["grant_types_supported"];
      check(Array.isArray(methods) && methods.includes(basic), basic, methods);
      check(Array.isArray(grants) && grants.includes("refresh_token"), "refresh_token", grants);
      return Promise.resolve();
    },
  },
  {
    slug: "key-set",
    level: "MUST",
    requirements: ["T3", "T7"],
    title: "A key set at jwks_uri contains only public members.",
    remedy: "RFC 7517: publish public members only.",
    needs: ["metadata"],
    run: async (stage) => {
      const url = offered(stage.target.metadata, "metadata")["jwks_uri"];
      if (typeof url !== "string") return;
      const label = "anyone: key set";
      const { status, json } = await stage.wire.send({ label, method: "GET", url });
      const keys = isObject(json) ? json["keys"] : undefined;
      check(status === 200 && Array.isArray(keys), "a key set", `status ${status}`);
      for (const key of keys) {
        check(isObject(key) && typeof key["kty"] === "string", "a key with kty", "something else");
        const secret = PRIVATE.find((name) => name in key);
        check(secret === undefined, "public members only", `the member ${secret}`);
      }
    },
  },
];
