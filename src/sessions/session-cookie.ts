/**
 * The session's opaque value on the wire (LO-1): a cookie, or the same string as `Authorization: Bearer`. This file
 * reads both without trusting either, and writes the cookie.
 */
import { hostPrefixed, readCookies, setCookie } from "../kernel/cookies.js";
import type { Duration } from "../kernel/time.js";

/** 256 random bits, base64url. */
const valueShape = /^[A-Za-z0-9_-]{43}$/;

export type PresentedSession =
  | { readonly kind: "none" }
  | { readonly kind: "value"; readonly value: string; readonly via: "cookie" | "bearer" }
  /** Something came that cannot be one of our values. */
  | { readonly kind: "malformed"; readonly via: "cookie" | "bearer" }
  /** Cookie and Bearer differ, or one of them came twice: nobody can say which is meant. */
  | { readonly kind: "conflict" };

export interface SessionCookie {
  readonly name: string;
  read(headers: { get(name: string): string | null }): PresentedSession;
  set(value: string, lifetime: Duration): string;
  clear(): string;
}

export function createSessionCookie(options: {
  readonly name: string;
  readonly secure: boolean;
  /** Set: shared with sibling hosts, and without the `__Host-` prefix. */
  readonly domain: string | null;
  readonly sameSite: "lax" | "none";
}): SessionCookie {
  const name = options.domain ? options.name : hostPrefixed(options.name, options.secure);
  const attributes = {
    secure: options.secure,
    sameSite: options.sameSite === "none" ? ("None" as const) : ("Lax" as const),
    domain: options.domain,
  };
  return {
    name,
    read: (headers) => readPresented(name, headers.get("cookie"), headers.get("authorization")),
    set: (value, lifetime) => setCookie(name, value, { ...attributes, maxAge: lifetime / 1_000 }),
    clear: () => setCookie(name, "", { ...attributes, maxAge: 0 }),
  };
}

function readPresented(name: string, cookieHeader: string | null, authorization: string | null): PresentedSession {
  const values = cookieHeader?.includes(name) ? readCookies(cookieHeader).filter((cookie) => cookie.name === name) : [];
  const bearer = readBearer(authorization);
  if (values.length > 1 || bearer === "repeated") return { kind: "conflict" };
  const cookie = values[0]?.value;
  if (cookie !== undefined && bearer !== undefined && cookie !== bearer) return { kind: "conflict" };
  const value = bearer ?? cookie;
  if (value === undefined) return { kind: "none" };
  const via = bearer === undefined ? "cookie" : "bearer";
  return valueShape.test(value) ? { kind: "value", value, via } : { kind: "malformed", via };
}

/** `undefined` for no header and for another scheme, which is somebody else's business (RFC 6750 §2.1). */
function readBearer(authorization: string | null): string | "repeated" | undefined {
  if (authorization === null) return undefined;
  const [scheme = "", ...rest] = authorization.trim().split(/\s+/);
  if (scheme.toLowerCase() !== "bearer") return undefined;
  // Two headers reach us joined with a comma, which no value of ours contains.
  if (authorization.includes(",")) return "repeated";
  return rest.length === 1 ? (rest[0] ?? "") : "";
}
