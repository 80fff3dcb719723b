/**
 * "This browser has signed out": a cookie that keeps `signIn.autoStart` from signing the person straight back in
 * (SI-15). It says nothing about anybody, ends with the browser, and goes with the next sign-in.
 */
import { hostPrefixed, readCookies, setCookie } from "../kernel/cookies.js";

export interface SignedOutMarker {
  /** Set-Cookie values; none where nothing is started automatically. */
  set(): readonly string[];
  /** Takes it away where the browser holds one. */
  clear(cookieHeader: string | undefined): readonly string[];
  isSet(cookieHeader: string | undefined): boolean;
}

export function createSignedOutMarker({
  secure,
  autoStart,
}: {
  readonly secure: boolean;
  readonly autoStart: boolean;
}): SignedOutMarker {
  const name = hostPrefixed("latchkey-signed-out", secure);
  const attributes = { secure, sameSite: "Lax" } as const;
  const isSet = (header: string | undefined) =>
    readCookies(header).some((cookie) => cookie.name === name && cookie.value === "1");
  return {
    set: () => (autoStart ? [setCookie(name, "1", attributes)] : []),
    clear: (header) => (isSet(header) ? [setCookie(name, "", { ...attributes, maxAge: 0 })] : []),
    isSet,
  };
}
