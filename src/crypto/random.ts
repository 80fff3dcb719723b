/**
 * Randomness of the operating system, and the one way a secret value of ours is made from it.
 *
 * Ids and jitter ask for a few bytes thousands of times in one sign-in (a claim with a thousand new groups), and a call
 * to the generator costs ten times what the rest of an id does. So small requests are cut from a block that is asked
 * for as a whole: each byte is handed out once and wiped from the block. Secrets ask for more, and are never cut from it.
 */
import { randomBytes } from "node:crypto";
import type { RandomSource } from "../kernel/random.js";

const blockSize = 4_096;
/** Bytes of the largest request that is cut from the block; an id takes 10, a secret 32. */
const small = 16;
let block = new Uint8Array(0);
let used = 0;

function cut(count: number): Uint8Array {
  if (used + count > block.length) {
    block = randomBytes(blockSize);
    used = 0;
  }
  // A copy: `slice` of a Buffer would be a view of the block, and be wiped with it.
  const bytes = Uint8Array.from(block.subarray(used, used + count));
  block.fill(0, used, used + count);
  used += count;
  return bytes;
}

/** The operating system's generator. Production uses no other. */
export const systemRandom: RandomSource = { bytes: (count) => (count <= small ? cut(count) : randomBytes(count)) };

/**
 * A value that cannot be guessed: session tokens, `state`, `nonce`, PKCE verifiers.
 *
 * @param bytes Random bytes before encoding. The default gives 43 characters, which RFC 7636 §4.1 accepts as a verifier.
 * @returns base64url without padding.
 */
export const randomToken = (random: RandomSource, bytes = 32): string =>
  Buffer.from(random.bytes(bytes)).toString("base64url");
