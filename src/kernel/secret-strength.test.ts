import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkSecret } from "./secret-strength.js";

/** Any well-formed text. fast-check's own `binary` unit takes seconds to build. */
const anyText = fc.string({
  unit: fc.integer({ min: 0, max: 0x10f7ff }).map((n) => String.fromCodePoint(n < 0xd800 ? n : n + 0x800)),
});

describe("a secret", () => {
  test.each([
    ["", "too_short"],
    ["secret", "too_short"],
    ["k".repeat(31), "too_short"],
    // 31 bytes, although each character counts once.
    ["9f2cQx7LmPz4RtVbN8wYh3KsJd6GaE1", "too_short"],
    ["change-me-to-something-long-and-random", "known_example"],
    ["CHANGEME0000000000000000000000000000", "known_example"],
    ["your-secret-key-must-be-32-characters", "known_example"],
    ["this-is-a-very-long-secret-for-testing", "known_example"],
    ["replace_with_openssl_rand_base64_32_output", "known_example"],
    ["correct horse battery staple correct horse", "known_example"],
    ["supersecretsupersecretsupersecret12", "known_example"],
    ["a".repeat(64), "low_entropy"],
    ["0".repeat(32), "low_entropy"],
    ["ab".repeat(16), "low_entropy"],
    ["kfjq82hz".repeat(5), "low_entropy"],
    ["1234567890123456789012345678901234567890", "low_entropy"],
    ["0123456789abcdef0123456789abcdef", "low_entropy"],
    ["abcdefghijklmnopqrstuvwxyz0123456789", "low_entropy"],
    ["qwertyuiopasdfghjklzxcvbnm123456", "low_entropy"],
  ])("VA-3 %j is refused as %s", (text, reason) => {
    expect(checkSecret(text)).toEqual({ ok: false, error: reason });
  });

  test.each(["base64", "base64url", "hex"] as const)("VA-3 what a generator makes in %s is accepted", (encoding) => {
    fc.assert(
      fc.property(fc.constant(null), () => {
        expect(checkSecret(randomBytes(32).toString(encoding)).ok).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  test("VA-3 length is counted in bytes, and a passphrase of unusual words is accepted", () => {
    expect(checkSecret("äöüßéèêñçøåæœðþł").ok).toBe(true);
    expect(checkSecret("gravel otter mango violin tundra hinge").ok).toBe(true);
  });

  test("VA-3 any text gets an answer", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(typeof checkSecret(text).ok).toBe("boolean");
      }),
    );
  });
});
