/**
 * Reports a run of `node --test` in few lines: one per file, everything about a failure, the closing
 * counts. For `--test-reporter`, which on Node 20 loads no TypeScript.
 * @module
 */
import { relative } from "node:path";
import process from "node:process";

/** Turns the events of a run into lines. */
export default async function* report(events) {
  const began = performance.now();
  const outputs = new Map(); // what the tests of a file print comes at once, and out of order
  const failures = [];
  let files = 0;
  let file = null; // results come file by file: this one's now
  const closeFile = () => file === null ? "" : lineOf(file, ++files, performance.now() - began);
  for await (const { type, data } of events) {
    const path = data?.file === undefined ? null : relative(process.cwd(), data.file);
    if (type === "test:stdout" || type === "test:stderr") {
      outputs.set(path, (outputs.get(path) ?? "") + data.message);
    } else if (type === "test:diagnostic" && path === null) {
      yield closeFile();
      file = null;
      yield `ℹ ${data.message}\n`;
    } else if (path !== null && ["test:start", "test:pass", "test:fail"].includes(type)) {
      if (path !== file?.path) {
        yield closeFile();
        file = { path, titles: [], passed: 0, failed: 0 };
      }
      file.titles.splice(data.nesting, Infinity, data.name);
      if (type === "test:pass") file.passed += 1;
      if (type === "test:fail" && data.details.error.failureType !== "subtestsFailed") {
        file.failed += 1;
        failures.push(`${path}: ${file.titles.join(" > ")}`);
        yield describeFailure(file, data.details.error, outputs.get(path));
      }
    }
  }
  if (failures.length > 0) yield `\nFailed:\n${failures.map((line) => `  ${line}\n`).join("")}`;
}

function lineOf({ path, passed, failed }, count, milliseconds) {
  const seconds = `${Math.round(milliseconds / 1000)} s`.padStart(6);
  const outcome = failed === 0 ? `${passed} ok` : `${failed} FAILED, ${passed} ok`;
  return `${seconds} ${String(count).padStart(4)}  ${path}  ${outcome}\n`;
}

/** Everything about a failure, and how to see it again. */
function describeFailure({ path, titles }, error, output) {
  const { stack, message = String(error) } = error.cause ?? error;
  const printed = output === undefined ? "" : `\nPrinted by this file:\n${output}`;
  return `\n✖ ${path}\n  ${titles.join(" > ")}\n\n${stack ?? message}\n${printed}
Run it alone: node --import tsx --test ${selection(path, titles[0])}\n\n`;
}

/** What selects a test. One that stores share is selected by the file of one of them. */
function selection(path, title) {
  if (title.endsWith(path)) return path;
  const pattern = `--test-name-pattern="${title.replaceAll(/[^\w ,:-]/g, ".")}"`;
  return path.endsWith(".test.ts") ? `${pattern} ${path}` : `FILE, a test that imports ${path}`;
}
