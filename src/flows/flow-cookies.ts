/**
 * The cookies that flows travel in: one per flow, five at most, under 5 KB together (SI-8, AT-21).
 * Always HttpOnly, SameSite=Lax, Path=/, no Domain, whatever `sessions.*` says; the `__Host-` prefix and Secure
 * follow the scheme of `baseUrl` alone.
 */
import { equalInConstantTime, sha256Base64Url } from "../crypto/digest.js";
import type { Keyring } from "../crypto/port.js";
import { type Cookie, hostPrefixed, readCookies, setCookie } from "../kernel/cookies.js";
import { after, type Duration, type Instant } from "../kernel/time.js";
import { decodeFlow, encodeFlow, type Flow } from "./flow.js";

const maxFlows = 5;
const maxBytes = 5_000;
/**
 * Cookies that one answer takes away. Whoever can plant cookies under our prefix plants hundreds, some where we cannot
 * reach them (another Path); naming them all would make a header that proxies refuse. The rest goes the next time.
 */
const mostSwept = 20;

export interface FlowCookies {
  /** Set-Cookie values for a new flow, and for those that must make room for it. */
  add(cookieHeader: string | undefined, flow: Flow, now: Instant): readonly string[];
  /** The flow of this browser that fits `state`; undefined when there is none. Expiry is the caller's step. */
  find(cookieHeader: string | undefined, state: string): Flow | undefined;
  /** Set-Cookie values that take away what this browser holds for `state`. */
  clear(cookieHeader: string | undefined, state: string | null): readonly string[];
}

export function createFlowCookies(ports: { keyring: Keyring; secure: boolean; flowLifetime: Duration }): FlowCookies {
  const prefix = hostPrefixed("latchkey-flow-", ports.secure);
  const attributes = { secure: ports.secure, sameSite: "Lax" } as const;
  const tagOf = (stateHash: string) => stateHash.slice(0, 8);
  const remove = (name: string) => setCookie(name, "", { ...attributes, maxAge: 0 });
  const ours = (header: string | undefined) => readCookies(header).filter((cookie) => cookie.name.startsWith(prefix));
  const bytes = (name: string, value: string) => name.length + value.length + "=; ".length;

  function open(cookie: Cookie): Flow | undefined {
    const opened = ports.keyring.open("flow", { table: "flow", row: cookie.name.slice(prefix.length) }, cookie.value);
    return opened.ok ? decodeFlow(opened.value) : undefined;
  }

  return {
    add(header, flow, now) {
      const name = prefix + tagOf(flow.stateHash);
      const value = ports.keyring.seal("flow", { table: "flow", row: tagOf(flow.stateHash) }, encodeFlow(flow));
      const kept: { name: string; size: number; startedAt: Instant }[] = [];
      const crowdedOut = new Set<string>();
      const dead = new Set<string>();
      for (const cookie of ours(header)) {
        const other = open(cookie);
        const alive = other !== undefined && after(other.startedAt, ports.flowLifetime) > now;
        if (alive) kept.push({ name: cookie.name, size: bytes(cookie.name, cookie.value), startedAt: other.startedAt });
        else dead.add(cookie.name);
      }
      kept.sort((a, b) => b.startedAt - a.startedAt);
      let room = maxBytes - bytes(name, value);
      kept.forEach((other, index) => {
        room -= other.size;
        if (index >= maxFlows - 1 || room < 0) crowdedOut.add(other.name);
      });
      const gone = [...new Set([...crowdedOut, ...dead])].filter((other) => other !== name).slice(0, mostSwept);
      // The browser keeps the cookie a little longer than the flow lives, so that a late callback is told "expired".
      const maxAge = (ports.flowLifetime / 1_000) * 2;
      return [...gone.map(remove), setCookie(name, value, { ...attributes, maxAge })];
    },

    find(header, state) {
      const stateHash = sha256Base64Url(state);
      const name = prefix + tagOf(stateHash);
      for (const cookie of ours(header)) {
        if (cookie.name !== name) continue;
        const flow = open(cookie);
        if (flow && equalInConstantTime(flow.stateHash, stateHash)) return flow;
      }
      return undefined;
    },

    clear(header, state) {
      if (!state) return [];
      const name = prefix + tagOf(sha256Base64Url(state));
      return ours(header).some((cookie) => cookie.name === name) ? [remove(name)] : [];
    },
  };
}
