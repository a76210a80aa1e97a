/**
 * How deep brackets nest in a text that nobody has parsed yet. Parsers recurse, and so does whatever
 * walks their result: a text that is too deep is refused before either (A2).
 * @module
 */

/**
 * Whether brackets nest deeper than `limit`, for JSON and GraphQL alike. Strings, block strings and
 * comments are skipped. After the first error of the text the answer means nothing, as no parser gets
 * there. Work is linear, without recursion.
 */
export function nestsDeeperThan(limit: number, text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === "{" || char === "[" || char === "(") {
      if (++depth > limit) return true;
    } else if (char === "}" || char === "]" || char === ")") depth--;
    else if (char === "#") at = endOfLine(text, at);
    else if (text.startsWith('"""', at)) at = endOfString(text, at + 3, '"""');
    else if (char === '"') at = endOfString(text, at + 1, '"');
  }
  return false;
}

/** The index of the last character of the closing quotes, or the length of the text. */
function endOfString(text: string, from: number, quotes: string): number {
  for (let at = from; at < text.length; at++) {
    if (text.startsWith(quotes, at)) return at + quotes.length - 1;
    if (text.charAt(at) !== "\\") continue;
    if (quotes.length === 1) at++;
    else if (text.startsWith(quotes, at + 1)) at += quotes.length; // the one escape in a block string
  }
  return text.length;
}

function endOfLine(text: string, from: number): number {
  let at = from;
  while (at < text.length && text.charAt(at) !== "\n" && text.charAt(at) !== "\r") at++;
  return at;
}
