/**
 * Where each value belongs that is sealed and stored: its purpose and its place, said once, so that what seals it, what
 * opens it and what seals it anew under another key cannot come to disagree (VA-2, VA-4).
 *
 * Not here: what travels in cookies and links and is in no table.
 */
import type { SealContext, SealPurpose } from "./port.js";

export interface SealedPlace {
  readonly purpose: SealPurpose;
  readonly context: SealContext;
}

/** The tokens of a grant: `grants.sealed`. */
export const grantPlace = (grant: {
  readonly id: string;
  readonly userId: string;
  readonly connection: string;
}): SealedPlace => ({
  purpose: "grant",
  context: { table: "grants", row: grant.id, user: grant.userId, connection: grant.connection },
});

/** The last claims of an identity: `identities.claims`. */
export const claimsPlace = (identity: { readonly id: string; readonly userId: string }): SealedPlace => ({
  purpose: "claims",
  context: { table: "identities", row: identity.id, user: identity.userId },
});

/** What an authorization server gave us when we registered there: `registrations.sealed`. */
export const registrationPlace = (row: { readonly id: string }): SealedPlace => ({
  purpose: "registration",
  context: { table: "registrations", row: row.id },
});

/** The private half of a key that we sign with: `signing_keys.sealed`. */
export const signingKeyPlace = (row: { readonly id: string }): SealedPlace => ({
  purpose: "signing-key",
  context: { table: "signing_keys", row: row.id },
});

/** A tool server that was added at run time: `tool_servers.sealed`. */
export const toolServerPlace = (row: { readonly id: string }): SealedPlace => ({
  purpose: "tool-server",
  context: { table: "tool_servers", row: row.id },
});

/** What is needed to do what an outbox row asks for: `outbox.sealed`. */
export const outboxPlace = (row: { readonly id: string }): SealedPlace => ({
  purpose: "outbox",
  context: { table: "outbox", row: row.id },
});
