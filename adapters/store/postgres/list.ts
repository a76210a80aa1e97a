/**
 * Listings in PostgreSQL, by page.
 * @module
 */
import type { Listed, Listing, Page } from "../../ports.ts";
import { bucketOfUser } from "./bucket.ts";
import { jsonb } from "./driver.ts";
import {
  clientOf,
  type ClientRow,
  connectionOf,
  type ConnectionRow,
  familyOf,
  type FamilyRow,
  userOf,
  type UserRow,
} from "./rows.ts";
import type { Layout } from "./schema.ts";

/** The statement of a listing: one row with one column, for {@link readRows}. */
export function listStatement({ schema }: Layout, listing: Listing, page: Page): string {
  const { limit } = page;
  const of = listing.of;
  const key = of === "users" ? "public_id" : "id";
  const asked = jsonb({
    after: printable(page.after ?? ""),
    user: of === "connections" ? printable(listing.user) : "",
    bucket: of === "connections" ? bucketOfUser(listing.user) : 0,
    connection: of === "families" ? printable(listing.connection) : "",
  });
  const table = `${schema}.${of}`;
  const source = of === "connections"
    // Two partial indexes: neither alone covers live and revoked connections.
    ? ["IS NULL", "IS NOT NULL"].map((state) =>
      `SELECT t.* FROM ${table} AS t, asked WHERE t.user_id = asked.user AND t.bucket = asked.bucket
         AND t.revoked_at ${state}`
    ).join(" UNION ALL ")
    : of === "families"
    ? `SELECT t.* FROM ${table} AS t, asked WHERE t.connection = asked.connection`
    : `SELECT * FROM ${table}`;
  return `
    WITH asked AS MATERIALIZED (
      SELECT * FROM jsonb_to_record(${asked})
        AS r (after text, "user" text, bucket smallint, connection text)),
    page AS (
      SELECT t.* FROM (${source}) AS t WHERE t.${key} > (SELECT after FROM asked)
      ORDER BY t.${key} LIMIT ${Math.trunc(limit)})
    SELECT jsonb_agg(to_jsonb(page) ORDER BY page.${key})::text AS listed FROM page`;
}

/**
 * A text that stands at the same place among ids, which are printable ASCII: jsonb cannot hold every
 * string.
 */
function printable(text: string): string {
  const [head = ""] = /^[\x20-\x7e]*/.exec(text) ?? [];
  return head === text ? text : text.charCodeAt(head.length) < 0x20 ? head : `${head}\x7f`;
}

/** The rows of a listing. */
export function readRows<L extends Listing>(
  listing: L,
  rows: readonly unknown[],
): readonly Listed[L["of"]][] {
  const [row] = rows as { readonly listed: string | null }[];
  const found = JSON.parse(row?.listed ?? "null") ?? [];
  return READERS[listing.of](found) as unknown as readonly Listed[L["of"]][];
}

const READERS = {
  clients: (rows: readonly ClientRow[]) => rows.map(clientOf),
  users: (rows: readonly UserRow[]) => rows.map(userOf),
  connections: (rows: readonly ConnectionRow[]) => rows.map(connectionOf),
  families: (rows: readonly FamilyRow[]) => rows.map(familyOf),
};
