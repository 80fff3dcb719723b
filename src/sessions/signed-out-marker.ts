/**
 * "This browser has signed out": a cookie that keeps `signIn.autoStart` from signing the person straight back in
 * (SI-15). It says nothing about anybody, ends with the browser, and goes with the next sign-in.
 */
import { hostPrefixed, readCookies, setCookie } from "../kernel/cookies.js";

export interface SignedOutMarker {
  set(): string;
  clear(): string;
  isSet(cookieHeader: string | undefined): boolean;
}

export function createSignedOutMarker({ secure }: { readonly secure: boolean }): SignedOutMarker {
  const name = hostPrefixed("latchkey-signed-out", secure);
  const attributes = { secure, sameSite: "Lax" } as const;
  return {
    set: () => setCookie(name, "1", attributes),
    clear: () => setCookie(name, "", { ...attributes, maxAge: 0 }),
    isSet: (header) => readCookies(header).some((cookie) => cookie.name === name && cookie.value === "1"),
  };
}
