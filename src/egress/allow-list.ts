/**
 * What the operator has let out: `egress.allow` (private addresses) and `egress.allowHttp` (no TLS).
 *
 * The two are separate on purpose. A provider at `http://localhost:8080` needs both: `allowHttp: [localhost]` lets the
 * scheme pass, `allow: [localhost]` (or `allow: [127.0.0.0/8, "::1"]`) lets the address pass.
 *
 * A host name is matched whole, never as a suffix, and exempts whatever it resolves to; a range exempts the addresses
 * in it, by whatever name they were found.
 */
import { isIPv6 } from "node:net";
import ipaddr from "ipaddr.js";
import { LatchkeyError } from "../kernel/errors.js";
import { type Address, type AddressRange, isWithin, parseAddress, specialUse } from "./special-use-addresses.js";

export interface AllowList {
  /** `undefined` when the address may be dialled; else the name of the range that forbids it. */
  addressProblem(address: string, hostname: string): string | undefined;
  /** Whether the operator named this host in `allow`. */
  allowsHost(hostname: string): boolean;
  /** Whether this http URL may be asked without TLS. */
  allowsHttp(url: URL): boolean;
}

/** @throws LatchkeyError `config.invalid` for an entry that could never match, such as `*.example.com`. */
export function compileAllowList(options: { allow: readonly string[]; allowHttp: readonly string[] }): AllowList {
  const hosts = new Set<string>();
  const ranges: AddressRange[] = [];
  for (const entry of options.allow) {
    const range = parseRange(entry);
    if (range) ranges.push(range);
    else hosts.add(parseHost("egress.allow", entry).hostname);
  }
  const httpHosts = options.allowHttp.map((entry) => parseHost("egress.allowHttp", entry));

  return {
    addressProblem(text, hostname) {
      if (hosts.has(plainHost(hostname))) return undefined;
      const address = parseAddress(text);
      if (!address) return "unreadable";
      return ranges.some((range) => isWithin(address, range)) ? undefined : specialUse(address);
    },
    allowsHost: (hostname) => hosts.has(plainHost(hostname)),
    allowsHttp: (url) =>
      httpHosts.some(
        ({ hostname, port }) =>
          hostname === plainHost(url.hostname) && (port === undefined || port === (url.port || "80")),
      ),
  };
}

/** A host as it is compared: lower case, no brackets around IPv6, and without the dot that ends a full name. */
export const plainHost = (hostname: string): string =>
  hostname
    .toLowerCase()
    .replace(/^\[(.*)\]$/, "$1")
    .replace(/\.$/, "");

/** An address, or a range in CIDR notation; `undefined` for a host name. */
export function parseRange(entry: string): AddressRange | undefined {
  const [base = "", prefix, more] = entry.split("/");
  const address: Address | undefined = parseAddress(base.replace(/^\[(.*)\]$/, "$1"));
  if (!address || more !== undefined) return undefined;
  const longest = address.kind() === "ipv4" ? 32 : 128;
  if (prefix === undefined) return [address, longest];
  // A range of IPv4-mapped addresses is a range of IPv4 addresses, 96 bits further on.
  const length = /^\d{1,3}$/.test(prefix) ? Number(prefix) - (isIPv6(base) && longest === 32 ? 96 : 0) : Number.NaN;
  return length >= 0 && length <= longest ? [ipaddr.parse(address.toString()), length] : undefined;
}

function parseHost(path: string, entry: string): { hostname: string; port: string | undefined } {
  const text = `http://${isIPv6(entry) ? `[${entry}]` : entry}`;
  // The URL parser gives host names the one spelling that URLs have: lower case, punycode, plain IPv4.
  if (/^[^/\\?#@*\s]+$/.test(entry) && URL.canParse(text)) {
    const port = /:(\d+)$/.exec(isIPv6(entry) ? "" : entry)?.[1];
    return { hostname: plainHost(new URL(text).hostname), port };
  }
  throw new LatchkeyError("config.invalid", { data: { path, found: entry, reason: "not a host, address or range" } });
}
