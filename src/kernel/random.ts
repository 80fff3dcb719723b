/** The port through which randomness comes in; `crypto/random` is the real one, a test passes a counted one. */
export interface RandomSource {
  /** `count` unpredictable bytes. */
  bytes(count: number): Uint8Array;
}

/** A number in [0, 1) from 32 random bits: for jitter, never for secrets. */
export function randomFraction(random: RandomSource): number {
  const [a = 0, b = 0, c = 0, d = 0] = random.bytes(4);
  return (a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d) / 2 ** 32;
}
