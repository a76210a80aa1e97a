/**
 * What the suite does not see, and why.
 * @module
 */

/** Something that the suite does not see. */
export interface Unseen {
  readonly id: string;
  readonly because: string;
}

const PURITY = "Whether the core is pure does not show in an answer; its own tests see it.";
const SWEEPING = "When a server sweeps is its own affair; no client can ask it to.";
const RESTORE = "It shows after a restore from a backup, which no client can bring about.";
const SEALER = "The server that is told of such ids or salts issues nothing at all.";

/** Faults that the formal spec plants into the core. The formal spec catches them. */
export const UNSEEN: readonly Unseen[] = [
  {
    id: "retry-widens",
    because: "It takes a wider consent between redemption and retry; no case does that.",
  },
  {
    id: "ties-the-other-way",
    because: "Of two equal delegations either one is as good for others.",
  },
  {
    id: "jti-forgotten-early",
    because:
      "The server under test does not sweep; redemptions/jti-forgotten-at-expiry is one that does.",
  },
  {
    id: "jti-of-any-issuer",
    because:
      "It names issuers of the formal spec; redemptions/jti-of-any-issuer-taken is its like.",
  },
  { id: "facts-sorted-in-place", because: PURITY },
  { id: "evolve-in-place", because: PURITY },
  { id: "hidden-counter", because: PURITY },
  { id: "deletion-leaves-families", because: "Families without a connection give no authority." },
  {
    id: "deletion-takes-all-withdrawals",
    because: "It takes the deletion of one user between withdrawal and redemption of another.",
  },
  {
    id: "withdrawal-overwritten",
    because: "It takes a client that is a merchant and a partner of one user at the same time.",
  },
  { id: "index-not-kept", because: "It costs memory, and changes no answer." },
  { id: "salt-kept", because: RESTORE },
  { id: "other-history-taken", because: RESTORE },
  { id: "family-id-reused", because: SEALER },
  { id: "salt-not-random", because: SEALER },
  {
    id: "code-of-the-mutation",
    because: "The token endpoint has no such code, and answers invalid_grant.",
  },
  { id: "foreign-look-kills", because: "What introspection decides is never written." },
  {
    id: "deleted-id-reused",
    because: "Only the harness could register the user anew; it is not judged.",
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
  { id: "RF-09", because: "It takes a crash at a chosen moment." },
  {
    id: "RF-16",
    because: "It takes a rotation of the server's own keys, which the harness has no word for.",
  },
];
