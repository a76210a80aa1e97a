/**
 * Texts to try: good ones with `{{names}}` for what only a running server can fill in, edits that break
 * them, nesting, and JSON as text, so that it can say what no value can.
 * @module
 */
import fc from "fast-check";
import { oddStrings } from "../tests/support/generators.ts";

/** What stands for `{{names}}` now. */
export type Names = Readonly<Record<string, string>>;

/** Fills in names; unknown ones stay. */
export function fill(text: string, names: Names): string {
  return text.replace(/\{\{(\w+)\}\}/g, (whole, name) => names[name] ?? whole);
}

/** A change at some place of a text, which is a fraction of its length. */
export interface Edit {
  readonly at: number;
  readonly remove: number;
  readonly insert: string;
  /** How often it is inserted. */
  readonly times: number;
}

const SPECIALS = [
  ..."{}[]()<>\"'`\\/:;,.=&%+-_*!?#@$|~^ \t\r\n\0\x7f",
  "\r\n",
  "\n\n",
  "\ufeff",
  "\ud800",
  "é",
  "😀",
  "\\u0000",
  "\\ud83d",
  "%00",
  "%ff",
  "0",
  "-1",
  "1e999",
  "9007199254740993",
  "null",
  "__proto__",
  "constructor",
];

/** A few edits; none is the simplest. */
export const edits: fc.Arbitrary<readonly Edit[]> = fc.array(
  fc.record({
    at: fc.nat(1000).map((part) => part / 1000),
    remove: fc.oneof({ weight: 4, arbitrary: fc.nat(3) }, fc.nat(200)),
    insert: fc.oneof(fc.constant(""), fc.constantFrom(...SPECIALS), fc.string({ maxLength: 8 })),
    times: fc.oneof(
      { weight: 20, arbitrary: fc.constant(1) },
      { weight: 2, arbitrary: fc.nat(50) },
      fc.nat(4000),
    ),
  }),
  { maxLength: 4 },
);

/** Edits a text. */
export function edit(text: string, changes: readonly Edit[]): string {
  return changes.reduce((before, { at, remove, insert, times }) => {
    const start = Math.floor(at * before.length);
    return before.slice(0, start) + insert.repeat(times) + before.slice(start + remove);
  }, text);
}

/** How deep or wide: mostly a little, sometimes as much as fits into a body. */
export function sizes(max: number): fc.Arbitrary<number> {
  return fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 0, max: 30 }) },
    fc.integer({ min: 0, max }),
  );
}

/** Something within itself, as often as fits; closed or not. */
export function nested(
  [open, inner, close]: readonly [string, string, string],
  max: number,
): fc.Arbitrary<string> {
  return fc.tuple(sizes(Math.floor(max / (open.length + close.length))), fc.boolean())
    .map(([depth, closed]) => open.repeat(depth) + inner + (closed ? close.repeat(depth) : ""));
}

/** Something next to itself. `#` becomes a number. */
export function repeated(piece: string, max: number): fc.Arbitrary<string> {
  return sizes(Math.floor(max / (piece.length + 4))).map((count) =>
    piece.includes("#")
      ? Array.from({ length: count }, (_, index) => piece.replaceAll("#", `${index}`)).join("")
      : piece.repeat(count)
  );
}

/** Strings that trip code up, and the names of secrets. */
export const oddTexts: fc.Arbitrary<string> = fc.oneof(
  oddStrings,
  fc.constantFrom(
    "{{access}}",
    "{{refresh}}",
    "{{consent}}",
    "{{secret}}",
    "{{client}}",
    "{{user}}",
    "{{canary}}",
  ),
);

const JSON_LEAVES = [
  "null",
  "true",
  "0",
  "-0",
  "1e999",
  "-1E-999",
  "123456789012345678901234567890",
  "0.1",
  '"\\ud800"',
  '"\\u0000\\udfff"',
  '"\\/\\b"',
  '""',
  "[]",
  "{}",
  "",
  "NaN",
  "01",
  "'a'",
  "\ufeff1",
  "\u2028",
];

/** JSON as text: deep, wide, with repeated and odd names, sometimes not quite JSON. */
export function jsonTexts(
  members: readonly string[] = [],
  max = 60_000,
): fc.Arbitrary<string> {
  const names = fc.oneof(fc.constantFrom("a", "__proto__", ...members), oddTexts);
  const { value } = fc.letrec<{ value: string }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      fc.constantFrom(...JSON_LEAVES),
      oddTexts.map((text) => JSON.stringify(text)),
      fc.array(tie("value"), { maxLength: 4 }).map((items) => `[${items.join(",")}]`),
      fc.array(fc.tuple(names, tie("value")), { maxLength: 5 }).map((entries) =>
        `{${entries.map(([name, inner]) => `${JSON.stringify(name)}:${inner}`).join(",")}}`
      ),
    ),
  }));
  return fc.oneof(
    { weight: 12, arbitrary: value },
    nested(["[", "", "]"], max),
    nested(['{"a":', "1", "}"], max),
    repeated('"a#",', max).map((items) => `[${items}0]`),
    repeated('"a#":#,', max).map((items) => `{${items}"a":0}`),
  );
}

/** An object as JSON text: a good one, of which members were replaced, dropped or added, then edited. */
export function objectTexts(
  good: Readonly<Record<string, string>>,
  max = 60_000,
): fc.Arbitrary<string> {
  const names = Object.keys(good);
  const changes = fc.array(
    fc.tuple(fc.constantFrom(...names, "a", "__proto__"), fc.option(jsonTexts(names, max))),
    { maxLength: 2 },
  );
  const doubled = fc.option(fc.constantFrom(...names), { freq: 3 });
  return fc.tuple(changes, doubled, edits, fc.nat(9)).map(([changed, twice, breaks, dice]) => {
    const members = new Map(Object.entries(good));
    for (const [name, text] of changed) {
      if (text === null) members.delete(name);
      else members.set(name, text);
    }
    const entries = [...members];
    if (twice !== null) entries.push([twice, good[twice] ?? "0"]);
    const text = `{${
      entries.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(",")
    }}`;
    return dice === 0 ? edit(text, breaks) : text;
  });
}
