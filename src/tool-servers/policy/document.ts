/** What an answer at a well-known place means (TS-2, TS-4): the document, "not here", or a failure to show. Pure. */
import { isJsonObject, type JsonObject, parseJson } from "../../kernel/json.js";

export type DocumentAnswer =
  | { readonly kind: "document"; readonly document: JsonObject }
  /** The next place may have it. */
  | { readonly kind: "not_here" }
  /** It may be here at another time: 5xx, 429, 408, 425. */
  | { readonly kind: "unavailable"; readonly reason: string }
  /** Something is here, and it is not the document. */
  | { readonly kind: "unusable"; readonly reason: string };

const later: ReadonlySet<number> = new Set([408, 425, 429]);

export function readDocument(answer: { readonly status: number; readonly body: Uint8Array }): DocumentAnswer {
  const { status } = answer;
  if (status >= 500 || later.has(status)) return { kind: "unavailable", reason: `status_${status}` };
  if (status >= 400) return { kind: "not_here" };
  if (status !== 200) return { kind: "unusable", reason: `status_${status}` };
  const document = parseJson(new TextDecoder().decode(answer.body));
  return isJsonObject(document) ? { kind: "document", document } : { kind: "unusable", reason: "not_a_json_object" };
}

/** A single-page app answers every path with its page: that is "not here" (TS-2). */
export const isPage = (mediaType: unknown): boolean =>
  mediaType === "text/html" || mediaType === "application/xhtml+xml";
