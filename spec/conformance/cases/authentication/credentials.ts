/**
 * Which credentials authenticate a client (G7, G8).
 * @module
 */
import { base64, utf8 } from "../../base/encoding.ts";
import type { CaseSpec } from "../../case.ts";
import {
  basic,
  controlPublicId,
  describeAnswer,
  DOCUMENT,
  fetchTokens,
  granted,
  graphql,
  notGranted,
  WRONG_SECRET,
} from "../../stage/product.ts";
import { actor } from "../../stage/stage.ts";
import type { Party } from "../../target/target.ts";
import { check, control } from "../../verdict.ts";
import { connectedUser } from "../steps.ts";

const REMEDY =
  "Authenticate by HTTP Basic before anything else; compare the id and that client's secret exactly.";

/** What authenticates nobody, made from the credentials of the partner. */
interface BadCredentials {
  readonly slug: string;
  readonly what: string;
  /** Default: as it is. */
  id?(right: Party): string;
  /** Default: as it is. */
  secret?(right: Party): string;
  /** The Authorization header. Default: HTTP Basic with id and secret. */
  header?(right: Party): string | null;
}

const BAD: readonly BadCredentials[] = [
  { slug: "no-credentials", what: "no credentials", header: () => null },
  { slug: "wrong-secret", what: "a wrong secret", secret: () => WRONG_SECRET },
  { slug: "unknown-client", what: "an unknown client id", id: () => "nobody-0123456789" },
  { slug: "empty-secret", what: "an empty secret", secret: () => "" },
  { slug: "empty-id", what: "an empty client id", id: () => "" },
  { slug: "empty-credentials", what: "an empty id and secret", id: () => "", secret: () => "" },
  { slug: "swapped", what: "id and secret swapped", id: (p) => p.secret, secret: (p) => p.id },
  { slug: "longer-secret", what: "a character after the secret", secret: (p) => `${p.secret}0` },
  { slug: "shorter-secret", what: "a truncated secret", secret: (p) => p.secret.slice(0, -1) },
  { slug: "secret-case", what: "the secret in a different case", secret: otherCase },
  { slug: "secret-with-space", what: "a space after the secret", secret: (p) => `${p.secret} ` },
  { slug: "secret-wildcard", what: "% as the secret", secret: () => "%" },
  { slug: "no-colon", what: "credentials without a colon", header: (p) => `Basic ${encode(p.id)}` },
  {
    slug: "not-base64",
    what: "credentials that are not base64",
    header: ({ id, secret }) => `Basic ${id}:${secret}!`,
  },
  { slug: "no-parameter", what: "only the word Basic", header: () => "Basic" },
  {
    slug: "other-scheme",
    what: "the right credentials under another scheme",
    header: (partner) => basic(partner).replace("Basic", "Digest"),
  },
  {
    slug: "bearer-secret",
    what: "the secret as a bearer token",
    header: (p) => `Bearer ${p.secret}`,
  },
  {
    slug: "not-utf-8",
    what: "credentials that are not UTF-8",
    header: () => `Basic ${base64(Uint8Array.of(255, 58, 254))}`,
  },
  { slug: "long-header", what: "a 4 KB header", header: () => `Basic ${encode("x".repeat(3000))}` },
];

function bad({ slug, what, ...make }: BadCredentials): CaseSpec {
  return {
    slug,
    level: "MUST",
    requirements: ["G7.2", "G8.1"],
    title: `A request with ${what} gets no tokens and no 5xx status.`,
    remedy: REMEDY,
    needs: ["client", "connected-user"],
    run: async (stage) => {
      const partner = actor(stage, "partner");
      const publicId = await connectedUser(stage);
      await controlPublicId(stage, publicId);
      const id = make.id?.(partner) ?? partner.id;
      const secret = make.secret?.(partner) ?? partner.secret;
      const authorization = make.header ? make.header(partner) : basic({ id, secret });
      notGranted(await fetchTokens(stage, { publicId }, { authorization }));
    },
  };
}

const encode = (text: string) => base64(utf8(text));

function otherCase({ secret }: Party): string {
  return secret === secret.toUpperCase() ? secret.toLowerCase() : secret.toUpperCase();
}

/** Cases about credentials. */
export const CREDENTIALS: readonly CaseSpec[] = [
  {
    slug: "credentials",
    level: "MUST",
    requirements: ["G7.2"],
    title: "A client with valid credentials (HTTP Basic) gets tokens for a connected user.",
    remedy: REMEDY,
    needs: ["client", "connected-user"],
    run: async (stage) => {
      granted(await fetchTokens(stage, { publicId: await connectedUser(stage) }));
    },
  },
  {
    slug: "no-cookies",
    level: "SHOULD",
    requirements: ["G8"],
    title: "A request without credentials gets status 401 even after a successful one.",
    does: "Asks with credentials, then without them but with any cookie that was set.",
    remedy: "Do not keep sessions.",
    needs: ["client", "connected-user"],
    run: async (stage) => {
      const publicId = await connectedUser(stage);
      const first = await control("the request with credentials", async () => {
        const answer = await fetchTokens(stage, { publicId });
        granted(answer);
        return answer;
      });
      const cookie = (first.headers["set-cookie"] ?? "none=1").split(";")[0] ?? "";
      const body = { query: DOCUMENT, variables: { publicId } };
      const later = await graphql(stage, body, { authorization: null }, { cookie });
      check(later.status === 401, "status 401", describeAnswer(later));
    },
  },
  ...BAD.map(bad),
  {
    slug: "secret-of-another",
    level: "MUST",
    requirements: ["G7.2", "G8.1"],
    title: "A request with the secret of another client gets no tokens.",
    remedy: REMEDY,
    needs: ["client", "second-client", "connected-user"],
    run: async (stage) => {
      const { id } = actor(stage, "partner");
      const { secret } = actor(stage, "otherPartner");
      const publicId = await connectedUser(stage);
      await controlPublicId(stage, publicId);
      const authorization = basic({ id, secret });
      notGranted(await fetchTokens(stage, { publicId }, { authorization }));
    },
  },
  {
    slug: "query-string",
    level: "MUST",
    requirements: ["G7.2"],
    title: "Credentials in the query string do not authenticate a client.",
    remedy: "Read credentials from the Authorization header only: URLs are logged.",
    needs: ["client", "connected-user"],
    run: async (stage) => {
      const { id, secret } = actor(stage, "partner");
      const publicId = await connectedUser(stage);
      await controlPublicId(stage, publicId);
      const url = new URL(stage.target.endpoint);
      url.searchParams.set("client_id", id);
      url.searchParams.set("client_secret", secret);
      const target = { ...stage.target, endpoint: url.href };
      notGranted(await fetchTokens({ ...stage, target }, { publicId }, { authorization: null }));
    },
  },
  {
    slug: "scheme-case",
    level: "MUST",
    requirements: ["G7.2"],
    title: "The scheme name Basic is case-insensitive.",
    remedy: "Compare the scheme without regard to case (RFC 9110 §11.1).",
    needs: ["client", "connected-user"],
    run: async (stage) => {
      const authorization = basic(actor(stage, "partner")).replace("Basic", "bAsIc");
      const publicId = await connectedUser(stage);
      granted(await fetchTokens(stage, { publicId }, { authorization }));
    },
  },
];
