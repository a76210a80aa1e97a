/**
 * Keeps secrets out of reports: each is replaced by the same label everywhere, so that a reader still
 * sees which token was returned.
 * @module
 */
import { isObject } from "../base/encoding.ts";
import type { Legend } from "../results.ts";

/** The known secrets. */
export interface Secrets {
  /** Remembers a secret under a label. The first label stays. */
  add(secret: string, label: string): void;
  /** Remembers a secret as the next of its kind: `access token 1`, `access token 2` … */
  number(secret: string, kind: string, explain?: () => string): void;
  /** Remembers every token in a JSON response. */
  addTokens(json: unknown): void;
  /** The text with every secret in it replaced by `«label»`. */
  hide(text: string): string;
  /** The meanings of the labels in this text, as far as they can be revealed. */
  legend(text: string): readonly Legend[];
}

const TOKEN_FIELDS: Readonly<Record<string, string>> = {
  accessToken: "access token",
  access_token: "access token",
  refreshToken: "refresh token",
  refresh_token: "refresh token",
};

/** Creates an empty list that also includes the secrets of `parent`. */
export function createSecrets(parent?: Secrets): Secrets {
  const labels = new Map<string, string>();
  const explanations = new Map<string, () => string>();
  const counts = new Map<string, number>();
  const variants = new Map<string, string>();
  const secrets: Secrets = {
    add(secret, label) {
      if (secret === "" || labels.has(secret)) return;
      labels.set(secret, label);
      for (const variant of variantsOf(secret)) variants.set(variant, label);
    },
    number(secret, kind, explain) {
      if (labels.has(secret)) return;
      const count = (counts.get(kind) ?? 0) + 1;
      counts.set(kind, count);
      secrets.add(secret, `${kind} ${count}`);
      if (explain !== undefined) explanations.set(`${kind} ${count}`, explain);
    },
    addTokens(json) {
      if (Array.isArray(json)) json.forEach(secrets.addTokens);
      if (!isObject(json)) return;
      for (const [name, value] of Object.entries(json)) {
        const kind = TOKEN_FIELDS[name];
        if (typeof value !== "string") secrets.addTokens(value);
        else if (kind !== undefined && value.length >= 8) secrets.number(value, kind);
      }
    },
    hide(text) {
      const own = replaceAll(text, variants);
      return parent === undefined ? own : parent.hide(own);
    },
    legend: (text) =>
      [...explanations].filter(([label]) => text.includes(`«${label}»`))
        .map(([label, explain]) => ({ label, text: secrets.hide(explain()) })),
  };
  return secrets;
}

/** The spellings of a secret: as it is, in JSON, in a URL, in a form. */
function variantsOf(secret: string): ReadonlySet<string> {
  const form = new URLSearchParams({ s: secret }).toString().slice(2);
  return new Set([secret, JSON.stringify(secret).slice(1, -1), form.replaceAll("+", "%20"), form]);
}

/**
 * Replaces texts by labels, the longest first: a secret may begin with another. Characters of a private
 * area stand for the labels until all is replaced, so that no secret is found in a label.
 */
function replaceAll(text: string, labels: ReadonlyMap<string, string>): string {
  const found: string[] = [];
  let replaced = text.replace(/[\ue000-\uf8ff]/g, "\ufffd");
  for (const [secret, label] of [...labels].sort(([a], [b]) => b.length - a.length)) {
    if (!replaced.includes(secret)) continue;
    replaced = replaced.replaceAll(secret, String.fromCharCode(0xe000 + found.push(label) - 1));
  }
  return replaced.replace(/[\ue000-\uf8ff]/g, (char) => `«${found[char.charCodeAt(0) - 0xe000]}»`);
}
