/**
 * Which key signs, which are published, and what a rotation does to them (LO-11). Pure.
 *
 * A new key is published before it signs, and an old one stays published until the last thing that it signed has ended.
 * Those who verify keep our key set for a while, and the usual libraries refuse to ask again within half a minute: a key
 * that signed the moment it was made would be unknown to them for that long.
 */
import { longestAssertionLifetime } from "../../kernel/assertion-limits.js";
import { after, type Instant, minutes } from "../../kernel/time.js";

/** How long a copy of the key set may be kept, and so how long a new key waits. */
export const keySetLifetime = minutes(5);
/** What verifiers allow our clock and theirs to differ, and nodes to hear of a rotation. */
const tolerance = minutes(2);

export interface KeyTimes {
  readonly id: string;
  readonly alg: string;
  readonly createdAt: Instant;
  readonly signsFrom: Instant;
  readonly retiresAt: Instant | null;
}

/**
 * The newest of this algorithm that may sign by now. Before any may, the newest of another one: `assertions.alg` was changed,
 * and nobody knows the new key yet. Before that may either, the first of this algorithm. Undefined where there is neither.
 */
export function signingKeyOf<Key extends KeyTimes>(keys: readonly Key[], alg: string, now: Instant): Key | undefined {
  const byStart = publishedKeys(keys, now).toSorted((a, b) => a.signsFrom - b.signsFrom || (a.id < b.id ? -1 : 1));
  const ofAlg = byStart.filter((key) => key.alg === alg);
  const started = ({ signsFrom }: Key) => signsFrom <= now;
  return ofAlg.findLast(started) ?? byStart.findLast(started) ?? ofAlg[0] ?? byStart[0];
}

/**
 * When a key must begin to sign that is made now because there is none of this algorithm to sign with; undefined where there
 * is one. At once where nothing else can sign; else when everybody could have read it.
 */
export function missingKeyStart(keys: readonly KeyTimes[], alg: string, now: Instant): Instant | undefined {
  const usable = publishedKeys(keys, now);
  if (usable.some((key) => key.alg === alg)) return undefined;
  return usable.length === 0 ? now : after(now, keySetLifetime);
}

/** Those that a verifier may have to know. */
export const publishedKeys = <Key extends KeyTimes>(keys: readonly Key[], now: Instant): readonly Key[] =>
  keys.filter(({ retiresAt }) => retiresAt === null || retiresAt > now);

export type KeyRotation =
  /** Nothing has been signed yet. */
  | { readonly kind: "none" }
  /** A new key is published already and waits for its time: another would only make the set longer. */
  | { readonly kind: "waiting"; readonly signsFrom: Instant }
  | {
      readonly kind: "rotate";
      readonly signsFrom: Instant;
      /** These leave the key set then, whatever their algorithm. */
      readonly retire: readonly string[];
      readonly retiresAt: Instant;
    };

/** What to do so that a new key signs. */
export function rotationOf(keys: readonly KeyTimes[], alg: string, now: Instant): KeyRotation {
  const current = keys.filter(({ retiresAt }) => retiresAt === null);
  if (current.length === 0) return { kind: "none" };
  const waiting = current.find((key) => key.alg === alg && key.signsFrom > now);
  if (waiting) return { kind: "waiting", signsFrom: waiting.signsFrom };
  const signsFrom = after(now, keySetLifetime);
  const retiresAt = after(after(signsFrom, longestAssertionLifetime), tolerance);
  return { kind: "rotate", signsFrom, retire: current.map(({ id }) => id), retiresAt };
}
