import { describe, expect, test } from "vitest";
import { toInstant } from "../../kernel/time.js";
import { type KeyTimes, missingKeyStart, publishedKeys, rotationOf, signingKeyOf } from "./signing-keys.js";

const minute = 60_000;
const at = (minutes: number) => toInstant(1_790_000_000_000 + minutes * minute);
const key = (id: string, signsFrom: number, on: Partial<KeyTimes> = {}): KeyTimes => ({
  id,
  alg: "EdDSA",
  createdAt: at(signsFrom),
  signsFrom: at(signsFrom),
  retiresAt: null,
  ...on,
});

describe("the key that signs", () => {
  const old = key("old", 0, { retiresAt: at(12) });
  const next = key("next", 5);
  const es = key("es", 2, { alg: "ES256" });
  test.each<[why: string, keys: KeyTimes[], alg: string, now: number, id: string | undefined]>([
    ["there is none", [], "EdDSA", 0, undefined],
    ["the only one", [next], "EdDSA", 6, "next"],
    ["the old one until the new one's time has come", [old, next], "EdDSA", 4.99, "old"],
    ["the new one from its time on, although the old one is still published", [old, next], "EdDSA", 5, "next"],
    ["none of another algorithm", [old, es], "ES256", 4, "es"],
    [
      "another algorithm's, until the time of the one of this algorithm has come",
      [key("first", 0), es],
      "ES256",
      1.99,
      "first",
    ],
    ["another algorithm's, where there is none of this one yet", [key("first", 0)], "ES256", 3, "first"],
    ["the newest of another algorithm's that signs", [old, next, key("later", 9)], "ES256", 6, "next"],
    ["none that has left the key set", [old], "EdDSA", 12, undefined],
    ["one that waits, where there is no other: a clock was set back", [next], "EdDSA", 1, "next"],
  ])("LO-11 %s", (_why, keys, alg, now, id) => {
    expect(signingKeyOf(keys, alg, at(now))?.id).toBe(id);
    expect(signingKeyOf(keys.toReversed(), alg, at(now))?.id).toBe(id);
  });
});

test("LO-11 a key of another algorithm waits until everybody could have read it, and the first one for nobody", () => {
  expect(missingKeyStart([], "EdDSA", at(1))).toBe(at(1));
  expect(missingKeyStart([key("one", 0)], "EdDSA", at(1))).toBeUndefined();
  expect(missingKeyStart([key("one", 0)], "ES256", at(1))).toBe(at(6));
  expect(missingKeyStart([key("one", 0), key("es", 6, { alg: "ES256" })], "ES256", at(1))).toBeUndefined();
  expect(missingKeyStart([key("one", 0, { retiresAt: at(1) })], "ES256", at(1))).toBe(at(1));
});

test("LO-11 a key is published before it signs and until the last assertion of it has ended, and no longer", () => {
  const keys = [key("old", 0, { retiresAt: at(12) }), key("next", 5)];
  expect(publishedKeys(keys, at(1)).map(({ id }) => id)).toEqual(["old", "next"]);
  expect(publishedKeys(keys, at(11.99)).map(({ id }) => id)).toEqual(["old", "next"]);
  expect(publishedKeys(keys, at(12)).map(({ id }) => id)).toEqual(["next"]);
});

describe("a rotation", () => {
  test("LO-11 publishes a key for as long as a key set may be kept before it signs, and the old one for its last assertion", () => {
    expect(rotationOf([key("old", 0), key("es", 0, { alg: "ES256" })], "EdDSA", at(100))).toEqual({
      kind: "rotate",
      signsFrom: at(105),
      retire: ["old", "es"],
      // The last is signed at 105, ends at 110, and clocks differ.
      retiresAt: at(112),
    });
  });
  test("LO-11 adds nothing while a new key waits for its time, and nothing where nothing was ever signed", () => {
    const keys = [key("old", 0, { retiresAt: at(112) }), key("next", 105)];
    expect(rotationOf(keys, "EdDSA", at(104))).toEqual({ kind: "waiting", signsFrom: at(105) });
    expect(rotationOf(keys, "EdDSA", at(105))).toMatchObject({ kind: "rotate", retire: ["next"] });
    expect(rotationOf([], "EdDSA", at(0))).toEqual({ kind: "none" });
  });
});
