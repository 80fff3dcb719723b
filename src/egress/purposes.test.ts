import { describe, expect, test } from "vitest";
import { milliseconds, seconds } from "../kernel/time.js";
import { limitsFor, purposes } from "./purposes.js";

const configured = { timeout: seconds(10), maxBytes: 1_000_000 };

describe("the table of purposes", () => {
  test("EG-2 what carries a credential follows no redirect; public documents follow three", () => {
    expect(Object.fromEntries(Object.entries(purposes).map(([name, { redirects }]) => [name, redirects]))).toEqual({
      metadata: 3,
      jwks: 3,
      token: 0,
      userinfo: 0,
      revocation: 0,
      introspection: 0,
      par: 0,
      registration: 0,
      webhook: 0,
      groups: 0,
      picture: 3,
      api: "answer",
      probe: "answer",
      check: "answer",
    });
  });

  test("EG-3 every purpose has a limit on time, bytes and header count, never above what is configured", () => {
    for (const purpose of Object.keys(purposes) as (keyof typeof purposes)[]) {
      const tight = limitsFor(purpose, { timeout: seconds(1), maxBytes: 1_000 }, undefined);
      expect([tight.time, tight.bytes]).toEqual([1_000, 1_000]);
      const wide = limitsFor(purpose, { timeout: seconds(300), maxBytes: 100_000_000 }, undefined);
      expect(wide.time).toBeLessThanOrEqual(300_000);
      expect(wide.bytes).toBeLessThanOrEqual(100_000_000);
      expect(wide.headerCount).toBeLessThanOrEqual(100);
    }
    expect(limitsFor("revocation", { timeout: seconds(60), maxBytes: 1_000_000 }, undefined)).toMatchObject({
      time: 10_000,
      bytes: 65_536,
    });
  });

  test("SI-22 a picture has five seconds and a megabyte, whatever documents may have", () => {
    const wide = { timeout: seconds(60), maxBytes: 50_000_000 };
    expect(limitsFor("picture", wide, undefined)).toMatchObject({ time: 5_000, bytes: 1_000_000, contentTypes: null });
  });

  test("EG-3 a provider's own timeout replaces the configured one", () => {
    expect(limitsFor("token", configured, milliseconds(60_000)).time).toBe(60_000);
    expect(limitsFor("token", configured, undefined).time).toBe(10_000);
  });

  test.each<[type: string, metadata: boolean, userinfo: boolean]>([
    ["application/json", true, true],
    ["application/jwk-set+json", true, true],
    ["text/json", true, true],
    ["application/jwt", false, true],
    ["application/token-introspection+jwt", false, true],
    ["text/plain", false, true],
    ["text/html", false, false],
    ["application/octet-stream", false, false],
    ["application/jsonp", false, false],
    ["", false, false],
  ])("EG-3 %s is metadata: %s, userinfo: %s", (type, metadata, userinfo) => {
    expect(
      [purposes.metadata, purposes.jwks, purposes.userinfo].map(({ contentTypes }) => contentTypes?.test(type)),
    ).toEqual([metadata, metadata, userinfo]);
  });
});
