/** Asks for one well-known document: what came back as a value, with its lifetime (TS-2, TS-4). */
import type { Egress } from "../egress/port.js";
import { isLatchkeyError } from "../kernel/errors.js";
import { after, type Clock, type Instant } from "../kernel/time.js";
import { freshFor } from "../oauth/document-lifetime.js";
import { asDiscoveryFailure } from "./failures.js";
import { type DocumentAnswer, isPage, readDocument } from "./policy/document.js";

export type Fetched =
  | (Extract<DocumentAnswer, { kind: "document" }> & { readonly freshUntil: Instant })
  | Exclude<DocumentAnswer, { kind: "document" }>
  /** A time-out or a broken connection: as an error to throw or to remember. */
  | { readonly kind: "failed"; readonly error: unknown };

/** Servers of 2025-03-26 may answer by it. */
const headers = { accept: "application/json", "mcp-protocol-version": "2026-07-28" };

/** @throws LatchkeyError `connect.metadata_refused` for an address or a redirect that egress does not take */
export async function fetchDocument(
  ports: { readonly egress: Egress; readonly clock: Clock },
  url: string,
): Promise<Fetched> {
  try {
    const answer = await ports.egress.request({ purpose: "metadata", url, headers });
    const read = readDocument(answer);
    if (read.kind !== "document") return read;
    const now = ports.clock.now();
    return { ...read, freshUntil: after(now, freshFor(answer.headers, now)) };
  } catch (thrown) {
    if (isLatchkeyError(thrown, "egress.content_type") && thrown.data["reason"] === "media_type") {
      return isPage(thrown.data["mediaType"]) ? { kind: "not_here" } : { kind: "unusable", reason: "media_type" };
    }
    const error = asDiscoveryFailure(thrown, { url });
    if (isLatchkeyError(error, "connect.server_unreachable")) return { kind: "failed", error };
    throw error;
  }
}
