/**
 * The mixed load of a soak test: users with token families, one request at a time each.
 * @module
 */
import { Agent, request } from "node:http";
import { DEMO_ISSUER_KEY } from "../../adapters/dev/demo.ts";
import { mintConsentToken } from "../../adapters/dev/mint.ts";
import { PATHS } from "../../adapters/http/metadata.ts";
import { createRandom, type Random } from "../conformance/base/random.ts";
import type { Login } from "../crash/wire.ts";
import { AUDIENCE, ISSUER, MERCHANT, PARTNER, SCOPE, userId, USERS } from "./soak-server.ts";

/** What came of a request: as expected, refused for lack of capacity, or wrong, in words. */
export type Result = "ok" | "shed" | { readonly wrong: string };

/** Sends requests of the mix. */
export interface Load {
  /** Sends the next request, or nothing if every user has one under way. */
  send(): Promise<Result> | null;
  /** Requests under way. */
  readonly running: () => number;
  close(): void;
}

interface Holder {
  readonly user: string;
  /** The newest refresh token of each family, oldest family first. */
  readonly families: string[];
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

type Act = (holder: Holder) => Promise<Result>;

/** A connection keeps 50 families; the oldest ones are evicted first. */
const MOST_FAMILIES = 8;
const MUTATION = "mutation ($publicId: String, $consentToken: String) { fetchTokensForUser(" +
  "publicId: $publicId, consentToken: $consentToken) { refreshToken userErrors { code } } }";
const STRANGER: Login = { id: PARTNER.id, secret: "not-the-secret-of-the-soak-partner" };

/** Creates the load for a server. */
export function createLoad(origin: string, seed: number, sockets: number): Load {
  const random = createRandom(seed);
  const agent = new Agent({ keepAlive: true, maxSockets: sockets, scheduling: "lifo" });
  const post = createPost(origin, agent);
  const act = createMix(random, post);
  const idle = Array.from({ length: USERS }, (_, index): Holder => ({
    user: userId(index),
    families: [],
  }));
  let running = 0;
  const run = async (holder: Holder): Promise<Result> => {
    try {
      return await act(holder);
    } catch (error) {
      return { wrong: String(error) };
    } finally {
      idle.push(holder);
      running -= 1;
    }
  };
  return {
    send() {
      const [holder] = idle.splice(random.below(idle.length), 1);
      if (holder === undefined) return null;
      running += 1;
      return run(holder);
    },
    running: () => running,
    close: () => agent.destroy(),
  };
}

type Post = (path: string, login: Login, body: object | URLSearchParams) => Promise<Answer>;

function createPost(origin: string, agent: Agent): Post {
  const { hostname: host, port } = new URL(origin);
  return (path, { id, secret }, body) => {
    const isForm = body instanceof URLSearchParams;
    const text = isForm ? body.toString() : JSON.stringify(body);
    const headers = {
      authorization: `Basic ${btoa(`${id}:${secret}`)}`,
      "content-type": isForm ? "application/x-www-form-urlencoded" : "application/json",
      "content-length": text.length,
    };
    return new Promise((resolve, reject) => {
      const sent = request({ host, port, path, method: "POST", headers, agent }, (response) => {
        let received = "";
        response.setEncoding("utf8").on("data", (chunk: string) => received += chunk);
        response.once("end", () => resolve({ status: response.statusCode ?? 0, text: received }));
        response.once("error", reject);
      });
      sent.once("error", reject).end(text);
    });
  };
}

/** Picks what to do: most requests refresh or introspect. */
function createMix(random: Random, post: Post): Act {
  const acts = createActs(random, post);
  return (holder) => {
    const dice = random.below(100);
    if (dice < 5) return acts.refusal(holder);
    if (dice < 20 || holder.families.length === 0) return acts.fetch(holder);
    if (dice < 35) return acts.redeem(holder);
    if (dice < 40) return acts.revoke(holder);
    if (dice < 60) return acts.introspect(holder);
    return acts.refresh(holder);
  };
}

function createActs(random: Random, post: Post) {
  const mutate = (variables: object) =>
    post(PATHS.partners, PARTNER, { query: MUTATION, variables });
  const form = (path: string, token: string, more: object = {}, login = PARTNER) =>
    post(path, login, new URLSearchParams({ token, ...more }));
  const refresh = (token: string) =>
    form(PATHS.token, "", { grant_type: "refresh_token", refresh_token: token });
  const keep = (holder: Holder, answer: Answer): Result => {
    const token = /"refreshToken":"([^"]+)"/.exec(answer.text)?.[1];
    if (token === undefined) return judge(answer, false);
    holder.families.push(token);
    if (holder.families.length > MOST_FAMILIES) holder.families.shift();
    return "ok";
  };
  return {
    fetch: async (holder: Holder) => keep(holder, await mutate({ publicId: holder.user })),
    async redeem(holder: Holder) {
      const consentToken = await mint(holder.user);
      return keep(holder, await mutate({ consentToken }));
    },
    async refresh(holder: Holder) {
      const at = random.below(holder.families.length);
      const answer = await refresh(holder.families[at] ?? "");
      const token = /"refresh_token":"([^"]+)"/.exec(answer.text)?.[1];
      if (token !== undefined) holder.families[at] = token;
      return judge(answer, token !== undefined);
    },
    async introspect(holder: Holder) {
      const answer = await form(PATHS.introspect, random.pick(holder.families));
      return judge(answer, answer.text.includes('"active":true'));
    },
    async revoke(holder: Holder) {
      const [token = ""] = holder.families.splice(random.below(holder.families.length), 1);
      const answer = await form(PATHS.revoke, token);
      return judge(answer, answer.status === 200);
    },
    async refusal({ user }: Holder) {
      const answer = await random.pick([
        async () => judgeText(await mutate({ publicId: `${user}-not` }), "NO_USER"),
        async () => judgeText(await mutate({ consentToken: `${user}.not.valid` }), "INVALID_TOKEN"),
        async () => judgeText(await refresh(user), "invalid_grant"),
        async () => {
          const refused = await form(PATHS.introspect, user, {}, STRANGER);
          return judge(refused, refused.status === 401 || refused.status === 429);
        },
      ])();
      return answer;
    },
  };
}

function judgeText(answer: Answer, text: string): Result {
  return judge(answer, answer.text.includes(text));
}

function judge({ status, text }: Answer, isRight: boolean): Result {
  if (isRight) return "ok";
  if (status === 503 || status === 429) return "shed";
  return { wrong: `${status} ${text.slice(0, 200)}` };
}

function mint(user: string): Promise<string> {
  return mintConsentToken({
    key: DEMO_ISSUER_KEY,
    issuer: ISSUER,
    audience: AUDIENCE,
    user,
    client: PARTNER.id,
    merchant: MERCHANT.id,
    scope: SCOPE,
    now: Math.floor(Date.now() / 1000),
  });
}
