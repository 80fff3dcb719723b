/**
 * Reads a body to its end, decompressed, and stops at a limit (EG-3, AT-36).
 *
 * Bytes are counted on both sides of the decompression: after it for bombs, before it because a compressed stream may
 * go on for ever without giving a byte. Decompression happens piece by piece, so a bomb never unfolds whole.
 */
import type { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from "node:zlib";
import { LatchkeyError } from "../kernel/errors.js";

/**
 * @param encoding The Content-Encoding header. One coding at most: several are a bomb's way of folding itself twice.
 * @throws LatchkeyError `egress.too_large` · `egress.content_type` for a coding that is not gzip, deflate or br.
 *   What the stream or the decompression reports is passed on as it is. The stream is destroyed in every case.
 */
export async function readCapped(body: Readable, encoding: string | null, maxBytes: number): Promise<Uint8Array> {
  const coding = encoding?.trim().toLowerCase() ?? "";
  if (!["", "identity", "gzip", "x-gzip", "deflate", "br"].includes(coding)) {
    body.destroy();
    throw new LatchkeyError("egress.content_type", {
      data: { reason: "content_encoding", encoding: coding.slice(0, 40) },
    });
  }
  const read: Uint8Array[] = [];
  if (coding === "" || coding === "identity") {
    // Nothing unfolds: one count, and none of the turns that a pipeline takes.
    for await (const chunk of capped(body, maxBytes)) read.push(chunk);
    return Buffer.concat(read);
  }
  await pipeline(
    body,
    (source: AsyncIterable<Uint8Array>) => capped(source, maxBytes),
    (source: AsyncIterable<Uint8Array>) => decompressed(source, coding),
    async (source: AsyncIterable<Uint8Array>) => {
      for await (const chunk of capped(source, maxBytes)) read.push(chunk);
    },
  );
  return Buffer.concat(read);
}

async function* capped(source: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new LatchkeyError("egress.too_large", { data: { reason: "body", limit: maxBytes } });
    yield chunk;
  }
}

async function* decompressed(source: AsyncIterable<Uint8Array>, coding: string): AsyncGenerator<Uint8Array> {
  const chunks = source[Symbol.asyncIterator]();
  const first = await chunks.next();
  // An empty body is empty in every coding; decoders would call it cut off.
  if (first.done) return;
  const rest = (async function* () {
    yield first.value;
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value;
  })();
  const decoder = decoderFor(coding, first.value);
  const fed = pipeline(rest, decoder);
  // The loop below reports the failure; this promise only must not go unheard.
  fed.catch(() => {});
  yield* decoder;
  await fed;
}

function decoderFor(coding: string, first: Uint8Array): Transform {
  if (coding === "gzip" || coding === "x-gzip") return createGunzip();
  if (coding === "br") return createBrotliDecompress();
  // RFC 9110 §8.4.1.2 means zlib's format, and many servers send the bare one; the first byte tells them apart.
  return ((first[0] ?? 0) & 0x0f) === 8 ? createInflate() : createInflateRaw();
}
