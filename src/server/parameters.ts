/**
 * Reading what a stranger put into a query or a form.
 *
 * Queries are read with `URLSearchParams` from the text after `?`, never through a URL built from the Host header.
 * A parameter that stands there twice has two meanings for two readers, so it has none for us (AT-4).
 */
import { LatchkeyError } from "../kernel/errors.js";
import { err, ok, type Result } from "../kernel/result.js";

/** The query of a request's URL. */
export function queryOf(url: string): URLSearchParams {
  const start = url.indexOf("?");
  return new URLSearchParams(start === -1 ? "" : url.slice(start + 1).split("#", 1)[0]);
}

/** The path of a request's URL as it was sent, before any decoding. */
export function rawPathOf(url: string): string {
  const authority = url.indexOf("://");
  const start = url.indexOf("/", authority === -1 ? 0 : authority + 3);
  return start === -1 ? "/" : (url.slice(start).split(/[?#]/, 1)[0] ?? "/");
}

/** False for a path with a broken percent-encoding. */
export function isWellFormedPath(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}

/** A parameter's value if it is there exactly once. */
export function single(parameters: URLSearchParams, name: string): string | undefined {
  const values = parameters.getAll(name);
  return values.length === 1 ? values[0] : undefined;
}

/** The first name that comes a second time, asked of each field once: a stranger chooses how many there are. */
export function repeatedName(parameters: URLSearchParams, mayRepeat: readonly string[] = []): string | undefined {
  const seen = new Set<string>();
  for (const name of parameters.keys()) {
    if (seen.has(name) && !mayRepeat.includes(name)) return name;
    seen.add(name);
  }
  return undefined;
}

/** Forms are small; the largest one that reaches us is a provider's form_post. */
const formLimit = 64 * 1024;
/** So much is received and dropped, so that the sender hears the answer and goes on with the same connection. */
const droppedLimit = 1024 * 1024;
/** An admin's form has eight fields and one for each role that is ticked; the others have fewer. */
const mostFields = 200;

/**
 * The fields of an `application/x-www-form-urlencoded` body. No body is an empty form.
 *
 * @throws LatchkeyError `server.bad_request` for another content type, a body over 64 KB, or more than 200 fields.
 */
export async function readForm(request: Request): Promise<URLSearchParams> {
  const type = (request.headers.get("content-type") ?? "").split(";", 1)[0]?.trim().toLowerCase();
  const body = await readText(request, formLimit);
  if (!body.ok) throw new LatchkeyError("server.bad_request", { data: { reason: body.error } });
  if (body.value === "") return new URLSearchParams();
  if (type !== "application/x-www-form-urlencoded") {
    throw new LatchkeyError("server.bad_request", { data: { reason: "content_type" } });
  }
  const form = new URLSearchParams(body.value);
  if (form.size > mostFields) throw new LatchkeyError("server.bad_request", { data: { reason: "too_many_fields" } });
  return form;
}

/** Counts the bytes as they come: Content-Length is what the sender says, not what the sender sends. */
async function readText(request: Request, limit: number): Promise<Result<string, "too_large" | "unreadable">> {
  if (request.body === null) return ok("");
  const reader = request.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return size > limit ? err("too_large") : ok(text + decoder.decode());
      size += value.byteLength;
      if (size > droppedLimit) {
        await reader.cancel();
        return err("too_large");
      }
      text = size > limit ? "" : text + decoder.decode(value, { stream: true });
    }
  } catch {
    return err("unreadable");
  }
}
