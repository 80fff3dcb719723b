/** What the core sees of sealing: purposes that cannot stand in for each other, contexts that cannot be swapped (VA-2). */
import type { Result } from "../kernel/result.js";

/** One derived key per purpose: a flow can never be opened as a grant, whatever its context says (AT-19). */
export const sealPurposes = [
  "flow",
  "grant",
  "claims",
  "outbox",
  "registration",
  "sign-out",
  "apple-name",
  "setup",
  "signing-key",
  "tool-server",
  "tool-server-draft",
] as const;
export type SealPurpose = (typeof sealPurposes)[number];

/**
 * Where a sealed value belongs. It goes into the protected header and is compared when it is opened, so that a
 * ciphertext copied into another row, user or connection does not open (AT-54).
 */
export interface SealContext {
  readonly table: string;
  readonly row: string;
  readonly user?: string | undefined;
  readonly connection?: string | undefined;
}

export type SealFailure = "malformed" | "unknown_key" | "wrong_purpose" | "wrong_context" | "tampered";

export interface Keyring {
  /** Compact JWE (`dir`, `A256GCM`) with `kid`, `typ: lk-<purpose>` and `ctx` in the protected header. */
  seal(purpose: SealPurpose, context: SealContext, plaintext: string): string;
  /** Never throws, whatever the text is. */
  open(purpose: SealPurpose, context: SealContext, sealed: string): Result<string, SealFailure>;
  /**
   * A short name of a text that tells nothing of it without the newest secret: to see whether it is still the same one.
   * Another newest secret gives another name.
   */
  fingerprint(text: string): string;
  /** Ids of the keys that open, newest first; the first one seals. Derived from the secrets, they reveal nothing. */
  keyIds(): readonly string[];
}
