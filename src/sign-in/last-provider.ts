/**
 * Which provider this browser signed in with last: a cookie that the sign-in page reads to put that button first (SU-8).
 * It holds the provider's id and nothing about anybody, decides nothing, and an id that is not offered is ignored.
 */
import { hostPrefixed, readCookies, setCookie } from "../kernel/cookies.js";
import { days } from "../kernel/time.js";

export interface LastProvider {
  /** Set-Cookie values of a sign-in that was completed; none where there is nothing to choose between. */
  set(provider: string): readonly string[];
  /** What the browser says; whoever reads it looks the id up. */
  read(cookieHeader: string | undefined): string | undefined;
}

export function createLastProvider({
  secure,
  choice,
}: {
  readonly secure: boolean;
  /** Whether more than one provider is offered. */
  readonly choice: boolean;
}): LastProvider {
  const name = hostPrefixed("latchkey-last", secure);
  return {
    set: (provider) =>
      choice ? [setCookie(name, provider, { secure, sameSite: "Lax", maxAge: days(365) / 1_000 })] : [],
    read: (header) => readCookies(header).find((cookie) => cookie.name === name)?.value,
  };
}
