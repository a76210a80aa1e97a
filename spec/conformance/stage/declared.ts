/**
 * Answers of the mutation against the types that the vendor declares (G2–G4). Every answer of a run is
 * checked here, whatever its case looks at; one case reports what was found.
 * @module
 */
import { isObject } from "../base/encoding.ts";
import type { Exchange } from "../results.ts";
import { show } from "../verdict.ts";

/** A value that is not of its declared type. */
export interface Deviation {
  /** `userErrors[0].code` */
  readonly path: string;
  /** The declared type, in the notation of the SDL. */
  readonly type: string;
  readonly found: string;
}

/** The deviations of a run, with the first answer that has each. */
export interface Deviations {
  /** By `path` and `type`. */
  readonly seen: Map<string, Deviation & { readonly exchange: Exchange }>;
  /** Answers that were checked. */
  answers: number;
}

const CODES = ["INVALID_TOKEN", "NO_CONSENT", "NO_USER"];

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === "string";
const isInt: Check = (value) => Number.isInteger(value) && Math.abs(Number(value)) < 2 ** 31;
const orNull = (check: Check): Check => (value) => value === null || check(value);

const PAYLOAD: Readonly<Record<string, readonly [type: string, check: Check]>> = {
  accessToken: ["String", orNull(isText)],
  expiresIn: ["Int", orNull(isInt)],
  publicId: ["String", orNull(isText)],
  refreshToken: ["String", orNull(isText)],
  scope: ["String", orNull(isText)],
  tokenType: ["String", orNull(isText)],
  userErrors: [
    "[FetchTokensForUserUserError!]!",
    (value) => Array.isArray(value) && value.every(isObject),
  ],
};

const USER_ERROR: typeof PAYLOAD = {
  code: ["FetchTokensForUserUserErrorErrorCode!", (value) => CODES.includes(String(value))],
  field: ["[String!]!", (value) => Array.isArray(value) && value.every(isText)],
  message: ["String!", isText],
};

/**
 * What is not of its declared type in the answer to a document that gives no field another name.
 * @param json the body of a response
 * @param whole whether the document selects every field
 */
export function deviationsOf(json: unknown, whole: boolean): readonly Deviation[] {
  const data = isObject(json) ? json["data"] : undefined;
  const payload = isObject(data) ? data["fetchTokensForUser"] : undefined;
  if (payload === undefined || payload === null) return [];
  if (!isObject(payload)) return [deviation("", "FetchTokensForUserPayload", payload)];
  const errors = payload["userErrors"];
  return [
    ...fieldsOf(payload, PAYLOAD, whole, ""),
    ...(Array.isArray(errors) ? errors : []).filter(isObject).flatMap((error, index) =>
      fieldsOf(error, USER_ERROR, whole, `userErrors[${index}].`)
    ),
  ];
}

function fieldsOf(
  found: Readonly<Record<string, unknown>>,
  declared: typeof PAYLOAD,
  whole: boolean,
  prefix: string,
): readonly Deviation[] {
  return Object.entries(declared).flatMap(([name, [type, check]]) => {
    const value = found[name];
    const fine = value === undefined ? !whole : check(value);
    return fine ? [] : [deviation(prefix + name, type, value)];
  });
}

function deviation(path: string, type: string, value: unknown): Deviation {
  return { path: path || "fetchTokensForUser", type, found: show(value).slice(0, 100) };
}
