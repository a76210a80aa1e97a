/**
 * Sends an action to the implementation, and reads its answer.
 * @module
 */
import {
  describeAnswer,
  describeReply,
  fetchTokens,
  granted,
  introspect,
  isAlive,
  redeem,
  refresh,
  refreshed,
  revokeToken,
} from "../stage/product.ts";
import { freeze, harness, type Stage } from "../stage/stage.ts";
import { offered, type Party } from "../target/target.ts";
import type { Play } from "./scene.ts";
import type { Action, Answer } from "./world.ts";

/** Asks the implementation, or sets its stage. */
export async function perform(play: Play, action: Action): Promise<Answer> {
  const { stage } = play;
  const as = play.parties.find((party) => "client" in action && party.id === action.client);
  switch (action.do) {
    case "fetch":
      return readFetch(await fetchTokens(stage, { publicId: action.publicId }, as));
    case "redeem":
      return readFetch(await redeem(stage, action.token, as));
    case "refresh": {
      const more = action.scope === null ? {} : { scope: action.scope };
      return readRefresh(await refresh(stage, action.token, as, more));
    }
    case "introspect":
      return await readLiveness(stage, action.token, as);
    case "revoke-token": {
      const { status } = await revokeToken(stage, action.token, as);
      return status === 200 ? { said: "done" } : { said: "refused", code: `status ${status}` };
    }
    case "advance":
      await freeze(stage, play.now + action.seconds);
      return { said: "done" };
    case "connect": {
      const { user, client, scope } = action;
      await harness(stage, "seed", { connections: [{ user, client, scope }] });
      return { said: "done" };
    }
    case "narrow":
    case "revoke": {
      const { do: name, via, ...rest } = action;
      await harness(stage, name, { ...rest, ...(via !== null && { via }) } as never);
      return { said: "done" };
    }
    case "disconnect":
    case "user-status":
    case "client-status":
    case "client-scope": {
      const { do: name, ...rest } = action;
      await harness(stage, name, rest as never);
      return { said: "done" };
    }
    case "register-client":
    case "register-user":
      return { said: "done" };
  }
}

function readFetch(answer: Awaited<ReturnType<typeof fetchTokens>>): Answer {
  if (answer.status === 401) return { said: "refused", code: "invalid_client" };
  if (answer.code !== null) return { said: "refused", code: answer.code };
  if (answer.payload === null) return { said: "refused", code: describeAnswer(answer) };
  const { publicId } = answer.payload;
  return {
    said: "tokens",
    ...granted(answer),
    publicId: typeof publicId === "string" ? publicId : "",
  };
}

function readRefresh(reply: Awaited<ReturnType<typeof refresh>>): Answer {
  if (reply.status === 200) return { said: "tokens", ...refreshed(reply), publicId: null };
  const { error } = (reply.json ?? {}) as { readonly error?: string };
  return { said: "refused", code: error ?? describeReply(reply) };
}

async function readLiveness(stage: Stage, token: string, as: Party | undefined): Promise<Answer> {
  if (stage.target.endpoints.introspection === undefined) {
    return { said: await isAlive(stage, token) ? "active" : "inactive", scope: null };
  }
  const { active, members } = await introspect(stage, token, offered(as, "client"));
  return active ? { said: "active", scope: String(members["scope"]) } : { said: "inactive" };
}

/** An answer in a few words; empty for what a harness did. */
export function answerText(answer: Answer): string {
  switch (answer.said) {
    case "tokens":
      return `tokens with scope "${answer.scope}", ${answer.expiresIn} s`;
    case "refused":
      return answer.code;
    case "active":
      return answer.scope === null ? "active" : `active with scope "${answer.scope}"`;
    case "inactive":
      return "inactive";
    case "done":
      return "";
  }
}
