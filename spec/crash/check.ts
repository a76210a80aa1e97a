/**
 * After a restart: the unknown outcome of each story is found out, then everything that was told must
 * hold. What is lost, or done by half, is a finding.
 * @module
 */
import {
  fetchById,
  PARTNER,
  redeem,
  refresh,
  repeat,
  retryConsent,
  ROTATOR,
  type Stage,
  surelyValid,
} from "./acts.ts";
import { Contradiction, expect, type Family, isAlive, newest, type Story } from "./ledger.ts";

/** Checks a story and writes down what is wrong with it. @throws {Unanswered} */
export async function checkStory(stage: Stage, story: Story): Promise<void> {
  const unknown = story.unknown?.act;
  await judge(stage, story, unknown === undefined ? "lost" : "halfDone", async () => {
    await resolve(stage, story);
    if (!story.dropped) await confirm(stage, story);
  });
  stage.ledger.touched.delete(story);
}

/** Does some work on a story; a contradiction becomes a finding and ends the story. */
export async function judge(
  { ledger }: Stage,
  story: Story,
  kind: "lost" | "halfDone",
  work: () => Promise<void>,
): Promise<void> {
  const unknown = story.unknown === null ? "" : `, after an unanswered ${story.unknown.act}`;
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Contradiction)) throw error;
    story.dropped = true;
    ledger.findings.push({ kind, text: `${story.user}: ${error.message}${unknown}` });
  }
}

/** Checks the secret of the rotator. */
export async function checkRotation({ wire, ledger }: Stage): Promise<void> {
  const { rotation } = ledger;
  const works = (secret: string) => wire.authenticates({ ...ROTATOR, secret });
  if (rotation.unknown !== null && await works(rotation.unknown)) rotation.told = rotation.unknown;
  rotation.unknown = null;
  if (await works(rotation.told)) return;
  ledger.findings.push({ kind: "lost", text: "the newest secret of the rotator is refused" });
}

/** Finds out what came of the request that was not answered: all of it, or nothing. */
async function resolve(stage: Stage, story: Story): Promise<void> {
  const { unknown } = story;
  switch (unknown?.act) {
    case undefined:
      return;
    case "begin": // two requests of an operator in one: either may be done
      story.dropped = true;
      return;
    case "redeem":
      await redeem(stage, story, unknown.consent);
      break;
    case "refresh":
      await refresh(stage, story, unknown.family);
      break;
    case "revoke":
      unknown.family.revoked = await introspect(stage, unknown.family) === null;
      break;
    case "narrow":
      await fetchById(stage, story);
      story.scope = await introspect(stage, story.families.at(-1) as Family) ?? "none";
      break;
    case "end":
      if (await isOver(stage, story)) story.ended = unknown.ending;
      break;
  }
  story.unknown = null;
}

/** Whether the public id gives nothing any more. If it does, that is one more family, not kept. */
async function isOver(stage: Stage, story: Story): Promise<boolean> {
  const answer = await stage.wire.fetchTokens(PARTNER, { publicId: story.user });
  return answer.refreshToken === null;
}

/** Everything that was told holds. */
async function confirm(stage: Stage, story: Story): Promise<void> {
  for (const family of story.families) await confirmFamily(stage, story, family);
  if (story.ended === null) return;
  const code = story.ended === "delete" ? "NO_USER" : "NO_CONSENT";
  const byId = await stage.wire.fetchTokens(PARTNER, { publicId: story.user });
  expect(byId.code === code, `after "${story.ended}" the public id was answered ${byId.code}`);
  const { spare } = story;
  const bySpare = await stage.wire.fetchTokens(PARTNER, { consentToken: spare.token });
  expect(
    bySpare.code === code || (bySpare.code === "INVALID_TOKEN" && !surelyValid(spare)),
    `after "${story.ended}" a consent token from before was answered ${bySpare.code}`,
  );
}

async function confirmFamily(stage: Stage, story: Story, family: Family): Promise<void> {
  const alive = isAlive(story, family);
  const scope = await introspect(stage, family);
  expect(!alive || scope !== null, "the newest refresh token of a live family is inactive");
  expect(alive || scope === null, "the newest refresh token of an ended family is active");
  expect(!alive || scope === story.scope, `the scope is "${scope}" for "${story.scope}"`);
  const authorized = await stage.wire.authorizes(family.access);
  expect(authorized === alive, `an access token is ${alive ? "refused" : "accepted"}`);
  if (alive) await repeat(stage, family);
  else {
    const { error } = await stage.wire.refresh(PARTNER, newest(family));
    expect(error === "invalid_grant", "a refresh token of an ended family was swapped");
  }
  await retryConsent(stage, story, family);
}

function introspect({ wire }: Stage, family: Family): Promise<string | null> {
  return wire.introspect(PARTNER, newest(family));
}
