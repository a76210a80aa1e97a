/**
 * The vendor's schema and that of an implementation, in the same notation, to be compared line by line.
 * @module
 */
import { mutationRoot, typeOf } from "./introspection.ts";

/** The types of the mutation as the vendor documents them (G1–G4). */
export const DOCUMENTED_SDL: string = `type Mutation {
  fetchTokensForUser(consentToken: String, publicId: String): FetchTokensForUserPayload
}
type FetchTokensForUserPayload {
  accessToken: String
  expiresIn: Int
  publicId: String
  refreshToken: String
  scope: String
  tokenType: String
  userErrors: [FetchTokensForUserUserError!]!
}
type FetchTokensForUserUserError {
  code: FetchTokensForUserUserErrorErrorCode!
  field: [String!]!
  message: String!
}
enum FetchTokensForUserUserErrorErrorCode {
  INVALID_TOKEN
  NO_CONSENT
  NO_USER
}`;

/** The same types of an introspected schema: those that the mutation reaches, whatever their names. */
export function sdlOf(schema: Readonly<Record<string, unknown>>): string {
  const root = mutationRoot(schema) ?? "Mutation";
  const blocks: string[] = [];
  const seen = new Set<string>();
  const print = (name: string): void => {
    const type = typeOf(schema, name);
    if (type === null || seen.has(name) || !/^(?:OBJECT|ENUM)$/.test(type.kind)) return;
    seen.add(name);
    const fields = Object.entries(type.fields)
      .filter(([field]) => name !== root || field === "fetchTokensForUser")
      .sort(([a], [b]) => a < b ? -1 : 1);
    const lines = type.kind === "ENUM"
      ? [...type.values].sort()
      : fields.map(([field, shape]) => `${field}${argumentsOf(shape.arguments)}: ${shape.type}`);
    const keyword = type.kind === "ENUM" ? "enum" : "type";
    blocks.push(`${keyword} ${name} {\n${lines.map((line) => `  ${line}\n`).join("")}}`);
    for (const [, shape] of fields) print(shape.type.replaceAll(/[[\]!]/g, ""));
  };
  print(root);
  return blocks.join("\n");
}

function argumentsOf(
  shapes: Readonly<Record<string, { readonly type: string; readonly default: string | null }>>,
): string {
  const list = Object.entries(shapes).sort(([a], [b]) => a < b ? -1 : 1).map(([name, shape]) =>
    `${name}: ${shape.type}${shape.default === null ? "" : ` = ${shape.default}`}`
  );
  return list.length === 0 ? "" : `(${list.join(", ")})`;
}
