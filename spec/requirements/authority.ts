/**
 * Ends of authority (R) and what always holds (A).
 * @module
 */
import { decided, type Requirement, rule } from "./model.ts";

/** How authority ends. */
export const ENDS: readonly Requirement[] = [
  rule(
    "R1",
    "Authorization is computed at every use",
    decided(
      "SHOULD",
      "Whether a token is live, and with which scope, is computed at every use from the " +
        "current client, user, connection and source. A token with an empty scope is not live: " +
        "inactive at introspection, `invalid_token` at the Users API, `invalid_grant` at " +
        "refresh.",
    ),
    decided(
      "SHOULD",
      "Suspending a user, disabling a client or narrowing a scope is reversible: refusals in " +
        "the meantime change nothing, and unexpired families work again afterwards, never beyond" +
        " their own scope. Revoking a connection, deleting a user or ending a family is final, " +
        "and ids are never reused.",
    ),
  ),
  rule(
    "R2",
    "Revocation is immediate",
    decided(
      "SHOULD",
      "Once a revocation has returned, no token of that connection is live at the token " +
        "endpoint, at introspection or at the Users API, whatever was in flight. (A JWT access " +
        "token that is only verified offline is valid until its `exp`.)",
    ),
  ),
  rule(
    "R3",
    "Revoked forever",
    decided(
      "SHOULD",
      "A revoked connection never becomes active again. New consent creates a new connection; " +
        "tokens and delegations of the old one stay dead.",
    ),
  ),
  rule(
    "R4",
    "One step of delegation",
    decided("SHOULD", "A delegated connection is never the source of another."),
  ),
  rule(
    "R5",
    "Dead data is removed",
    decided(
      "SHOULD",
      "Dead rows (revoked, without a source, expired) are removed in batches, without delaying" +
        " token issuance.",
    ),
  ),
];

/** What always holds. */
export const ALWAYS: readonly Requirement[] = [
  rule(
    "A1",
    "Nothing but the inputs",
    decided(
      "MAY",
      "The same facts, command, clock and entropy give the same result: the deciding code reads no " +
        "clock, no randomness and no environment.",
    ),
  ),
  rule(
    "A2",
    "Bounded work",
    decided(
      "SHOULD",
      "Unknown fields, oversized bodies, deep or wide queries and floods of aliases get a clear 4xx or " +
        "a GraphQL error, never a 500 and never unbounded work. Nesting is bounded before anything " +
        "recurses.",
    ),
    decided(
      "SHOULD",
      "Failed authentication is limited per client id and per address, without ever refusing the right " +
        "secret. Every operation is charged by weight: to its client, or to its address where it " +
        "proves none. The result of a query is bounded.",
    ),
    decided(
      "SHOULD",
      "An address with many idle connections keeps no other address out. A request whose framing or " +
        "host is ambiguous is refused.",
    ),
    decided(
      "SHOULD",
      "When too many requests are under way at the same time, new ones get 503 and `Retry-After`; health " +
        "checks are still answered.",
    ),
    decided(
      "SHOULD",
      "What is limited is the number of mutation fields, not of requests: they are counted before any " +
        "of them runs, and a request above the limit is refused whole.",
    ),
    decided(
      "MAY",
      "The refusal has status 429, `Retry-After` and `extensions.code` `TOO_MANY_REQUESTS`.",
    ),
  ),
  rule(
    "A3",
    "Faults are honest",
    decided(
      "SHOULD",
      "A fault of storage or keys during execution is a retryable top-level error, with null " +
        "for that field: never a false success, never a silent loss.",
    ),
    decided("MAY", "Its status is 200, or 503 if nothing was executed."),
    decided(
      "SHOULD",
      "Unknown settings are errors at the start. A change of the trusted issuers takes effect within " +
        "seconds; a file of issuers that cannot be read changes nothing, and shows in health and log.",
    ),
    decided(
      "SHOULD",
      "Keys are created only together with a new database. A database remembers which keys its" +
        " rows name. Where one of them is missing, the server does not start, or goes on with " +
        "the keys it has; a token whose key is missing is answered with a retryable error.",
    ),
    decided(
      "SHOULD",
      "A log that fails or stalls never stops or slows the server. What waits to be written is bounded; " +
        "lost lines are counted, and the count is logged. What callers without valid credentials can " +
        "add to the log is bounded per second.",
    ),
    decided(
      "SHOULD",
      "Readiness is 503 while the server is stopping or its store cannot be read or written. It says " +
        "which part has a problem, and why.",
    ),
    decided(
      "SHOULD",
      "A server that is asked to stop is not ready first, and goes on serving for a while, so that no " +
        "request fails.",
    ),
    decided(
      "SHOULD",
      "If a file of the database is deleted or replaced while the server runs, nothing more is " +
        "acknowledged until a restart.",
    ),
  ),
  rule(
    "A4",
    "Audit",
    decided(
      "MAY",
      "Every change of state and every refusal leaves one structured audit event, after the commit: " +
        "who, what, outcome, internal reason and ids, no secret. Successful uses are metrics.",
    ),
  ),
  rule(
    "A5",
    "Elapsed time is bounded",
    decided(
      "MAY",
      "A clock that steps back keeps no window open: the windows of retries and duplicates (C11, T5) " +
        "count elapsed time in both directions.",
    ),
    decided(
      "MAY",
      "A clock that jumps ahead deletes nothing until it has run on for an hour, or agrees with the " +
        "last sweep of any node.",
    ),
  ),
];
