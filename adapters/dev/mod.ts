/**
 * For development and tests only: signing consent tokens as an issuer would, also with named defects.
 * Nothing here belongs into a process that serves real users. Needs the package `jose`.
 * @module
 */
export * from "./defects.ts";
export * from "./draft.ts";
export * from "./mint.ts";
