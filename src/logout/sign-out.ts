/**
 * Sign-out (LO-5): builds the provider's end-session URL while the ID token is still there, ends the session here, and
 * only then says where to go. Whatever the provider does or fails to do, nobody stays signed in here.
 */
import type { AuditContext } from "../audit/audit-event.js";
import { equalInConstantTime, sha256Base64Url } from "../crypto/digest.js";
import type { Keyring } from "../crypto/port.js";
import { randomToken } from "../crypto/random.js";
import { safeReturnTo } from "../flows/policy/return-to.js";
import { hostPrefixed, readCookies, setCookie } from "../kernel/cookies.js";
import { asLatchkeyError } from "../kernel/errors.js";
import { isJsonObject, parseJson, stringMember } from "../kernel/json.js";
import type { Log } from "../kernel/log.js";
import type { Clock, Instant } from "../kernel/time.js";
import { endSessionUrl } from "../oauth/end-session.js";
import type { Metadata } from "../oauth/metadata.js";
import type { Authenticated } from "../sessions/session.js";
import type { SessionCookie } from "../sessions/session-cookie.js";
import type { SignedOutMarker } from "../sessions/signed-out-marker.js";
import type { SessionRecord } from "../store/records.js";
import { openGrant } from "../vault/sealed-grant.js";
import { type EndSessionsPorts, endSessions } from "./end-sessions.js";

export interface SignOutPorts extends EndSessionsPorts {
  readonly keyring: Keyring;
  readonly metadata: Metadata;
  readonly clock: Clock;
  readonly log: Log;
  readonly cookie: SessionCookie;
  readonly marker: SignedOutMarker;
  /** `{baseUrl}{basePath}` */
  readonly base: string;
  readonly origin: string;
  readonly secure: boolean;
  /** Operator's `signIn.signOut`. */
  readonly returnTo: string | null;
  readonly allowedReturnTo: readonly string[];
  /** Called after revocations were queued, so that they leave soon. */
  readonly onQueued: () => void;
}

export interface SignOutInput {
  readonly signedIn: Authenticated | undefined;
  /** What the browser sent; SU-5's check is done. */
  readonly headers: { get(name: string): string | null };
  readonly choice: "local" | "provider" | undefined;
  readonly returnTo: string | undefined;
  readonly request: AuditContext;
}

/** How long the browser may be at the provider before it comes back. */
const awaySeconds = 600;

export function createSignOut(ports: SignOutPorts) {
  const cookieName = hostPrefixed("latchkey-sign-out", ports.secure);
  const attributes = { secure: ports.secure, sameSite: "Lax" } as const;
  const sealContext = { table: "sign-out", row: "state" };

  async function signOut(input: SignOutInput) {
    const now = ports.clock.now();
    const afterwards = allowedReturnTo(input.returnTo) ?? ports.returnTo;
    const session = await endingSession(input);
    const away = input.signedIn && session && (await providersEndSession(session, input.choice));
    if (session) {
      const actor = { kind: "user", id: session.userId };
      await endSessions(ports, [session], { actor, reason: "sign_out", audit: input.request, now });
      ports.onQueued();
    }
    const gone = [ports.cookie.clear(), ...ports.marker.set()];
    if (!away) return { location: afterwards ?? `${ports.base}/signed-out`, setCookies: gone };
    const kept = JSON.stringify({ s: sha256Base64Url(away.state), r: afterwards, t: now });
    const stateCookie = setCookie(cookieName, ports.keyring.seal("sign-out", sealContext, kept), {
      ...attributes,
      maxAge: awaySeconds,
    });
    return { location: away.url.href, setCookies: [...gone, stateCookie] };
  }

  /**
   * The session that has to go. One that counts for nothing now (its provider is switched off) still has its row, and
   * would be good again when the provider is back: whoever has the value must not come in with it then (AT-45).
   */
  async function endingSession({ signedIn, headers }: SignOutInput): Promise<SessionRecord | undefined> {
    if (signedIn) return ports.store.sessions.byId(signedIn.session.id);
    const presented = ports.cookie.read(headers);
    return presented.kind === "value" ? ports.store.sessions.byTokenHash(sha256Base64Url(presented.value)) : undefined;
  }

  /** The provider's end-session URL, or nothing: it has none, the operator or the person does not want it, it fails. */
  async function providersEndSession(session: SessionRecord, choice: SignOutInput["choice"]) {
    const provider = ports.providers.byId(session.provider);
    if (!provider?.issuers.includes(session.issuer) || provider.logout === "local") return undefined;
    if (provider.logout === "ask" && choice !== "provider") return undefined;
    try {
      const as = await ports.metadata.discover(provider);
      const [grant] = await ports.store.grants.ofSession(session.id);
      const state = randomToken(ports.random);
      const url = endSessionUrl(as, {
        idToken: (grant && openGrant(ports.keyring, grant)?.idToken) ?? null,
        clientId: session.clientId,
        state,
        postLogoutRedirectUri: `${ports.base}/signed-out`,
      });
      return url && { url, state };
    } catch (thrown) {
      const fields = { provider: provider.id, code: asLatchkeyError(thrown).code };
      ports.log.warn(fields, "signed out here only: the provider cannot be reached");
      return undefined;
    }
  }

  /** A path on our origin, or a URL whose origin the operator listed; compared as origins, never by prefix. */
  function allowedReturnTo(text: string | undefined): string | null {
    const path = safeReturnTo(text, ports.origin);
    if (path !== undefined) return path;
    if (!text || text.length > 1_024 || !URL.canParse(text)) return null;
    const url = new URL(text);
    const allowed = ports.allowedReturnTo.includes(url.origin) && !url.username && !url.password;
    return allowed && (url.protocol === "https:" || url.protocol === "http:") ? url.href : null;
  }

  function signedOut(input: { state: string | undefined; cookieHeader: string | undefined }) {
    const cookies = readCookies(input.cookieHeader).filter((cookie) => cookie.name === cookieName);
    const setCookies = cookies.length > 0 ? [setCookie(cookieName, "", { ...attributes, maxAge: 0 })] : [];
    const kept = cookies.length === 1 && cookies[0] ? open(cookies[0].value, ports.clock.now()) : undefined;
    if (!kept || input.state === undefined) return { location: null, setCookies: [] };
    const fits = equalInConstantTime(kept.stateHash, sha256Base64Url(input.state));
    return { location: fits ? kept.returnTo : null, setCookies: fits ? setCookies : [] };
  }

  function open(sealed: string, now: Instant): { stateHash: string; returnTo: string | null } | undefined {
    const opened = ports.keyring.open("sign-out", sealContext, sealed);
    const value = opened.ok ? parseJson(opened.value) : undefined;
    if (!isJsonObject(value) || typeof value["t"] !== "number") return undefined;
    const stateHash = stringMember(value, "s");
    if (stateHash === undefined || value["t"] + awaySeconds * 1_000 < now) return undefined;
    return { stateHash, returnTo: stringMember(value, "r") ?? null };
  }

  return { signOut, signedOut };
}
