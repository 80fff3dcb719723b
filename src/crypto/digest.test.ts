import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { equalInConstantTime, halfHash, pkceChallenge, sha256Base64Url, sha256Bytes } from "./digest.js";
import { randomToken, systemRandom } from "./random.js";

/** Any well-formed text. fast-check's own `binary` unit takes seconds to build. */
const anyText = fc.string({
  unit: fc.integer({ min: 0, max: 0x10f7ff }).map((n) => String.fromCodePoint(n < 0xd800 ? n : n + 0x800)),
});

describe("digests", () => {
  test("sha256 of known text (FIPS 180-4)", () => {
    expect(Buffer.from(sha256Bytes("abc")).toString("hex")).toBe(
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
    expect(sha256Base64Url("")).toBe("47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU");
    expect(sha256Bytes(new TextEncoder().encode("é"))).toEqual(sha256Bytes("é"));
  });

  test("the S256 challenge of RFC 7636 appendix B", () => {
    expect(pkceChallenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")).toBe(
      "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    );
  });

  test("the at_hash of OpenID Connect Core appendix A.3, and longer hashes", () => {
    expect(halfHash("sha256", "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y")).toBe("77QmUPtjPfzWtF2AnpK9RQ");
    expect(Buffer.from(halfHash("sha384", "x"), "base64url")).toHaveLength(24);
    expect(Buffer.from(halfHash("sha512", "x"), "base64url")).toHaveLength(32);
  });
});

describe("comparison", () => {
  test("says what === says, for any lengths", () => {
    fc.assert(
      fc.property(anyText, anyText, (a, b) => {
        expect(equalInConstantTime(a, b)).toBe(a === b);
        expect(equalInConstantTime(a, a)).toBe(true);
        expect(equalInConstantTime(a, `${a}x`)).toBe(false);
      }),
    );
  });

  test("takes bytes and text", () => {
    expect(equalInConstantTime(new Uint8Array([97]), "a")).toBe(true);
    expect(equalInConstantTime(new Uint8Array([97]), "b")).toBe(false);
  });
});

describe("random tokens", () => {
  test("are base64url of as many bytes as asked for, from the source that was given", () => {
    expect(randomToken({ bytes: (count) => new Uint8Array(count).fill(255) }, 3)).toBe("____");
    expect(randomToken(systemRandom)).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(new Set(Array.from({ length: 1_000 }, () => randomToken(systemRandom))).size).toBe(1_000);
  });
});
