/** Randomness of the operating system, and the one way a secret value of ours is made from it. */
import { randomBytes } from "node:crypto";
import type { RandomSource } from "../kernel/random.js";

/** The operating system's generator. Production uses no other. */
export const systemRandom: RandomSource = { bytes: (count) => randomBytes(count) };

/**
 * A value that cannot be guessed: session tokens, `state`, `nonce`, PKCE verifiers.
 *
 * @param bytes Random bytes before encoding. The default gives 43 characters, which RFC 7636 §4.1 accepts as a verifier.
 * @returns base64url without padding.
 */
export const randomToken = (random: RandomSource, bytes = 32): string =>
  Buffer.from(random.bytes(bytes)).toString("base64url");
