/**
 * A person's name on its way from a provider's cross-site POST to the GET that follows it (SI-9): sealed for one
 * state and one provider, for 60 seconds, in the one cookie that a browser has for it.
 *
 * Anybody can make a browser send that POST, with any text in it and as often as they like. So the cookie is worth nothing
 * without the flow of the same state, which only the browser that began it holds, what is in it can become a name and
 * nothing else, and the last one takes the place of the one before: a cookie for each state would pile up until the
 * browser's headers are too long for every request (AT-21).
 */
import { equalInConstantTime, sha256Base64Url } from "../crypto/digest.js";
import type { Keyring } from "../crypto/port.js";
import { hostPrefixed, readCookies, setCookie } from "../kernel/cookies.js";
import { isJsonObject, member, parseJson, stringMember } from "../kernel/json.js";
import { after, type Instant, seconds } from "../kernel/time.js";

const lifetime = seconds(60);
/** Characters of the name that is kept; more than is ever shown. */
const longestName = 200;

export interface PostedNames {
  /** Set-Cookie values that hold the name for the callback with this state, and for no other. */
  keep(provider: string, state: string, name: string, now: Instant): readonly string[];
  /** The name that came for this provider's state; undefined when there is none, or it is too old. */
  find(cookieHeader: string | undefined, provider: string, state: string, now: Instant): string | undefined;
  /** Set-Cookie values that take away what this browser holds, for whichever state. */
  clear(cookieHeader: string | undefined): readonly string[];
}

export function createPostedNames(ports: { readonly keyring: Keyring; readonly secure: boolean }): PostedNames {
  const cookieName = hostPrefixed("latchkey-name", ports.secure);
  const attributes = { secure: ports.secure, sameSite: "Lax" } as const;
  const tagOf = (state: string) => sha256Base64Url(state).slice(0, 8);
  const place = (provider: string, state: string) => ({
    table: "posted-name",
    row: tagOf(state),
    connection: `provider:${provider}`,
  });

  return {
    keep(provider, state, name, now) {
      const kept = { s: sha256Base64Url(state), n: [...name].slice(0, longestName).join(""), t: now };
      const sealed = ports.keyring.seal("apple-name", place(provider, state), JSON.stringify(kept));
      return [setCookie(cookieName, sealed, { ...attributes, maxAge: lifetime / 1_000 })];
    },

    find(header, provider, state, now) {
      for (const cookie of readCookies(header)) {
        if (cookie.name !== cookieName) continue;
        const opened = ports.keyring.open("apple-name", place(provider, state), cookie.value);
        const kept = opened.ok ? parseJson(opened.value) : undefined;
        if (!isJsonObject(kept)) continue;
        const at = member(kept, "t");
        const ours = equalInConstantTime(stringMember(kept, "s") ?? "", sha256Base64Url(state));
        const fresh = typeof at === "number" && after(at as Instant, lifetime) > now;
        if (ours && fresh) return stringMember(kept, "n");
      }
      return undefined;
    },

    clear(header) {
      const held = readCookies(header).some((cookie) => cookie.name === cookieName);
      return held ? [setCookie(cookieName, "", { ...attributes, maxAge: 0 })] : [];
    },
  };
}
