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
import { LatchkeyError } from "../kernel/errors.js";
import { type AddressRange, isWithin, parseAddress, parseRange } from "../kernel/ip-addresses.js";
import { specialUse } from "./special-use-addresses.js";

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

function parseHost(path: string, entry: string): { hostname: string; port: string | undefined } {
  const text = `http://${isIPv6(entry) ? `[${entry}]` : entry}`;
  // The URL parser gives host names the one spelling that URLs have: lower case, punycode, plain IPv4.
  if (/^[^/\\?#@*\s]+$/.test(entry) && URL.canParse(text)) {
    const port = /:(\d+)$/.exec(isIPv6(entry) ? "" : entry)?.[1];
    return { hostname: plainHost(new URL(text).hostname), port };
  }
  throw new LatchkeyError("config.invalid", { data: { path, found: entry, reason: "not a host, address or range" } });
}
