import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type PictureType, pictureType } from "./picture-type.js";

const bytes = (latin1: string) => Uint8Array.from(latin1, (character) => character.charCodeAt(0));
const heads: readonly (readonly [PictureType, string])[] = [
  ["image/png", "\x89PNG\r\n\x1a\n\0\0\0\rIHDR"],
  ["image/jpeg", "\xff\xd8\xff\xe0"],
  ["image/gif", "GIF87a"],
  ["image/gif", "GIF89a"],
  ["image/webp", "RIFF\x24\0\0\0WEBPVP8 "],
  ["image/webp", "RIFF\x24\0\0\0WEBPVP8L"],
  ["image/webp", "RIFF\x24\0\0\0WEBPVP8X"],
];
const anyTail = fc.uint8Array({ maxLength: 200 });

describe("the type of a picture", () => {
  test("SI-22 AT-38 what begins like one of the four is that one, whatever follows", () => {
    fc.assert(
      fc.property(fc.constantFrom(...heads), anyTail, ([type, head], tail) => {
        expect(pictureType(Uint8Array.from([...bytes(head), ...tail]))).toBe(type);
      }),
    );
  });

  test("SI-22 AT-38 a head that is cut off or differs in a single byte is none", () => {
    for (const [, head] of heads.filter(([type]) => type !== "image/jpeg")) {
      for (let at = 0; at < head.length; at++) {
        expect(pictureType(bytes(head.slice(0, at)))).toBeUndefined();
        // The length in a RIFF header may be anything.
        if (head.startsWith("RIFF") && at >= 4 && at < 8) continue;
        const other = bytes(head);
        other[at] = (other[at] ?? 0) ^ 0x80;
        expect(pictureType(other), `${head} at ${at}`).toBeUndefined();
      }
    }
    for (const head of ["", "\xff", "\xff\xd8", "\xff\xd8\x00"]) expect(pictureType(bytes(head))).toBeUndefined();
  });

  test("SI-22 bytes of any kind never throw, and what is found is on the list", () => {
    const list = ["image/png", "image/jpeg", "image/webp", "image/gif", undefined];
    fc.assert(fc.property(anyTail, (some) => list.includes(pictureType(some))));
  });

  test.each([
    '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    '<?xml version="1.0"?><svg onload="alert(1)"/>',
    "\xef\xbb\xbf<svg/>",
    "\x1f\x8b\x08\0\0\0\0\0",
    "<!doctype html><script>alert(1)</script>",
    "%PDF-1.7",
    "BM\x36\0\0\0",
    "\0\0\x01\0\x01\0",
    "II*\0",
    "\0\0\0\x1cftypavif",
    " GIF89a",
    "\n\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    "RIFF\x24\0\0\0WAVEfmt ",
    "<!--GIF89a--><script>alert(1)</script>",
  ])("SI-22 AT-38 %j is none", (head) => {
    expect(pictureType(bytes(`${head}${"\0".repeat(40)}`))).toBeUndefined();
  });
});
