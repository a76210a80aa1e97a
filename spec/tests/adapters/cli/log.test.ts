/** The log: bounded, and never in the way of the server. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync, readSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { createLogQuota } from "../../../../adapters/cli/log-quota.ts";
import { createLineSink, type Write } from "../../../../adapters/cli/log-sink.ts";
import { openServerLog } from "../../../../adapters/cli/server-log.ts";
import { until, withServer } from "../../support/cli.ts";
import { withFolder } from "../../support/folder.ts";

/** A reader that can be told to fail, and to take only so many bytes at a time. */
function createReader() {
  const reader = { text: "", fails: false, atOnce: Infinity, writes: 0 };
  const write: Write = (bytes) => {
    if (reader.fails) return Promise.reject(new Error("ENOSPC"));
    reader.writes++;
    const taken = bytes.subarray(0, reader.atOnce);
    reader.text += new TextDecoder().decode(taken);
    return Promise.resolve(taken.length);
  };
  return { reader, write };
}

const lines = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => `line ${from + index}\n`);

test("A3, SY-20: lines that find the buffer full are dropped, counted and told of once they can be", async () => {
  const { reader, write } = createReader();
  const sink = createLineSink(write, (lost) => `lost ${lost}\n`, 60);
  reader.fails = true;
  for (const line of lines(0, 100)) sink.write(line);
  await until(() => false, 50);
  reader.fails = false;
  assert.equal(await sink.close(5_000), true);
  const kept = lines(0, 8); // 56 bytes
  assert.equal(reader.text, `${kept.join("")}lost 92\n`);
  sink.write("later\n");
  await sink.close(5_000);
  assert.equal(reader.text, `${kept.join("")}lost 92\nlater\n`);
});

test("A3: a reader that takes a few bytes at a time gets every line, whole and in order", async () => {
  const { reader, write } = createReader();
  reader.atOnce = 5;
  const sink = createLineSink(write, String);
  for (const line of lines(0, 50)) sink.write(line);
  await sink.close(5_000);
  assert.equal(reader.text, lines(0, 50).join(""));
});

test("A3: the lines of one turn of the event loop are one write", async () => {
  const { reader, write } = createReader();
  const sink = createLineSink(write, String);
  for (const line of lines(0, 50)) sink.write(line);
  await sink.close(5_000);
  assert.equal(reader.writes, 1);
});

test("A3, SY-20: closing waits for a reader that stalls only so long", async () => {
  const sink = createLineSink(() => new Promise<number>(() => {}), String);
  sink.write("line\n");
  assert.equal(await sink.close(20), false);
});

test("A3, SY-21: of what strangers cause, so many lines a second are written; the rest is summed", () => {
  const quota = createLogQuota(2);
  const admitted = (kind: string, record: object) =>
    [1, 2, 3, 4].filter(() => quota.admit(kind, { ...record })).length;
  assert.equal(admitted("request", { status: 401, outcome: "invalid_client" }), 2);
  assert.equal(admitted("request", { status: 404, outcome: "ok" }), 0);
  assert.equal(admitted("request", { status: 200, outcome: "granted", client: "partner" }), 4);
  const wrong = { action: "authenticate", outcome: "refused", client: "partner", reason: "wrong" };
  assert.equal(admitted("audit", wrong), 2);
  assert.equal(admitted("audit", { action: "use", outcome: "refused", reason: "malformed" }), 0);
  assert.equal(admitted("audit", { ...wrong, action: "refresh" }), 4);
  assert.equal(admitted("audit", { action: "register-user", outcome: "granted" }), 4);
  assert.deepEqual(quota.endSecond(), {
    leftOut: 12,
    sorts: {
      "request 401 invalid_client": 2,
      "request 404 ok": 4,
      "audit authenticate wrong": 2,
      "audit use malformed": 4,
    },
  });
  assert.equal(quota.endSecond(), null);
  assert.equal(admitted("request", { status: 401, outcome: "invalid_client" }), 2);
});

test("A3, SY-21: the sum is a line of the log, for machines and for people", async () => {
  const { reader, write } = createReader();
  for (const json of [true, false]) {
    const log = openServerLog({ json, write, clock: { now: () => 5_000 } });
    const request = log.of("request");
    for (let sent = 0; sent < 100; sent++) request({ status: 404, outcome: "ok" });
    await log.close(5_000);
  }
  const written = reader.text.trimEnd().split("\n");
  assert.equal(written.length, 42);
  const sum = { kind: "log", at: 5, leftOut: 80, sorts: { "request 404 ok": 80 } };
  assert.deepEqual(JSON.parse(written[20] ?? ""), sum);
  assert.equal(written[41], '00:00:05 log     leftOut=80 sorts={"request 404 ok":80}');
});

/** Answers to requests that cause `bytes` of log at the very least, were it not for its bounds. */
async function flood(url: string, requests: number): Promise<readonly number[]> {
  const statuses = new Set<number>();
  for (let sent = 0; sent < requests; sent += 50) {
    const answers = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const answer = await fetch(`${url}/healthz`);
        await answer.text();
        return answer.status;
      }),
    );
    for (const status of answers) statuses.add(status);
  }
  return [...statuses];
}

/** A pipe: the end to write to, and the other. */
function openPipe(folder: string): { readonly write: number; readonly read: number } {
  const path = join(folder, "pipe");
  execFileSync("mkfifo", [path]);
  const read = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return { read, write: openSync(path, constants.O_WRONLY) };
}

const onPosix = { skip: process.platform === "win32" };

for (const failure of ["full disk", "reader gone", "reader stalled"] as const) {
  test(
    `A3, SY-20: ${failure}: the server goes on, and stops when asked`,
    onPosix,
    () =>
      withFolder(async (folder) => {
        const pipe = failure === "full disk" ? null : openPipe(folder);
        const stderr = pipe?.write ?? openSync("/dev/full", "w");
        if (pipe !== null) {
          // As if its reader had stalled long ago; one line more does not fit.
          if (failure === "reader stalled") {
            execFileSync("sh", ["-c", "head -c 65536 /dev/zero >&2"], {
              stdio: ["ignore", "ignore", stderr],
            });
          } else closeSync(pipe.read);
        }
        const { code } = await withServer(
          ["--dev", "--data", folder],
          async ({ url, stop, ended }) => {
            assert.deepEqual(await flood(url, 500), [200]);
            const begun = performance.now();
            stop();
            await ended;
            assert.ok(performance.now() - begun < 5_000);
          },
          { stderr },
        );
        assert.equal(code, 0);
        closeSync(stderr);
        if (failure === "reader stalled" && pipe !== null) closeSync(pipe.read);
      }),
  );
}

test(
  "A3, SY-21: the line that counts what was left out arrives through a pipe",
  onPosix,
  () =>
    withFolder(async (folder) => {
      const pipe = openPipe(folder);
      const bytes = new Uint8Array(65_536);
      let text = "";
      const read = () => {
        try {
          for (let count = 1; count > 0;) {
            count = readSync(pipe.read, bytes);
            text += new TextDecoder().decode(bytes.subarray(0, count));
          }
        } catch {
          // Nothing is there to read.
        }
        return text.includes('"kind":"log"');
      };
      await withServer(["--dev", "--data", folder], async ({ url }) => {
        await flood(url, 500);
        await until(read);
      }, { stderr: pipe.write });
      closeSync(pipe.write);
      closeSync(pipe.read);
      const sums = text.split("\n").filter((line) => line.includes('"kind":"log"'));
      assert.match(sums[0] ?? "", /"leftOut":\d+,"sorts":\{"request 200 ok":\d+\}/);
    }),
);
