/**
 * Strict readers of TAP and XML, to check that the reports are what they claim to be.
 * @module
 */

/** A test point of TAP. */
export interface TapPoint {
  readonly ok: boolean;
  readonly text: string;
  readonly directive: "SKIP" | "TODO" | null;
  /** The lines of its YAML block. */
  readonly details: readonly string[];
}

/** Reads TAP 14. @throws {SyntaxError} where a line is none of TAP's. */
export function readTap(
  text: string,
): { readonly plan: number; readonly points: readonly TapPoint[] } {
  const [version, ...lines] = text.trimEnd().split("\n");
  if (version !== "TAP version 14") throw new SyntaxError("TAP: no version");
  let plan = -1;
  const points: (TapPoint & { details: string[] })[] = [];
  let inBlock = false;
  for (const line of lines) {
    const point = /^(not )?ok (\d+) - ((?:[^#\\]|\\.)*?)(?: # (SKIP|TODO)\b.*)?$/.exec(line);
    if (line === "  ---" || line === "  ...") inBlock = line === "  ---";
    else if (inBlock && line.startsWith("  ")) points.at(-1)?.details.push(line);
    else if (/^1\.\.\d+$/.test(line)) plan = Number(line.slice(3));
    else if (point !== null && Number(point[2]) === points.length + 1) {
      const directive = (point[4] ?? null) as TapPoint["directive"];
      points.push({ ok: point[1] === undefined, text: point[3] ?? "", directive, details: [] });
    } else if (!line.startsWith("#")) throw new SyntaxError(`TAP: ${line}`);
  }
  if (plan !== points.length || inBlock) throw new SyntaxError("TAP: the plan does not hold");
  return { plan, points };
}

/** An element of XML. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
}

const TAG = /<(\/?)([A-Za-z][\w-]*)((?:\s+[A-Za-z][\w-]*="[^"<]*")*)\s*(\/?)>|([^<]+)|(<)/gy;

/** Reads XML without declarations of types. @throws {SyntaxError} where it is not well-formed. */
export function readXml(text: string): XmlElement {
  // deno-lint-ignore no-control-regex
  if (/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/.test(text)) {
    throw new SyntaxError("XML: a forbidden character");
  }
  if (/&(?!(?:amp|lt|gt|quot|apos|#\d+);)/.test(text)) {
    throw new SyntaxError("XML: an unknown entity");
  }
  const top: XmlElement & { children: XmlElement[] } = { name: "", attributes: {}, children: [] };
  const open = [top];
  for (const match of text.replace(/^<\?xml [^?]*\?>\s*/, "").trim().matchAll(TAG)) {
    const [found, closing, name = "", attributes = "", empty, , stray] = match;
    if (stray !== undefined) throw new SyntaxError(`XML: a stray < at ${match.index}`);
    if (name === "") continue;
    if (closing) {
      if (open.pop()?.name !== name) throw new SyntaxError(`XML: ${found} closes nothing`);
    } else {
      const element = { name, attributes: readAttributes(attributes), children: [] };
      open.at(-1)?.children.push(element);
      if (!empty) open.push(element);
    }
  }
  const [root, ...more] = top.children;
  if (open.length !== 1 || root === undefined || more.length > 0) {
    throw new SyntaxError("XML: not one element");
  }
  return root;
}

function readAttributes(text: string): Readonly<Record<string, string>> {
  const pairs = [...text.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, name = "", value = ""]) =>
    [name, unescape(value)] as const
  );
  if (new Set(pairs.map(([name]) => name)).size < pairs.length) {
    throw new SyntaxError("XML: an attribute twice");
  }
  return Object.fromEntries(pairs);
}

function unescape(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll(
    "&amp;",
    "&",
  );
}
