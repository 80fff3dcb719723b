/**
 * Hashes and the one comparison that may be made with a secret.
 *
 * Not here: password hashing. What we hash are our own random values of 256 bits, for which a plain SHA-256 is enough.
 */
import { createHash, hash, timingSafeEqual } from "node:crypto";

/** SHA-256 of UTF-8 text or of bytes. */
export const sha256Bytes = (input: string | Uint8Array): Uint8Array => createHash("sha256").update(input).digest();

/** SHA-256 of UTF-8 text, base64url without padding (43 characters): how tokens of ours are kept in the database. */
export const sha256Base64Url = (text: string): string => hash("sha256", text, "base64url");

/** The same of bytes. */
export const sha256OfBytesBase64Url = (bytes: Uint8Array): string => hash("sha256", bytes, "base64url");

/** SHA-256 of UTF-8 text, 64 lower-case hexadecimal digits: where letter case would be lost. */
export const sha256Hex = (text: string): string => hash("sha256", text, "hex");

/**
 * Whether two values are the same, in a time that tells nothing about where they differ.
 *
 * Their digests are compared, not the values: `timingSafeEqual` throws when lengths differ, and returning early
 * on a length would tell it.
 */
export const equalInConstantTime = (a: string | Uint8Array, b: string | Uint8Array): boolean =>
  timingSafeEqual(sha256Bytes(a), sha256Bytes(b));

/** The `S256` code challenge of a PKCE verifier (RFC 7636 §4.2). */
export const pkceChallenge = (verifier: string): string => sha256Base64Url(verifier);

/** The hash of an ID token's `alg`; EdDSA with Ed25519 uses SHA-512. The caller refuses an `alg` it does not know (AT-27). */
export type HalfHashAlgorithm = "sha256" | "sha384" | "sha512";

/** Left half of a hash, base64url: `at_hash` and `c_hash` (OpenID Connect Core §3.1.3.6, §3.3.2.11). */
export function halfHash(algorithm: HalfHashAlgorithm, text: string): string {
  const digest = createHash(algorithm).update(text, "ascii").digest();
  return digest.subarray(0, digest.length / 2).toString("base64url");
}
