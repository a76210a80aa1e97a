/**
 * Another process on the same SQLite file: started by the tests with a task, the file and a name.
 * @module
 */
import { writeSync } from "node:fs";
import process from "node:process";
import { createInterface } from "node:readline";
import { openSqliteStore } from "../../../adapters/store/sqlite.ts";
import { type Scene, sceneOn, sceneSettings } from "../../store-contract/scene.ts";

const [task = "", path = "", name = ""] = process.argv.slice(2);
const store = await openSqliteStore(path);
const scene = sceneOn([store], sceneSettings({ maxFamilies: 1000 }), name);

/** At once, and not when this process finds time for it: it may be killed any moment. */
function say(line: string): void {
  writeSync(1, `${line}\n`);
}

/** Redeems one consent after the other, eight at a time, and says which are done. */
async function redeemForever({ run, consent }: Scene): Promise<void> {
  let next = 0;
  await Promise.all(Array.from({ length: 8 }, async () => {
    for (;;) {
      const jti = `jti-${next++}`;
      const command = { type: "fetch", by: "consentToken", client: "partner" } as const;
      await run({ ...command, consent: consent({ jti }) });
      say(jti);
    }
  }));
}

/** Redeems ten consents that another process redeems too, and says what came of each. */
async function redeemInRace({ run, consent }: Scene, round: number): Promise<void> {
  for (let n = 0; n < 10; n++) {
    // From both ends, so that each process wins some.
    const jti = `jti-${round * 10 + (name === "1" ? n : 9 - n)}`;
    const command = { type: "fetch", by: "consentToken", client: "partner" } as const;
    const decision = await run({ ...command, consent: consent({ jti }) });
    const outcome = decision.outcome === "refused"
      ? decision.reason
      : `${decision.grant.repeated ? "repeated" : "first"} ${decision.grant.family}`;
    say(`${jti} ${outcome}`);
  }
}

say("ready");
if (task === "redeem-forever") await redeemForever(scene);
if (task === "redeem-in-race") {
  let round = 0;
  for await (const _go of createInterface({ input: process.stdin })) {
    await redeemInRace(scene, round++);
  }
}
await store.close();
