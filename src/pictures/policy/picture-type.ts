/**
 * What a picture is, by its bytes alone (SI-22). What its server calls it is not asked: the type that is found here is the
 * one it is served with, and `nosniff` holds browsers to it, so bytes that are two things at once stay the harmless one.
 *
 * SVG is never one: it is a document that can hold script (AT-38). Nor is anything that is not on the list.
 */

export type PictureType = "image/png" | "image/jpeg" | "image/webp" | "image/gif";

const text = (bytes: Uint8Array, from: number, to: number): string => String.fromCharCode(...bytes.subarray(from, to));

/** `undefined` for everything that is no PNG, JPEG, WebP or GIF. */
export function pictureType(bytes: Uint8Array): PictureType | undefined {
  // PNG §5.2 and §11.2.1: the signature, then the header chunk, which is 13 bytes long.
  if (text(bytes, 0, 16) === "\x89PNG\r\n\x1a\n\0\0\0\rIHDR") return "image/png";
  // ITU-T T.81 §B.2: start of image, then another marker.
  if (text(bytes, 0, 3) === "\xff\xd8\xff") return "image/jpeg";
  if (/^GIF8[79]a$/.test(text(bytes, 0, 6))) return "image/gif";
  // RFC 9649 §2: a RIFF file of the form WEBP; between the two is its length.
  if (text(bytes, 0, 4) === "RIFF" && /^WEBPVP8[ LX]$/.test(text(bytes, 8, 16))) return "image/webp";
  return undefined;
}
