/**
 * The file of trusted issuers of consent tokens.
 * @module
 */
import type { TrustedIssuer } from "../../core/settings.ts";
import type { ConsentIssuer } from "../consent/verifier.ts";
import { isJsonObject, parseStrictJson } from "../strict-json.ts";
import { isWritableByOthers, readRegularFile, reasonOf } from "../tokens/key-file.ts";
import { UsageError } from "./options.ts";

/** An issuer of consent tokens: where its keys are, and for whom it may speak. */
export type Issuer = ConsentIssuer & TrustedIssuer;

const MEMBERS = ["issuer", "merchants", "jwks", "jwksUri"];

/**
 * Reads the file. An empty list is valid, and trusts nobody.
 * @throws {UsageError} naming the file, the entry and the flaw
 */
export async function readIssuers(path: string): Promise<readonly Issuer[]> {
  const refuse = (why: string) => new UsageError(`cannot use the issuers file ${path}: ${why}`);
  let value: unknown;
  try {
    value = parseStrictJson(await readRegularFile(path, (mode) => checkMode(path, mode)));
  } catch (error) {
    throw refuse(reasonOf(error));
  }
  if (!Array.isArray(value)) throw refuse("it must be a list, [] to trust nobody");
  value.forEach((entry, index) => {
    const flaw = flawOf(entry);
    if (flaw !== null) throw refuse(`entry ${index + 1}: ${flaw}`);
  });
  return value;
}

/** Whoever can write to the file can sign consent tokens for every user. */
function checkMode(path: string, mode: number): void {
  if (isWritableByOthers(mode)) {
    throw new Error(`others than its owner can write to it. Run "chmod go-w ${path}"`);
  }
}

function flawOf(entry: unknown): string | null {
  if (!isJsonObject(entry)) return "it must be an object";
  const unknown = Object.keys(entry).find((name) => !MEMBERS.includes(name));
  if (unknown !== undefined) {
    return `unknown member ${JSON.stringify(unknown)}; the members are ${MEMBERS.join(", ")}`;
  }
  const { issuer, merchants, jwks, jwksUri } = entry;
  if (typeof issuer !== "string") return '"issuer" must be the iss of its tokens';
  const areIds = Array.isArray(merchants) && merchants.every((id) => typeof id === "string");
  if (merchants !== "all" && !areIds) return '"merchants" must be "all" or a list of client ids';
  if ((jwks === undefined) === (jwksUri === undefined)) return 'give either "jwks" or "jwksUri"';
  if (jwks !== undefined && !isJsonObject(jwks)) return '"jwks" must be {"keys": [JWK, ...]}';
  if (jwksUri !== undefined && typeof jwksUri !== "string") return '"jwksUri" must be a URL';
  return null;
}
