/**
 * IP addresses and ranges of them, read in one way wherever they are written: in the configuration, in a header, by a
 * resolver. What the configuration calls a range is what the code that uses it takes for one.
 *
 * Not here: which of them may be dialled (egress/special-use-addresses.ts).
 */
import { isIP, isIPv6 } from "node:net";
import ipaddr from "ipaddr.js";

export type Address = ipaddr.IPv4 | ipaddr.IPv6;
export type AddressRange = readonly [base: Address, prefix: number];

const mapped: AddressRange = ipaddr.parseCIDR("::ffff:0:0/96");

/**
 * Reads an address in its ordinary notation; `undefined` for any other, and for one with a zone id. IPv4-mapped
 * addresses come back as the IPv4 address that would be dialled.
 */
export function parseAddress(text: string): Address | undefined {
  // ipaddr.js reads octal, hex and short forms too, which the operating system may read differently.
  if (isIP(text) === 0 || text.includes("%")) return undefined;
  // It also takes `::1.2.3.4` for an IPv4-mapped address, which it is not; `URL` writes it in hex, without that doubt.
  const address = ipaddr.parse(isIPv6(text) ? new URL(`http://[${text}]`).hostname.slice(1, -1) : text);
  return isWithin(address, mapped) ? embeddedIPv4(address) : address;
}

/**
 * An address, or a range in CIDR notation; `undefined` for anything else, and for a range of which IPv4-mapped addresses
 * are only a part.
 */
export function parseRange(entry: string): AddressRange | undefined {
  const [text = "", prefix, more] = entry.split("/");
  const base = text.replace(/^\[(.*)\]$/, "$1");
  const address = parseAddress(base);
  if (!address || more !== undefined) return undefined;
  const longest = address.kind() === "ipv4" ? 32 : 128;
  if (prefix === undefined) return [address, longest];
  // A range of IPv4-mapped addresses is a range of IPv4 addresses, 96 bits further on.
  const length = /^\d{1,3}$/.test(prefix) ? Number(prefix) - (isIPv6(base) && longest === 32 ? 96 : 0) : Number.NaN;
  return length >= 0 && length <= longest ? [address, length] : undefined;
}

export const isWithin = (address: Address, [base, prefix]: AddressRange): boolean =>
  address.kind() === base.kind() && address.match(base, prefix);

export const isIPv4Mapped = (address: Address): boolean => isWithin(address, mapped);

/** The IPv4 address in the last 32 bits. */
export const embeddedIPv4 = (address: Address): Address => new ipaddr.IPv4(address.toByteArray().slice(-4));
