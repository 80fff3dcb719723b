/** Ids are UUIDv7 text (RFC 9562 §5.7): made before the transaction, sorted by time of making. */
import type { RandomSource } from "./random.js";
import type { Instant } from "./time.js";

declare const brand: unique symbol;
type Id<Name extends string> = string & { readonly [brand]: Name };
export type UserId = Id<"user">;
export type IdentityId = Id<"identity">;
export type SessionId = Id<"session">;
export type GrantId = Id<"grant">;
export type GroupId = Id<"group">;
export type OutboxId = Id<"outbox">;
export type RegistrationId = Id<"registration">;
export type AuditEventId = Id<"audit">;

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** A new id, e.g. `newId<UserId>(now, random)`. 48 bits of time and 74 random bits. */
export function newId<T extends Id<string>>(now: Instant, random: RandomSource): T {
  const bytes = new Uint8Array(16);
  bytes.set(random.bytes(10), 6);
  for (let i = 0, rest = now as number; i < 6; i++) {
    bytes[5 - i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const text = hex(bytes);
  return `${text.slice(0, 8)}-${text.slice(8, 12)}-${text.slice(12, 16)}-${text.slice(16, 20)}-${text.slice(20)}` as T;
}

/** True for the text of a UUID: anything else from a URL is refused before it reaches the database. */
export const isId = (text: string): boolean =>
  /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(text);
