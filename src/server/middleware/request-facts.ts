/**
 * Where a request comes from, and what it is called (SU-3, AT-5, AT-51).
 *
 * The peer's address is a fact; everything in `X-Forwarded-For` is hearsay, and counts only as far as the people
 * who say it are trusted: from the right, each address that is a trusted proxy vouches for the one to its left.
 * The first one that is not trusted is the visitor. `Forwarded` and `X-Real-IP` are not read at all.
 */
import { LatchkeyError } from "../../kernel/errors.js";
import { type Address, isWithin, parseAddress as parsePlainAddress, parseRange } from "../../kernel/ip-addresses.js";
import type { RequestFacts } from "../features.js";

/** Answers whether this address is one of the operator's own proxies. */
export type IsTrustedProxy = (address: string | null) => boolean;

const fitRequestId = /^[A-Za-z0-9-]{8,64}$/;
/** True for text that may stand as a request id, wherever it came from. */
export const isRequestId = (text: string): boolean => fitRequestId.test(text);

/**
 * An address in its plain form: `::ffff:10.0.0.1` is `10.0.0.1`, a port, brackets and a zone are dropped.
 * `undefined` for anything else, and for octal, hex and short notations that two parsers may read differently.
 */
export function parseAddress(text: string): Address | undefined {
  let plain = text.trim();
  const bracketed = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(plain);
  if (bracketed) plain = bracketed[1] ?? "";
  else if (/^[\d.]+:\d{1,5}$/.test(plain)) plain = plain.slice(0, plain.indexOf(":"));
  return parsePlainAddress(plain.split("%", 1)[0] ?? "");
}

/**
 * @param entries addresses or CIDRs of `server.trustedProxies`.
 * @throws LatchkeyError `config.invalid` for an entry that is neither: it must not become "nobody is trusted".
 */
export function trustedProxies(entries: readonly string[]): IsTrustedProxy {
  const ranges = entries.map((entry) => {
    const range = parseRange(entry);
    if (!range) throw new LatchkeyError("config.invalid", { data: { path: "server.trustedProxies", found: entry } });
    return range;
  });
  return (text) => {
    const address = text === null ? undefined : parseAddress(text);
    return address !== undefined && ranges.some((range) => isWithin(address, range));
  };
}

/** The visitor's address: the peer's, or what trusted proxies say of it. */
export function visitorAddress(
  peer: string | null,
  forwardedFor: string | null,
  isTrusted: IsTrustedProxy,
): string | null {
  let visitor = peer === null ? undefined : parseAddress(peer);
  if (!visitor) return null;
  const hops = (forwardedFor ?? "").split(",").reverse();
  for (const hop of hops) {
    if (!isTrusted(visitor.toString())) break;
    const next = parseAddress(hop);
    if (!next) break; // A proxy of ours wrote no address: what lies further left is anybody's.
    visitor = next;
  }
  return visitor.toString();
}

/** The facts of one request. The id comes from a trusted proxy if it is fit to use, else it is new. */
export function readRequestFacts(
  request: Request,
  peer: string | null,
  ports: { readonly isTrusted: IsTrustedProxy; readonly newRequestId: () => string },
): RequestFacts {
  const { headers } = request;
  const given = headers.get("x-request-id");
  return {
    requestId: given !== null && isRequestId(given) && ports.isTrusted(peer) ? given : ports.newRequestId(),
    address: visitorAddress(peer, headers.get("x-forwarded-for"), ports.isTrusted),
    userAgent: headers.get("user-agent")?.slice(0, 512) ?? null,
  };
}
