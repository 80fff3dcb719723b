/**
 * Which IP addresses are not the public Internet: IANA's special-purpose registries as data (RFC 6890), and what
 * an address inside an address means.
 *
 * IPv6 is judged the other way round as well: only 2000::/3 has ever been given out as global unicast, so whatever
 * lies outside is refused, named below or not. Ranges inside special blocks that IANA calls globally reachable
 * (ORCHID, AMT, AS112 …) are refused with the rest: no identity provider lives there.
 *
 * Two kinds of address carry an IPv4 address that is judged in their place: IPv4-mapped ones, since the operating
 * system dials the IPv4 address, and NAT64's well-known prefix, since a network with DNS64 answers it for every public
 * host. Everything else that embeds IPv4 (compatible, translated, 6to4, Teredo, local NAT64) is refused as it is.
 *
 * Not here: reading an address (kernel/ip-addresses), what the operator has allowed (allow-list), names (guarded-lookup).
 *
 * @see https://www.iana.org/assignments/iana-ipv4-special-registry https://www.iana.org/assignments/iana-ipv6-special-registry
 */
import ipaddr from "ipaddr.js";
import { type Address, type AddressRange, embeddedIPv4, isIPv4Mapped, isWithin } from "../kernel/ip-addresses.js";

const registry: readonly (readonly [range: string, name: string])[] = [
  ["0.0.0.0/8", "this network"],
  ["10.0.0.0/8", "private"],
  ["100.64.0.0/10", "carrier-grade NAT"],
  ["127.0.0.0/8", "loopback"],
  ["169.254.0.0/16", "link-local"],
  ["172.16.0.0/12", "private"],
  ["192.0.0.0/24", "protocol assignments"],
  ["192.0.2.0/24", "documentation"],
  ["192.31.196.0/24", "AS112"],
  ["192.52.193.0/24", "AMT"],
  ["192.88.99.0/24", "6to4 relay"],
  ["192.168.0.0/16", "private"],
  ["192.175.48.0/24", "AS112"],
  ["198.18.0.0/15", "benchmarking"],
  ["198.51.100.0/24", "documentation"],
  ["203.0.113.0/24", "documentation"],
  ["224.0.0.0/4", "multicast"],
  ["255.255.255.255/32", "broadcast"],
  ["240.0.0.0/4", "reserved"],
  // Not in the registry: a public address on which Azure answers its machines with their own configuration.
  ["168.63.129.16/32", "cloud metadata"],

  ["::/128", "unspecified"],
  ["::1/128", "loopback"],
  ["::/96", "IPv4-compatible"],
  ["::ffff:0:0:0/96", "IPv4-translated"],
  ["64:ff9b:1::/48", "local NAT64"],
  ["100::/64", "discard"],
  ["100:0:0:1::/64", "dummy"],
  ["2001::/32", "Teredo"],
  ["2001:2::/48", "benchmarking"],
  ["2001::/23", "protocol assignments"],
  ["2001:db8::/32", "documentation"],
  ["2002::/16", "6to4"],
  ["2620:4f:8000::/48", "AS112"],
  ["3fff::/20", "documentation"],
  ["5f00::/16", "segment routing"],
  ["fc00::/7", "unique local"],
  ["fe80::/10", "link-local"],
  ["fec0::/10", "site-local"],
  ["ff00::/8", "multicast"],
];

const ranges = registry.map(([range, name]) => [ipaddr.parseCIDR(range), name] as const);
const globalUnicast: AddressRange = ipaddr.parseCIDR("2000::/3");
const nat64: AddressRange = ipaddr.parseCIDR("64:ff9b::/96");

/** The name of the special-use range an address lies in; `undefined` when it is on the public Internet. */
export function specialUse(address: Address): string | undefined {
  const judged = isIPv4Mapped(address) || isWithin(address, nat64) ? embeddedIPv4(address) : address;
  const found = ranges.find(([range]) => isWithin(judged, range));
  if (found) return found[1];
  return judged.kind() === "ipv6" && !isWithin(judged, globalUnicast) ? "not global unicast" : undefined;
}
