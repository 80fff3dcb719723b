/** What is cut from one block must be as good as what is asked for alone: never twice, never wiped, never short. */
import { expect, test } from "vitest";
import { newId } from "../kernel/ids.js";
import { toInstant } from "../kernel/time.js";
import { randomToken, systemRandom } from "./random.js";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

test("VA-2 no bytes are handed out twice, across many blocks and sizes", () => {
  const seen = new Set<string>();
  for (let round = 0; round < 5_000; round++) {
    for (const count of [8, 10, 16, 17, 32]) {
      const bytes = systemRandom.bytes(count);
      expect(bytes).toHaveLength(count);
      // The first eight bytes of a request are enough to tell two of them apart.
      seen.add(hex(bytes.subarray(0, 8)));
    }
  }
  expect(seen.size).toBe(25_000);
});

test("VA-2 what was handed out stays what it was, and is nobody else's memory", () => {
  const first = systemRandom.bytes(10);
  const before = hex(first);
  const others = Array.from({ length: 2_000 }, () => systemRandom.bytes(10));
  expect(hex(first)).toBe(before);
  expect(first.buffer.byteLength).toBe(10);
  first.fill(0);
  expect(others.every((bytes) => bytes.some((byte) => byte !== 0))).toBe(true);
});

test("VA-2 every bit is as often one as zero, from both ways", () => {
  for (const count of [10, 32]) {
    let ones = 0;
    for (let round = 0; round < 4_000; round++)
      for (const byte of systemRandom.bytes(count)) ones += byte.toString(2).replaceAll("0", "").length;
    // 320,000 bits and more: half of them, give or take a percent, is beyond seven standard deviations.
    expect(Math.abs(ones / (4_000 * count * 8) - 0.5)).toBeLessThan(0.01);
  }
});

test("ids of one moment are all different; a token has all its bytes", () => {
  const at = toInstant(1_790_000_000_000);
  expect(new Set(Array.from({ length: 5_000 }, () => newId(at, systemRandom))).size).toBe(5_000);
  expect(new Set(Array.from({ length: 1_000 }, () => randomToken(systemRandom))).size).toBe(1_000);
  expect(randomToken(systemRandom)).toHaveLength(43);
});
