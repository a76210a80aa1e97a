import assert from "node:assert/strict";
import { test } from "node:test";
import { judge, type Minute, type SoakOutcome } from "../../operations/soak.ts";

const MINUTE: Minute = {
  rate: 700,
  ok: 42_000,
  shed: 0,
  unsent: 0,
  wrong: [],
  p50: 3,
  p99: 20,
  max: 50,
  rss: 150e6,
  heap: 20e6,
  handles: 100,
  files: 120,
};
const OVERLOAD = { sent: 3000, rate: 600, shed: 9000, wrong: [], p50: 1000, p99: 2000, max: 3000 };
const OUTCOME: Omit<SoakOutcome, "findings"> = {
  capacity: 1000,
  minutes: Array.from({ length: 10 }, () => MINUTE),
  overload: OVERLOAD,
  recoverySeconds: 1,
};

/** An hour in which each minute differs by this much per minute from the one before. */
function growing(name: "rss" | "heap" | "handles" | "files" | "p50" | "p99", by: number) {
  const minutes = OUTCOME.minutes.map((minute, at) => ({
    ...minute,
    [name]: minute[name] + at * by,
  }));
  return { ...OUTCOME, minutes };
}

/** The last minute, changed. */
function ending(part: Partial<Minute>) {
  return { ...OUTCOME, minutes: [...OUTCOME.minutes, { ...MINUTE, ...part }] };
}

test("tool: the soak test judges a steady hour as steady, and names what grows or fails", () => {
  assert.deepEqual(judge(OUTCOME, 700), []);
  const findings: readonly (readonly [Omit<SoakOutcome, "findings">, RegExp])[] = [
    [growing("rss", 10e6), /^rss grew/],
    [growing("heap", 2e6), /^heap grew/],
    [growing("handles", 40), /^handles grew/],
    [growing("files", 40), /^files grew/],
    [growing("p50", 1), /^p50 grew/],
    [growing("p99", 15), /^p99 grew/],
    [ending({ rate: 600 }), /^minute 11: 600\/s of 700/],
    [ending({ shed: 1 }), /^minute 11: 1 requests were shed/],
    [ending({ wrong: ["500"] }), /^minute 11: 500/],
    [{ ...OUTCOME, overload: { ...OVERLOAD, wrong: ["reset"] } }, /^overload: reset/],
    [{ ...OUTCOME, overload: { ...OVERLOAD, shed: 0 } }, /nothing was shed/],
    [{ ...OUTCOME, overload: { ...OVERLOAD, rate: 100 } }, /only 100\/s were served/],
    [{ ...OUTCOME, recoverySeconds: null }, /no recovery/],
  ];
  for (const [outcome, text] of findings) assert.match(judge(outcome, 700).join("\n"), text);
});
