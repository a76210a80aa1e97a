/**
 * What the suite does not see, and why.
 * @module
 */

/** Something that the suite does not see. */
export interface Unseen {
  readonly id: string;
  readonly because: string;
}

const PURITY = "No response shows whether the core is pure; its own tests do.";
const SWEEPING = "When a server sweeps is its own business; no client can make it sweep.";
const RESTORE = "It shows only after a restore from a backup, which no client can cause.";
const UNUSABLE = "With such ids or salts the server under test cannot issue anything.";

/** Faults of the core that the formal spec catches and the suite does not. */
export const UNSEEN: readonly Unseen[] = [
  {
    id: "retry-widens",
    because: "It takes a wider consent between redemption and retry; no case does that.",
  },
  {
    id: "ties-the-other-way",
    because: "Other implementations may choose either of two equal delegations.",
  },
  {
    id: "jti-forgotten-early",
    because:
      "The server under test does not sweep; redemptions/jti-forgotten-at-expiry is one that does.",
  },
  {
    id: "jti-of-any-issuer",
    because:
      "It names issuers of the formal spec; redemptions/jti-of-any-issuer-taken is the same fault.",
  },
  { id: "lost-time-is-reuse", because: RESTORE },
  { id: "every-old-token-is-of-lost-time", because: RESTORE },
  { id: "consent-survives-restore", because: RESTORE },
  { id: "facts-sorted-in-place", because: PURITY },
  { id: "evolve-in-place", because: PURITY },
  { id: "hidden-counter", because: PURITY },
  { id: "deletion-leaves-families", because: "Families without a connection give no authority." },
  {
    id: "deletion-takes-all-withdrawals",
    because: "It takes a deletion of one user between withdrawal and redemption of another.",
  },
  {
    id: "withdrawal-overwritten",
    because: "It takes a client that is merchant and partner of one user at the same time.",
  },
  { id: "index-not-kept", because: "It costs memory and changes no response." },
  { id: "salt-kept", because: RESTORE },
  { id: "other-history-taken", because: RESTORE },
  { id: "family-id-reused", because: UNUSABLE },
  { id: "salt-not-random", because: UNUSABLE },
  {
    id: "code-of-the-mutation",
    because: "The token endpoint has no such code and answers invalid_grant.",
  },
  { id: "foreign-look-kills", because: "Decisions about introspection are never stored." },
  {
    id: "deleted-id-reused",
    because: "Only the harness could register the user again, and it is not judged.",
  },
  { id: "families-swept-early", because: SWEEPING },
  { id: "families-swept-late", because: SWEEPING },
  { id: "withdrawals-swept-early", because: SWEEPING },
];

/** Attacks that no fault stands for. */
export const OUT_OF_REACH: readonly Unseen[] = [
  {
    id: "CT-28",
    because: "The suite's issuers hand over their keys; it runs no hostile key server.",
  },
  {
    id: "CT-25",
    because:
      "It takes a restart, which the harness cannot request; redemptions/stale-replica has the same effect.",
  },
  {
    id: "CT-40",
    because: "It takes a key of the ROCA class, which the suite does not ship.",
  },
  { id: "RF-09", because: "It takes a crash at a chosen moment." },
  {
    id: "IN-14",
    because: "It takes raw sockets: fetch sends neither such requests nor so many header fields.",
  },
  { id: "SY-27", because: "It is about the output of a command." },
  {
    id: "SY-32",
    because: "It takes thousands of requests and a statistic; npm run prove:timing does.",
  },
  { id: "SY-42", because: "It takes more load than a suite may put on a server; prove:soak does." },
  {
    id: "RF-10",
    because:
      "It takes a store that fails, which the harness cannot request; ends/revokes-nothing has the same effect.",
  },
  {
    id: "RF-16",
    because: "It takes a rotation of the server's own keys, which the harness cannot request.",
  },
  { id: "IN-11", because: "A document that deep is refused by many parsers, each in its own way." },
  { id: "IN-12", because: "The suite sends requests by fetch, which cannot send them." },
  { id: "IN-13", because: "How large an answer may be is up to each server." },
  { id: "CA-10", because: "The harness has no command that ends a secret." },
  { id: "CA-11", because: "How secrets are chosen is up to each server." },
  { id: "CA-14", because: "Limits are up to each server, and thousands of failures take long." },
  { id: "SY-22", because: "It takes access to the server's files." },
  { id: "SY-23", because: "It takes the server's command line." },
  { id: "SY-24", because: "It takes access to the server's files." },
  { id: "SY-25", because: "It takes access to the server's files." },
  { id: "SY-26", because: "It takes access to the server's files." },
  { id: "SY-40", because: "It takes thousands of connections." },
  { id: "SY-41", because: "It takes a signal to the server's process." },
  { id: "SY-20", because: "No response shows the state of the server's log." },
  { id: "SY-21", because: "No response shows the state of the server's log." },
  { id: "SY-30", because: "It takes access to the server's disk." },
  { id: "SY-31", because: "It takes a second machine." },
];
