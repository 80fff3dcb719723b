import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseAddress } from "../kernel/ip-addresses.js";
import { specialUse } from "./special-use-addresses.js";

const useOf = (text: string): string | undefined => {
  const address = parseAddress(text);
  if (!address) throw new Error(`not an address: ${text}`);
  return specialUse(address);
};

// First and last address of each block, and the public neighbours on either side where there are any.
test.each<[name: string, first: string, last: string, below: string | null, above: string | null]>([
  ["this network", "0.0.0.0", "0.255.255.255", null, "1.0.0.0"],
  ["private", "10.0.0.0", "10.255.255.255", "9.255.255.255", "11.0.0.0"],
  ["carrier-grade NAT", "100.64.0.0", "100.127.255.255", "100.63.255.255", "100.128.0.0"],
  ["loopback", "127.0.0.0", "127.255.255.255", "126.255.255.255", "128.0.0.0"],
  ["link-local", "169.254.0.0", "169.254.255.255", "169.253.255.255", "169.255.0.0"],
  ["private", "172.16.0.0", "172.31.255.255", "172.15.255.255", "172.32.0.0"],
  ["protocol assignments", "192.0.0.0", "192.0.0.255", "191.255.255.255", "192.0.1.0"],
  ["documentation", "192.0.2.0", "192.0.2.255", "192.0.1.255", "192.0.3.0"],
  ["AS112", "192.31.196.0", "192.31.196.255", "192.31.195.255", "192.31.197.0"],
  ["AMT", "192.52.193.0", "192.52.193.255", "192.52.192.255", "192.52.194.0"],
  ["6to4 relay", "192.88.99.0", "192.88.99.255", "192.88.98.255", "192.88.100.0"],
  ["private", "192.168.0.0", "192.168.255.255", "192.167.255.255", "192.169.0.0"],
  ["AS112", "192.175.48.0", "192.175.48.255", "192.175.47.255", "192.175.49.0"],
  ["benchmarking", "198.18.0.0", "198.19.255.255", "198.17.255.255", "198.20.0.0"],
  ["documentation", "198.51.100.0", "198.51.100.255", "198.51.99.255", "198.51.101.0"],
  ["documentation", "203.0.113.0", "203.0.113.255", "203.0.112.255", "203.0.114.0"],
  ["multicast", "224.0.0.0", "239.255.255.255", "223.255.255.255", null],
  ["reserved", "240.0.0.0", "255.255.255.254", null, null],
  ["broadcast", "255.255.255.255", "255.255.255.255", null, null],
  ["cloud metadata", "168.63.129.16", "168.63.129.16", "168.63.129.15", "168.63.129.17"],
  ["unspecified", "::", "::", null, null],
  ["loopback", "::1", "::1", null, null],
  ["IPv4-compatible", "::2", "::ffff:ffff", null, null],
  ["IPv4-translated", "::ffff:0:0:0", "::ffff:0:ffff:ffff", null, null],
  ["local NAT64", "64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", null, null],
  ["discard", "100::", "100::ffff:ffff:ffff:ffff", null, null],
  ["dummy", "100:0:0:1::", "100:0:0:1:ffff:ffff:ffff:ffff", null, null],
  ["Teredo", "2001::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff", "2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", null],
  ["benchmarking", "2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff", null, null],
  ["protocol assignments", "2001:1::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", null, "2001:200::"],
  [
    "documentation",
    "2001:db8::",
    "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
    "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff",
    "2001:db9::",
  ],
  ["6to4", "2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2003::"],
  [
    "AS112",
    "2620:4f:8000::",
    "2620:4f:8000:ffff:ffff:ffff:ffff:ffff",
    "2620:4f:7fff:ffff:ffff:ffff:ffff:ffff",
    "2620:4f:8001::",
  ],
  [
    "documentation",
    "3fff::",
    "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff",
    "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "3fff:1000::",
  ],
  ["segment routing", "5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", null, null],
  ["unique local", "fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", null, null],
  ["link-local", "fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", null, null],
  ["site-local", "fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", null, null],
  ["multicast", "ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", null, null],
  [
    "not global unicast",
    "4000::",
    "5eff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    null,
  ],
])("EG-1 %s: %s to %s is refused whole, and not a public address more", (name, first, last, below, above) => {
  expect([useOf(first), useOf(last)]).toEqual([name, name]);
  for (const neighbour of [below, above])
    if (neighbour !== null) expect([neighbour, useOf(neighbour)]).toEqual([neighbour, undefined]);
});

describe("an IPv4 address inside an IPv6 address", () => {
  const ipv4 = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));

  test("EG-1 mapped and behind NAT64 it is judged as itself", () => {
    fc.assert(
      fc.property(ipv4, (bytes) => {
        const plain = bytes.join(".");
        expect(useOf(`::ffff:${plain}`)).toBe(useOf(plain));
        expect(useOf(`64:ff9b::${plain}`)).toBe(useOf(plain));
      }),
      { numRuns: 1_000, examples: [[[127, 0, 0, 1]], [[169, 254, 169, 254]], [[8, 8, 8, 8]]] },
    );
  });

  test("EG-1 every other way of embedding is refused, whatever is inside", () => {
    fc.assert(
      fc.property(ipv4, ([a, b, c, d]) => {
        const hex = (high: number, low: number) => (high * 256 + low).toString(16);
        const pair = `${hex(a, b)}:${hex(c, d)}`;
        for (const text of [
          `::${a}.${b}.${c}.${d}`,
          `::ffff:0:${pair}`,
          `2002:${pair}::1`,
          `2001:0:4136:e378:8000:63bf:${pair}`,
          `64:ff9b:1::${pair}`,
        ]) {
          expect(useOf(text)).toBeTypeOf("string");
        }
      }),
    );
  });
});

test("EG-1 an address in any but its ordinary notation, or with a zone, is not read", () => {
  for (const text of [
    "127.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "127.0.0.1.",
    "",
    " 127.0.0.1",
    "[::1]",
    "fe80::1%eth0",
    "::1%lo",
    "::ffff:127.0.0.1%1",
    "localhost",
  ]) {
    expect([text, parseAddress(text)]).toEqual([text, undefined]);
  }
});
