/**
 * Text, escaped for HTML and XML.
 * @module
 */

/** Markup that is safe to insert. */
export interface Markup {
  readonly safe: string;
}

/** A value in a template: texts are escaped, markup and lists of it are not. */
export type Part = string | number | null | Markup | readonly Part[];

/** Markup from a template. (Not called `html`: formatters would reformat its content.) */
export function markup(texts: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  const safe = texts.reduce((all, text, index) => all + text + render(parts[index] ?? null), "");
  return { safe };
}

function render(part: Part): string {
  if (part === null) return "";
  if (typeof part === "string") return escapeText(part);
  if (typeof part === "number") return String(part);
  return "safe" in part ? part.safe : part.map(render).join("");
}

const FORBIDDEN =
  // deno-lint-ignore no-control-regex
  /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Escaped text, with only characters that XML 1.0 allows. */
export function escapeText(text: string): string {
  return text
    .replace(FORBIDDEN, "\ufffd")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
