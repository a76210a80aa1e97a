/**
 * Other methods, paths and content types than those of the mutation (G7, A2).
 * @module
 */
import type { CaseSpec } from "../../case.ts";
import { basic, controlPublicId, DOCUMENT } from "../../stage/product.ts";
import { actor, type Stage, unknownUser } from "../../stage/stage.ts";
import { check, equal } from "../../verdict.ts";
import type { Reply } from "../../wire/wire.ts";
import { clientError, connectedUser } from "../steps.ts";

/** A request by the partner that is not the ordinary one. */
interface Unusual {
  /** Default POST. */
  readonly method?: string;
  /** Default: the endpoint of the mutation. */
  readonly url?: string;
  readonly contentType?: string;
  readonly body?: string;
}

function send(stage: Stage, { method = "POST", url, contentType, body }: Unusual): Promise<Reply> {
  return stage.wire.send({
    label: `partner: ${method} ${contentType ?? ""}`.trim(),
    method,
    url: url ?? stage.target.endpoint,
    headers: {
      authorization: basic(actor(stage, "partner")),
      accept: "application/json",
      ...(contentType !== undefined && { "content-type": contentType }),
    },
    ...(body !== undefined && { body }),
  });
}

function sendByGet(stage: Stage, publicId: string): Promise<Reply> {
  const url = new URL(stage.target.endpoint);
  const field = `fetchTokensForUser(publicId: ${JSON.stringify(publicId)}) { accessToken }`;
  url.searchParams.set("query", `mutation { ${field} }`);
  return send(stage, { method: "GET", url: url.href });
}

function noTokens({ text }: Reply): void {
  check(!/"accessToken":\s*"/.test(text), "no tokens", "tokens");
}

const json = (publicId: string) => JSON.stringify({ query: DOCUMENT, variables: { publicId } });

/** A body of another content type. */
interface OtherType {
  readonly slug: string;
  readonly type: string;
  readonly because: string;
  encode(publicId: string): string;
}

const SIMPLE_REQUEST = "A web page can send this type cross-origin without a preflight request.";

const OTHER_TYPES: readonly OtherType[] = [
  { slug: "text-plain", type: "text/plain", because: SIMPLE_REQUEST, encode: json },
  {
    slug: "form",
    type: "application/x-www-form-urlencoded",
    because: SIMPLE_REQUEST,
    encode: (publicId) => {
      const variables = JSON.stringify({ publicId });
      return new URLSearchParams({ query: DOCUMENT, variables }).toString();
    },
  },
  {
    slug: "multipart",
    type: "multipart/form-data; boundary=x",
    because: SIMPLE_REQUEST,
    encode: (publicId) => {
      const part = 'Content-Disposition: form-data; name="operations"';
      return ["--x", part, "", json(publicId), "--x--", ""].join("\r\n");
    },
  },
  {
    slug: "graphql-document",
    type: "application/graphql",
    because: "GraphQL over HTTP does not define a body that is the document itself.",
    encode: (publicId) =>
      `mutation { fetchTokensForUser(publicId: ${JSON.stringify(publicId)}) { accessToken } }`,
  },
];

function otherType({ slug, type, because, encode }: OtherType): CaseSpec {
  return {
    slug,
    level: "SHOULD",
    requirements: ["G7"],
    attacks: ["IN-10"],
    title: `A body of type ${type.split(";")[0]} gets status 415 and no tokens.`,
    remedy: `Return 415 before reading the body: accept only application/json. ${because}`,
    needs: ["client", "connected-user"],
    run: async (stage) => {
      const publicId = await connectedUser(stage);
      await controlPublicId(stage, publicId);
      const reply = await send(stage, { contentType: type, body: encode(publicId) });
      noTokens(reply);
      equal(reply.status, 415, "status");
    },
  };
}

/** Cases about requests. */
export const REQUESTS: readonly CaseSpec[] = [
  {
    slug: "get",
    level: "MUST",
    requirements: ["G7.3"],
    attacks: ["IN-10"],
    title: "A mutation sent by GET gets a 4xx status and is not executed.",
    remedy:
      "Return 405: GraphQL over HTTP forbids mutations by GET, as a link must not change anything.",
    needs: ["client", "connected-user"],
    run: async (stage) => {
      const publicId = await connectedUser(stage);
      await controlPublicId(stage, publicId);
      const reply = await sendByGet(stage, publicId);
      noTokens(reply);
      clientError(reply, "status 405");
    },
  },
  {
    slug: "get-status",
    level: "SHOULD",
    requirements: ["G7"],
    title: "A mutation sent by GET gets status 405.",
    remedy: "Return 405 with Allow: POST, whatever the query string: compare only the path.",
    needs: ["client"],
    run: async (stage) => equal((await sendByGet(stage, "x")).status, 405, "status"),
  },
  {
    slug: "other-methods",
    level: "SHOULD",
    requirements: ["G7", "A2"],
    title: "PUT, PATCH and DELETE get a 4xx status.",
    remedy: "Return 405 with Allow: POST before looking at the body.",
    needs: ["client"],
    run: async (stage) => {
      for (const method of ["PUT", "PATCH", "DELETE"]) {
        const body = json(unknownUser());
        const reply = await send(stage, { method, contentType: "application/json", body });
        clientError(reply, `a 4xx status for ${method}`);
      }
    },
  },
  {
    slug: "unknown-path",
    level: "SHOULD",
    requirements: ["A2"],
    title: "An unknown path gets status 404 (or 401).",
    remedy: "Return 404: compare whole paths, not prefixes.",
    needs: ["client"],
    run: async (stage) => {
      const url = new URL("/there-is-nothing-here.json", stage.target.endpoint).href;
      const { status } = await send(stage, { url, contentType: "application/json", body: "{}" });
      check(status === 404 || status === 401, "status 404", `status ${status}`);
    },
  },
  ...OTHER_TYPES.map(otherType),
];
