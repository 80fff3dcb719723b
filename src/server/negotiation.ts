/** Which of our two faces a caller wants: pages for browsers, problem documents for programs. */

/** The weight an Accept header gives one media type by name; wildcards do not count, since everybody sends them. */
function weight(accept: string, type: string): number {
  for (const part of accept.toLowerCase().split(",")) {
    const [name, ...parameters] = part.split(";").map((text) => text.trim());
    if (name !== type) continue;
    const q = parameters.find((text) => text.startsWith("q="));
    const value = q === undefined ? 1 : Number(q.slice(2));
    return Number.isFinite(value) ? value : 0;
  }
  return 0;
}

/** True when the caller names JSON, and wants it at least as much as a page (RFC 9110 §12.5.1). */
export function prefersJson(headers: Headers): boolean {
  const accept = headers.get("accept") ?? "";
  const json = Math.max(weight(accept, "application/json"), weight(accept, "application/problem+json"));
  return json > 0 && json >= weight(accept, "text/html");
}

/** True when the caller names HTML, and wants it more than JSON: in practice, a browser that navigates. */
export const prefersPage = (headers: Headers): boolean =>
  !prefersJson(headers) && weight(headers.get("accept") ?? "", "text/html") > 0;
