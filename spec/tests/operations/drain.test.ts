import assert from "node:assert/strict";
import { test } from "node:test";
import { replaceUnderLoad } from "../../operations/drain.ts";
import { withFolder } from "../support/folder.ts";

/** `npm run prove:drain` does the same for longer. */
test("A3, SY-41: a server is replaced under load, and no request through a proxy fails", () =>
  withFolder(async (folder) => {
    // Five times as long as the proxies take to notice.
    const { clients, codes } = await replaceUnderLoad({ folder, stops: 1, drainSeconds: 1 });
    assert.deepEqual(codes, [0]);
    assert.equal(clients.length, 4);
    for (const { requests, failed, retried, ...who } of clients) {
      assert.deepEqual({ ...who, failed, retried }, { ...who, failed: 0, retried: 0 });
      assert.ok(requests > 8, `${who.proxy}: there was no load`);
    }
  }));
