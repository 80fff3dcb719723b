import { createCipheriv, createSecretKey, hkdfSync } from "node:crypto";
import fc from "fast-check";
import { compactDecrypt } from "jose";
import { describe, expect, test } from "vitest";
import { secret } from "../kernel/secret.js";
import { createKeyring } from "./keyring.js";
import { type SealContext, type SealPurpose, sealPurposes } from "./port.js";
import { randomToken, systemRandom } from "./random.js";

/** Any well-formed text. fast-check's own `binary` unit takes seconds to build. */
const anyText = fc.string({
  unit: fc.integer({ min: 0, max: 0x10f7ff }).map((n) => String.fromCodePoint(n < 0xd800 ? n : n + 0x800)),
});

const newSecret = () => secret(randomToken(systemRandom));
const oldest = newSecret();
const newest = newSecret();
const keyringOf = (...secrets: ReturnType<typeof secret>[]) => createKeyring({ secrets, random: systemRandom });
const keyring = keyringOf(newest);
const place: SealContext = { table: "grants", row: "row-1", user: "ann", connection: "provider:corp" };

const aPurpose = fc.constantFrom(...sealPurposes);
const aContext: fc.Arbitrary<SealContext> = fc.record(
  { table: fc.string(), row: fc.string(), user: fc.string(), connection: fc.string() },
  { requiredKeys: ["table", "row"] },
);

const parts = (sealed: string) => sealed.split(".") as [string, string, string, string, string];
const withPart = (sealed: string, index: number, part: string) =>
  parts(sealed)
    .map((old, at) => (at === index ? part : old))
    .join(".");
const headerOf = (sealed: string) => JSON.parse(Buffer.from(parts(sealed)[0], "base64url").toString("utf8"));
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** An attacker who has the key of a purpose (the worst case), to show that the header is judged and not only the tag. */
function sealWithHeader(purpose: SealPurpose, header: unknown, plaintext = "x"): string {
  const key = createSecretKey(Buffer.from(hkdfSync("sha256", newest.reveal(), "latchkey", `seal v1 ${purpose}`, 32)));
  const encoded = encode(header);
  const iv = Buffer.alloc(12, 7);
  const cipher = createCipheriv("aes-256-gcm", key, iv);
  cipher.setAAD(Buffer.from(encoded));
  const ciphertext = Buffer.concat([cipher.update(plaintext, "utf8"), cipher.final()]);
  return [
    encoded,
    "",
    iv.toString("base64url"),
    ciphertext.toString("base64url"),
    cipher.getAuthTag().toString("base64url"),
  ].join(".");
}

describe("what was sealed", () => {
  test("VA-2 opens for the same purpose and place, whatever the text and the place are", () => {
    fc.assert(
      fc.property(aPurpose, aContext, anyText, (purpose, context, text) => {
        expect(keyring.open(purpose, context, keyring.seal(purpose, context, text))).toEqual({ ok: true, value: text });
      }),
    );
  });

  test("VA-2 is compact JWE that a second implementation opens", async () => {
    const sealed = keyring.seal("grant", place, "the tokens");
    // jose is given the key by the documented derivation, not by our code.
    const key = new Uint8Array(hkdfSync("sha256", newest.reveal(), "latchkey", "seal v1 grant", 32));
    const opened = await compactDecrypt(sealed, key, {
      keyManagementAlgorithms: ["dir"],
      contentEncryptionAlgorithms: ["A256GCM"],
    });
    expect(new TextDecoder().decode(opened.plaintext)).toBe("the tokens");
    expect(opened.protectedHeader).toEqual({
      alg: "dir",
      enc: "A256GCM",
      kid: keyring.keyIds()[0],
      typ: "lk-grant",
      ctx: { t: "grants", r: "row-1", u: "ann", c: "provider:corp" },
    });
  });

  test("VA-2 the header names only what it must, and the same text sealed twice differs", () => {
    const sealed = keyring.seal("flow", { table: "flow", row: "a" }, "x");
    expect(headerOf(sealed)).toEqual({
      alg: "dir",
      enc: "A256GCM",
      kid: keyring.keyIds()[0],
      typ: "lk-flow",
      ctx: { t: "flow", r: "a" },
    });
    expect(keyring.seal("flow", { table: "flow", row: "a" }, "x")).not.toBe(sealed);
  });

  test("VA-2 the nonce comes whole from the random source, twelve bytes a time", () => {
    const asked: number[] = [];
    const counted = createKeyring({
      secrets: [newest],
      random: { bytes: (count) => new Uint8Array(count).fill(asked.push(count)) },
    });
    const [, , iv] = parts(counted.seal("flow", place, "x"));
    expect([asked, Buffer.from(iv, "base64url").toString("hex")]).toEqual([[12], "01".repeat(12)]);
  });
});

describe("what was sealed for something else", () => {
  test.each(
    sealPurposes.flatMap((sealedAs) =>
      sealPurposes.filter((other) => other !== sealedAs).map((other) => [sealedAs, other] as const),
    ),
  )("AT-19 a sealed %s does not open as a %s, even when it names it in its header", (sealedAs, other) => {
    const sealed = keyring.seal(sealedAs, place, "x");
    expect(keyring.open(other, place, sealed)).toEqual({ ok: false, error: "wrong_purpose" });
    // The header rewritten: another key, and another AAD.
    const rewritten = withPart(sealed, 0, encode({ ...headerOf(sealed), typ: `lk-${other}` }));
    expect(keyring.open(other, place, rewritten)).toEqual({ ok: false, error: "tampered" });
    // Even with the header authenticated under the first purpose's key, the second one's key differs.
    const forged = sealWithHeader(sealedAs, { ...headerOf(sealed), typ: `lk-${other}` });
    expect(keyring.open(other, place, forged)).toEqual({ ok: false, error: "tampered" });
  });

  test("AT-54 a ciphertext copied to another table, row, user or connection does not open", () => {
    const sealed = keyring.seal("grant", place, "x");
    for (const elsewhere of [
      { ...place, table: "sessions" },
      { ...place, row: "row-2" },
      { ...place, user: "bob" },
      { ...place, connection: "provider:other" },
      { ...place, user: undefined },
      { ...place, connection: undefined },
      { table: place.table, row: place.row },
      // The same texts, one place to the side.
      { ...place, user: place.connection, connection: place.user },
    ]) {
      expect(keyring.open("grant", elsewhere, sealed)).toEqual({ ok: false, error: "wrong_context" });
      const rewritten = withPart(sealed, 0, encode(headerOf(keyring.seal("grant", elsewhere, "x"))));
      expect(keyring.open("grant", elsewhere, rewritten)).toEqual({ ok: false, error: "tampered" });
    }
  });

  test("AT-54 two places never share a ciphertext, whatever their names are", () => {
    fc.assert(
      fc.property(aPurpose, aContext, aContext, (purpose, context, other) => {
        const same = (["table", "row", "user", "connection"] as const).every((name) => context[name] === other[name]);
        expect(keyring.open(purpose, other, keyring.seal(purpose, context, "x")).ok).toBe(same);
      }),
      { examples: [["grant", { table: "a", row: 'b","u":"c' }, { table: "a", row: "b", user: "c" }]] },
    );
  });

  test("AT-54 the sealed text shows nothing of what it holds", () => {
    const sealed = keyring.seal("grant", place, "ya29.canary-access-token");
    for (const part of parts(sealed)) {
      expect(Buffer.from(part, "base64url").toString("latin1")).not.toContain("canary");
      expect(Buffer.from(part, "base64url").toString("latin1")).not.toContain(newest.reveal());
    }
  });
});

describe("what was changed", () => {
  const sealed = keyring.seal("grant", place, "the tokens");

  test("VA-2 any flipped bit of any part fails", () => {
    fc.assert(
      fc.property(fc.nat(sealed.length - 1), fc.constantFrom(1, 2, 4, 8, 16, 32, 64), (at, bit) => {
        const changed = sealed.slice(0, at) + String.fromCharCode(sealed.charCodeAt(at) ^ bit) + sealed.slice(at + 1);
        expect(keyring.open("grant", place, changed).ok).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });

  test("VA-2 one sealed value has one spelling: padding, the other alphabet, spare bits and spaces are refused", () => {
    // A tag of 16 bytes leaves four spare bits in its last character, which a lenient decoder ignores.
    const [, , , , tag] = parts(sealed);
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const respelled = tag.slice(0, -1) + alphabet[alphabet.indexOf(tag.at(-1) as string) ^ 1];
    expect(Buffer.from(respelled, "base64url").equals(Buffer.from(tag, "base64url"))).toBe(true);
    for (const changed of [
      withPart(sealed, 4, respelled),
      `${sealed}==`,
      `${sealed}\n`,
      ` ${sealed}`,
      withPart(sealed, 3, `${parts(sealed)[3]}=`),
    ]) {
      expect(keyring.open("grant", place, changed)).toEqual({ ok: false, error: "malformed" });
    }
  });

  test("VA-2 a short tag, another nonce length, an encrypted key or a sixth part are refused before the cipher runs", () => {
    const [header, , iv, ciphertext, tag] = parts(sealed);
    const cut = (text: string, bytes: number) =>
      Buffer.from(text, "base64url").subarray(0, bytes).toString("base64url");
    for (const changed of [
      withPart(sealed, 4, cut(tag, 12)),
      withPart(sealed, 4, cut(tag, 4)),
      withPart(sealed, 4, ""),
      withPart(sealed, 2, cut(iv, 8)),
      withPart(sealed, 2, ""),
      `${sealed}.`,
      `${sealed}.AAAA`,
      [header, "", iv, ciphertext].join("."),
      [header, "", iv, ciphertext, tag, tag].join("."),
    ]) {
      expect(keyring.open("grant", place, changed)).toEqual({ ok: false, error: "malformed" });
    }
    expect(keyring.open("grant", place, withPart(sealed, 1, "AAAA")).ok).toBe(false);
  });

  test("VA-2 a header with another alg or enc, crit, zip, or more members is refused although its tag is right", () => {
    const header = headerOf(sealed);
    expect(keyring.open("grant", place, sealWithHeader("grant", header)).ok).toBe(true);
    for (const changed of [
      { ...header, alg: "A256KW" },
      { ...header, alg: "none" },
      { ...header, enc: "A128GCM" },
      { ...header, crit: ["exp"], exp: 1 },
      { ...header, zip: "DEF" },
      { ...header, jku: "https://evil.example" },
      { ...header, ctx: { ...header.ctx, x: 1 } },
      { enc: header.enc, alg: header.alg, kid: header.kid, typ: header.typ, ctx: header.ctx },
      { ...header, typ: "LK-GRANT" },
      { ...header, ctx: null },
    ]) {
      expect(keyring.open("grant", place, sealWithHeader("grant", changed)).ok).toBe(false);
    }
  });

  test("VA-2 text of any kind is an answer, never an exception", () => {
    const dotted = fc.array(
      fc.oneof(
        fc.string(),
        fc.base64String(),
        fc.json().map((json) => Buffer.from(json).toString("base64url")),
      ),
      { maxLength: 7 },
    );
    fc.assert(
      fc.property(
        aPurpose,
        aContext,
        fc.oneof(
          anyText,
          dotted.map((list) => list.join(".")),
        ),
        (purpose, context, text) => {
          expect(keyring.open(purpose, context, text).ok).toBe(false);
        },
      ),
      { numRuns: 500 },
    );
  });

  test("VA-2 a text without bound is refused unread, and nothing is sealed that would not open", () => {
    const huge = "A".repeat(17 * 1_048_576);
    expect(keyring.open("grant", place, `${sealed}${huge}`)).toEqual({ ok: false, error: "malformed" });
    expect(() => keyring.seal("grant", place, huge)).toThrow("server.unexpected");
  });
});

describe("keys", () => {
  test("VA-2 the newest secret seals, older ones still open, and a secret that was taken away does not", () => {
    const before = keyringOf(oldest).seal("grant", place, "x");
    const rotated = keyringOf(newest, oldest);
    expect(rotated.open("grant", place, before)).toEqual({ ok: true, value: "x" });
    const sealed = rotated.seal("grant", place, "y");
    expect(keyring.open("grant", place, sealed)).toEqual({ ok: true, value: "y" });
    expect(keyring.open("grant", place, before)).toEqual({ ok: false, error: "unknown_key" });
    expect(rotated.keyIds()).toEqual([...keyring.keyIds(), ...keyringOf(oldest).keyIds()]);
  });

  test("VA-2 another installation's keys open nothing of ours, even under our key id", () => {
    fc.assert(
      fc.property(aPurpose, fc.string({ minLength: 32 }), (purpose, other) => {
        const foreign = keyringOf(secret(other));
        const sealed = foreign.seal(purpose, place, "x");
        expect(keyring.open(purpose, place, sealed)).toEqual({ ok: false, error: "unknown_key" });
        const renamed = withPart(sealed, 0, parts(keyring.seal(purpose, place, "x"))[0]);
        expect(keyring.open(purpose, place, renamed)).toEqual({ ok: false, error: "tampered" });
      }),
      { numRuns: 30 },
    );
  });

  test("VA-2 the key id is stable and holds nothing of the secret", () => {
    const [id = ""] = keyringOf(secret("0123456789abcdef0123456789abcdef")).keyIds();
    expect(keyringOf(secret("0123456789abcdef0123456789abcdef")).keyIds()).toEqual([id]);
    expect(id).toMatch(/^[A-Za-z0-9_-]{12}$/);
    expect("0123456789abcdef").not.toContain(id.slice(0, 3));
  });

  test("VA-3 there is no keyring without a secret", () => {
    expect(() => keyringOf()).toThrow("config.invalid");
  });
});
